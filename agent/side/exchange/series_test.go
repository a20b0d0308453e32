package exchange_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/sidetest"
)

// standup is a series of ten in Vienna, across the end of summer time, with one
// moved, one renamed and one deleted occurrence.
func standup(t testing.TB) *pim.Appointment {
	t.Helper()
	start := time.Date(2026, 10, 21, 7, 0, 0, 0, time.UTC)
	a := &pim.Appointment{
		Common: pim.Common{Subject: "Standup", Body: "täglich", Categories: []string{"Team"},
			Recurrence: &pim.Recurrence{Pattern: pim.Daily, Interval: 1, Count: 10}},
		When: pim.When{Start: start, End: start.Add(30 * time.Minute), Zone: "Europe/Vienna"},
	}
	a = pim.Canonical(a).(*pim.Appointment)
	change(t, a, 3, func(o *pim.Appointment) { o.Subject = "Standup mit Gästen" })
	change(t, a, 6, func(o *pim.Appointment) {
		o.When.Start, o.When.End = o.When.Start.Add(2*time.Hour), o.When.End.Add(2*time.Hour)
		o.Location = "Linz"
	})
	remove(t, a, 5)
	return pim.Canonical(a).(*pim.Appointment)
}

func timing(t testing.TB, a *pim.Appointment) *pim.Timing {
	t.Helper()
	x, err := a.Recurrence.Timing(a.When)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// change lets f change the nth occurrence.
func change(t testing.TB, a *pim.Appointment, n int, f func(*pim.Appointment)) {
	t.Helper()
	original, ok := timing(t, a).Start(n)
	if !ok {
		t.Fatalf("no occurrence %d", n)
	}
	o, _ := a.Occurrence(timing(t, a), n)
	a.Recurrence.Changed = slices.DeleteFunc(a.Recurrence.Changed, func(e pim.Exception) bool { return e.Original.Equal(original) })
	f(o)
	a.Recurrence.Changed = append(a.Recurrence.Changed, pim.Exception{Original: original, Item: o})
}

func remove(t testing.TB, a *pim.Appointment, n int) {
	t.Helper()
	original, ok := timing(t, a).Start(n)
	if !ok {
		t.Fatalf("no occurrence %d", n)
	}
	a.Recurrence.Deleted = append(a.Recurrence.Deleted, original)
}

func show(t rapid.TB, i pim.Item) string {
	b, err := pim.Marshal(i)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// same expects an item to be what the side says writing another gives.
func same(t rapid.TB, w *world, what string, wrote, got pim.Item) {
	t.Helper()
	want := w.side.Projection(got.Kind()).Project(wrote)
	if d := pim.Diff(want, got) &^ pim.Fields(pim.FieldMeeting); d != 0 {
		t.Fatalf("%s: %s differ:\n%s", what, d, cmp.Diff(show(t, want), show(t, got)))
	}
}

func createAll(t rapid.TB, f side.Folder, items ...pim.Item) []side.Outcome {
	t.Helper()
	in := make([]side.Creation, len(items))
	for i, x := range items {
		in[i] = side.Creation{Key: pim.Key(fmt.Sprintf("s.%d.%d", time.Now().UnixNano(), i)), Item: x}
	}
	out, err := f.Create(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range out {
		if o.Err != nil {
			t.Fatalf("create %s: %v", show(t, items[i]), o.Err)
		}
	}
	return out
}

func getAll(t rapid.TB, f side.Folder, made []side.Outcome) []side.Got {
	t.Helper()
	ids := make([]pim.ItemID, len(made))
	for i, o := range made {
		ids[i] = o.ID
	}
	got, err := f.Get(context.Background(), ids)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range got {
		if g.Err != nil {
			t.Fatal(g.Err)
		}
	}
	return got
}

// sameVersion expects what was written to be what is read.
func sameVersion(t rapid.TB, o side.Outcome, g side.Got) {
	t.Helper()
	if o.Version != g.Version {
		t.Fatalf("written as version %q, read as %q", o.Version, g.Version)
	}
}

func update(t rapid.TB, f side.Folder, g side.Got, to pim.Item, fields pim.FieldSet) side.Outcome {
	t.Helper()
	return updateFrom(t, f, g, g.Item, to, fields)
}

// updateFrom is update by somebody who says what the item was.
func updateFrom(t rapid.TB, f side.Folder, g side.Got, was, to pim.Item, fields pim.FieldSet) side.Outcome {
	t.Helper()
	out, err := f.Update(context.Background(), []side.Update{{ID: g.ID, Version: g.Version, Fields: fields, Item: to, Was: was}})
	if err != nil {
		t.Fatal(err)
	}
	if out[0].Err != nil {
		t.Fatalf("update of %s to %s: %v", fields, show(t, to), out[0].Err)
	}
	return out[0]
}

// holds tells whether a mailbox in Vienna can hold a series. The zone of an all-day
// one is the mailbox's: an exception at a time of day may be on another day there.
func holds(t rapid.TB, w *world, i pim.Item) bool {
	a := w.side.Projection(pim.KindAppointment).Project(i).(*pim.Appointment)
	if a.Recurrence == nil || pim.CheckSeries(a) != nil || !a.When.AllDay {
		return pim.CheckSeries(a) == nil
	}
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	x, err := a.Recurrence.Timing(a.When)
	return err == nil && pim.CheckMoves(a, x, vienna) == nil
}

// oneSeries generates series as they come, and such with exceptions in every field.
func oneSeries() *rapid.Generator[*pim.Appointment] {
	return rapid.OneOf(sidetest.Series(), sidetest.FullSeries())
}

func TestASeriesWithItsExceptionsReadsAsItWasWritten(t *testing.T) {
	w := newWorld(t, options{})
	f := open(t, w, pim.KindAppointment)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		var items []pim.Item
		for range 10 {
			a := oneSeries().Draw(t, "series")
			if holds(t, w, a) {
				items = append(items, a)
			}
		}
		n += len(items)
		made := createAll(t, f, items...)
		for i, g := range getAll(t, f, made) {
			same(t, w, "read back", items[i], g.Item)
			sameVersion(t, made[i], g)
		}
	})
	if n < 900 && !testing.Short() {
		t.Errorf("only %d series", n)
	}
}

func TestASeriesBecomesAnyOther(t *testing.T) {
	w := newWorld(t, options{})
	f := open(t, w, pim.KindAppointment)
	all := w.side.Projection(pim.KindAppointment).Writable()
	rapid.Check(t, func(t *rapid.T) {
		any := rapid.Custom(func(t *rapid.T) pim.Item {
			if rapid.IntRange(0, 4).Draw(t, "single") == 0 {
				return sidetest.Appointment().Draw(t, "single one")
			}
			return oneSeries().Draw(t, "series")
		})
		from, to := any.Draw(t, "from"), any.Draw(t, "to")
		if rapid.Bool().Draw(t, "same pattern") {
			to = variant(t, from)
		}
		fields := all
		if rapid.Bool().Draw(t, "some fields") {
			fields = pim.Fields(rapid.SliceOfNDistinct(rapid.SampledFrom(all.List()), 1, 4, rapid.ID).Draw(t, "fields")...)
		}
		if !holds(t, w, from) {
			t.Skip("no series for a mailbox in Vienna")
		}
		g := getAll(t, f, createAll(t, f, from))[0]
		want := g.Item.Clone()
		pim.Apply(want, w.side.Projection(pim.KindAppointment).Project(to), fields)
		if !holds(t, w, want) {
			t.Skip("half of one and half of the other is no series")
		}
		was := g.Item
		if rapid.IntRange(0, 3).Draw(t, "says not what it was") == 0 {
			was = nil
		}
		out := updateFrom(t, f, g, was, to, fields)
		now := getAll(t, f, []side.Outcome{out})[0]
		same(t, w, "updated "+fields.String(), want, now.Item)
		sameVersion(t, out, now)
	})
}

// variant is a series with the pattern of another, and other exceptions.
func variant(t *rapid.T, i pim.Item) pim.Item {
	a := i.Clone().(*pim.Appointment)
	if a.Recurrence == nil {
		return a
	}
	r := a.Recurrence
	if len(r.Deleted) > 0 && rapid.Bool().Draw(t, "bring back") {
		r.Deleted = r.Deleted[1:]
	}
	if len(r.Changed) > 0 && rapid.Bool().Draw(t, "as the pattern again") {
		r.Changed = r.Changed[1:]
	}
	for n := range r.Changed {
		if rapid.Bool().Draw(t, "otherwise") {
			r.Changed[n].Item.Subject = rapid.SampledFrom([]string{"neu", a.Subject}).Draw(t, "subject")
		}
	}
	if rapid.IntRange(0, 2).Draw(t, "master") == 0 {
		a.Subject = "Reihe"
		a.Categories = nil
	}
	x, err := r.Timing(a.When)
	if err != nil {
		t.Fatal(err)
	}
	if original, ok := x.Start(rapid.IntRange(1, 20).Draw(t, "delete")); ok {
		with := a.Clone().(*pim.Appointment)
		with.Recurrence.Deleted = append(with.Recurrence.Deleted, original)
		if with = pim.Canonical(with).(*pim.Appointment); pim.CheckSeries(with) == nil {
			a = with
		}
	}
	return pim.Canonical(a)
}

func TestAChangedExceptionCostsThreeRequestsToRead(t *testing.T) {
	w := newWorld(t, options{})
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	var items []pim.Item
	for range 30 {
		items = append(items, standup(t))
	}
	made := createAll(t, f, items...)
	page, err := f.Changes(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	a := items[7].(*pim.Appointment)
	for _, n := range []int{2, 6} {
		original, _ := timing(t, a).Start(n)
		if _, err := box.ChangeOccurrence(exchangesim.ItemID(made[7].ID), original, func(it *exchangesim.Item) { it.Location = "Wels" }); err != nil {
			t.Fatal(err)
		}
	}
	before := requests(w)
	page, err = f.Changes(t.Context(), page.Next)
	if err != nil || len(page.Changes) != 1 || page.Changes[0].ID != made[7].ID || page.Changes[0].Version == made[7].Version {
		t.Fatalf("%+v %v", page, err)
	}
	got, err := f.Get(t.Context(), []pim.ItemID{made[7].ID})
	if err != nil || got[0].Err != nil {
		t.Fatal(err, got)
	}
	if n := requests(w) - before; n > 3 {
		t.Errorf("%d requests", n)
	}
	if c := got[0].Item.Shared().Recurrence.Changed; len(c) != 3 || c[0].Item.Location != "Wels" || c[1].Item.Subject != "Standup mit Gästen" || c[2].Item.Location != "Wels" {
		t.Errorf("%s", show(t, got[0].Item))
	}
	// Many series at once cost no more.
	before = requests(w)
	ids := make([]pim.ItemID, len(made))
	for i := range made {
		ids[i] = made[i].ID
	}
	if _, err := f.Get(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	if n := requests(w) - before; n > 2 {
		t.Errorf("%d requests for 30 series", n)
	}
}

func requests(w *world) (n int64) {
	for _, c := range w.sim.Stats().Requests {
		n += c
	}
	return n
}

func TestOnlyTheOccurrencesThatChangeAreWritten(t *testing.T) {
	w := newWorld(t, options{})
	f := open(t, w, pim.KindAppointment)
	g := getAll(t, f, createAll(t, f, standup(t)))[0]
	before := w.sim.Stats().Items
	to := g.Item.Clone().(*pim.Appointment)
	change(t, to, 8, func(o *pim.Appointment) { o.Location = "Wels" })
	remove(t, to, 9)
	out := update(t, f, g, to, pim.Fields(pim.FieldRecurrence))
	same(t, w, "updated", to, getAll(t, f, []side.Outcome{out})[0].Item)
	after := w.sim.Stats().Items
	// The mark, the occurrence, the mark's end; and one deletion.
	if n, d := after["UpdateItem"]-before["UpdateItem"], after["DeleteItem"]-before["DeleteItem"]; n != 3 || d != 1 {
		t.Errorf("%d items updated, %d deleted", n, d)
	}
	// The pattern stands, and a second write of the same does nothing.
	before = w.sim.Stats().Items
	g = getAll(t, f, []side.Outcome{out})[0]
	if again := update(t, f, g, g.Item, w.side.Projection(pim.KindAppointment).Writable()); again.Version != g.Version {
		t.Error("a write of what is there gave a new version")
	}
	if n := w.sim.Stats().Items["UpdateItem"] - before["UpdateItem"]; n != 0 {
		t.Errorf("%d items written for nothing", n)
	}
}

func TestASeriesExchangeCannotHoldIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	w := newWorld(t, options{})
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	crossing := standup(t)
	change(t, crossing, 8, func(o *pim.Appointment) {
		o.When.Start, o.When.End = o.When.Start.Add(24*time.Hour), o.When.End.Add(24*time.Hour)
	})
	empty := pim.Canonical(&pim.Appointment{Common: pim.Common{Recurrence: &pim.Recurrence{Pattern: pim.Daily, Count: 1}}, When: crossing.When}).(*pim.Appointment)
	remove(t, empty, 1)
	out, err := f.Create(t.Context(), []side.Creation{{Key: "1", Item: crossing}, {Key: "2", Item: standup(t)}, {Key: "3", Item: empty}})
	if err != nil || !fault.Has(out[0].Err, fault.SeriesNotSupported) || out[1].Err != nil || !fault.Has(out[2].Err, fault.SeriesNotSupported) {
		t.Fatal(err, out)
	}
	if n := box.Count(exchangesim.Calendar); n != 1 {
		t.Errorf("%d items", n)
	}
	g := getAll(t, f, out[1:2])[0]
	up, err := f.Update(t.Context(), []side.Update{{ID: g.ID, Version: g.Version, Fields: pim.Fields(pim.FieldRecurrence), Item: crossing}})
	if err != nil || !fault.Has(up[0].Err, fault.SeriesNotSupported) {
		t.Fatal(err, up)
	}
	if now := getAll(t, f, out[1:2])[0]; now.Version != g.Version {
		t.Error("a refused write changed the series")
	}
}
