package sidetest

import (
	"testing"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

func keyCases() []testCase {
	return []testCase{
		{"an item is found by the key it was created with", func(t *testing.T, e *env) {
			items := e.items(3)
			made := e.create(t, items...)
			keys := []pim.Key{made[2].key, "sidetest.none", made[0].key}
			found := e.find(t, keys...)
			if len(found[1].Items) != 0 {
				t.Errorf("a key nobody has was found: %+v", found[1])
			}
			for i, m := range map[int]int{0: 2, 2: 0} {
				if len(found[i].Items) != 1 {
					t.Fatalf("key %s has %d items", keys[i], len(found[i].Items))
				}
				g := found[i].Items[0]
				if g.Err != nil || g.ID != made[m].id || g.Version != made[m].version || g.Key != keys[i] {
					t.Errorf("found %+v, created %+v", g, made[m])
				}
				if g.Item != nil {
					e.expect(t, "FindByKey", items[m], g.Item)
				}
			}
		}},
		{"keys are compared exactly", func(t *testing.T, e *env) {
			out, err := e.Create(e.ctx, []side.Creation{{Key: "Inst.a'b\"c&<d>%_*", Item: e.item("Schlüssel", 0)}})
			outcomes(t, "Create", 1, out, err)
			if out[0].Err != nil {
				t.Fatalf("Create: %v", out[0].Err)
			}
			for k, n := range map[pim.Key]int{"Inst.a'b\"c&<d>%_*": 1, "inst.a'b\"c&<d>%_*": 0, "Inst.a'b\"c&<d>%%%": 0, "Inst.a'b\"c&<d>%_": 0} {
				if f := e.find(t, k); len(f[0].Items) != n {
					t.Errorf("key %q has %d items instead of %d", k, len(f[0].Items), n)
				}
			}
		}},
		{"a key set replaces the one before", func(t *testing.T, e *env) {
			m := e.one(t, e.item("Schlüssel", 0))
			next := e.key()
			out, err := e.SetKeys(e.ctx, []side.KeyAssignment{{ID: m.id, Version: m.version, Key: next}})
			outcomes(t, "SetKeys", 1, out, err)
			if out[0].Err != nil {
				t.Fatalf("SetKeys: %v", out[0].Err)
			}
			f := e.find(t, m.key, next)
			if len(f[0].Items) != 0 || len(f[1].Items) != 1 || f[1].Items[0].ID != m.id {
				t.Errorf("found %+v", f)
			}
			g := e.get(t, m.id)[0]
			if g.Key != next || g.Version != out[0].Version {
				t.Errorf("read key %q and version %q, set %q and %q", g.Key, g.Version, next, out[0].Version)
			}
			e.expect(t, "after SetKeys", e.item("Schlüssel", 0), g.Item)
		}},
		{"a person's item gets a key", func(t *testing.T, e *env) {
			if e.Person.Put == nil {
				t.Skip("skipped: no person who puts")
			}
			id := e.Person.Put(t, e.acc, e.item("von Hand", 0))
			g := e.get(t, id)[0]
			if g.Key != "" {
				t.Fatalf("a person's item has the key %q", g.Key)
			}
			k := e.key()
			out, err := e.SetKeys(e.ctx, []side.KeyAssignment{{ID: id, Version: g.Version, Key: k}})
			outcomes(t, "SetKeys", 1, out, err)
			if out[0].Err != nil {
				t.Fatalf("SetKeys: %v", out[0].Err)
			}
			if f := e.find(t, k); len(f[0].Items) != 1 || f[0].Items[0].ID != id {
				t.Errorf("found %+v", f)
			}
		}},
		{"a copy is found beside its original, if copies carry keys", func(t *testing.T, e *env) {
			if e.Person.Copy == nil {
				t.Skip("skipped: no person who copies")
			}
			m := e.one(t, e.item("Vorlage", 0))
			_, c := e.read(t, e, "")
			e.Person.Copy(t, e.acc, e.kind, m.id)
			want := 1
			if e.CopiesKeys {
				want = 2
			}
			f := e.find(t, m.key)
			if len(f[0].Items) != want {
				t.Fatalf("%d items with the key, want %d", len(f[0].Items), want)
			}
			last, _ := e.read(t, e, c)
			copies := 0
			for id, ch := range present(last) {
				if id == m.id {
					continue
				}
				copies++
				if e.CopiesKeys != (ch.Key == m.key) {
					t.Errorf("the feed lists the copy with the key %q", ch.Key)
				}
				next := e.key()
				out, err := e.SetKeys(e.ctx, []side.KeyAssignment{{ID: id, Version: ch.Version, Key: next}})
				outcomes(t, "SetKeys", 1, out, err)
				if out[0].Err != nil {
					t.Fatalf("SetKeys of the copy: %v", out[0].Err)
				}
			}
			if copies != 1 {
				t.Errorf("the feed lists %d copies", copies)
			}
			if f := e.find(t, m.key); len(f[0].Items) != 1 || f[0].Items[0].ID != m.id {
				t.Errorf("after the copy got its own key the original's finds %+v", f)
			}
		}},
		{"a deleted item is not found by its key", func(t *testing.T, e *env) {
			made := e.create(t, e.items(2)...)
			out, err := e.Delete(e.ctx, []side.Deletion{{ID: made[0].id, Version: made[0].version}})
			outcomes(t, "Delete", 1, out, err)
			if f := e.find(t, made[0].key); len(f[0].Items) != 0 {
				t.Errorf("after our deletion: %+v", f)
			}
			if e.Person.Delete == nil {
				t.Log("skipped the rest: no person who deletes")
				return
			}
			e.Person.Delete(t, e.acc, e.kind, made[1].id)
			if f := e.find(t, made[1].key); len(f[0].Items) != 0 {
				t.Errorf("after a person's deletion: %+v", f)
			}
		}},
		{"a key is refused for an item with another version, or the key is set safely", func(t *testing.T, e *env) {
			if e.Person.Edit == nil {
				t.Skip("skipped: no person who edits")
			}
			m := e.one(t, e.item("Schlüssel", 0))
			e.Person.Edit(t, e.acc, e.kind, m.id, "von Hand")
			out, err := e.SetKeys(e.ctx, []side.KeyAssignment{{ID: m.id, Version: m.version, Key: e.key()}})
			outcomes(t, "SetKeys", 1, out, err)
			if out[0].Err != nil {
				fails(t, "key with an old version", out[0].Err, fault.ItemChanged)
			}
			if s := e.get(t, m.id)[0].Item.Shared().Subject; s != "von Hand" {
				t.Errorf("the person's subject became %q", s)
			}
		}},
	}
}

func (e *env) find(t testing.TB, keys ...pim.Key) []side.Found {
	t.Helper()
	found, err := e.FindByKey(e.ctx, keys)
	if err != nil {
		t.Fatalf("FindByKey: %v", err)
	}
	if len(found) != len(keys) {
		t.Fatalf("FindByKey of %d keys gave %d results", len(keys), len(found))
	}
	for i, f := range found {
		if f.Key != keys[i] {
			t.Fatalf("result %d of FindByKey is for %q instead of %q", i, f.Key, keys[i])
		}
	}
	return found
}
