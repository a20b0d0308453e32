package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// look is one entry of the record of who looked at or changed what of whom.
type look struct {
	At      *time.Time `json:"at"`
	Who     string     `json:"who"`
	What    string     `json:"what"`
	Subject string     `json:"subject"`
}

func looksCommand(g *global) *cobra.Command {
	limit := uint32(50)
	c := &cobra.Command{
		Use: "looks", Short: g.t("Wer was von wem angesehen oder geändert hat", "who looked at or changed what of whom"),
		Long: g.t("Jeder Blick eines Administrators auf Einträge anderer und jede Änderung an Einstellungen steht hier, das Neueste zuerst, mit Namen und ohne Inhalte. "+
			"„looked-at“: Betreff und Ort waren verdeckt; „read“: sie waren zu sehen. * steht für alle.",
			"Each look of an administrator at others' items and each change of settings stands here, the newest first, with names and without content. "+
				"“looked-at”: subject and place were hidden; “read”: they were shown. * stands for everybody."),
		Example: "  agent looks --limit 200\n  agent looks --json", Args: g.arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			if limit < 1 {
				return usageError{errors.New("--limit: 1 …")}
			}
			return g.withAgent(c.Context(), func(a *client.Client) error {
				r, err := client.Ask(c.Context(), a.ListLooks, &contract.ListLooksRequest{Limit: limit})
				if err != nil {
					return err
				}
				list := []look{}
				for _, x := range r.GetLooks() {
					list = append(list, look{instant(x.GetAt()), x.GetWho(), x.GetWhat(), x.GetSubject()})
				}
				return g.show(list, func(w io.Writer) { g.writeLooks(w, list) })
			})
		},
	}
	c.Flags().Uint32Var(&limit, "limit", limit, g.t("so viele höchstens", "at most so many"))
	return c
}

func (g *global) writeLooks(w io.Writer, list []look) {
	if len(list) == 0 {
		fmt.Fprintln(w, g.t("Nichts.", "Nothing."))
		return
	}
	rows := [][]string{{g.t("WANN", "WHEN"), g.t("WER", "WHO"), g.t("WAS", "WHAT"), g.t("WESSEN", "WHOSE")}}
	for _, x := range list {
		rows = append(rows, []string{g.when(x.At), x.Who, x.What, x.Subject})
	}
	table(w, rows)
}
