package sidetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// env is one opened folder with everything a test needs around it.
type env struct {
	Fixture
	side.Folder
	acc    side.Account
	kind   pim.Kind
	ctx    context.Context
	proj   side.Projection
	serial int
}

func newEnv(t *testing.T, h Harness, k pim.Kind) *env {
	t.Helper()
	fx := h.New(t)
	if len(fx.Accounts) == 0 {
		t.Fatal("the fixture has no account")
	}
	if fx.MailsSent != nil {
		t.Cleanup(func() {
			if n := fx.MailsSent(); n != 0 {
				t.Errorf("%d mails were sent", n)
			}
		})
	}
	e := &env{Fixture: fx, acc: fx.Accounts[0], kind: k, ctx: t.Context(), proj: fx.Side.Projection(k)}
	e.Folder = e.open(t, e.acc)
	return e
}

func (e *env) open(t testing.TB, a side.Account) side.Folder {
	t.Helper()
	f, err := e.Side.Open(e.ctx, a, e.kind)
	if err != nil {
		t.Fatalf("Open(%s, %s): %v", a.User, e.kind, err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return f
}

// key makes a key nobody has yet.
func (e *env) key() pim.Key {
	e.serial++
	return pim.Key(fmt.Sprintf("sidetest.%s.%d", e.kind, e.serial))
}

// item makes a plain item with a subject; day moves its dates.
func (e *env) item(subject string, day int) pim.Item {
	common := pim.Common{Subject: subject, Body: "Zeile 1\nZeile 2", Categories: []string{"Kunde"}}
	if e.kind == pim.KindTask {
		return pim.Canonical(&pim.Task{Common: common, Due: pim.Date{Year: 2026, Month: 5, Day: 1}.AddDays(day)})
	}
	start := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC).AddDate(0, 0, day)
	return pim.Canonical(&pim.Appointment{Common: common, Location: "Linz",
		When: pim.When{Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna"}})
}

func (e *env) items(n int) []pim.Item {
	l := make([]pim.Item, n)
	for i := range l {
		l[i] = e.item(fmt.Sprintf("Nr. %d", i), i)
	}
	return l
}

// stored is one item as the side holds it.
type stored struct {
	id      pim.ItemID
	version pim.Version
	key     pim.Key
}

// create makes items with keys of their own, and expects each to succeed.
func (e *env) create(t rapid.TB, items ...pim.Item) []stored {
	t.Helper()
	in := make([]side.Creation, len(items))
	for i, x := range items {
		in[i] = side.Creation{Key: e.key(), Item: x}
	}
	out, err := e.Create(e.ctx, in)
	outcomes(t, "Create", len(in), out, err)
	l := make([]stored, len(in))
	seen := map[pim.ItemID]bool{}
	for i, o := range out {
		if o.Err != nil {
			t.Fatalf("Create refused item %d: %v\n%s", i, o.Err, show(items[i]))
		}
		if o.ID == "" || o.Version == "" || seen[o.ID] {
			t.Fatalf("Create gave item %d the id %q (new: %v) with version %q", i, o.ID, !seen[o.ID], o.Version)
		}
		seen[o.ID] = true
		l[i] = stored{o.ID, o.Version, in[i].Key}
	}
	return l
}

func (e *env) one(t rapid.TB, i pim.Item) stored {
	t.Helper()
	return e.create(t, i)[0]
}

// get reads items, which must all be there.
func (e *env) get(t rapid.TB, ids ...pim.ItemID) []side.Got {
	t.Helper()
	got, err := e.Get(e.ctx, ids)
	if err != nil {
		t.Fatalf("Get of %d items: %v", len(ids), err)
	}
	if len(got) != len(ids) {
		t.Fatalf("Get of %d items gave %d results", len(ids), len(got))
	}
	for i, g := range got {
		if g.ID != ids[i] {
			t.Fatalf("result %d of Get is for %q instead of %q", i, g.ID, ids[i])
		}
		if g.Err != nil {
			t.Fatalf("Get %q: %v", g.ID, g.Err)
		}
		if g.Item == nil || g.Item.Kind() != e.kind || g.Version == "" {
			t.Fatalf("Get %q gave %T with version %q", g.ID, g.Item, g.Version)
		}
	}
	return got
}

// expect compares an item with what the projection says it must be.
func (e *env) expect(t rapid.TB, what string, wrote, got pim.Item) {
	t.Helper()
	want := e.proj.Project(wrote)
	if d := pim.Diff(want, got); d != 0 {
		t.Fatalf("%s: %s differ from Project(written):\n%s", what, d, cmp.Diff(show(want), show(got)))
	}
	e.tidy(t, what, got)
}

// tidy checks the form of an item that the side gave.
func (e *env) tidy(t rapid.TB, what string, got pim.Item) {
	t.Helper()
	if show(pim.Canonical(got)) != show(got) {
		t.Fatalf("%s: not canonical:\n%s", what, cmp.Diff(show(pim.Canonical(got)), show(got)))
	}
	if d := pim.Diff(e.proj.Project(got), got); d != 0 {
		t.Fatalf("%s: no fixpoint of the projection in %s:\n%s", what, d,
			cmp.Diff(show(e.proj.Project(got)), show(got)))
	}
}

// read reads the feed to its end: the last change of each item, the order of
// first sight, and the cursor.
func (e *env) read(t rapid.TB, f side.Folder, from side.Cursor) (map[pim.ItemID]side.Change, side.Cursor) {
	t.Helper()
	last := map[pim.ItemID]side.Change{}
	for pages := 0; ; pages++ {
		if pages > 10000 {
			t.Fatalf("the feed does not end")
		}
		p, err := f.Changes(e.ctx, from)
		if err != nil {
			t.Fatalf("Changes from %q: %v", from, err)
		}
		if p.Next == "" {
			t.Fatalf("page %d has no next cursor", pages)
		}
		for _, c := range p.Changes {
			e.change(t, c)
			last[c.ID] = c
		}
		if p.More && p.Next == from {
			t.Fatalf("the feed promises more but stands still at %q", from)
		}
		from = p.Next
		if !p.More {
			return last, from
		}
	}
}

func (e *env) change(t rapid.TB, c side.Change) {
	t.Helper()
	switch {
	case c.ID == "":
		t.Fatalf("a change without id: %+v", c)
	case c.Gone && (c.Version != "" || c.Item != nil):
		t.Fatalf("a removal with version or item: %+v", c)
	case !c.Gone && c.Version == "":
		t.Fatalf("a change without version: %+v", c)
	case c.Item != nil && c.Item.Kind() != e.kind:
		t.Fatalf("a %s in the feed of %s", c.Item.Kind(), e.kind)
	case c.Item != nil:
		e.tidy(t, "feed", c.Item)
	}
}

// outcomes checks that a batch has one result for each input.
func outcomes(t rapid.TB, op string, n int, out []side.Outcome, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s of %d items: %v", op, n, err)
	}
	if len(out) != n {
		t.Fatalf("%s of %d items gave %d results", op, n, len(out))
	}
}

// fails expects a code.
func fails(t rapid.TB, what string, err error, codes ...fault.Code) {
	t.Helper()
	if !fault.Has(err, codes...) {
		t.Fatalf("%s: want one of %q, got %v", what, codes, err)
	}
}

func show(i pim.Item) string {
	b, err := pim.Marshal(i)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
