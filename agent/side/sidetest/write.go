package sidetest

import (
	"fmt"
	"testing"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

func writeCases() []testCase {
	return []testCase{
		{"create and read back", func(t *testing.T, e *env) {
			items := e.items(3)
			made := e.create(t, items...)
			for i, g := range e.get(t, made[0].id, made[1].id, made[2].id) {
				e.expect(t, "after create", items[i], g.Item)
				if g.Version != made[i].version || g.Key != made[i].key {
					t.Errorf("created with version %q and key %q, read %q and %q", made[i].version, made[i].key, g.Version, g.Key)
				}
			}
		}},
		{"empty batches are no work and no error", func(t *testing.T, e *env) {
			out, err := e.Create(e.ctx, nil)
			outcomes(t, "Create", 0, out, err)
			out, err = e.Update(e.ctx, nil)
			outcomes(t, "Update", 0, out, err)
			out, err = e.Delete(e.ctx, nil)
			outcomes(t, "Delete", 0, out, err)
			out, err = e.SetKeys(e.ctx, nil)
			outcomes(t, "SetKeys", 0, out, err)
			if got, err := e.Get(e.ctx, nil); err != nil || len(got) != 0 {
				t.Errorf("Get of nothing: %v, %v", got, err)
			}
			if got, err := e.FindByKey(e.ctx, nil); err != nil || len(got) != 0 {
				t.Errorf("FindByKey of nothing: %v, %v", got, err)
			}
			if got, err := e.Whereabouts(e.ctx, nil); err != nil || len(got) != 0 {
				t.Errorf("Whereabouts of nothing: %v, %v", got, err)
			}
		}},
		{"the argument of a write stays as it was", func(t *testing.T, e *env) {
			item := e.item("bleibt", 0)
			before := show(item)
			m := e.one(t, item)
			out, err := e.Update(e.ctx, []side.Update{{ID: m.id, Version: m.version, Fields: pim.Fields(pim.FieldSubject), Item: item}})
			outcomes(t, "Update", 1, out, err)
			if show(item) != before {
				t.Errorf("before %s\nafter %s", before, show(item))
			}
		}},
		{"an update sets its fields and leaves all others alone", testFieldwise},
		{"a batch gives its results in order, and one bad item spoils only its own", testPartial},
		{"an old version is refused and changes nothing", testStale},
		{"a batch larger than the batch size is carried out", func(t *testing.T, e *env) {
			n := e.BatchSize()*3 + 1
			if e.BatchSize() < 1 {
				t.Fatalf("batch size %d", e.BatchSize())
			}
			items := e.items(n)
			made := e.create(t, items...)
			e.allFound(t, made)
			ids := make([]pim.ItemID, n)
			ups := make([]side.Update, n)
			for i, m := range made {
				ids[i] = m.id
				ups[i] = side.Update{ID: m.id, Version: m.version, Fields: pim.Fields(pim.FieldSubject), Item: e.item(fmt.Sprintf("neu %d", i), i)}
			}
			out, err := e.Update(e.ctx, ups)
			outcomes(t, "Update", n, out, err)
			dels := make([]side.Deletion, n)
			for i, g := range e.get(t, ids...) {
				if out[i].Err != nil || out[i].ID != ids[i] || out[i].Version != g.Version {
					t.Fatalf("update %d: %+v, read back version %q", i, out[i], g.Version)
				}
				e.expect(t, "after update", ups[i].Item, g.Item)
				dels[i] = side.Deletion{ID: g.ID, Version: g.Version}
			}
			out, err = e.Delete(e.ctx, dels)
			outcomes(t, "Delete", n, out, err)
			for i, o := range out {
				if o.Err != nil {
					t.Fatalf("deletion %d: %v", i, o.Err)
				}
			}
			if last, _ := e.read(t, e, ""); len(present(last)) != 0 {
				t.Errorf("%d items are left", len(present(last)))
			}
		}},
	}
}

// allFound looks for many items at once, by key and by whereabouts.
func (e *env) allFound(t *testing.T, made []stored) {
	t.Helper()
	keys := make([]pim.Key, len(made))
	lost := make([]side.Lost, len(made))
	for i, m := range made {
		keys[i], lost[i] = m.key, side.Lost{ID: m.id, Key: m.key}
	}
	for i, f := range e.find(t, keys...) {
		if len(f.Items) != 1 || f.Items[0].ID != made[i].id {
			t.Fatalf("key %d of %d finds %+v", i, len(keys), f.Items)
		}
	}
	w, err := e.Whereabouts(e.ctx, lost)
	if err != nil || len(w) != len(lost) {
		t.Fatalf("Whereabouts of %d items: %d results, %v", len(lost), len(w), err)
	}
	for i := range w {
		if w[i].ID != lost[i].ID || w[i].Place != side.PlaceHere {
			t.Fatalf("whereabouts %d of %d: %+v", i, len(w), w[i])
		}
	}
}

// rich gives two items that differ in every writable field.
func (e *env) rich() (a, b pim.Item) {
	common := pim.Common{
		Subject: "anders", Body: "ganz\nanders", Sensitivity: pim.Private,
		Importance: pim.ImportanceHigh, Categories: []string{"Büro", "rot"},
	}
	if e.kind == pim.KindTask {
		common.Reminder = &pim.Reminder{At: mustTime("2026-06-01T08:30:00Z")}
		return e.item("Aufgabe", 0), pim.Canonical(&pim.Task{Common: common,
			Start: pim.Date{Year: 2026, Month: 6, Day: 1}, Due: pim.Date{Year: 2026, Month: 6, Day: 9},
			Status: pim.Completed, Completed: pim.Date{Year: 2026, Month: 6, Day: 3}})
	}
	common.Reminder = &pim.Reminder{Before: 30}
	return e.item("Termin", 0), pim.Canonical(&pim.Appointment{Common: common, Location: "Graz", Busy: pim.BusyFree,
		When: pim.When{AllDay: true, First: pim.Date{Year: 2026, Month: 3, Day: 28}, Last: pim.Date{Year: 2026, Month: 3, Day: 30}}})
}

func testFieldwise(t *testing.T, e *env) {
	a, b := e.rich()
	for _, f := range e.proj.Writable().List() {
		for name, pair := range map[string][2]pim.Item{"there": {a, b}, "back": {b, a}} {
			from, to := pair[0], pair[1]
			m := e.one(t, from)
			before := e.get(t, m.id)[0]
			out, err := e.Update(e.ctx, []side.Update{{ID: m.id, Version: before.Version, Fields: pim.Fields(f), Item: to}})
			outcomes(t, "Update", 1, out, err)
			if out[0].Err != nil {
				t.Fatalf("update of %s %s: %v", f, name, out[0].Err)
			}
			want := before.Item.Clone()
			pim.Apply(want, e.proj.Project(to), pim.Fields(f))
			after := e.get(t, m.id)[0]
			if d := pim.Diff(e.proj.Project(want), after.Item); d != 0 {
				t.Errorf("update of %s %s: %s differ\nwant %s\ngot  %s", f, name, d, show(want), show(after.Item))
			}
			if after.Key != m.key {
				t.Errorf("update of %s %s lost the key: %q", f, name, after.Key)
			}
			if after.Version != out[0].Version || after.ID != m.id {
				t.Errorf("update of %s gave %q %q, read %q %q", f, out[0].ID, out[0].Version, after.ID, after.Version)
			}
		}
	}
	m := e.one(t, a)
	out, err := e.Update(e.ctx, []side.Update{{ID: m.id, Version: m.version, Fields: e.proj.Writable(), Item: b}})
	outcomes(t, "Update", 1, out, err)
	if out[0].Err != nil {
		t.Fatalf("update of all fields at once: %v", out[0].Err)
	}
	e.expect(t, "update of all fields at once", b, e.get(t, m.id)[0].Item)
}

func testPartial(t *testing.T, e *env) {
	made := e.create(t, e.items(4)...)
	gone := made[1]
	out, err := e.Delete(e.ctx, []side.Deletion{{ID: gone.id, Version: gone.version}})
	outcomes(t, "Delete", 1, out, err)
	if out[0].Err != nil {
		t.Fatalf("Delete: %v", out[0].Err)
	}
	ups := make([]side.Update, len(made))
	keys := make([]side.KeyAssignment, len(made))
	ids := make([]pim.ItemID, len(made))
	for i, m := range made {
		ids[i] = m.id
		ups[i] = side.Update{ID: m.id, Version: m.version, Fields: pim.Fields(pim.FieldSubject), Item: e.item("neu", i)}
	}
	ups[2].Version = "no such version"
	out, err = e.Update(e.ctx, ups)
	outcomes(t, "Update", len(ups), out, err)
	for i, o := range out {
		switch {
		case i == 1:
			fails(t, "update of a deleted item", o.Err, fault.ItemGone)
		case i == 2:
			fails(t, "update with a version that never was", o.Err, fault.ItemChanged)
		case o.Err != nil || o.ID != made[i].id || o.Version == "" || o.Version == made[i].version:
			t.Errorf("update %d: %+v of %+v", i, o, made[i])
		}
	}
	got, err := e.Get(e.ctx, ids)
	if err != nil || len(got) != len(ids) {
		t.Fatalf("Get: %d results, %v", len(got), err)
	}
	for i, g := range got {
		if g.ID != ids[i] {
			t.Fatalf("result %d is for %q instead of %q", i, g.ID, ids[i])
		}
		if i == 1 {
			fails(t, "Get of a deleted item", g.Err, fault.ItemGone)
			continue
		}
		if g.Err != nil {
			t.Fatalf("Get: %v", g.Err)
		}
		keys[i] = side.KeyAssignment{ID: g.ID, Version: g.Version, Key: e.key()}
		if changed := g.Item.Shared().Subject == "neu"; changed != (i != 2) {
			t.Errorf("item %d has the subject %q", i, g.Item.Shared().Subject)
		}
	}
	keys[1] = side.KeyAssignment{ID: gone.id, Version: gone.version, Key: e.key()}
	out, err = e.SetKeys(e.ctx, keys)
	outcomes(t, "SetKeys", len(keys), out, err)
	for i, o := range out {
		if i == 1 {
			fails(t, "key for a deleted item", o.Err, fault.ItemGone)
		} else if o.Err != nil {
			t.Errorf("key %d: %v", i, o.Err)
		}
	}
	out, err = e.Delete(e.ctx, []side.Deletion{{ID: gone.id, Version: gone.version}, {ID: ids[0], Version: out[0].Version}})
	outcomes(t, "Delete", 2, out, err)
	fails(t, "deletion of a deleted item", out[0].Err, fault.ItemGone)
	if out[1].Err != nil {
		t.Errorf("deletion beside a failed one: %v", out[1].Err)
	}
}

func testStale(t *testing.T, e *env) {
	m := e.one(t, e.item("erster Stand", 0))
	out, err := e.Update(e.ctx, []side.Update{{ID: m.id, Version: m.version, Fields: pim.Fields(pim.FieldSubject), Item: e.item("zweiter Stand", 0)}})
	outcomes(t, "Update", 1, out, err)
	if out[0].Err != nil {
		t.Fatalf("Update: %v", out[0].Err)
	}
	want := e.get(t, m.id)[0]
	if want.Version == m.version {
		t.Fatalf("two states have the version %q", m.version)
	}
	out, err = e.Update(e.ctx, []side.Update{{ID: m.id, Version: m.version, Fields: pim.Fields(pim.FieldBody), Item: e.item("dritter Stand", 9)}})
	outcomes(t, "Update", 1, out, err)
	fails(t, "update with an old version", out[0].Err, fault.ItemChanged)
	out, err = e.Delete(e.ctx, []side.Deletion{{ID: m.id, Version: m.version}})
	outcomes(t, "Delete", 1, out, err)
	fails(t, "deletion with an old version", out[0].Err, fault.ItemChanged)
	got := e.get(t, m.id)[0]
	if got.Version != want.Version || pim.Diff(got.Item, want.Item) != 0 {
		t.Errorf("a refused write changed the item from %q %s to %q %s", want.Version, show(want.Item), got.Version, show(got.Item))
	}
	if e.Person.Edit == nil {
		t.Log("skipped: no person who edits")
		return
	}
	e.Person.Edit(t, e.acc, e.kind, m.id, "von Hand")
	out, err = e.Update(e.ctx, []side.Update{{ID: m.id, Version: got.Version, Fields: pim.Fields(pim.FieldSubject), Item: e.item("überschrieben", 0)}})
	outcomes(t, "Update", 1, out, err)
	fails(t, "update over a person's edit", out[0].Err, fault.ItemChanged)
	if s := e.get(t, m.id)[0].Item.Shared().Subject; s != "von Hand" {
		t.Errorf("the person's subject became %q", s)
	}
}
