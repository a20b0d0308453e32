package sidetest

import (
	"testing"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

func goneCases() []testCase {
	return []testCase{
		{"our deletion: the item is gone from Get and its whereabouts are deleted", func(t *testing.T, e *env) {
			made := e.create(t, e.items(2)...)
			_, c := e.read(t, e, "")
			out, err := e.Delete(e.ctx, []side.Deletion{{ID: made[0].id, Version: made[0].version}})
			outcomes(t, "Delete", 1, out, err)
			e.gone(t, c, made[0], side.PlaceDeleted)
			e.where(t, made[1], side.PlaceHere)
		}},
		{"a person's deletion is a deletion", func(t *testing.T, e *env) {
			if e.Person.Delete == nil {
				t.Skip("skipped: no person who deletes")
			}
			made := e.create(t, e.items(2)...)
			_, c := e.read(t, e, "")
			e.Person.Delete(t, e.acc, e.kind, made[0].id)
			e.gone(t, c, made[0], side.PlaceDeleted)
			e.where(t, made[1], side.PlaceHere)
		}},
		{"a deletion past Deleted Items leaves a deletion or no trace", func(t *testing.T, e *env) {
			if e.Person.HardDelete == nil {
				t.Skip("skipped: no person who deletes for good")
			}
			m := e.one(t, e.item("weg", 0))
			_, c := e.read(t, e, "")
			e.Person.HardDelete(t, e.acc, e.kind, m.id)
			e.gone(t, c, m, side.PlaceDeleted, side.PlaceNowhere)
		}},
		{"a move to another folder is no deletion", func(t *testing.T, e *env) {
			if e.Person.Move == nil {
				t.Skip("skipped: no person who moves")
			}
			m := e.one(t, e.item("verschoben", 0))
			_, c := e.read(t, e, "")
			back := e.Person.Move(t, e.acc, e.kind, m.id)
			e.gone(t, c, m, side.PlaceElsewhere)
			if f := e.find(t, m.key); len(f[0].Items) != 0 {
				t.Errorf("a moved item is found in the folder: %+v", f)
			}
			if back == nil {
				t.Log("skipped the rest: no way back")
				return
			}
			_, c = e.read(t, e, c)
			back()
			last, _ := e.read(t, e, c)
			here := present(last)
			if len(here) != 1 {
				t.Fatalf("the feed after the way back: %+v", last)
			}
			for id, ch := range here {
				if ch.Key != m.key {
					t.Errorf("the item came back with the key %q", ch.Key)
				}
				e.expect(t, "after the way back", e.item("verschoben", 0), e.get(t, id)[0].Item)
			}
			e.where(t, m, side.PlaceHere)
		}},
		{"what never was is gone, and nowhere or unknown", func(t *testing.T, e *env) {
			// A well-formed id: that of an item of the same side, altered.
			m := e.one(t, e.item("echt", 0))
			ids := []pim.ItemID{"nobody", m.id + "x", "ä\x00'", m.id}
			got, err := e.Get(e.ctx, ids)
			if err != nil || len(got) != len(ids) {
				t.Fatalf("Get: %d results, %v", len(got), err)
			}
			for i, g := range got[:3] {
				fails(t, "Get of what never was", g.Err, fault.ItemGone)
				if g.Item != nil || g.ID != ids[i] {
					t.Errorf("Get of %q gave %+v", ids[i], g)
				}
			}
			if got[3].Err != nil {
				t.Errorf("a good id beside bad ones: %v", got[3].Err)
			}
			e.where(t, stored{id: "nobody", key: "sidetest.nobody"}, side.PlaceNowhere, side.PlaceUnknown)
			e.where(t, stored{id: "nobody"}, side.PlaceNowhere, side.PlaceUnknown)
		}},
	}
}

// gone expects that the feed from c lists the item as gone, that it cannot be read,
// and where it is.
func (e *env) gone(t testing.TB, c side.Cursor, m stored, places ...side.Place) {
	t.Helper()
	if last, _ := e.read(t, e, c); !last[m.id].Gone {
		t.Fatalf("the feed lists it as %+v", last[m.id])
	}
	got, err := e.Get(e.ctx, []pim.ItemID{m.id})
	if err != nil || len(got) != 1 {
		t.Fatalf("Get: %+v, %v", got, err)
	}
	fails(t, "Get of an item that is gone", got[0].Err, fault.ItemGone)
	e.where(t, m, places...)
}

func (e *env) where(t testing.TB, m stored, places ...side.Place) {
	t.Helper()
	w, err := e.Whereabouts(e.ctx, []side.Lost{{ID: m.id, Key: m.key}})
	if err != nil || len(w) != 1 || w[0].ID != m.id {
		t.Fatalf("Whereabouts of %q: %+v, %v", m.id, w, err)
	}
	for _, p := range places {
		if w[0].Place == p {
			return
		}
	}
	t.Errorf("whereabouts of %q: %d, want one of %d", m.id, w[0].Place, places)
}
