package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

func credentialsCommand(g *global) *cobra.Command {
	return g.group("credentials", "Synchronisationszugangsdaten eines Benutzers", "a user's sync credentials",
		credentialsShowCommand(g), credentialsSetCommand(g), credentialsForgetCommand(g))
}

// credentials are a user's sync credentials as they are shown; never the password.
type credentials struct {
	User         string     `json:"user"`
	Sync         bool       `json:"sync"`
	Appointments bool       `json:"appointments"`
	Tasks        bool       `json:"tasks"`
	Login        string     `json:"login"`
	HasPassword  bool       `json:"has_password"`
	Verified     *time.Time `json:"verified"`
	RejectedCode string     `json:"rejected_code,omitempty"`
}

func credentialsOf(c *contract.Credentials) credentials {
	return credentials{c.GetUser(), c.GetSync(), c.GetAppointments(), c.GetTasks(), c.GetLogin(), c.GetHasPassword(),
		instant(c.GetVerified()), c.GetRejectedCode()}
}

func (g *global) showCredentials(c credentials) error {
	return g.show(c, func(w io.Writer) {
		verified := g.when(c.Verified)
		if c.RejectedCode != "" {
			verified, _ = g.sayFault(c.RejectedCode, c.User)
		}
		table(w, [][]string{
			{g.t("Benutzer", "User"), c.User},
			{g.t("Abgleichen", "Sync"), g.yesNo(c.Sync)},
			{g.texts.T("kind.appointment"), g.yesNo(c.Appointments)},
			{g.texts.T("kind.task"), g.yesNo(c.Tasks)},
			{g.t("Windows-Benutzer", "Windows user"), c.Login},
			{g.t("Passwort gespeichert", "Password stored"), g.yesNo(c.HasPassword)},
			{g.t("Zuletzt geprüft", "Last verified"), verified},
		})
	})
}

func credentialsShowCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "show USER", Short: g.t("Anzeigen; das Passwort nie", "show them; never the password"),
		Example: "  agent credentials show anna --json", Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return g.withAgent(c.Context(), func(a *client.Client) error {
				r, err := client.Ask(c.Context(), a.GetCredentials, &contract.GetCredentialsRequest{User: args[0]})
				if err != nil {
					return err
				}
				return g.showCredentials(credentialsOf(r.GetCredentials()))
			})
		},
	}
}

func credentialsSetCommand(g *global) *cobra.Command {
	var want credentials
	var unverified, keepPassword bool
	c := &cobra.Command{
		Use: "set USER", Short: g.t("Anmeldung prüfen und speichern", "check a login and store it"),
		Long: g.t("Das Passwort wird am Terminal ohne Anzeige erfragt oder von der Standardeingabe gelesen; es ist nie ein Argument.",
			"The password is asked for on the terminal without echo, or read from standard input; it is never an argument."),
		Example: "  agent credentials set anna --login 'LAB\\anna'\n  agent credentials set anna --tasks=false --keep-password", Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			want.User = args[0]
			if want.Login == "" && !keepPassword {
				return usageError{errors.New(g.t("--login fehlt (oder --keep-password)", "--login is missing (or --keep-password)"))}
			}
			secret := ""
			if !keepPassword {
				var err error
				if secret, err = g.password(g.t("Windows-Passwort von ", "Windows password of ") + want.Login); err != nil {
					return err
				}
			}
			return g.withAgent(c.Context(), func(a *client.Client) error {
				return g.saveCredentials(c.Context(), a, want, secret, unverified)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&want.Login, "login", "", g.t(`Windows-Benutzer: DOMÄNE\benutzer oder benutzer@domäne`, `Windows user: DOMAIN\user or user@domain`))
	f.BoolVar(&want.Sync, "sync", true, g.t("abgleichen", "sync"))
	f.BoolVar(&want.Appointments, "appointments", true, g.t("Termine abgleichen", "sync appointments"))
	f.BoolVar(&want.Tasks, "tasks", true, g.t("Aufgaben abgleichen", "sync tasks"))
	f.BoolVar(&unverified, "unverified", false, g.t("ohne Prüfung speichern", "store without a check"))
	f.BoolVar(&keepPassword, "keep-password", false, g.t("gespeichertes Passwort behalten", "keep the stored password"))
	return c
}

func (g *global) saveCredentials(ctx context.Context, a *client.Client, want credentials, secret string, unverified bool) error {
	sealed, err := a.Seal(ctx, secret)
	if err != nil {
		return err
	}
	if secret != "" && !unverified {
		v, err := g.verify(ctx, a, &contract.VerifyCredentialsRequest{User: want.User, Login: want.Login, SealedPassword: sealed}, g.err)
		if err != nil {
			return err
		}
		if !v.OK {
			fmt.Fprintln(g.err, g.t("Nicht gespeichert. Mit --unverified wird trotzdem gespeichert.", "Not stored. With --unverified it is stored all the same."))
			return silentError{exitFailed}
		}
	}
	if want.Login == "" {
		old, err := client.Ask(ctx, a.GetCredentials, &contract.GetCredentialsRequest{User: want.User})
		if err != nil {
			return err
		}
		want.Login = old.GetCredentials().GetLogin()
	}
	r, err := client.Ask(ctx, a.SaveCredentials, &contract.SaveCredentialsRequest{
		User: want.User, Sync: want.Sync, Appointments: want.Appointments, Tasks: want.Tasks, Login: want.Login,
		SealedPassword: sealed, Unverified: unverified,
	})
	if err != nil {
		return err
	}
	return g.showCredentials(credentialsOf(r.GetCredentials()))
}

func credentialsForgetCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "forget USER", Short: g.t("Anmeldung beim Dienst löschen", "delete the login the agent keeps"),
		Example: "  agent credentials forget anna", Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return g.withAgent(c.Context(), func(a *client.Client) error {
				if _, err := client.Ask(c.Context(), a.DeleteCredentials, &contract.DeleteCredentialsRequest{User: args[0]}); err != nil {
					return err
				}
				return g.done(g.t("Gelöscht.", "Deleted."))
			})
		},
	}
}

// done tells that a command without a result of its own worked.
func (g *global) done(text string) error {
	return g.show(struct {
		OK bool `json:"ok"`
	}{true}, func(w io.Writer) { fmt.Fprintln(w, text) })
}
