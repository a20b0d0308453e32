package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

func logCommand(g *global) *cobra.Command {
	m := &contract.ReadLogRequest{Lines: 50}
	errorsOnly := false
	c := &cobra.Command{
		Use: "log", Short: g.t("Protokoll lesen", "read the log"), Args: g.arguments(0, 0),
		Long: g.t("Ohne --user das Dienstprotokoll, mit --user dessen Zeilen darin, mit --errors das Fehlerprotokoll des Benutzers.",
			"Without --user the service log, with --user the user's lines in it, with --errors the user's error log."),
		Example: "  agent log -f\n  agent log --user anna --errors\n  agent log --level warn --lines 200",
		RunE: func(c *cobra.Command, _ []string) error {
			if m.Level != "" && !slices.Contains([]string{"error", "warn", "info", "debug"}, m.Level) {
				return usageError{errors.New("--level: error | warn | info | debug")}
			}
			if errorsOnly && m.User == "" {
				return usageError{errors.New(g.t("--errors braucht --user", "--errors needs --user"))}
			}
			m.Service = !errorsOnly
			return g.withAgent(c.Context(), func(a *client.Client) error { return g.readLog(c.Context(), a, m) })
		},
	}
	f := c.Flags()
	f.StringVar(&m.User, "user", "", g.t("nur dieser Benutzer", "this user only"))
	f.BoolVar(&errorsOnly, "errors", false, g.t("Fehlerprotokoll des Benutzers", "the user's error log"))
	f.BoolVarP(&m.Follow, "follow", "f", false, g.t("weiter anzeigen, bis Strg+C", "keep showing, until Ctrl+C"))
	f.StringVar(&m.Level, "level", "", "error | warn | info | debug")
	f.Uint32Var(&m.Lines, "lines", m.Lines, g.t("so viele Zeilen zurück", "how many lines back"))
	return c
}

// readLog prints lines as they come; with --json an object a line.
func (g *global) readLog(ctx context.Context, a *client.Client, m *contract.ReadLogRequest) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := a.ReadLog(ctx, connect.NewRequest(m))
	if err != nil {
		return err
	}
	defer s.Close()
	e := json.NewEncoder(g.out)
	e.SetEscapeHTML(false)
	for s.Receive() {
		for _, l := range s.Msg().GetLines() {
			if g.json {
				err = e.Encode(struct {
					Line string `json:"line"`
				}{l})
			} else {
				_, err = fmt.Fprintln(g.out, l)
			}
			if err != nil {
				return err
			}
		}
	}
	if ctx.Err() != nil {
		return nil // Ctrl+C
	}
	return s.Err()
}
