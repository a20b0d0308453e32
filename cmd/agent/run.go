package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"abgleich/agent"
	"abgleich/agent/fault"
	"abgleich/agent/service"
)

// stopTime is how long a stopping agent may take before it is left behind.
const stopTime = 12 * time.Second

func runCommand(g *global) *cobra.Command {
	var quiet bool
	c := &cobra.Command{
		Use: "run", Short: g.t("Dienst in diesem Fenster betreiben, bis Strg+C", "run the agent in the foreground, until Ctrl+C"),
		Example: "  agent run\n  agent run --parameters ./abgleich.toml", Args: g.arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			var echo io.Writer
			if _, ok := terminal(g.err); ok && !quiet {
				echo = g.err
			}
			return service.Run(c.Context(), g.instance, func(ctx context.Context, ready func(string)) error {
				return g.runAgent(ctx, echo, ready)
			})
		},
	}
	c.Flags().BoolVar(&quiet, "quiet", false, g.t("Protokoll nur in die Datei schreiben", "write the log to its file only"))
	return c
}

func (g *global) runAgent(ctx context.Context, echo io.Writer, ready func(string)) (err error) {
	a, err := agent.Start(ctx, agent.Options{Parameters: g.file(), Version: version, Echo: echo})
	if fault.Has(err, fault.NotFound) {
		return fmt.Errorf(g.t("Es gibt keine Parameterdatei %s. Anlegen mit: %s",
			"there is no parameter file %s. Write one with: %s"), g.parameterFile, g.command("params init"))
	}
	if err != nil {
		return err
	}
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		err = errors.Join(err, a.Stop(stop))
	}()
	ready(g.t("bereit", "ready"))
	if echo == nil {
		fmt.Fprintln(g.err, g.t("Abgleich läuft:", "Abgleich is running:"), a.Address())
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-a.Failed():
		return err
	}
}
