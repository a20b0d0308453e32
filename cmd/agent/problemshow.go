package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// problemShown is a problem with both versions of its item.
type problemShown struct {
	Problem  problem `json:"problem"`
	Business bool    `json:"business"`
	Exchange bool    `json:"exchange"`
	// Away: the side can't be asked just now; it is shown as it was last known.
	BusinessAway bool        `json:"business_away"`
	ExchangeAway bool        `json:"exchange_away"`
	Fields       []fieldPair `json:"fields"`
}

func problemsShowCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: g.t("ein Problem mit beiden Fassungen des Eintrags", "a problem with both versions of the item"),
		Long: g.t("Liest den Eintrag jetzt auf beiden Seiten. Die Inhalte anderer sind verdeckt, und der Blick wird vermerkt.",
			"Reads the item on both sides now. Others' content is hidden, and the look is recorded."),
		Example: "  agent problems show 7", Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := g.id(args[0])
			if err != nil {
				return err
			}
			return g.withAgent(c.Context(), func(a *client.Client) error {
				r, err := client.Ask(c.Context(), a.GetProblem, &contract.GetProblemRequest{Id: id})
				if err != nil {
					return err
				}
				v := problemShown{g.problem(r.GetProblem()), r.GetBusiness(), r.GetExchange(), r.GetBusinessAway(), r.GetExchangeAway(), fieldPairs(r.GetFields())}
				return g.show(v, func(w io.Writer) { g.writeProblem(w, v) })
			})
		},
	}
}

func (g *global) writeProblem(w io.Writer, v problemShown) {
	g.writeProblems(w, []problem{v.Problem})
	if v.Problem.Detail != "" {
		fmt.Fprintln(w, "  ", v.Problem.Detail)
	}
	if !v.Business && !v.Exchange {
		return
	}
	fmt.Fprintln(w)
	has := func(there, away bool) string {
		switch {
		case away:
			return g.t("nicht erreichbar: zuletzt bekannt", "not reachable: as last known")
		case there:
			return g.t("wie jetzt", "as it is now")
		}
		return g.t("nicht vorhanden", "not there")
	}
	table(w, [][]string{{g.texts.T("side.business"), has(v.Business, v.BusinessAway)}, {g.texts.T("side.exchange"), has(v.Exchange, v.ExchangeAway)}})
	g.writeFields(w, v.Fields)
}
