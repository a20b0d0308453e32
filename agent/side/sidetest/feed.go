package sidetest

import (
	"fmt"
	"testing"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// present keeps the changes that say an item is there.
func present(last map[pim.ItemID]side.Change) map[pim.ItemID]side.Change {
	l := map[pim.ItemID]side.Change{}
	for id, c := range last {
		if !c.Gone {
			l[id] = c
		}
	}
	return l
}

func feedCases() []testCase {
	return []testCase{
		{"the feed of an empty folder is empty and gives a cursor", func(t *testing.T, e *env) {
			last, c := e.read(t, e, "")
			if len(present(last)) != 0 {
				t.Errorf("%d items in an empty folder", len(last))
			}
			m := e.one(t, e.item("neu", 0))
			if last, _ = e.read(t, e, c); last[m.id].Version != m.version {
				t.Errorf("a creation after the empty feed is not listed: %+v", last)
			}
		}},
		{"from the beginning the feed lists every item with its key and version", testFeedAll},
		{"from a later cursor the feed lists what happened since", testFeedSince},
		{"a cursor can be read again, by another folder too", func(t *testing.T, e *env) {
			e.create(t, e.items(3)...)
			_, c := e.read(t, e, "")
			m := e.one(t, e.item("danach", 0))
			other := e.open(t, e.acc)
			for range 2 {
				if last, _ := e.read(t, other, c); last[m.id].Version != m.version {
					t.Fatalf("the creation is not listed again: %+v", last)
				}
			}
		}},
		{"what happens between two pages is not missed", testFeedMoving},
		{"a cursor the side never gave is lost, not an error of another kind", func(t *testing.T, e *env) {
			e.create(t, e.items(3)...)
			_, good := e.read(t, e, "")
			for _, c := range []side.Cursor{"garbage", "0", "-1", "999999999999999999999", good + "x", "x" + good, "\x00", "ä", " "} {
				if c == "" || c == good {
					continue
				}
				_, err := e.Changes(e.ctx, c)
				fails(t, fmt.Sprintf("Changes from %q", c), err, fault.CursorLost)
			}
			if _, err := e.Changes(e.ctx, good); err != nil {
				t.Errorf("the good cursor no longer works: %v", err)
			}
		}},
		{"a lost cursor says so, and the feed can be read from the beginning", func(t *testing.T, e *env) {
			if e.LoseCursors == nil {
				t.Skip("skipped: cursors cannot be lost")
			}
			m := e.one(t, e.item("bleibt", 0))
			_, c := e.read(t, e, "")
			e.LoseCursors(t)
			_, err := e.Changes(e.ctx, c)
			fails(t, "Changes from a lost cursor", err, fault.CursorLost)
			if last, _ := e.read(t, e, ""); last[m.id].Version == "" || last[m.id].Key != m.key {
				t.Errorf("from the beginning: %+v", last)
			}
		}},
		{"a new version without a change reads as no change", func(t *testing.T, e *env) {
			if e.Person.Touch == nil {
				t.Skip("skipped: no person who only looks")
			}
			m := e.one(t, e.item("gelesen", 0))
			before := e.get(t, m.id)[0]
			_, c := e.read(t, e, "")
			e.Person.Touch(t, e.acc, e.kind, m.id)
			after := e.get(t, m.id)[0]
			if d := pim.Diff(before.Item, after.Item); d != 0 || after.Key != m.key {
				t.Errorf("%s differ, the key is %q", d, after.Key)
			}
			if last, _ := e.read(t, e, c); after.Version != m.version && last[m.id].Version != after.Version {
				t.Errorf("the version is %q, the feed lists %+v", after.Version, last[m.id])
			}
		}},
		{"users do not see each other's items", func(t *testing.T, e *env) {
			if len(e.Accounts) < 2 {
				t.Skip("skipped: only one account")
			}
			other := e.open(t, e.Accounts[1])
			_, before := e.read(t, other, "")
			m := e.one(t, e.item("meins", 0))
			for _, c := range []side.Cursor{"", before} {
				last, _ := e.read(t, other, c)
				if len(present(last)) != 0 {
					t.Errorf("another user's feed lists %+v", last)
				}
			}
			got, err := other.Get(e.ctx, []pim.ItemID{m.id})
			if err != nil || len(got) != 1 || got[0].Item != nil {
				t.Fatalf("Get as another user: %+v, %v", got, err)
			}
			fails(t, "Get as another user", got[0].Err, fault.ItemGone, fault.AccessDenied, fault.ItemUnreadable)
			found, err := other.FindByKey(e.ctx, []pim.Key{m.key})
			if err != nil || len(found) != 1 || len(found[0].Items) != 0 {
				t.Errorf("FindByKey as another user: %+v, %v", found, err)
			}
			out, err := other.Delete(e.ctx, []side.Deletion{{ID: m.id, Version: m.version}})
			if err == nil && (len(out) != 1 || out[0].Err == nil) {
				t.Errorf("another user deleted the item")
			}
			e.get(t, m.id)
		}},
	}
}

func testFeedAll(t *testing.T, e *env) {
	n := e.BatchSize() + 7
	made := e.create(t, e.items(n)...)
	gone := made[n-1]
	out, err := e.Delete(e.ctx, []side.Deletion{{ID: gone.id, Version: gone.version}})
	outcomes(t, "Delete", 1, out, err)
	last, _ := e.read(t, e, "")
	here := present(last)
	if len(here) != n-1 {
		t.Errorf("%d items listed of %d", len(here), n-1)
	}
	for i, m := range made[:n-1] {
		c, ok := here[m.id]
		if !ok || c.Version != m.version {
			t.Fatalf("item %d is listed as %+v, created as %+v", i, c, m)
		}
		if c.Key != m.key {
			t.Fatalf("item %d is listed with the key %q instead of %q", i, c.Key, m.key)
		}
		if c.Item != nil {
			e.expect(t, "feed", e.item(fmt.Sprintf("Nr. %d", i), i), c.Item)
		}
	}
	if _, ok := here[gone.id]; ok {
		t.Errorf("a deleted item is listed")
	}
}

func testFeedSince(t *testing.T, e *env) {
	made := e.create(t, e.items(4)...)
	_, c := e.read(t, e, "")
	last, c := e.read(t, e, c)
	for id, ch := range last {
		if ch.Gone {
			t.Errorf("nothing happened, but %s is gone", id)
		}
	}
	up, err := e.Update(e.ctx, []side.Update{{ID: made[0].id, Version: made[0].version, Fields: pim.Fields(pim.FieldSubject), Item: e.item("neu", 0)}})
	outcomes(t, "Update", 1, up, err)
	keys, err := e.SetKeys(e.ctx, []side.KeyAssignment{{ID: made[1].id, Version: made[1].version, Key: e.key()}})
	outcomes(t, "SetKeys", 1, keys, err)
	del, err := e.Delete(e.ctx, []side.Deletion{{ID: made[2].id, Version: made[2].version}})
	outcomes(t, "Delete", 1, del, err)
	for _, o := range []side.Outcome{up[0], keys[0], del[0]} {
		if o.Err != nil {
			t.Fatalf("write: %v", o.Err)
		}
	}
	added := e.one(t, e.item("dazu", 5))
	last, c = e.read(t, e, c)
	if last[made[0].id].Version != up[0].Version || up[0].Version == made[0].version {
		t.Errorf("own update: listed %+v, written as %+v", last[made[0].id], up[0])
	}
	if !last[made[2].id].Gone {
		t.Errorf("own deletion: listed %+v", last[made[2].id])
	}
	if last[added.id].Version != added.version || last[added.id].Key != added.key {
		t.Errorf("own creation: listed %+v, created %+v", last[added.id], added)
	}
	if keys[0].Version != made[1].version && last[made[1].id].Version != keys[0].Version {
		t.Errorf("own key: listed %+v, written as %+v", last[made[1].id], keys[0])
	}
	p := e.Person
	if p.Put == nil || p.Edit == nil || p.Delete == nil {
		t.Log("skipped the rest: no person who puts, edits and deletes")
		return
	}
	put := p.Put(t, e.acc, e.item("von Hand", 6))
	p.Edit(t, e.acc, e.kind, added.id, "von Hand geändert")
	p.Delete(t, e.acc, e.kind, made[3].id)
	last, _ = e.read(t, e, c)
	if ch, ok := last[put]; !ok || ch.Gone || ch.Key != "" {
		t.Errorf("a person's new item: %+v, listed %v", ch, ok)
	}
	if ch, ok := last[added.id]; !ok || ch.Version == added.version {
		t.Errorf("a person's edit: %+v, listed %v", ch, ok)
	}
	if !last[made[3].id].Gone {
		t.Errorf("a person's deletion: %+v", last[made[3].id])
	}
	got := e.get(t, put, added.id)
	e.expect(t, "a person's new item", e.item("von Hand", 6), got[0].Item)
	if s := got[1].Item.Shared().Subject; s != "von Hand geändert" {
		t.Errorf("a person's edit reads %q", s)
	}
	if got[1].Key != added.key {
		t.Errorf("a person's edit lost the key: %q", got[1].Key)
	}
}

// testFeedMoving changes the folder while the feed is read page by page.
func testFeedMoving(t *testing.T, e *env) {
	n := e.BatchSize()*2 + 3
	made := e.create(t, e.items(n)...)
	state := map[pim.ItemID]side.Change{}
	p, err := e.Changes(e.ctx, "")
	if err != nil {
		t.Fatalf("Changes: %v", err)
	}
	for _, c := range p.Changes {
		state[c.ID] = c
	}
	out, err := e.Delete(e.ctx, []side.Deletion{{ID: made[0].id, Version: made[0].version}, {ID: made[n-1].id, Version: made[n-1].version}})
	outcomes(t, "Delete", 2, out, err)
	up, err := e.Update(e.ctx, []side.Update{
		{ID: made[1].id, Version: made[1].version, Fields: pim.Fields(pim.FieldSubject), Item: e.item("neu", 1)},
		{ID: made[n-2].id, Version: made[n-2].version, Fields: pim.Fields(pim.FieldSubject), Item: e.item("neu", 2)},
	})
	outcomes(t, "Update", 2, up, err)
	added := e.one(t, e.item("dazwischen", 3))
	rest, c := e.read(t, e, p.Next)
	for id, ch := range rest {
		state[id] = ch
	}
	more, _ := e.read(t, e, c) // a feed with a fixed end may tell the rest only now
	for id, ch := range more {
		state[id] = ch
	}
	here := present(state)
	if len(here) != n-1 {
		t.Errorf("the feed left %d items, there are %d", len(here), n-1)
	}
	for _, m := range []stored{{id: made[1].id, version: up[0].Version}, {id: made[n-2].id, version: up[1].Version}, added} {
		if here[m.id].Version != m.version {
			t.Errorf("listed %+v, is %+v", here[m.id], m)
		}
	}
}
