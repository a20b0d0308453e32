package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

func optionsSetCommand(g *global) *cobra.Command {
	var dry, yes, standard bool
	c := &cobra.Command{
		Use: "set USER KEY=VALUE...", Short: g.t("ändern; was nicht genannt ist, bleibt", "change; what is not named stays"), Long: g.optionsHelp(),
		Example: "  agent options set anna appointments.past_days=30 tasks.open_only=yes --dry-run\n" +
			"  agent options set anna appointments.direction=to_exchange --yes\n  agent options set anna tasks=standard --yes\n  agent options set anna --standard --yes",
		Args: g.arguments(1, 100),
		RunE: func(c *cobra.Command, args []string) error {
			_, person := terminal(g.in)
			switch {
			case standard == (len(args) > 1):
				return usageError{errors.New(g.t("KEY=VALUE oder --standard", "KEY=VALUE or --standard"))}
			case dry && yes:
				return usageError{errors.New(g.t("--dry-run und --yes passen nicht zusammen", "--dry-run and --yes do not go together"))}
			}
			return g.withAgent(c.Context(), func(a *client.Client) error {
				m := &contract.SetOptionsRequest{User: args[0], Options: &contract.Options{Standard: true}}
				if !standard {
					now, err := client.Ask(c.Context(), a.GetOptions, &contract.GetOptionsRequest{User: args[0]})
					if err == nil {
						m.Options, err = g.changeOptions(now.GetOptions(), args[1:])
					}
					if err != nil {
						return err
					}
				}
				if !dry && !yes && !person {
					return usageError{errors.New(g.t("Ohne Terminal: --dry-run sagt, was geschähe, --yes ändert", "without a terminal: --dry-run tells what would happen, --yes changes"))}
				}
				return g.applyOptions(c.Context(), a, m, dry, yes)
			})
		},
	}
	f := c.Flags()
	f.BoolVar(&dry, "dry-run", false, g.t("nur zählen, was der nächste Abgleich damit täte", "only count what the next run would do by it"))
	f.BoolVar(&yes, "yes", false, g.t("ändern, ohne zu zählen und zu fragen", "change without counting and asking"))
	f.BoolVar(&standard, "standard", false, g.t("nichts Eigenes: wie in den Parametern", "nothing of his own: as the parameters say"))
	return c
}

func (g *global) optionsHelp() string {
	return g.t(`Je Benutzer und Art (appointments., tasks.):

  direction     both | to_exchange | to_business
  past_days     so viele Tage zurück, -1: alle
  future_days   so viele Tage voraus, -1: alle
  categories    nur mit einer dieser Kategorien, A,B; leer: alle
  open_only     yes | no: nur offene (Aufgaben)
  private       busy (in die Unternehmensdatenbank nur als Zeit ohne Inhalt) | whole | not
  policy        newer | business | exchange | standard: wessen Wert bei einem Konflikt gilt
  policy_content, policy_time, policy_status, policy_personal: dasselbe je Feldgruppe

appointments=standard oder tasks=standard: nichts Eigenes für diese Art.

Eine Änderung ist ein geplanter Abgleich: Zuerst wird gezählt, was er täte. Gelöscht wird dadurch nie etwas; was nicht mehr abgeglichen wird, bleibt auf beiden Seiten stehen.`,
		`For each user and kind (appointments., tasks.):

  direction     both | to_exchange | to_business
  past_days     so many days back, -1: all
  future_days   so many days ahead, -1: all
  categories    only with one of these, A,B; empty: all
  open_only     yes | no: only open ones (tasks)
  private       busy (to the business database only as time without content) | whole | not
  policy        newer | business | exchange | standard: whose value wins a conflict
  policy_content, policy_time, policy_status, policy_personal: the same for a group of fields

appointments=standard or tasks=standard: nothing of his own for that kind.

A change is a planned run: what it would do is counted first. It never deletes anything; what is synced no more stays on both sides.`)
}

// changeOptions writes KEY=VALUE into what holds. It gives the kinds that changed.
func (g *global) changeOptions(o *contract.Options, args []string) (*contract.Options, error) {
	changed := &contract.Options{}
	for _, arg := range args {
		key, value, ok := strings.Cut(arg, "=")
		kind, field, _ := strings.Cut(key, ".")
		var m *contract.KindOptions
		switch kind {
		case "appointments":
			m, changed.Appointments = o.GetAppointments(), o.GetAppointments()
		case "tasks":
			m, changed.Tasks = o.GetTasks(), o.GetTasks()
		}
		if !ok || m == nil {
			return nil, usageError{fmt.Errorf(g.t("%q: geschrieben wird KEY=VALUE, etwa tasks.open_only=yes", "%q: write KEY=VALUE, such as tasks.open_only=yes"), arg)}
		}
		if field == "" && value == standardWord {
			m.Standard = true
			continue
		}
		m.Standard = false
		if err := g.setOption(m, kind, field, value); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

func (g *global) setOption(m *contract.KindOptions, kind, field, value string) error {
	// enum finds a word among the values of an enumeration.
	enum := func(values map[string]int32, prefix string) (int32, error) {
		n, ok := values[prefix+strings.ToUpper(value)]
		if !ok || n == 0 {
			var allowed []string
			for name, n := range values {
				if n != 0 {
					allowed = append(allowed, strings.ToLower(strings.TrimPrefix(name, prefix)))
				}
			}
			slices.Sort(allowed)
			return 0, g.noValue(kind+"."+field, value, allowed...)
		}
		return n, nil
	}
	policy, isPolicy := strings.CutPrefix(field, "policy_")
	switch {
	case field == "direction":
		n, err := enum(contract.Direction_value, "DIRECTION_")
		m.Direction = contract.Direction(n)
		return err
	case field == "private":
		n, err := enum(contract.PrivateItems_value, "PRIVATE_ITEMS_")
		m.Private = contract.PrivateItems(n)
		return err
	case field == "past_days", field == "future_days":
		days, err := g.window(kind+"."+field, value)
		if field == "past_days" {
			m.PastDays = days
		} else {
			m.FutureDays = days
		}
		return err
	case field == "categories":
		m.Categories = nil
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				m.Categories = append(m.Categories, part)
			}
		}
		return nil
	case field == "open_only" && kind == "tasks":
		yes := slices.Contains([]string{"yes", "true", "ja", "1"}, value)
		if !yes && !slices.Contains([]string{"no", "false", "nein", "0"}, value) {
			return g.noValue(kind+"."+field, value, "yes", "no")
		}
		m.OpenOnly = yes
		return nil
	case field == "policy", isPolicy && slices.Contains(fieldGroups(), policy):
		if words := []string{"newer", "business", "exchange", standardWord}; !slices.Contains(words, value) {
			return g.noValue(kind+"."+field, value, words...)
		}
		if value == standardWord {
			value = ""
		}
		if field == "policy" {
			m.Policy = value
			return nil
		}
		if m.FieldPolicies == nil {
			m.FieldPolicies = map[string]string{}
		}
		m.FieldPolicies[policy] = value
		return nil
	}
	return usageError{fmt.Errorf(g.t("unbekannte Einstellung %s: agent options set --help", "unknown option %s: agent options set --help"), kind+"."+field)}
}

func (g *global) noValue(key, value string, allowed ...string) error {
	return usageError{fmt.Errorf(g.t("%s kann nicht %q sein; erlaubt: %s", "%s can't be %q; allowed: %s"), key, value, strings.Join(allowed, " | "))}
}

// window reads a number of days; -1 or "all" for no bound.
func (g *global) window(key, value string) (*uint32, error) {
	if slices.Contains([]string{"-1", "all", "alle"}, value) {
		return nil, nil
	}
	n, err := strconv.ParseUint(value, 10, 16)
	if err != nil {
		return nil, g.noValue(key, value, "0 – 65535", "all")
	}
	days := uint32(n)
	return &days, nil
}
