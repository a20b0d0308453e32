package fake

import (
	"slices"
	"strings"

	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// Appointments of the business side may be shared, as in the business database: the
// owner and each participant have an entry of one id in their own mailboxes, and what
// isn't a person's own ([pim.ParticipantFields]) is the same in all of them.

// retained are the fields that belong to one person.
const retained = pim.ParticipantFields

// Join makes somebody a participant of an appointment.
func (s *Side) Join(owner pim.UserID, id pim.ItemID, who pim.UserID) {
	s.person(owner, pim.KindAppointment, id, side.PlaceHere, func(o ownerOf, e *entry) {
		s.join(e, ownerOf{who, o.kind}, e.Item, "")
	})
}

// Leave ends somebody's part in an appointment.
func (s *Side) Leave(who pim.UserID, id pim.ItemID) {
	s.person(who, pim.KindAppointment, id, side.PlaceHere, func(o ownerOf, e *entry) {
		if e.owner == who {
			panic("fake: the owner can't leave his appointment")
		}
		s.leave(o, e, side.PlaceDeleted)
	})
}

// HandOver gives an item to another user. Who takes part already stays with what is
// his own; the former owner has it no longer.
func (s *Side) HandOver(from pim.UserID, k pim.Kind, id pim.ItemID, to pim.UserID) {
	s.person(from, k, id, side.PlaceHere, func(o ownerOf, e *entry) {
		next := ownerOf{to, k}
		if x := s.box(next).entries[id]; x == nil || !x.here() {
			s.join(e, next, e.Item, "")
		}
		for _, h := range s.holders(k, id) {
			s.belongs(h, to)
		}
		s.leave(o, e, side.PlaceDeleted)
	})
}

// Owner tells whose item it is.
func (s *Side) Owner(u pim.UserID, k pim.Kind, id pim.ItemID) pim.UserID {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.box(ownerOf{u, k}).entries[id]; e != nil {
		return e.owner
	}
	return ""
}

// holder is one who has an entry of a shared item.
type holder struct {
	ownerOf
	e *entry
}

// holders lists who has an item in his folder or somewhere else, by name.
func (s *Side) holders(k pim.Kind, id pim.ItemID) []holder {
	var all []holder
	for o, b := range s.boxes {
		if e := b.entries[id]; e != nil && o.kind == k && (e.here() || e.Place == side.PlaceElsewhere) {
			all = append(all, holder{o, e})
		}
	}
	slices.SortFunc(all, func(a, b holder) int { return strings.Compare(string(a.user), string(b.user)) })
	return all
}

// shared tells that others have the item too.
func (s *Side) shared(o ownerOf, e *entry) bool {
	return slices.ContainsFunc(s.holders(o.kind, e.ID), func(h holder) bool { return h.user != o.user })
}

// join gives somebody an entry of an item that is there, with what is his own from
// another item.
func (s *Side) join(e *entry, who ownerOf, own pim.Item, key pim.Key) *entry {
	x := s.box(who).entries[e.ID]
	if x == nil {
		x = &entry{Entry: Entry{ID: e.ID}}
		s.box(who).entries[e.ID] = x
	}
	x.Key, x.Place, x.Item = key, side.PlaceHere, e.Item.Clone()
	x.meeting, x.organised = e.meeting, e.organised
	pim.Apply(x.Item, own, retained)
	retell(x.Item, e.Item)
	x.Item = s.Projection(who.kind).Project(x.Item)
	s.belongs(holder{who, x}, e.owner)
	return x
}

// belongs writes down whose an entry is.
func (s *Side) belongs(h holder, u pim.UserID) {
	h.e.owner = u
	if a, ok := h.e.Item.(*pim.Appointment); ok {
		a.Guest = u != h.user
	}
	s.changed(h.ownerOf, h.e)
}

// edited ends a change of an entry: others who have the item see it too. It tells
// whether exceptions followed what the person changed of his own.
func (s *Side) edited(o ownerOf, e *entry, was pim.Item) (followed bool) {
	if s.shared(o, e) && !(pim.Diff(was, e.Item) & retained).Empty() {
		before := e.Item.Clone()
		retell(e.Item, was)
		e.Item = s.Projection(o.kind).Project(e.Item)
		followed = pim.Diff(before, e.Item) != 0
	}
	s.changed(o, e)
	s.spread(o, e)
	return followed
}

// spread writes the shared fields of an entry into those of all others.
func (s *Side) spread(o ownerOf, e *entry) {
	for _, h := range s.holders(o.kind, e.ID) {
		if h.user == o.user {
			continue
		}
		was := h.e.Item.Clone()
		pim.Apply(h.e.Item, e.Item, pim.FieldsOf(o.kind)&^retained)
		retell(h.e.Item, e.Item)
		h.e.Item = s.Projection(o.kind).Project(h.e.Item)
		if pim.Diff(was, h.e.Item) != 0 {
			s.changed(h.ownerOf, h.e)
		}
	}
}

// retell lets the occurrences of a series have those of a person's own fields from
// their series that they had from another one.
func retell(i, from pim.Item) {
	a, ok := i.(*pim.Appointment)
	if !ok || a.Recurrence == nil {
		return
	}
	for _, x := range a.Recurrence.Changed {
		if x.Item == nil {
			continue
		}
		other := from.(*pim.Appointment).Clone()
		same := retained &^ pim.Diff(other, x.Item)
		pim.Apply(x.Item, a, same)
	}
}

// again lets somebody have an item that was deleted: as it is now, or, if its owner
// has deleted it, as an item of his own.
func (s *Side) again(o ownerOf, e *entry) {
	for _, h := range s.holders(o.kind, e.ID) {
		if h.user == e.owner && h.user != o.user {
			s.spread(h.ownerOf, h.e)
			return
		}
	}
	s.belongs(holder{o, e}, o.user)
}

// ended takes an item that its owner deleted from all others.
func (s *Side) ended(o ownerOf, e *entry) {
	if e.owner != o.user {
		return
	}
	for _, h := range s.holders(o.kind, e.ID) {
		if h.user != o.user {
			s.leave(h.ownerOf, h.e, side.PlaceDeleted)
		}
	}
}

// copyOf finds the meeting of somebody else that a new item is a copy of.
func (s *Side) copyOf(o ownerOf, i pim.Item) *entry {
	a, ok := i.(*pim.Appointment)
	if !ok || s.id != pim.Business || a.Meeting == nil || a.UID == "" {
		return nil
	}
	var found []*entry
	for at, b := range s.boxes {
		for _, e := range b.entries {
			if at.kind != o.kind || !e.here() || e.owner != at.user || at.user == o.user || !e.meeting || e.Item.Shared().UID != a.UID {
				continue
			}
			if mine := s.box(o).entries[e.ID]; mine != nil && mine.here() && mine.Key != "" {
				continue
			}
			if (e.Item.Shared().Recurrence != nil) == (a.Recurrence != nil) {
				found = append(found, e)
			}
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// meet makes a user take part in a meeting that is there, or own it if he organises it.
func (s *Side) meet(e *entry, o ownerOf, i pim.Item, key pim.Key) *entry {
	x := s.join(e, o, i, key)
	if i.(*pim.Appointment).Meeting.Role != pim.RoleOrganizer || e.organised {
		return x
	}
	x.Item = s.Projection(o.kind).Project(i)
	for _, h := range s.holders(o.kind, e.ID) {
		h.e.organised = true
		s.belongs(h, o.user)
	}
	s.spread(o, x)
	return x
}
