package sidetest

import (
	"sync"
	"testing"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// shareCases test a side whose appointments have an owner and participants: one item
// in several folders. [Person.Join] and the functions beside it ask for them.
func shareCases() []testCase {
	return []testCase{
		{"who joins sees the appointment, and who is taken off loses it", shared(func(t *testing.T, p *pair) {
			_, c := p.other.read(t, p.other, "")
			id := p.owner.Person.Put(t, p.owner.acc, p.owner.item("gemeinsam", 0))
			p.join(t, id)
			last, c := p.other.read(t, p.other, c)
			if len(present(last)) != 1 || last[id].Gone || last[id].Version == "" {
				t.Fatalf("the feed after joining: %+v", last)
			}
			g := p.other.get(t, id)[0]
			p.other.expect(t, "the participant's", p.owner.item("gemeinsam", 0), g.Item)
			if !guest(g.Item) || guest(p.owner.get(t, id)[0].Item) {
				t.Error("owner and participant are not told apart")
			}
			p.owner.Person.Leave(t, p.other.acc, id)
			if last, _ := p.other.read(t, p.other, c); !last[id].Gone {
				t.Errorf("the feed after leaving: %+v", last)
			}
			got, err := p.other.Get(p.other.ctx, []pim.ItemID{id})
			if err != nil {
				t.Fatal(err)
			}
			fails(t, "Get after leaving", got[0].Err, fault.ItemGone)
			p.other.where(t, stored{id: id}, side.PlaceDeleted)
			p.owner.where(t, stored{id: id}, side.PlaceHere)
		})},
		{"what is shared is everybody's, what is personal is the person's", shared(testFieldsOfTwo)},
		{"an edit by a person is told to owner and participant", shared(func(t *testing.T, p *pair) {
			a, b := p.both(t)
			_, ca := p.owner.read(t, p.owner, "")
			_, cb := p.other.read(t, p.other, "")
			p.owner.Person.Edit(t, p.owner.acc, p.owner.kind, a.id, "von Hand")
			for e, c := range map[*env]side.Cursor{p.owner: ca, p.other: cb} {
				last, _ := e.read(t, e, c)
				if ch := last[a.id]; ch.Gone || ch.Version == "" || ch.Version == a.version || ch.Version == b.version {
					t.Errorf("%s is told %+v", e.acc.User, last)
				}
				if s := e.get(t, a.id)[0].Item.Shared().Subject; s != "von Hand" {
					t.Errorf("%s reads %q", e.acc.User, s)
				}
			}
		})},
		{"of two who write at once the second is refused", shared(func(t *testing.T, p *pair) {
			a, b := p.both(t)
			first := p.owner.item("von der Eigentümerin", 0)
			p.owner.set(t, a, pim.Fields(pim.FieldSubject), first)
			out, err := p.other.Update(p.other.ctx, []side.Update{{ID: b.id, Version: b.version,
				Fields: pim.Fields(pim.FieldSubject, pim.FieldBusy), Item: p.other.item("vom Teilnehmer", 0)}})
			outcomes(t, "Update", 1, out, err)
			fails(t, "Update with the version before", out[0].Err, fault.ItemChanged)
			if s := p.other.get(t, b.id)[0].Item.Shared().Subject; s != "von der Eigentümerin" {
				t.Errorf("the participant reads %q", s)
			}
		})},
		{"a participant's deletion only leaves", shared(func(t *testing.T, p *pair) {
			a, b := p.both(t)
			_, ca := p.owner.read(t, p.owner, "")
			_, cb := p.other.read(t, p.other, "")
			out, err := p.other.Delete(p.other.ctx, []side.Deletion{{ID: b.id, Version: b.version}})
			outcomes(t, "Delete", 1, out, err)
			if out[0].Err != nil {
				t.Fatal(out[0].Err)
			}
			p.other.gone(t, cb, b, side.PlaceDeleted)
			if last, _ := p.owner.read(t, p.owner, ca); last[a.id].Gone {
				t.Error("the owner is told that it is gone")
			}
			p.owner.expect(t, "the owner's", p.owner.item("gemeinsam", 0), p.owner.get(t, a.id)[0].Item)
		})},
		{"the owner's deletion deletes for all", shared(func(t *testing.T, p *pair) {
			a, b := p.both(t)
			_, cb := p.other.read(t, p.other, "")
			out, err := p.owner.Delete(p.owner.ctx, []side.Deletion{{ID: a.id, Version: p.owner.get(t, a.id)[0].Version}})
			outcomes(t, "Delete", 1, out, err)
			if out[0].Err != nil {
				t.Fatal(out[0].Err)
			}
			if last, _ := p.other.read(t, p.other, cb); !last[b.id].Gone {
				t.Errorf("the participant is told %+v", last)
			}
			p.other.where(t, b, p.owner.DeletedPlaces()...)
		})},
		{"an item handed over is deleted for one and new for the other", func(t *testing.T, e *env) {
			if e.Person.HandOver == nil {
				t.Skip("skipped: no person who hands over")
			}
			p := newPair(t, e)
			a := p.owner.one(t, p.owner.item("übergeben", 0))
			_, ca := p.owner.read(t, p.owner, "")
			_, cb := p.other.read(t, p.other, "")
			p.owner.Person.HandOver(t, p.owner.acc, e.kind, a.id, p.other.acc)
			p.owner.gone(t, ca, a, side.PlaceDeleted)
			last, _ := p.other.read(t, p.other, cb)
			if len(present(last)) != 1 || last[a.id].Key != "" {
				t.Fatalf("the new owner is told %+v", last)
			}
			p.other.expect(t, "the new owner's", p.owner.item("übergeben", 0), p.other.get(t, a.id)[0].Item)
			p.owner.Person.HandOver(t, p.other.acc, e.kind, a.id, p.owner.acc)
			p.owner.where(t, a, side.PlaceHere)
		}},
		{"a participant who becomes the owner keeps his key and what is his own", shared(func(t *testing.T, p *pair) {
			a, b := p.both(t)
			mine := p.other.item("gemeinsam", 0).(*pim.Appointment)
			mine.Busy, mine.Reminder, mine.Categories = pim.BusyAway, &pim.Reminder{Before: 30}, []string{"meine"}
			p.other.set(t, b, pim.ParticipantFields, mine)
			_, ca := p.owner.read(t, p.owner, "")
			_, cb := p.other.read(t, p.other, "")
			p.owner.Person.HandOver(t, p.owner.acc, p.owner.kind, a.id, p.other.acc)
			if last, _ := p.other.read(t, p.other, cb); last[b.id].Gone {
				t.Fatalf("the new owner is told %+v", last)
			}
			g := p.other.get(t, b.id)[0]
			if g.Key != b.key || guest(g.Item) {
				t.Errorf("the new owner reads the key %q, guest %v", g.Key, guest(g.Item))
			}
			if p.owner.KeepsOwn {
				p.other.expect(t, "the new owner's", mine, g.Item)
			}
			p.owner.gone(t, ca, a, side.PlaceDeleted)
		})},
		{"copies of one meeting join, and its organiser owns it", shared(testMeeting)},
		{"copies made at the same instant join", shared(func(t *testing.T, p *pair) {
			var wg sync.WaitGroup
			var ids [2]pim.ItemID
			for i, e := range []*env{p.owner, p.other} {
				item, key := meeting(e, "zugleich", pim.RoleAttendee), e.key()
				wg.Go(func() {
					out, err := e.Create(e.ctx, []side.Creation{{Key: key, Item: item}})
					if err != nil || out[0].Err != nil {
						t.Errorf("Create by %s: %+v, %v", e.acc.User, out, err)
						return
					}
					ids[i] = out[0].ID
				})
			}
			wg.Wait()
			if ids[0] != ids[1] || ids[0] == "" {
				t.Errorf("two appointments: %q", ids)
			}
		})},
	}
}

// pair is owner and participant, each in his own folder.
type pair struct{ owner, other *env }

func newPair(t *testing.T, e *env) *pair {
	t.Helper()
	o := *e
	o.acc, o.serial = e.Accounts[1], 1000
	o.Folder = e.open(t, o.acc)
	return &pair{e, &o}
}

// shared runs a case for appointments of two users.
func shared(run func(*testing.T, *pair)) func(*testing.T, *env) {
	return func(t *testing.T, e *env) {
		if e.Person.Join == nil || e.kind != pim.KindAppointment {
			t.Skip("skipped: nobody shares items of this kind here")
		}
		run(t, newPair(t, e))
	}
}

func guest(i pim.Item) bool { return i.(*pim.Appointment).Guest }

// DeletedPlaces is where an item may be that its owner deleted.
func (f Fixture) DeletedPlaces() []side.Place {
	if f.Person.Delete == nil { // a row nobody shows any more is no proof
		return []side.Place{side.PlaceDeleted, side.PlaceNowhere}
	}
	return []side.Place{side.PlaceDeleted}
}

func (p *pair) join(t *testing.T, id pim.ItemID) {
	t.Helper()
	p.owner.Person.Join(t, p.owner.acc, id, p.other.acc)
	p.other.get(t, id)
}

// both makes a shared appointment of which each has a copy with a key of his own.
func (p *pair) both(t *testing.T) (a, b stored) {
	t.Helper()
	a = p.owner.one(t, p.owner.item("gemeinsam", 0))
	p.join(t, a.id)
	g := p.other.get(t, a.id)[0]
	if g.Key != "" {
		t.Fatalf("the participant's copy begins with the key %q", g.Key)
	}
	b = stored{id: a.id, key: p.other.key()}
	out, err := p.other.SetKeys(p.other.ctx, []side.KeyAssignment{{ID: b.id, Version: g.Version, Key: b.key}})
	outcomes(t, "SetKeys", 1, out, err)
	if out[0].Err != nil {
		t.Fatal(out[0].Err)
	}
	b.version = out[0].Version
	for e, m := range map[*env]stored{p.owner: a, p.other: b} {
		if f := e.find(t, a.key, b.key); len(f[0].Items)+len(f[1].Items) != 1 {
			t.Errorf("%s finds %+v", e.acc.User, f)
		}
		if g := e.get(t, m.id)[0]; g.Key != m.key {
			t.Errorf("%s reads the key %q", e.acc.User, g.Key)
		}
	}
	a.version = p.owner.get(t, a.id)[0].Version
	return a, b
}

// set writes fields, and gives the item's version after that.
func (e *env) set(t *testing.T, m stored, fields pim.FieldSet, to pim.Item) stored {
	t.Helper()
	out, err := e.Update(e.ctx, []side.Update{{ID: m.id, Version: m.version, Fields: fields, Item: to}})
	outcomes(t, "Update", 1, out, err)
	if out[0].Err != nil {
		t.Fatalf("Update by %s: %v", e.acc.User, out[0].Err)
	}
	m.version = out[0].Version
	return m
}

func testFieldsOfTwo(t *testing.T, p *pair) {
	a, b := p.both(t)
	theirs := p.other.item("neuer Betreff", 3).(*pim.Appointment)
	theirs.Location, theirs.Busy, theirs.Sensitivity = "Wien", pim.BusyFree, pim.Private
	theirs.Reminder, theirs.Categories = &pim.Reminder{Before: 45}, []string{"anders"}
	p.other.set(t, b, pim.AppointmentFields&p.other.proj.Writable(), theirs)
	p.other.expect(t, "what the participant wrote", theirs, p.other.get(t, b.id)[0].Item)
	ours := p.owner.item("gemeinsam", 0).(*pim.Appointment)
	pim.Apply(ours, theirs, pim.AppointmentFields&^pim.ParticipantFields)
	g := p.owner.get(t, a.id)[0]
	p.owner.expect(t, "what the owner has of it", ours, g.Item)

	ours.Busy, ours.Reminder, ours.Categories = pim.BusyTentative, &pim.Reminder{Before: 5}, nil
	a.version = g.Version
	_, cb := p.other.read(t, p.other, "")
	was := p.other.get(t, b.id)[0].Version
	p.owner.set(t, a, pim.ParticipantFields, ours)
	p.owner.expect(t, "what the owner wrote", ours, p.owner.get(t, a.id)[0].Item)
	p.other.expect(t, "what the participant has of it", theirs, p.other.get(t, b.id)[0].Item)
	if last, _ := p.other.read(t, p.other, cb); len(last) != 0 && last[b.id].Version != was {
		t.Errorf("the participant is told of what isn't his: %+v", last)
	}
	theirs.Reminder = nil
	b.version = was
	p.other.set(t, b, pim.Fields(pim.FieldReminder), theirs)
	p.other.expect(t, "no reminder", theirs, p.other.get(t, b.id)[0].Item)
	p.owner.expect(t, "the owner's reminder", ours, p.owner.get(t, a.id)[0].Item)
}

// meeting is a copy of one and the same meeting.
func meeting(e *env, subject string, role pim.Role) pim.Item {
	a := e.item(subject, 0).(*pim.Appointment)
	a.UID = "040000008200E00074C5B7101A82E008"
	a.Meeting = &pim.Meeting{Role: role, Organizer: "chef@lab.test",
		Attendees: []pim.Attendee{{Address: "anna@lab.test"}, {Address: "bernd@lab.test"}}}
	return pim.Canonical(a)
}

func testMeeting(t *testing.T, p *pair) {
	made := p.owner.create(t, meeting(p.owner, "Besprechung", pim.RoleAttendee))[0]
	_, ca := p.owner.read(t, p.owner, "")
	theirs := meeting(p.other, "Besprechung", pim.RoleOrganizer).(*pim.Appointment)
	theirs.Reminder, theirs.Location, theirs.When.End = &pim.Reminder{Before: 20}, "Salzburg", theirs.When.End.Add(time.Hour)
	joined := p.other.create(t, theirs)[0]
	if joined.id != made.id {
		t.Fatalf("two appointments: %s and %s", made.id, joined.id)
	}
	if f := p.other.find(t, joined.key); len(f[0].Items) != 1 || f[0].Items[0].ID != made.id {
		t.Errorf("found by the second key: %+v", f)
	}
	p.other.expect(t, "the organiser's", theirs, p.other.get(t, made.id)[0].Item)
	g := p.owner.get(t, made.id)[0]
	if g.Key != made.key || !guest(g.Item) || guest(p.other.get(t, made.id)[0].Item) {
		t.Errorf("the attendee's key is %q, guest %v", g.Key, guest(g.Item))
	}
	want := meeting(p.owner, "Besprechung", pim.RoleAttendee)
	pim.Apply(want, theirs, pim.AppointmentFields&^pim.ParticipantFields)
	p.owner.expect(t, "the attendee's", want, g.Item)
	if last, _ := p.owner.read(t, p.owner, ca); last[made.id].Gone || last[made.id].Version != g.Version {
		t.Errorf("the attendee is told %+v", last)
	}
	// The same copy once more, as a person makes one, is an appointment of its own.
	if again := p.other.create(t, theirs)[0]; again.id == made.id {
		t.Error("a second copy in one mailbox became the same appointment")
	}
}
