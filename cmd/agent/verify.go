package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// stage is one step of a check as it is shown.
type stage struct {
	Name         string            `json:"name"`
	State        string            `json:"state"`
	Code         string            `json:"code,omitempty"`
	Args         map[string]string `json:"args,omitempty"`
	Text         string            `json:"text"`
	Hint         string            `json:"hint,omitempty"`
	Detail       string            `json:"detail,omitempty"`
	Milliseconds float64           `json:"ms"`
}

// verification is a whole check.
type verification struct {
	OK     bool    `json:"ok"`
	User   string  `json:"user,omitempty"`
	Stages []stage `json:"stages"`
}

func verifyCommand(g *global) *cobra.Command {
	var (
		login string
		again bool
	)
	c := &cobra.Command{
		Use: "verify USER", Short: g.t("Zugangsdaten Schritt für Schritt prüfen", "check credentials step by step"),
		Long: g.t("Prüft die gespeicherte Anmeldung. Mit --login eine andere; das Passwort wird erfragt oder von der Standardeingabe gelesen.",
			"Checks the stored login. With --login another one; its password is asked for or read from standard input."),
		Example: "  agent verify anna\n  agent verify anna --again\n  agent verify anna --login 'LAB\\anna'", Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			secret := ""
			if login != "" {
				var err error
				if secret, err = g.password(g.t("Windows-Passwort von ", "Windows password of ") + login); err != nil {
					return err
				}
			}
			return g.withAgent(c.Context(), func(a *client.Client) error {
				sealed, err := a.Seal(c.Context(), secret)
				if err != nil {
					return err
				}
				live := g.out
				if g.json {
					live = g.err
				}
				v, err := g.verify(c.Context(), a, &contract.VerifyCredentialsRequest{User: args[0], Login: login, SealedPassword: sealed, RetryRejected: again}, live)
				if err != nil {
					return err
				}
				if g.json {
					if err := g.printJSON(v); err != nil {
						return err
					}
				}
				if !v.OK {
					return silentError{exitFailed}
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&login, "login", "", g.t(`andere Anmeldung: DOMÄNE\benutzer`, `another login: DOMAIN\user`))
	c.Flags().BoolVar(&again, "again", false, g.t("auch eine Anmeldung versuchen, die der Server schon abgelehnt hat",
		"try a login too that the server is known to have refused"))
	return c
}

// verify runs the staged check and tells every stage as it ends.
func (g *global) verify(ctx context.Context, a *client.Client, m *contract.VerifyCredentialsRequest, live io.Writer) (verification, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := a.VerifyCredentials(ctx, connect.NewRequest(m))
	if err != nil {
		return verification{}, err
	}
	defer s.Close()
	v := verification{Stages: []stage{}}
	failed := 0
	for s.Receive() {
		r := s.Msg()
		if r.GetDone() {
			v.OK, v.User = r.GetOk(), r.GetUser()
			summary := g.texts.T("verify.ok")
			if !v.OK {
				summary = g.texts.N("verify.failed", max(failed, 1))
			}
			fmt.Fprintln(live, summary)
			return v, nil
		}
		st := r.GetStage()
		if st == nil || st.GetState() == contract.StageState_STAGE_STATE_RUNNING {
			continue
		}
		x := g.stage(st)
		if st.GetState() == contract.StageState_STAGE_STATE_FAILED {
			failed++
		}
		v.Stages = append(v.Stages, x)
		fmt.Fprintf(live, "%s %s: %s\n", mark(st.GetState()), g.texts.T("verify.stage."+x.Name), x.Text)
		if x.Hint != "" {
			fmt.Fprintln(live, "    "+x.Hint)
		}
	}
	if err := s.Err(); err != nil {
		return v, err
	}
	return v, errors.New(g.texts.T("verify.broken"))
}

func (g *global) stage(st *contract.Stage) stage {
	x := stage{Name: st.GetName(), State: word(st.GetState(), "STAGE_STATE_"), Code: st.GetCode(), Args: st.GetArgs(), Detail: st.GetDetail(),
		Milliseconds: float64(st.GetTook().AsDuration().Microseconds()) / 1000}
	switch {
	case x.Code != "" && st.GetState() == contract.StageState_STAGE_STATE_SKIPPED:
		x.Text = g.texts.T("verify.skipped.blocked") // what failed says why, once
	case x.Code != "":
		x.Text, x.Hint = g.texts.Fault(x.Code, st.GetArgs())
	case st.GetState() == contract.StageState_STAGE_STATE_SKIPPED:
		x.Text = g.texts.T("verify.skipped")
	default:
		x.Text = g.texts.Stage(x.Name, x.Args)
	}
	return x
}

// mark is a stage's result at a glance.
func mark(s contract.StageState) string {
	switch s {
	case contract.StageState_STAGE_STATE_OK:
		return "✓"
	case contract.StageState_STAGE_STATE_WARNING:
		return "!"
	case contract.StageState_STAGE_STATE_FAILED:
		return "✗"
	}
	return "–"
}
