package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
)

// TestACopyIsAnItemOfItsOwnOnBothSides lets a person copy an appointment, a series, a
// task and a recurring task in Outlook, which copies our key along, and complete a
// recurring task, which leaves a copy with it too. The paired one stays paired, the
// other one arrives as new, and no key is on two items.
func TestACopyIsAnItemOfItsOwnOnBothSides(t *testing.T) {
	t.Parallel()
	a := newAlive(t)
	day := firstDay.In(vienna()).Format(time.DateOnly)
	series := a.meet("Reihe").item()
	series.Recurrence = &exchangesim.Recurrence{Pattern: "DailyRecurrence", Interval: 7, Start: day, Count: 5}
	task := func(subject string, r *exchangesim.Recurrence) exchangesim.Item {
		it := thing{task: true, subject: subject, due: firstDay, status: "not-started", importance: "normal"}.item()
		it.Recurrence = r
		return it
	}
	weekly := func() *exchangesim.Recurrence {
		return &exchangesim.Recurrence{Pattern: "DailyRecurrence", Interval: 7, Start: day, Count: 5}
	}
	made := map[string]exchangesim.Item{}
	for name, it := range map[string]exchangesim.Item{"Termin": a.meet("Termin").item(), "Reihe": series,
		"Aufgabe": task("Aufgabe", nil), "Meldung": task("Meldung", weekly()), "Bericht": task("Bericht", weekly())} {
		var err error
		made[name], err = a.box.Create(it)
		must(t, err)
	}
	keys := a.paired(t, len(made))

	for name, it := range made {
		var err error
		switch {
		case name == "Bericht":
			_, err = a.box.Update(it.ID, func(it *exchangesim.Item) { it.Status, it.Percent, it.Completed = "Completed", 100, firstDay })
		case it.Kind == exchangesim.Task:
			_, err = a.box.Copy(it.ID, exchangesim.Tasks)
		default:
			_, err = a.box.Copy(it.ID, exchangesim.Calendar)
		}
		must(t, err)
	}
	after := a.paired(t, 2*len(made))
	for id, key := range keys {
		if after[id] != key {
			t.Errorf("%s had the key %s and has %q now", id, key, after[id])
		}
	}
	until(t, "the completed one in the business database", func() bool {
		return a.number(`SELECT count(*) FROM tasks WHERE subject = 'Bericht' AND status = 'completed'`) == 1
	})
	if n := a.number(`SELECT count(*) FROM tasks WHERE subject = 'Bericht' AND status <> 'completed' AND recurrence_rule <> ''`); n != 1 {
		t.Errorf("%d reports are still to be made, again and again", n)
	}
	a.noProblems()
	a.quiet(t, a.c)
	a.judge(t)
}

// paired waits until there are so many items, each with one key that is on exactly
// one item of each side, and gives the keys by Exchange's ids.
func (a *alive) paired(t *testing.T, n int) map[exchangesim.ItemID]string {
	t.Helper()
	keys := map[exchangesim.ItemID]string{}
	eventually(t, fmt.Sprintf("%d pairs", n), func() string {
		clear(keys)
		list := func(items []found) string {
			var all []string
			for _, f := range items {
				if f.keys != 1 {
					return "no single key on " + f.line()
				}
				all = append(all, f.key+" "+f.subject)
				if f.id != "" {
					keys[f.id] = f.key
				}
			}
			slices.Sort(all)
			if len(slices.Compact(slices.Clone(all))) != len(all) {
				return "a key twice:\n" + strings.Join(all, "\n")
			}
			return strings.Join(all, "\n")
		}
		e, b := list(a.inExchange(a.p)), list(a.inBusiness(a.p))
		if e != b || len(keys) != n {
			return fmt.Sprintf("%d in Exchange\n%s\nbusiness\n%s", len(keys), e, b)
		}
		return ""
	})
	return keys
}
