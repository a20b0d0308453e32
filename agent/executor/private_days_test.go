package executor_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"abgleich/agent/engine"
	"abgleich/agent/pim"
)

// days tells the subjects of a series' changed occurrences, and how many were deleted.
func (w *world) daysOf(id pim.SideID) (changed []string, deleted int) {
	w.t.Helper()
	items := w.side(id).Items(w.user, kind)
	if len(items) != 1 {
		w.t.Fatalf("%s has %d items", id, len(items))
	}
	r := items[0].Item.Shared().Recurrence
	for _, c := range r.Changed {
		changed = append(changed, c.Item.Subject)
	}
	return changed, len(r.Deleted)
}

// A day of a private series may have content of its own in Exchange. It stays there while
// the options say "busy", whatever becomes of the series, and comes when they let it.
func TestTheContentOfAPrivateSeriesDayComesWhenTheOptionsLetIt(t *testing.T) {
	begins := map[string]func(*world){
		"the business side had the series by itself": func(w *world) {
			w.put(pim.Business, series("a", 8))
			w.run()
			w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Sensitivity = pim.Private; rename(a, 3, "own") })
		},
		"both had it": func(w *world) {
			a := series("a", 8)
			a.Sensitivity = pim.Private
			w.put(pim.Business, a)
			b := series("a", 8)
			b.Sensitivity = pim.Private
			rename(b, 3, "own")
			w.put(pim.Exchange, b)
		},
		"it began in Exchange": func(w *world) {
			a := series("a", 8)
			a.Sensitivity = pim.Private
			rename(a, 3, "own")
			w.put(pim.Exchange, a)
		},
	}
	meanwhile := map[string]struct {
		do      func(*world)
		changed []string
		deleted int
	}{
		"nothing": {func(*world) {}, []string{"own"}, 0},
		"a day is dropped on the business side": {func(w *world) {
			w.editOne(pim.Business, func(a *pim.Appointment) { drop(a, 5) })
		}, []string{"own"}, 1},
		"that day is dropped on the business side": {func(w *world) {
			w.editOne(pim.Business, func(a *pim.Appointment) { drop(a, 3) })
		}, nil, 1},
		"that day is moved on the business side": {func(w *world) {
			w.editOne(pim.Business, func(a *pim.Appointment) { later(a, 3) })
		}, []string{"own"}, 0},
		"that day is moved in Exchange": {func(w *world) {
			w.editOne(pim.Exchange, func(a *pim.Appointment) { later(a, 3) })
		}, []string{"own"}, 0},
		"another day gets content in Exchange": {func(w *world) {
			w.editOne(pim.Exchange, func(a *pim.Appointment) { rename(a, 7, "own too") })
		}, []string{"own", "own too"}, 0},
		"a day is dropped in Exchange": {func(w *world) {
			w.editOne(pim.Exchange, func(a *pim.Appointment) { drop(a, 2) })
		}, []string{"own"}, 1},
	}
	for how, begin := range begins {
		for what, m := range meanwhile {
			t.Run(how+", "+what, func(t *testing.T) {
				w := newWorld(t, false)
				w.options(engine.Options{Private: engine.PrivateBusy})
				begin(w)
				w.settle()
				m.do(w)
				w.settle()
				w.quiet()
				if got, deleted := w.daysOf(pim.Business); slices.Contains(got, "own") || slices.Contains(got, "own too") || deleted != m.deleted {
					t.Errorf("the business side says %v, %d deleted", got, deleted)
				}
				if got, deleted := w.daysOf(pim.Exchange); !slices.Equal(got, m.changed) || deleted != m.deleted {
					t.Errorf("Exchange says %v, %d deleted", got, deleted)
				}
				if got := w.states(); !strings.HasSuffix(got, " 5") && m.changed != nil {
					t.Errorf("compare says %s", got)
				}
				w.options(engine.Options{})
				w.settle()
				w.equal()
				if got, deleted := w.daysOf(pim.Business); !slices.Equal(got, m.changed) || deleted != m.deleted {
					t.Errorf("in the end the business side says %v, %d deleted", got, deleted)
				}
				w.quiet()
			})
		}
	}
}

// editOne edits the only item of a side.
func (w *world) editOne(id pim.SideID, change func(*pim.Appointment)) {
	w.t.Helper()
	w.side(id).Edit(w.user, kind, w.side(id).Items(w.user, kind)[0].ID, func(i pim.Item) { change(i.(*pim.Appointment)) })
}

// later moves the nth occurrence of a series by an hour.
func later(a *pim.Appointment, n int) {
	at := original(a, n)
	i := slices.IndexFunc(a.Recurrence.Changed, func(e pim.Exception) bool { return e.Original.Equal(at) })
	if i < 0 {
		t, err := a.Recurrence.Timing(a.When)
		if err != nil {
			panic(err)
		}
		o, _ := a.Occurrence(t, n)
		a.Recurrence.Changed = append(a.Recurrence.Changed, pim.Exception{Original: at, Item: o})
		i = len(a.Recurrence.Changed) - 1
	}
	w := &a.Recurrence.Changed[i].Item.When
	w.Start, w.End = w.Start.Add(time.Hour), w.End.Add(time.Hour)
}
