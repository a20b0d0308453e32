package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// kindOptions are which items of a kind travel, as they are shown. No window: null.
type kindOptions struct {
	Standard   bool     `json:"standard"`
	Direction  string   `json:"direction"`
	PastDays   *uint32  `json:"past_days"`
	FutureDays *uint32  `json:"future_days"`
	Categories []string `json:"categories"`
	OpenOnly   bool     `json:"open_only"`
	Private    string   `json:"private"`
	// Policy and those of groups of fields; "standard" as the parameters say.
	Policy   string            `json:"policy"`
	Policies map[string]string `json:"policies"`
}

// userOptions are those of a user.
type userOptions struct {
	User         string      `json:"user"`
	Appointments kindOptions `json:"appointments"`
	Tasks        kindOptions `json:"tasks"`
}

const standardWord = "standard"

// fieldGroups are the groups of fields with a policy of their own.
func fieldGroups() []string { return []string{"content", "time", "status", "personal"} }

func optionsCommand(g *global) *cobra.Command {
	return g.group("options", "Was eines Benutzers abgeglichen wird, wohin, und wessen Wert gilt", "what of a user is synced, where to, and whose value wins",
		optionsShowCommand(g), optionsSetCommand(g))
}

func optionsShowCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "show [USER]", Short: g.t("anzeigen, was gilt", "show what holds"), Example: "  agent options show anna", Args: g.arguments(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return g.withAgent(c.Context(), func(a *client.Client) error {
				r, err := client.Ask(c.Context(), a.GetOptions, &contract.GetOptionsRequest{User: strings.Join(args, "")})
				if err != nil {
					return err
				}
				v := optionsShown(strings.Join(args, ""), r.GetOptions())
				return g.show(v, func(w io.Writer) { g.writeOptions(w, v) })
			})
		},
	}
}

func optionsShown(user string, o *contract.Options) userOptions {
	return userOptions{user, kindShown(o.GetAppointments()), kindShown(o.GetTasks())}
}

func kindShown(m *contract.KindOptions) kindOptions {
	k := kindOptions{Standard: m.GetStandard(), Direction: directionWord(m.GetDirection()), PastDays: m.PastDays, FutureDays: m.FutureDays,
		Categories: notNil(m.GetCategories()), OpenOnly: m.GetOpenOnly(), Private: word(m.GetPrivate(), "PRIVATE_ITEMS_"), Policy: orStandard(m.GetPolicy()),
		Policies: map[string]string{}}
	for _, name := range fieldGroups() {
		k.Policies[name] = orStandard(m.GetFieldPolicies()[name])
	}
	return k
}

// directionWord is a direction as parameters and options write it.
func directionWord(d contract.Direction) string {
	return strings.ReplaceAll(word(d, "DIRECTION_"), "-", "_")
}

func orStandard(policy string) string {
	if policy == "" {
		return standardWord
	}
	return policy
}

func (g *global) writeOptions(w io.Writer, v userOptions) {
	rows := [][]string{{g.t("EINSTELLUNG", "OPTION"), g.t("WERT", "VALUE"), ""}}
	for _, x := range []struct {
		kind string
		k    kindOptions
	}{{"appointments", v.Appointments}, {"tasks", v.Tasks}} {
		note := g.t("eigene", "his own")
		if x.k.Standard {
			note = g.t("wie in den Parametern", "as the parameters say")
		}
		add := func(key, value string) { rows = append(rows, []string{x.kind + "." + key, value, note}) }
		add("direction", x.k.Direction)
		add("past_days", g.dayCount(x.k.PastDays))
		add("future_days", g.dayCount(x.k.FutureDays))
		add("categories", g.orAll(strings.Join(x.k.Categories, ", ")))
		if x.kind == "tasks" {
			add("open_only", g.yesNo(x.k.OpenOnly))
		}
		add("private", x.k.Private)
		add("policy", x.k.Policy)
		for _, name := range fieldGroups() {
			add("policy_"+name, x.k.Policies[name])
		}
	}
	table(w, rows)
}

func (g *global) orAll(text string) string {
	if text == "" {
		return g.t("alle", "all")
	}
	return text
}

func (g *global) dayCount(n *uint32) string {
	if n == nil {
		return g.orAll("")
	}
	return fmt.Sprint(*n)
}
