package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// optionsEffect is what the next run would do by changed options, for a kind.
type optionsEffect struct {
	CreatedBusiness uint64 `json:"created_business"`
	CreatedExchange uint64 `json:"created_exchange"`
	UpdatedBusiness uint64 `json:"updated_business"`
	UpdatedExchange uint64 `json:"updated_exchange"`
	// Held are those of the created a guard would ask about first.
	Held uint64 `json:"held"`
	// Resting are pairs that begin to rest, Paired the others.
	Resting uint64 `json:"resting"`
	Paired  uint64 `json:"paired"`
	// Outside are items of one side only that stay where they are.
	OutsideBusiness uint64 `json:"outside_business"`
	OutsideExchange uint64 `json:"outside_exchange"`
}

func effectShown(e *contract.OptionsEffect) *optionsEffect {
	if e == nil {
		return nil
	}
	return &optionsEffect{e.GetJoinExchange(), e.GetJoinBusiness(), e.GetUpdateBusiness(), e.GetUpdateExchange(), e.GetHeld(), e.GetLeave(), e.GetStay(),
		e.GetOutsideBusiness(), e.GetOutsideExchange()}
}

// optionsChange is what a change of options would do, or did.
type optionsChange struct {
	DryRun       bool           `json:"dry_run"`
	Appointments *optionsEffect `json:"appointments"`
	Tasks        *optionsEffect `json:"tasks"`
	Options      *userOptions   `json:"options"`
}

// applyOptions counts, asks, and changes, as far as each is wanted.
func (g *global) applyOptions(ctx context.Context, a *client.Client, m *contract.SetOptionsRequest, dry, yes bool) error {
	v := optionsChange{DryRun: dry}
	if !yes {
		m.Preview = true
		r, err := client.Ask(ctx, a.SetOptions, m)
		if err != nil {
			return err
		}
		v.Appointments, v.Tasks = effectShown(r.GetAppointments()), effectShown(r.GetTasks())
		if dry {
			return g.show(v, func(w io.Writer) { g.writeEffects(w, v) })
		}
		g.writeEffects(g.err, v)
		if !g.agreed() {
			return usageError{errors.New(g.t("Nichts geändert.", "Nothing was changed."))}
		}
	}
	m.Preview = false
	r, err := client.Ask(ctx, a.SetOptions, m)
	if err != nil {
		return err
	}
	now := optionsShown(m.GetUser(), r.GetOptions())
	v.Options = &now
	return g.show(v, func(w io.Writer) {
		fmt.Fprintln(w, g.t("Gespeichert. Der Abgleich damit ist angestoßen.", "Saved. A run by it has been asked for."))
	})
}

func (g *global) writeEffects(w io.Writer, v optionsChange) {
	rows := [][]string{{g.t("DER NÄCHSTE ABGLEICH", "THE NEXT RUN"), "", ""}}
	for _, x := range []struct {
		kind string
		e    *optionsEffect
	}{{"appointment", v.Appointments}, {"task", v.Tasks}} {
		if x.e == nil {
			continue
		}
		for _, r := range []struct {
			de, en, side string
			n            uint64
		}{
			{"legt an", "creates", "business", x.e.CreatedBusiness}, {"legt an", "creates", "exchange", x.e.CreatedExchange},
			{"ändert", "changes", "business", x.e.UpdatedBusiness}, {"ändert", "changes", "exchange", x.e.UpdatedExchange},
			{"davon angelegt erst nach Rückfrage", "of the created, only after asking", "", x.e.Held},
			{"lässt ruhen (bleibt auf beiden Seiten)", "lets rest (stays on both sides)", "", x.e.Resting},
			{"gleicht weiter ab", "goes on syncing", "", x.e.Paired},
			{"lässt, wo es ist", "leaves where it is", "business", x.e.OutsideBusiness}, {"lässt, wo es ist", "leaves where it is", "exchange", x.e.OutsideExchange},
		} {
			if r.n == 0 && r.en != "goes on syncing" {
				continue
			}
			where := g.kindText(x.kind)
			if r.side != "" {
				where += ", " + g.texts.T("side."+r.side)
			}
			rows = append(rows, []string{g.t(r.de, r.en), number(g.texts, r.n), where})
		}
	}
	table(w, rows)
	fmt.Fprintln(w, g.t("Gelöscht wird dadurch nichts.", "Nothing is deleted by it."))
}

// agreed asks the person at the terminal.
func (g *global) agreed() bool {
	fmt.Fprint(g.err, g.t("Ändern? [j/N] ", "Change? [y/N] "))
	var answer string
	_, _ = fmt.Fscanln(g.in, &answer)
	return slices.Contains([]string{"j", "ja", "y", "yes"}, strings.ToLower(answer))
}
