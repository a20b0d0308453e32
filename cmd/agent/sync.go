package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// planned is one action of a dry run.
type planned struct {
	Action string `json:"action"`
	Side   string `json:"side"`
	Kind   string `json:"kind"`
	Title  string `json:"title"`
	// Start is an appointment's, or a task's due day; null for none.
	Start  *start   `json:"start"`
	Fields []string `json:"fields,omitempty"`
	Code   string   `json:"code,omitempty"`
}

func syncCommand(g *global) *cobra.Command {
	var dry, wait bool
	var kind string
	c := &cobra.Command{
		Use: "sync USER", Short: g.t("Jetzt abgleichen", "sync now"),
		Example: "  agent sync anna\n  agent sync anna --wait\n  agent sync anna --dry-run --json", Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			k, err := g.kind(kind)
			if err != nil {
				return err
			}
			if dry && wait {
				return usageError{errors.New(g.t("--dry-run und --wait passen nicht zusammen", "--dry-run and --wait do not go together"))}
			}
			ctx := c.Context()
			return g.withAgent(ctx, func(a *client.Client) error {
				if dry {
					return g.dryRun(ctx, a, args[0], k)
				}
				if wait {
					return g.syncAndWait(ctx, a, args[0], k)
				}
				if _, err := client.Ask(ctx, a.SyncNow, &contract.SyncNowRequest{User: args[0], Kind: k}); err != nil {
					return err
				}
				return g.done(g.t("Der Abgleich ist angestoßen.", "The sync has been asked for."))
			})
		},
	}
	f := c.Flags()
	f.BoolVar(&dry, "dry-run", false, g.t("nur zeigen, was geschehen würde", "only tell what would be done"))
	f.BoolVar(&wait, "wait", false, g.t("warten, bis der Abgleich fertig ist, mit Fortschritt", "wait until the sync is complete, with progress"))
	f.StringVar(&kind, "kind", "", g.t("nur: appointment | task", "only: appointment | task"))
	return c
}

func (g *global) kind(name string) (contract.Kind, error) {
	switch name {
	case "":
		return contract.Kind_KIND_UNSPECIFIED, nil
	case "appointment", "appointments":
		return contract.Kind_KIND_APPOINTMENT, nil
	case "task", "tasks":
		return contract.Kind_KIND_TASK, nil
	}
	return 0, usageError{errors.New("--kind: appointment | task")}
}

// syncAndWait asks for a run and shows it until both kinds have tried since.
func (g *global) syncAndWait(ctx context.Context, a *client.Client, user string, k contract.Kind) error {
	before := map[string]kindState{}
	asked := false
	bars := g.newProgress()
	defer bars.end()
	var last picture
	err := watch(ctx, a, user, func(p picture) error {
		last = p
		if len(p.Users) == 0 {
			return errEnough
		}
		if !asked {
			asked = true
			for _, x := range p.Users[0].Kinds {
				before[x.Kind] = x
			}
			_, err := client.Ask(ctx, a.SyncNow, &contract.SyncNowRequest{User: user, Kind: k})
			return err
		}
		all := true
		for _, x := range p.Users[0].Kinds {
			if !x.Enabled || k != 0 && x.Kind != kindName(k) {
				continue
			}
			bars.show(p.Users[0].User, x)
			old := before[x.Kind].LastSuccess
			fresh := x.LastSuccess != nil && (old == nil || x.LastSuccess.After(*old))
			all = all && (fresh && x.Phase == "idle" || x.BlockedCode != "")
		}
		if all {
			return errEnough
		}
		return nil
	})
	bars.end()
	if err != nil || ctx.Err() != nil || len(last.Users) == 0 {
		return errors.Join(err, ctx.Err())
	}
	u := last.Users[0]
	if err := g.show(u, func(w io.Writer) { g.writePicture(w, last) }); err != nil {
		return err
	}
	if u.State == "offline" || u.State == "credentials-needed" || u.State == "disabled" {
		return silentError{exitFailed}
	}
	return nil
}

func (g *global) dryRun(ctx context.Context, a *client.Client, user string, k contract.Kind) error {
	r, err := client.Ask(ctx, a.PlanRun, &contract.PlanRunRequest{User: user, Kind: k})
	if err != nil {
		return err
	}
	v := struct {
		Counts    counts    `json:"counts"`
		Actions   []planned `json:"actions"`
		Truncated bool      `json:"truncated"`
	}{countsOf(r.GetCounts()), []planned{}, r.GetTruncated()}
	for _, x := range r.GetActions() {
		v.Actions = append(v.Actions, planned{x.GetAction(), sideName(x.GetSide()), kindName(x.GetKind()), x.GetTitle(), startOf(x), x.GetFields(), x.GetCode()})
	}
	return g.show(v, func(w io.Writer) {
		if len(v.Actions) == 0 {
			fmt.Fprintln(w, g.t("Nichts zu tun.", "Nothing to do."))
			return
		}
		rows := [][]string{}
		for _, x := range v.Actions {
			var names []string
			for _, f := range x.Fields {
				names = append(names, g.texts.FieldName(f))
			}
			note := strings.Join(names, ", ")
			if x.Code != "" {
				text, _ := g.sayFault(x.Code, "")
				note = strings.TrimPrefix(note+", "+text+" ("+x.Code+")", ", ")
			}
			rows = append(rows, []string{g.actionWord(x.Action), g.texts.T("side." + x.Side), g.kindText(x.Kind), g.start(x.Start), x.Title, note})
		}
		table(w, rows)
		if v.Truncated {
			fmt.Fprintln(w, "…")
		}
		g.writePlanned(w, v.Counts)
	})
}

func (g *global) actionWord(action string) string {
	switch action {
	case "create":
		return g.t("anlegen", "create")
	case "update":
		return g.t("ändern", "update")
	case "delete":
		return g.t("löschen", "delete")
	case "hold":
		return g.t("zurückhalten", "hold")
	case "problem":
		return g.t("Problem", "problem")
	case "pair":
		return g.t("zusammenführen", "pair")
	}
	return action
}

// writePlanned sums a dry run up; a list may be longer than what is shown of it.
func (g *global) writePlanned(w io.Writer, n counts) {
	rows := [][]string{{"", g.texts.T("side.business"), g.texts.T("side.exchange")}}
	for _, x := range []struct {
		action             string
		business, exchange uint64
	}{{"create", n.CreatedBusiness, n.CreatedExchange}, {"update", n.UpdatedBusiness, n.UpdatedExchange}, {"delete", n.DeletedBusiness, n.DeletedExchange}} {
		rows = append(rows, []string{g.actionWord(x.action), number(g.texts, x.business), number(g.texts, x.exchange)})
	}
	fmt.Fprintln(w)
	table(w, rows)
	for _, x := range []struct {
		action string
		n      uint64
	}{{"pair", n.Paired}, {"hold", n.Held}, {"problem", n.Problems}} {
		if x.n > 0 {
			fmt.Fprintf(w, "%s: %s\n", g.actionWord(x.action), number(g.texts, x.n))
		}
	}
}
