package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

func pauseCommand(g *global) *cobra.Command {
	var span time.Duration
	c := &cobra.Command{
		Use: "pause USER", Short: g.t("Abgleich eines Benutzers anhalten", "pause a user's sync"),
		Example: "  agent pause anna\n  agent pause anna --for 2h", Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			m := &contract.PauseRequest{User: args[0]}
			switch {
			case span < 0:
				return usageError{errors.New(g.t("--for braucht eine Dauer wie 30m oder 2h", "--for needs a span such as 30m or 2h"))}
			case span > 0:
				m.Until = timestamppb.New(time.Now().Add(span))
			}
			return g.withAgent(c.Context(), func(a *client.Client) error {
				if _, err := client.Ask(c.Context(), a.Pause, m); err != nil {
					return err
				}
				return g.done(g.t("Angehalten.", "Paused."))
			})
		},
	}
	c.Flags().DurationVar(&span, "for", 0, g.t("wie lange, etwa 30m oder 2h; sonst bis resume", "how long, such as 30m or 2h; else until resume"))
	return c
}

func resumeCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "resume USER", Short: g.t("Abgleich eines Benutzers fortsetzen", "resume a user's sync"), Example: "  agent resume anna",
		Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return g.withAgent(c.Context(), func(a *client.Client) error {
				if _, err := client.Ask(c.Context(), a.Resume, &contract.ResumeRequest{User: args[0]}); err != nil {
					return err
				}
				return g.done(g.t("Fortgesetzt.", "Resumed."))
			})
		},
	}
}
