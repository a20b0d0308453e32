package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
	"abgleich/ipc/pin"
)

// trusted is whose key passwords are sealed for.
type trusted struct {
	Agent string `json:"agent"`
	// Key is the one the agent has; Known the one remembered at the first contact, ""
	// for none. Kept tells whether one is remembered for this agent at all: on its own
	// machine the operating system vouches for it.
	Key   string `json:"key"`
	Known string `json:"known,omitempty"`
	Kept  bool   `json:"kept"`
	// Code is what is wrong with the key, "" for nothing.
	Code string `json:"code,omitempty"`
}

func trustCommand(g *global) *cobra.Command {
	return g.group("trust", "Schlüssel, für den Passwörter versiegelt werden", "the key passwords are sealed for", trustShowCommand(g), trustAcceptCommand(g))
}

func trustShowCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: g.t("Schlüssel des Dienstes, und der gemerkte", "the agent's key, and the one remembered"),
		Example: "  agent trust show --agent SRV01", Args: g.arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			_, v, err := g.trusted(c.Context())
			if err != nil {
				return err
			}
			return g.show(v, func(w io.Writer) {
				fmt.Fprintln(w, g.t("Dienst:  ", "agent:     "), v.Agent)
				fmt.Fprintln(w, g.t("Schlüssel:", "key:       "), v.Key)
				switch {
				case !v.Kept:
					fmt.Fprintln(w, g.t("Auf diesem Rechner sagt das Betriebssystem, wer der Dienst ist; gemerkt wird nichts.",
						"On this machine the operating system tells who the agent is; nothing is remembered."))
				default:
					fmt.Fprintln(w, g.t("gemerkt:  ", "remembered:"), cmp.Or(v.Known, "–"))
				}
				if v.Code != "" {
					text, hint := g.sayFault(v.Code, "")
					fmt.Fprintln(w, text, hint)
				}
			})
		},
	}
}

// trusted asks the agent for its key without taking it.
func (g *global) trusted(ctx context.Context) (*pin.Keeper, trusted, error) {
	c := g.dial()
	defer c.Close()
	h, err := client.Ask(ctx, c.Hello, &contract.HelloRequest{ClientVersion: version, ContractVersion: contract.Version})
	if err != nil {
		return nil, trusted{}, err
	}
	v := trusted{Agent: c.Address, Key: h.GetRecipient()}
	v.Known, v.Kept = c.Key.Known()
	if e, wrong := errors.AsType[*pin.Error](c.Key.Look(v.Key)); wrong {
		v.Code = e.Code
	}
	return c.Key, v, nil
}

func trustAcceptCommand(g *global) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "accept [KEY]", Short: g.t("dem Schlüssel vertrauen, den der Dienst jetzt hat", "trust the key the agent has now"),
		Long: g.t("Nur nötig, wenn der Dienst neu eingerichtet wurde. KEY ist, was auf dem Server agent service key zeigt: Ein anderer wird nicht angenommen. "+
			"Ohne KEY wird mit --yes jeder angenommen. Gemerkt wird für den Benutzer, der das eingibt.",
			"Only needed when the agent was set up anew. KEY is what agent service key shows on the server: no other is taken. "+
				"Without KEY any is taken with --yes. It is remembered for the user who types this."),
		Example: "  agent trust accept --agent SRV01 age1…", Args: g.arguments(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 && !yes {
				return usageError{errors.New(g.t("KEY oder --yes", "KEY or --yes"))}
			}
			keeper, v, err := g.trusted(c.Context())
			switch {
			case err != nil:
				return err
			case v.Code == pin.CodeRefused:
				return keeper.Look(v.Key) // only an administrator changes that
			case len(args) == 1 && args[0] != v.Key:
				return &pin.Error{Code: pin.CodeRefused, Address: v.Agent, Known: args[0], Offered: v.Key}
			}
			if err := keeper.Accept(v.Key); err != nil {
				return err
			}
			return g.done(g.t("Dem Schlüssel wird vertraut.", "The key is trusted."))
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, g.t("ohne Vergleich annehmen", "take it without comparing"))
	return c
}
