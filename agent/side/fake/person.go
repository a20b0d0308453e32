package fake

import (
	"fmt"
	"maps"

	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// A person works with the same items at the same time, through no contract. What
// a person does is never counted as a write and meets no trouble. Naming an item
// that is not where the method expects it is a mistake of the test: it panics.

// Put makes an item without our key, and gives its id.
func (s *Side) Put(u pim.UserID, item pim.Item) pim.ItemID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(ownerOf{u, item.Kind()}, item, "").ID
}

// Edit changes an item in place.
func (s *Side) Edit(u pim.UserID, k pim.Kind, id pim.ItemID, change func(pim.Item)) {
	s.person(u, k, id, side.PlaceHere, func(o ownerOf, e *entry) {
		was := e.Item.Clone()
		change(e.Item)
		e.Item = s.Projection(k).Project(e.Item)
		s.edited(o, e, was)
	})
}

// Touch gives an item a new version and nothing else, as a read flag does.
func (s *Side) Touch(u pim.UserID, k pim.Kind, id pim.ItemID) {
	s.person(u, k, id, side.PlaceHere, func(o ownerOf, e *entry) { s.changed(o, e) })
}

// Delete moves an item to Deleted Items.
func (s *Side) Delete(u pim.UserID, k pim.Kind, id pim.ItemID) {
	s.person(u, k, id, side.PlaceHere, func(o ownerOf, e *entry) {
		s.ended(o, e)
		s.leave(o, e, side.PlaceDeleted)
	})
}

// HardDelete leaves no trace of an item, wherever it is.
func (s *Side) HardDelete(u pim.UserID, k pim.Kind, id pim.ItemID) {
	s.person(u, k, id, side.PlaceUnknown, func(o ownerOf, e *entry) {
		e.Key = ""
		s.ended(o, e)
		s.leave(o, e, side.PlaceNowhere)
	})
}

// Move takes an item to another folder, and gives its id there: a new one on
// Exchange.
func (s *Side) Move(u pim.UserID, k pim.Kind, id pim.ItemID) pim.ItemID {
	return s.move(u, k, id, side.PlaceHere, side.PlaceElsewhere)
}

// MoveBack takes an item from another folder back, and gives its id here: a new
// one on Exchange.
func (s *Side) MoveBack(u pim.UserID, k pim.Kind, id pim.ItemID) pim.ItemID {
	return s.move(u, k, id, side.PlaceElsewhere, side.PlaceHere)
}

// Undelete takes an item out of Deleted Items, and gives its id: a new one on
// Exchange.
func (s *Side) Undelete(u pim.UserID, k pim.Kind, id pim.ItemID) pim.ItemID {
	return s.move(u, k, id, side.PlaceDeleted, side.PlaceHere)
}

func (s *Side) move(u pim.UserID, k pim.Kind, id pim.ItemID, from, to side.Place) (now pim.ItemID) {
	s.person(u, k, id, from, func(o ownerOf, e *entry) {
		if s.id == pim.Business {
			s.leave(o, e, to)
			e.taken = from == side.PlaceDeleted
			if e.taken {
				s.again(o, e)
			}
			now = id
			return
		}
		n := s.add(o, e.Item, e.Key)
		n.Place, n.unreadable = to, e.unreadable
		n.outside = to != side.PlaceHere
		n.taken = from == side.PlaceDeleted
		e.Key = ""
		s.leave(o, e, side.PlaceNowhere)
		now = n.ID
	})
	return now
}

// Copy makes a copy in the same folder, with our key if the side copies keys.
func (s *Side) Copy(u pim.UserID, k pim.Kind, id pim.ItemID) (copied pim.ItemID) {
	s.person(u, k, id, side.PlaceHere, func(o ownerOf, e *entry) {
		item, key := e.Item.Clone(), pim.Key("")
		item.Shared().UID = ""
		if s.opt.CopyKeysOnCopy {
			key = e.Key
		}
		copied = s.add(o, item, key).ID
	})
	return copied
}

// Unreadable makes an item listed but not given, or readable again.
func (s *Side) Unreadable(u pim.UserID, k pim.Kind, id pim.ItemID, yes bool) {
	s.person(u, k, id, side.PlaceHere, func(_ ownerOf, e *entry) { e.unreadable = yes })
}

// Items lists what is in the folder, oldest change first.
func (s *Side) Items(u pim.UserID, k pim.Kind) []Entry { return s.list(u, k, side.PlaceHere) }

// Trash lists what is in Deleted Items.
func (s *Side) Trash(u pim.UserID, k pim.Kind) []Entry { return s.list(u, k, side.PlaceDeleted) }

// Elsewhere lists what was moved to another folder.
func (s *Side) Elsewhere(u pim.UserID, k pim.Kind) []Entry {
	return s.list(u, k, side.PlaceElsewhere)
}

// Item gives one item, wherever it is; false if there is no trace of it.
func (s *Side) Item(u pim.UserID, k pim.Kind, id pim.ItemID) (Entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.box(ownerOf{u, k}).entries[id]
	if e == nil || e.Place == side.PlaceNowhere {
		return Entry{}, false
	}
	return e.export(), true
}

func (s *Side) list(u pim.UserID, k pim.Kind, at side.Place) []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	var l []Entry
	for _, e := range s.box(ownerOf{u, k}).after(0) {
		if e.Place == at {
			l = append(l, e.export())
		}
	}
	return l
}

func (s *Side) person(u pim.UserID, k pim.Kind, id pim.ItemID, at side.Place, act func(ownerOf, *entry)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := ownerOf{u, k}
	e := s.box(o).entries[id]
	if e == nil || (at != side.PlaceUnknown && e.Place != at) {
		panic(fmt.Sprintf("fake: the test names %s item %q, which is not where it should be", s.id, id))
	}
	act(o, e)
}

// Repeat lets the next page of a feed begin n revisions earlier: it says again what
// was said already.
func (s *Side) Repeat(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.repeat = n
}

// LoseCursors makes every cursor given so far worthless.
func (s *Side) LoseCursors() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
}

// Snapshot is a backup of a side.
type Snapshot struct {
	boxes    map[ownerOf]*mailbox
	claims   map[pim.UserID]string
	revision int
}

// Snapshot takes a backup.
func (s *Side) Snapshot() Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Snapshot{boxes: copyBoxes(s.boxes), claims: maps.Clone(s.claims), revision: s.revision}
}

// Restore puts a backup back: revisions run backwards, so all cursors given
// so far are lost. Ids and versions given since are not given again.
func (s *Side) Restore(b Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.boxes, s.claims, s.revision = copyBoxes(b.boxes), maps.Clone(b.claims), b.revision
	s.epoch++
}

func copyBoxes(in map[ownerOf]*mailbox) map[ownerOf]*mailbox {
	out := make(map[ownerOf]*mailbox, len(in))
	for o, b := range in {
		c := &mailbox{entries: make(map[pim.ItemID]*entry, len(b.entries))}
		for id, e := range b.entries {
			x := *e
			x.Item = e.Item.Clone()
			c.entries[id] = &x
		}
		out[o] = c
	}
	return out
}
