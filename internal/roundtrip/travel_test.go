package roundtrip

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"abgleich/agent/engine"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// holds tells whether a mailbox in the given zone can hold an item: of a series, no
// occurrence may reach the day of another. An all-day one begins its days there.
func holds(p side.Projection, home *time.Location, i pim.Item) bool {
	i = p.Project(i)
	if pim.CheckSeries(i) != nil {
		return false
	}
	a, ok := i.(*pim.Appointment)
	if !ok || a.Recurrence == nil || !a.When.AllDay {
		return true
	}
	timing, err := a.Recurrence.Timing(a.When)
	return err == nil && pim.CheckMoves(a, timing, home) == nil
}

// onBusiness is what the business side tells of an item of Exchange: all of it, but
// that it knows only two sensitivities. No text of Exchange is too long for it.
func onBusiness(i pim.Item) pim.Item {
	i = i.Clone()
	hide(i.Shared())
	if r := i.Shared().Recurrence; r != nil {
		for _, e := range r.Changed {
			hide(e.Item.Shared())
		}
	}
	return pim.Canonical(i)
}

func hide(c *pim.Common) {
	if c.Sensitivity != pim.Normal {
		c.Sensitivity = pim.Private
	}
}

// travel takes items of Anna's mailbox, as it tells them, to the business side and
// back: into Bert's mailbox, and with inPlace over themselves. It gives Bert's.
func (j *journey) travel(t *testing.T, from []side.Got, inPlace bool) []side.Got {
	t.Helper()
	items := make([]pim.Item, len(from))
	for i, g := range from {
		items[i] = g.Item
	}
	got := j.make(t, j.business, items)
	back := make([]pim.Item, len(got))
	for i, g := range got {
		e, b := items[i], g.Item
		equal(t, "on the business side", onBusiness(e), b)
		if lost := pim.FieldsOf(j.kind) &^ j.rules.Same(b, e); lost != 0 {
			t.Fatalf("%s does not mean the same on both sides\n%s", lost, cmp.Diff(show(t, e), show(t, b)))
		}
		if d := j.rules.Decide(engine.Half{Item: b}, engine.Half{Item: e}); d.Code != "" ||
			d.Business.Write.Fields|d.Exchange.Write.Fields != 0 {
			t.Fatalf("the first comparison wants %+v\n%s", d, show(t, e))
		}
		back[i] = b
	}
	if inPlace {
		j.overItself(t, from, back)
	}
	again := j.make(t, j.to, back)
	for i, g := range again {
		// Who was invited stays with the mailbox of whom was invited.
		pim.Apply(back[i], g.Item, pim.Fields(pim.FieldMeeting))
		equal(t, "back on Exchange", back[i], g.Item)
	}
	return again
}

// overItself writes every field that came back into the item it came from.
func (j *journey) overItself(t *testing.T, from []side.Got, back []pim.Item) {
	t.Helper()
	ups := make([]side.Update, len(from))
	for i, g := range from {
		ups[i] = side.Update{ID: g.ID, Version: g.Version, Fields: j.rules.Exchange.Writable(), Item: back[i]}
	}
	out, err := j.from.Update(t.Context(), ups)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range out {
		if o.Err != nil {
			t.Fatalf("write back: %v\n%s", o.Err, show(t, back[i]))
		}
	}
	for i, g := range j.get(t, j.from, out) {
		equal(t, "written over itself", back[i], g.Item)
	}
}

// equal expects equal fingerprints.
func equal(t *testing.T, what string, want, got pim.Item) {
	t.Helper()
	if pim.Fingerprint(want) != pim.Fingerprint(got) {
		t.Fatalf("%s: %s differ\n%s", what, pim.Diff(want, got), cmp.Diff(lines(t, want), lines(t, got)))
	}
}

func lines(t *testing.T, i pim.Item) string { return strings.ReplaceAll(show(t, i), ",\"", ",\n\"") }
