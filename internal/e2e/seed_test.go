package e2e

import (
	"fmt"
	"math/rand/v2"
	"time"

	"abgleich/agent/exchangesim"
)

// seeded is a thing that was there before the first sync.
type seeded struct {
	thing
	origin origin
	row    int64
	id     exchangesim.ItemID
	// gone tells that a person deleted it meanwhile; touched are the fields that a
	// person edited.
	gone    bool
	touched map[field]bool
	twin    bool
}

type origin uint8

const (
	onBusiness origin = iota
	onExchange
	onBoth
)

// amount is how many appointments and tasks of each origin a person begins with:
// no more than the guard lets pass unasked.
const (
	alone, both         = 20, 30
	aloneTask, bothTask = 6, 8
)

// seed fills both sides and gives what is there, a person each.
func (w *world) seed(r *rand.Rand) [][]*seeded {
	w.t.Helper()
	all := make([][]*seeded, len(w.people))
	for i, p := range w.people {
		all[i] = things(r, p)
		for _, x := range all[i] {
			onB, onE := x.thing, x.thing
			if x.origin == onBoth && !x.twin && r.IntN(3) == 0 {
				// Each side knows something the other does not.
				if onE.body = ""; !x.task {
					onB.location = ""
				}
			}
			if x.origin != onExchange {
				x.row = w.insert(p, onB)
			}
			if x.origin != onBusiness {
				x.id = w.box(p).Seed([]exchangesim.Item{onE.item()})[0]
			}
		}
	}
	return all
}

// things makes up what a person has.
func things(r *rand.Rand, p person) []*seeded {
	var list []*seeded
	for _, o := range []struct {
		origin       origin
		count, tasks int
	}{{onBusiness, alone, aloneTask}, {onExchange, alone, aloneTask}, {onBoth, both, bothTask}} {
		for i := range o.count {
			list = append(list, &seeded{origin: o.origin, thing: appointment(r, fmt.Sprintf("%s %d/%d", p.name, o.origin, i))})
		}
		for i := range o.tasks {
			list = append(list, &seeded{origin: o.origin, thing: task(r, fmt.Sprintf("%s task %d/%d", p.name, o.origin, i))})
		}
	}
	twins(list)
	return list
}

// twins makes some things equal to another of the same origin: nobody may take
// the second for a copy of the first that came back.
func twins(list []*seeded) {
	last := map[origin]*seeded{}
	for i, x := range list {
		if x.task || i%9 != 0 {
			continue
		}
		if other := last[x.origin]; other != nil {
			x.thing, x.twin, other.twin = other.thing, true, true
		}
		last[x.origin] = x
	}
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

var firstDay = time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)

func appointment(r *rand.Rand, subject string) thing {
	day := firstDay.AddDate(0, 0, r.IntN(300))
	x := thing{subject: subject, body: pick(r, "Bitte Unterlagen mitbringen", "Grüße & <Küsse> €", "zwei\nZeilen"), location: pick(r, "Zimmer 1", "Linz"),
		busy: pick(r, "busy", "free", "tentative", "away"), private: r.IntN(10) == 0, importance: pick(r, "normal", "high", "low"),
		reminder: pick(r, 0, 15, 60)}
	if r.IntN(2) == 0 {
		x.categories = []string{"Kunde", "Intern"}[:1+r.IntN(2)]
	}
	if r.IntN(8) == 0 {
		x.allDay, x.start, x.end = true, day, day.AddDate(0, 0, r.IntN(3))
		return x
	}
	x.start = day.Add(time.Duration(7*4+r.IntN(40)) * 15 * time.Minute)
	x.end = x.start.Add(time.Duration(1+r.IntN(6)) * 15 * time.Minute)
	return x
}

func task(r *rand.Rand, subject string) thing {
	return thing{task: true, subject: subject, body: pick(r, "anrufen", "Angebot\nschreiben"), due: firstDay.AddDate(0, 0, r.IntN(300)),
		status: pick(r, "not-started", "in-progress", "waiting"), private: r.IntN(10) == 0, importance: pick(r, "normal", "high")}
}

// wanted is what must be on both sides in the end.
func wanted(list []*seeded) []thing {
	var out []thing
	for _, x := range list {
		if !x.gone {
			out = append(out, x.thing)
		}
	}
	return out
}
