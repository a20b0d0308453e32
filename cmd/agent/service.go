package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"abgleich/agent/params"
	"abgleich/agent/service"
)

func serviceCommand(g *global) *cobra.Command {
	plain := func(use, german, english, doneGerman, doneEnglish string, do func(context.Context) error) *cobra.Command {
		return &cobra.Command{
			Use: use, Short: g.t(german, english), Example: "  agent service " + use, Args: g.arguments(0, 0),
			RunE: func(c *cobra.Command, _ []string) error {
				if err := do(c.Context()); err != nil {
					return err
				}
				fmt.Fprintln(g.err, g.t(doneGerman, doneEnglish))
				return nil
			},
		}
	}
	return g.group("service", "Dienst des Betriebssystems", "the operating system's service",
		serviceInstallCommand(g),
		plain("uninstall", "Dienst anhalten und entfernen (auch: /UNINSTALL)", "stop and remove the service (also: /UNINSTALL)",
			"Der Dienst ist entfernt. Daten und Parameter bleiben.", "The service is removed. Data and parameters stay.",
			g.manager.Uninstall),
		plain("start", "Dienst starten", "start the service", "Der Dienst läuft.", "The service is running.", g.manager.Start),
		plain("stop", "Dienst anhalten", "stop the service", "Der Dienst ist angehalten.", "The service is stopped.", g.manager.Stop),
		serviceStatusCommand(g),
	)
}

func serviceInstallCommand(g *global) *cobra.Command {
	var account string
	c := &cobra.Command{
		Use: "install", Short: g.t("Dienst einrichten, der mit dem Rechner startet (auch: /INSTALL)",
			"install the service, which starts with the machine (also: /INSTALL)"),
		Example: "  agent service install\n  agent /INSTALL", Args: g.arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			spec, err := g.serviceSpec(account)
			if err != nil {
				return err
			}
			if err := g.manager.Install(c.Context(), spec); err != nil {
				return err
			}
			fmt.Fprintln(g.err, g.t("Der Dienst ist eingerichtet. Starten mit: agent service start",
				"The service is installed. Start it with: agent service start"))
			if _, err := os.Stat(g.parameterFile); errors.Is(err, os.ErrNotExist) {
				fmt.Fprintln(g.err, g.t("Vorher fehlt noch die Parameterdatei: agent params init",
					"The parameter file is still missing: agent params init"))
			}
			return nil
		},
	}
	c.Flags().StringVar(&account, "account", "", g.t("Benutzer, unter dem der Dienst läuft", "user the service runs as"))
	return c
}

// serviceSpec is what the service manager is to start: this very program.
func (g *global) serviceSpec(account string) (service.Spec, error) {
	program, err := os.Executable()
	if err != nil {
		return service.Spec{}, err
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return service.Spec{}, err
	}
	args := []string{"run"}
	if runtime.GOOS == "windows" {
		args = []string{service.RunArgument, "run"}
	}
	// The service runs as somebody else, whose default would be another file.
	file, err := filepath.Abs(g.parameterFile)
	if err != nil {
		return service.Spec{}, err
	}
	if file != params.DefaultPath() || account != "" {
		args = append(args, "--parameters", file)
	}
	return service.Spec{Program: program, Arguments: args, Account: account}, nil
}

func serviceStatusCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: g.t("Läuft der Dienst?", "is the service running?"), Example: "  agent service status --json",
		Args: g.arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			info, err := g.manager.Status(c.Context())
			if err != nil {
				return err
			}
			v := struct {
				State service.State `json:"state"`
				Text  string        `json:"text,omitempty"`
				PID   int           `json:"pid,omitempty"`
			}{info.State, info.Text, info.PID}
			err = g.show(v, func(w io.Writer) {
				fmt.Fprint(w, g.serviceState(info.State))
				if info.Text != "" {
					fmt.Fprint(w, " – ", info.Text)
				}
				if info.PID != 0 {
					fmt.Fprintf(w, " (PID %d)", info.PID)
				}
				fmt.Fprintln(w)
			})
			if err == nil && info.State != service.Running {
				return silentError{exitFailed}
			}
			return err
		},
	}
}

func (g *global) serviceState(s service.State) string {
	switch s {
	case service.NotInstalled:
		return g.t("nicht eingerichtet", "not installed")
	case service.Stopped:
		return g.t("angehalten", "stopped")
	case service.Starting:
		return g.t("startet", "starting")
	case service.Running:
		return g.t("läuft", "running")
	case service.Stopping:
		return g.t("hält an", "stopping")
	case service.Failed:
		return g.t("mit einem Fehler beendet", "ended with an error")
	}
	return string(s)
}
