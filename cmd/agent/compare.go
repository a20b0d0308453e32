package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// fieldPair is one field of an item on both sides.
type fieldPair struct {
	Field    string `json:"field"`
	Business string `json:"business"`
	Exchange string `json:"exchange"`
	Differs  bool   `json:"differs"`
}

func fieldPairs(list []*contract.FieldPair) []fieldPair {
	out := []fieldPair{}
	for _, f := range list {
		out = append(out, fieldPair{f.GetField(), f.GetBusiness(), f.GetExchange(), f.GetDiffers()})
	}
	return out
}

// compared is one item as both sides have it.
type compared struct {
	Kind     string      `json:"kind"`
	State    string      `json:"state"`
	Title    string      `json:"title"`
	Start    *start      `json:"start"`
	Business bool        `json:"business"`
	Exchange bool        `json:"exchange"`
	Code     string      `json:"code,omitempty"`
	Fields   []fieldPair `json:"fields"`
}

// comparison is all of them.
type comparison struct {
	Equal     uint64     `json:"equal"`
	Differing uint64     `json:"differing"`
	Items     []compared `json:"items"`
}

func compareCommand(g *global) *cobra.Command {
	var kind string
	var all bool
	c := &cobra.Command{
		Use: "compare USER", Short: g.t("Beide Seiten eines Benutzers vergleichen", "compare both sides of a user"),
		Long: g.t("Liest beide Seiten und sagt von jedem Eintrag, ob er gleich ist, oder worin er sich unterscheidet und warum: wartet auf den nächsten Abgleich, Problem, "+
			"zurückgehalten, nicht vorgesehen (Richtung, Filter), nur auf einer Seite. Geschrieben wird nichts. Die Inhalte anderer sind verdeckt, und der Blick wird vermerkt.",
			"Reads both sides and tells of each item whether it is equal, or how it differs and why: waits for the next run, problem, held, not meant to travel "+
				"(direction, filters), on one side only. Nothing is written. Others' content is hidden, and the look is recorded."),
		Example: "  agent compare anna\n  agent compare anna --kind task --all --json", Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			k, err := g.kind(kind)
			if err != nil {
				return err
			}
			return g.withAgent(c.Context(), func(a *client.Client) error {
				v, err := readComparison(c.Context(), a, &contract.CompareRequest{User: args[0], Kind: k, DifferingOnly: !all})
				if err != nil {
					return err
				}
				return g.show(v, func(w io.Writer) { g.writeComparison(w, v) })
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, g.t("auch zeigen, was gleich ist", "show what is equal too"))
	c.Flags().StringVar(&kind, "kind", "", g.t("nur: appointment | task", "only: appointment | task"))
	return c
}

func readComparison(ctx context.Context, a *client.Client, m *contract.CompareRequest) (comparison, error) {
	v := comparison{Items: []compared{}}
	s, err := a.Compare(ctx, connect.NewRequest(m))
	if err != nil {
		return v, err
	}
	defer s.Close() //nolint:errcheck // read only
	for s.Receive() {
		r := s.Msg()
		v.Equal, v.Differing = r.GetEqual(), r.GetDiffering()
		for _, x := range r.GetItems() {
			v.Items = append(v.Items, compared{kindName(x.GetKind()), word(x.GetState(), "COMPARE_STATE_"), x.GetTitle(), startOf(x),
				x.GetBusiness(), x.GetExchange(), x.GetCode(), fieldPairs(x.GetFields())})
		}
	}
	return v, s.Err()
}

func (g *global) writeComparison(w io.Writer, v comparison) {
	for _, x := range v.Items {
		where := g.t("auf beiden Seiten", "on both sides")
		switch {
		case !x.Exchange:
			where = g.t("nur ", "only ") + g.texts.T("side.business")
		case !x.Business:
			where = g.t("nur ", "only ") + g.texts.T("side.exchange")
		}
		line := []string{g.compareWord(x.State), g.kindText(x.Kind), g.start(x.Start), x.Title, where}
		if x.Code != "" {
			text, _ := g.sayFault(x.Code, "")
			line = append(line, text+" ("+x.Code+")")
		}
		table(w, [][]string{line})
		g.writeFields(w, x.Fields)
	}
	fmt.Fprintf(w, g.t("%s gleich, %s verschieden.\n", "%s equal, %s different.\n"), number(g.texts, v.Equal), number(g.texts, v.Differing))
}

// writeFields shows a field's two values, each on one line.
func (g *global) writeFields(w io.Writer, list []fieldPair) {
	rows := [][]string{}
	for _, f := range list {
		sign := " "
		if f.Differs {
			sign = "≠"
		}
		value := func(v string) string { return cut(g.texts.FieldValue(f.Field, v, time.Local)) }
		rows = append(rows, []string{"   " + sign, g.texts.FieldName(f.Field), value(f.Business), value(f.Exchange)})
	}
	table(w, rows)
}

// mostShown is how much of a value stands on a line, in runes.
const mostShown = 60

// cut shortens what is longer.
func cut(text string) string {
	if text == "" {
		return "–"
	}
	if r := []rune(text); len(r) > mostShown {
		return string(r[:mostShown]) + "…"
	}
	return text
}

func (g *global) compareWord(state string) string {
	switch state {
	case "equal":
		return g.t("gleich", "equal")
	case "pending":
		return g.t("wartet auf den nächsten Abgleich", "waits for the next run")
	case "problem":
		return g.t("Problem", "problem")
	case "held":
		return g.t("zurückgehalten", "held")
	case "filtered":
		return g.t("nicht vorgesehen", "not meant to travel")
	case "one-side":
		return g.t("nur auf einer Seite", "on one side only")
	case "different":
		return g.t("verschieden", "different")
	}
	return state
}
