package fake

import (
	"fmt"
	"slices"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// Entry is one item as a test sees it.
type Entry struct {
	ID      pim.ItemID
	Version pim.Version
	Key     pim.Key
	Place   side.Place
	// Changed is when the last change was made, by [Options.Now].
	Changed time.Time
	Item    pim.Item
}

// mailbox holds one user's items of one kind, and what was of them: an entry
// that left the folder stays, with its place, for the feed and Whereabouts.
type mailbox struct {
	entries map[pim.ItemID]*entry
}

type entry struct {
	Entry
	revision   int
	unreadable bool
	outside    bool // it never was in this folder: the feed does not know it
	owner      pim.UserID
	meeting    bool // it came as a meeting
	organised  bool // its owner is the organiser
	taken      bool // a person took it out of the deleted ones: that may be at any instant
}

func (e *entry) here() bool { return e.Place == side.PlaceHere }

func (e *entry) export() Entry {
	x := e.Entry
	x.Item = e.Item.Clone()
	return x
}

// add makes a new item; s.mu is held.
func (s *Side) add(o ownerOf, item pim.Item, key pim.Key) *entry {
	s.serial++
	e := &entry{Entry: Entry{
		ID:    pim.ItemID(fmt.Sprintf("%s-%s-%d", s.id, o.kind, s.serial)),
		Key:   key,
		Place: side.PlaceHere,
		Item:  s.Projection(o.kind).Project(item),
	}, owner: o.user}
	if a, ok := item.(*pim.Appointment); ok {
		e.meeting = a.Meeting != nil
		e.organised = e.meeting && a.Meeting.Role == pim.RoleOrganizer
		e.Item.(*pim.Appointment).Guest = false
	}
	if s.id == pim.Exchange && e.Item.Shared().UID == "" {
		e.Item.Shared().UID = fmt.Sprintf("uid-%d", s.serial)
	}
	s.box(o).entries[e.ID] = e
	s.changed(o, e)
	return e
}

// changed gives an entry a new version and revision, and wakes who watches.
func (s *Side) changed(o ownerOf, e *entry) {
	s.serial++
	s.revision++
	e.Version = pim.Version(fmt.Sprintf("v%d", s.serial))
	e.revision = s.revision
	e.Changed = s.opt.Now()
	for _, w := range s.watchers {
		if w.user == o.user {
			w.wake(o.kind)
		}
	}
}

// leave takes an entry out of the folder.
func (s *Side) leave(o ownerOf, e *entry, to side.Place) {
	e.Place = to
	s.changed(o, e)
}

// find gives an item that is in the folder, or an error with its code.
func (b *mailbox) find(id pim.ItemID, op Op) (*entry, error) {
	e := b.entries[id]
	if e == nil || !e.here() {
		return nil, fault.New(fault.ItemGone, "fake."+string(op), string(id), nil)
	}
	return e, nil
}

// after gives the entries behind a revision, oldest change first.
func (b *mailbox) after(revision int) []*entry {
	var l []*entry
	for _, e := range b.entries {
		if e.revision > revision {
			l = append(l, e)
		}
	}
	slices.SortFunc(l, func(x, y *entry) int { return x.revision - y.revision })
	return l
}

// past is the entry under a version it no longer has: what it says need not be what
// was asked for, and the next feed tells.
func (e *entry) past() *entry {
	x := *e
	x.Version += "?"
	return &x
}
