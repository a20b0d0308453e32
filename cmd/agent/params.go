package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"abgleich/agent"
	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/vault"
	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

func paramsCommand(g *global) *cobra.Command {
	return g.group("params", "Parameter des Kommunikationssystems", "communication-system parameters",
		paramsShowCommand(g), paramsSetCommand(g), paramsCheckCommand(g), paramsInitCommand(g), paramsPasswordCommand(g),
		paramsAutodiscoverCommand(g))
}

// parameter is one parameter as it is shown.
type parameter struct {
	Key     string   `json:"key"`
	Value   string   `json:"value"`
	Default string   `json:"default"`
	Allowed []string `json:"allowed,omitempty"`
	Unit    string   `json:"unit,omitempty"`
	Secret  bool     `json:"secret,omitempty"`
}

// secretSet is what stands in place of a stored secret.
const secretSet = "set"

func paramsShowCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "show [KEY]", Short: g.t("Parameter anzeigen", "show parameters"),
		Example: "  agent params show\n  agent params show communication.server\n  agent params show --json", Args: g.arguments(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			all, err := g.parameters(c.Context())
			if err != nil {
				return err
			}
			if len(args) == 1 {
				i := slices.IndexFunc(all, func(p parameter) bool { return p.Key == args[0] })
				if i < 0 {
					return usageError{errors.New(params.Mistake{Key: args[0], Reason: params.UnknownKey}.Text(params.Language(g.lang)))}
				}
				return g.show(all[i], func(w io.Writer) { fmt.Fprintln(w, all[i].Value) })
			}
			return g.show(all, func(w io.Writer) {
				rows := [][]string{{g.t("PARAMETER", "PARAMETER"), g.t("WERT", "VALUE"), g.t("VORGABE", "DEFAULT")}}
				for _, p := range all {
					v := p.Value
					if p.Secret {
						v = g.t("nicht gespeichert", "not stored")
						if p.Value == secretSet {
							v = "•••"
						}
					}
					if p.Unit != "" {
						v += " " + p.Unit
					}
					rows = append(rows, []string{p.Key, v, p.Default})
				}
				table(w, rows)
			})
		},
	}
}

// parameters reads them from the running agent, else from the file.
func (g *global) parameters(ctx context.Context) (all []parameter, err error) {
	err = g.agentOr(ctx, func(c *client.Client) error {
		r, err := client.Ask(ctx, c.GetParameters, &contract.GetParametersRequest{})
		for _, p := range r.GetParameters() {
			all = append(all, parameter{p.GetKey(), p.GetValue(), p.GetDefaultValue(), p.GetAllowed(), p.GetUnit(), p.GetSecret()})
		}
		return err
	}, func() error {
		p, _, err := g.file().Load()
		if err != nil {
			return g.missingFile(err)
		}
		standard := g.file().Default()
		for _, s := range params.List(p) {
			d, _ := params.Get(standard, s.Field.Key) // an alias has none
			all = append(all, parameter{Key: s.Field.Key, Value: s.Value, Default: d, Allowed: s.Field.Choices, Unit: s.Field.Unit})
		}
		for _, key := range agent.SecretKeys() {
			has, err := agent.HasSecret(p, key)
			if err != nil {
				return err
			}
			secret := parameter{Key: key, Secret: true}
			if has {
				secret.Value = secretSet
			}
			all = append(all, secret)
		}
		return nil
	})
	return all, err
}

// missingFile says which command writes the file that is not there.
func (g *global) missingFile(err error) error {
	if !fault.Has(err, fault.NotFound) {
		return err
	}
	return fmt.Errorf(g.t("Es gibt keine Parameterdatei %s. Anlegen mit: %s",
		"there is no parameter file %s. Write one with: %s"), g.parameterFile, g.command("params init"))
}

func paramsSetCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "set KEY=VALUE...", Short: g.t("Parameter ändern: alle genannten oder keinen", "change parameters: all that are named, or none"),
		Example: "  agent params set communication.server=mail.example.com communication.port=443\n  agent params set sync.interval=300",
		Args:    g.arguments(1, 100),
		RunE: func(c *cobra.Command, args []string) error {
			values, changes, err := g.changes(args)
			if err != nil {
				return err
			}
			if err := g.portStaysFree(c.Context(), values); err != nil {
				return err
			}
			if err := g.setParameters(c.Context(), values, changes); err != nil {
				return err
			}
			if _, ok := values["events.port"]; ok && runtime.GOOS == "windows" {
				g.openFirewall(c.Context())
			}
			return nil
		},
	}
}

func (g *global) setParameters(ctx context.Context, values map[string]string, changes []params.Change) error {
	err := g.agentOr(ctx, func(c *client.Client) error {
		now, err := client.Ask(ctx, c.GetParameters, &contract.GetParametersRequest{})
		if err != nil {
			return err
		}
		_, err = client.Ask(ctx, c.SetParameters, &contract.SetParametersRequest{Values: values, Etag: now.GetEtag()})
		return err
	}, func() error {
		_, _, err := g.file().Change("", changes...)
		return err
	})
	if err != nil {
		return err
	}
	v := struct {
		Changed int `json:"changed"`
	}{len(values)}
	return g.show(v, func(w io.Writer) { fmt.Fprintln(w, g.t("Gespeichert.", "Saved.")) })
}

// changes reads KEY=VALUE words.
func (g *global) changes(args []string) (values map[string]string, changes []params.Change, err error) {
	values = map[string]string{}
	for _, a := range args {
		k, v, ok := strings.Cut(a, "=")
		if _, twice := values[k]; !ok || twice {
			return nil, nil, usageError{fmt.Errorf(g.t("%q: geschrieben wird KEY=VALUE, jeder nur einmal", "%q: write KEY=VALUE, each once"), k)}
		}
		values[k] = v
		changes = append(changes, params.Change{Key: k, Value: v})
	}
	return values, changes, nil
}

// firstParams are the defaults with an embedded database to begin with.
func (g *global) firstParams(ctx context.Context) params.Params {
	p := g.file().Default()
	p.Language = params.Language(g.lang)
	p.Events.Port = g.freePort(ctx)
	p.Database.Alias = "BMD"
	p.Databases = map[string]params.DatabaseAlias{"BMD": {Driver: params.SQLite, DSN: "business.db"}}
	return p
}

// mistake is one thing wrong with the file, for JSON.
type mistake struct {
	Line    int    `json:"line,omitempty"`
	Key     string `json:"key,omitempty"`
	Reason  string `json:"reason"`
	Text    string `json:"text"`
	Allowed string `json:"allowed,omitempty"`
}

func paramsCheckCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "check [FILE]", Short: g.t("Parameterdatei prüfen, ohne etwas zu ändern", "check the parameter file, changing nothing"),
		Example: "  agent params check\n  agent params check ./new.toml --json", Args: g.arguments(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			file := g.file()
			if len(args) == 1 {
				file = params.FileOf(g.instance, args[0])
			}
			p, _, err := file.Load()
			ms, wrong := errors.AsType[params.Mistakes](err)
			if err != nil && !wrong {
				return g.missingFile(err)
			}
			v := struct {
				File     string    `json:"file"`
				OK       bool      `json:"ok"`
				Mistakes []mistake `json:"mistakes"`
				Missing  []string  `json:"missing"`
			}{file.Path(), !wrong, []mistake{}, []string{}}
			for _, m := range ms {
				v.Mistakes = append(v.Mistakes, mistake{m.Line, m.Key, string(m.Reason), m.Text(params.Language(g.lang)), m.Allowed})
			}
			if !wrong {
				v.Missing = append(v.Missing, p.Missing()...)
			}
			err = g.show(v, func(w io.Writer) {
				if wrong {
					fmt.Fprintln(w, ms.Text(params.Language(g.lang)))
					return
				}
				fmt.Fprintln(w, g.t("Die Datei ist in Ordnung:", "The file is fine:"), file.Path())
				if len(v.Missing) > 0 {
					fmt.Fprintln(w, g.t("Für den Abgleich noch auszufüllen:", "To be filled in before anything is synced:"), strings.Join(v.Missing, ", "))
				}
			})
			if err == nil && wrong {
				return silentError{exitFailed}
			}
			return err
		},
	}
}

func paramsInitCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "init", Short: g.t("Erste Parameterdatei schreiben, jede Zeile erklärt", "write a first parameter file, each line explained"),
		Example: "  agent params init\n  agent params init --parameters ./abgleich.toml", Args: g.arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			p := g.firstParams(c.Context())
			err := g.file().Create(p)
			if fault.Has(err, fault.ParametersChanged) {
				return fmt.Errorf(g.t("Es gibt schon eine Parameterdatei %s; sie bleibt, wie sie ist", "there is a parameter file %s already; it stays as it is"), g.parameterFile)
			}
			if err != nil {
				return err
			}
			v := struct {
				File    string   `json:"file"`
				Missing []string `json:"missing"`
			}{g.parameterFile, p.Missing()}
			return g.show(v, func(w io.Writer) {
				fmt.Fprintln(w, g.t("Geschrieben:", "Written:"), v.File)
				fmt.Fprintln(w, g.t("Als Nächstes auszufüllen:", "To be filled in next:"), strings.Join(v.Missing, ", "))
			})
		},
	}
}

func paramsPasswordCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "password [KEY]", Short: g.t("Passwort des Dienstbenutzers oder Dienstkontos versiegelt speichern", "store the password of the service user or service account, sealed"),
		Long: g.t("Fragt am Terminal ohne Anzeige oder liest die erste Zeile der Standardeingabe; nie ein Argument.",
			"Asks on the terminal without echo, or reads the first line of standard input; never an argument."),
		Example: "  agent params password\n  agent params password communication.password < secret.txt", Args: g.arguments(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			key, label := agent.ServicePassword, g.t("Passwort des Dienstbenutzers", "Password of the service user")
			if len(args) == 1 {
				if key = args[0]; !slices.Contains(agent.SecretKeys(), key) {
					return usageError{errors.New(params.Mistake{Key: key, Reason: params.UnknownKey}.Text(params.Language(g.lang)))}
				}
				if key == params.AccountPassword {
					label = g.t("Passwort des Dienstkontos", "Password of the service account")
				}
			}
			secret, err := g.password(label)
			if err != nil {
				return err
			}
			ctx := c.Context()
			err = g.agentOr(ctx, func(c *client.Client) error {
				sealed, err := c.Seal(ctx, secret)
				if err != nil {
					return err
				}
				_, err = client.Ask(ctx, c.SetParameters, &contract.SetParametersRequest{SealedValues: map[string][]byte{key: sealed}})
				return err
			}, func() error {
				p, _, err := g.file().Load()
				if err != nil {
					return g.missingFile(err)
				}
				return agent.StoreSecret(p, key, vault.NewSecret(secret))
			})
			if err != nil {
				return err
			}
			fmt.Fprintln(g.err, g.t("Gespeichert.", "Stored."))
			return nil
		},
	}
}
