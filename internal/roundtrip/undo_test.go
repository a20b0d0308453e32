package roundtrip

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/sidetest"
	"abgleich/agent/store"
)

const formatted = `<html><body><p>Agenda</p><ul><li>one</li><li>two</li></ul><p><a href="https://meet.example/1">join</a></p></body></html>`

const joinURL = "https://meet.example/1"

// office is Anna's sync with everything real but Exchange.
type office struct {
	*testing.T
	*world
	store *store.Store
	exec  *executor.Executor
	task  executor.Task
}

func newOffice(t *testing.T, k pim.Kind, change ...func(*exchangesim.Options)) *office {
	o := &office{T: t, world: newWorld(t, change...)}
	var err error
	if o.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "agent.db"), store.Options{Volatile: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.store.Close(); err != nil {
			t.Error(err)
		}
	})
	home, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	o.exec = executor.New(executor.Config{Store: o.store, Business: o.business, Exchange: o.exchange})
	o.task = executor.Task{Account: side.Account{User: "anna", Mail: "anna@lab.test", Zone: home}, Kind: k, Cause: "test", Asked: true}
	return o
}

// run runs until a run has nothing to do, and gives the first one that wrote.
func (o *office) run() store.RunID {
	o.Helper()
	var wrote store.RunID
	for range 10 {
		res, err := o.exec.Slice(o.Context(), o.task)
		if err != nil {
			o.Fatal(err)
		}
		if wrote == 0 && res.Run.Counts.Writes() > 0 {
			wrote = res.Run.ID
		}
		if !res.More && res.Run.Counts.Writes() == 0 {
			return wrote
		}
	}
	o.Fatal("never quiet")
	return 0
}

// only is the one item on a side.
func (o *office) only(s side.Side) side.Got {
	o.Helper()
	f, err := s.Open(o.Context(), o.task.Account, o.task.Kind)
	if err != nil {
		o.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			o.Error(err)
		}
	}()
	there := map[pim.ItemID]bool{}
	for c := side.Cursor(""); ; {
		p, err := f.Changes(o.Context(), c)
		if err != nil {
			o.Fatal(err)
		}
		for _, ch := range p.Changes {
			there[ch.ID] = !ch.Gone
		}
		if c = p.Next; !p.More {
			break
		}
	}
	var ids []pim.ItemID
	for id, is := range there {
		if is {
			ids = append(ids, id)
		}
	}
	if len(ids) != 1 {
		o.Fatalf("%d items on %s", len(ids), s.ID())
	}
	got, err := f.Get(o.Context(), ids)
	if err != nil || got[0].Err != nil {
		o.Fatal(err, got)
	}
	return got[0]
}

// person does something with the one item on a side, as a person would.
func (o *office) person(s side.Side, do func(side.Folder, side.Got) ([]side.Outcome, error)) {
	o.Helper()
	g := o.only(s)
	f, err := s.Open(o.Context(), o.task.Account, o.task.Kind)
	if err != nil {
		o.Fatal(err)
	}
	out, err := do(f, g)
	if err != nil || out[0].Err != nil {
		o.Fatal(err, out)
	}
	if err := f.Close(); err != nil {
		o.Error(err)
	}
}

func (o *office) delete(s side.Side) {
	o.Helper()
	o.person(s, func(f side.Folder, g side.Got) ([]side.Outcome, error) {
		return f.Delete(o.Context(), []side.Deletion{{ID: g.ID, Version: g.Version}})
	})
}

func another() exchangesim.PropertyName {
	return exchangesim.PropertyName{Set: "11111111-2222-3333-4444-555555555555", Name: "Another", Type: "String"}
}

// wholeItem is an item with what no field tells: a formatted body, attachments, the link
// of an online meeting, and something another program left in it.
func wholeItem(k pim.Kind) exchangesim.Item {
	it := exchangesim.Item{Kind: exchangesim.Appointment, Subject: "Jour fixe", Body: formatted, BodyIsHTML: true,
		Attachments: []exchangesim.Attachment{{Name: "Angebot.pdf", Content: []byte("%PDF")}, {Name: "Notiz", Item: &exchangesim.Item{Subject: "Notiz"}}},
		Properties:  []exchangesim.Property{{Name: another(), Values: []string{"kept"}}}}
	if k == pim.KindTask {
		it.Kind, it.Due = exchangesim.Task, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
		return it
	}
	it.Start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	it.End, it.Zone, it.JoinURL = it.Start.Add(time.Hour), "Europe/Vienna", joinURL
	return it
}

// intact checks that the one item in the mailbox is whole.
func (o *office) intact() {
	o.Helper()
	now, ok := o.sim.Mailbox("anna@lab.test").Get(exchangesim.ItemID(o.only(o.exchange).ID))
	if !ok || !now.BodyIsHTML || now.Body != formatted {
		o.Errorf("the body is %q", now.Body)
	}
	if a := now.Attachments; len(a) != 2 || string(a[0].Content) != "%PDF" || a[1].Item == nil || a[1].Item.Subject != "Notiz" {
		o.Errorf("the attachments are %+v", a)
	}
	if o.task.Kind == pim.KindAppointment && now.JoinURL != joinURL {
		o.Errorf("the link is %q", now.JoinURL)
	}
	if v, _ := now.Property(another()); v != "kept" {
		o.Errorf("what another program left is gone: %+v", now.Properties)
	}
}

func TestAnItemComesBackWholeWhenItsDeletionIsUndone(t *testing.T) {
	for _, k := range pim.Kinds() {
		for _, by := range []pim.SideID{pim.Business, pim.Exchange} {
			t.Run(k.String()+" deleted in "+by.String(), func(t *testing.T) {
				o := newOffice(t, k)
				if _, err := o.sim.Mailbox("anna@lab.test").Create(wholeItem(k)); err != nil {
					t.Fatal(err)
				}
				o.run()
				if by == pim.Business {
					o.delete(o.business)
				} else {
					o.delete(o.exchange)
				}
				run := o.run()
				got, err := o.exec.Undo(t.Context(), o.task, run, false)
				if err != nil || got.Restored != 1 || got.Kept+got.Failed != 0 {
					t.Fatalf("%+v, %v", got, err)
				}
				o.run()
				o.intact()
				if r, err := o.store.RunOf(t.Context(), "anna", run); err != nil || r.Undone.IsZero() || r.Spent.Requests == 0 ||
					r.Spent.Sent == 0 || r.Spent.Received == 0 {
					t.Errorf("%+v, %v", r, err)
				}
				if s := o.only(o.business).Item.Shared(); s.Subject != "Jour fixe" || !strings.Contains(s.Body, "Agenda") {
					t.Errorf("business has %+v", s)
				}
			})
		}
	}
}

func TestAnItemStaysWholeWhateverIsEditedOnTheBusinessSide(t *testing.T) {
	for _, k := range pim.Kinds() {
		t.Run(k.String(), func(t *testing.T) {
			o := newOffice(t, k)
			if _, err := o.sim.Mailbox("anna@lab.test").Create(wholeItem(k)); err != nil {
				t.Fatal(err)
			}
			o.run()
			fields := o.rules(k).Business.Writable() &^ pim.Fields(pim.FieldBody, pim.FieldRecurrence, pim.FieldMeeting)
			for _, field := range fields.List() {
				was := o.only(o.exchange)
				o.person(o.business, func(f side.Folder, g side.Got) ([]side.Outcome, error) {
					next := otherwise(g.Item, field)
					return f.Update(t.Context(), []side.Update{{ID: g.ID, Version: g.Version, Fields: pim.Fields(field), Item: next}})
				})
				o.run()
				if now := o.only(o.exchange); !pim.Diff(was.Item, now.Item).Has(field) {
					t.Errorf("%s did not arrive", field)
				}
				o.intact()
			}
		})
	}
}

// otherwise is an item with another value in one field.
func otherwise(i pim.Item, field pim.Field) pim.Item {
	for n := 1; n < 1000; n++ {
		next := i.Clone()
		pim.Apply(next, sidetest.Item(i.Kind()).Example(n), pim.Fields(field))
		if next = pim.Canonical(next); pim.Diff(i, next).Has(field) {
			return next
		}
	}
	panic("there is no other value of " + field.String())
}

func TestAFormattedBodyComesBackWhenAnOverwriteIsUndone(t *testing.T) {
	for _, k := range pim.Kinds() {
		t.Run(k.String(), func(t *testing.T) {
			o := newOffice(t, k)
			if _, err := o.sim.Mailbox("anna@lab.test").Create(wholeItem(k)); err != nil {
				t.Fatal(err)
			}
			o.run()
			o.person(o.business, func(f side.Folder, g side.Got) ([]side.Outcome, error) {
				next := g.Item.Clone()
				next.Shared().Body = "plain words"
				return f.Update(t.Context(), []side.Update{{ID: g.ID, Version: g.Version, Fields: pim.Fields(pim.FieldBody), Item: next}})
			})
			run := o.run()
			if body := o.only(o.exchange).Item.Shared().Body; body != "plain words" {
				t.Fatalf("%q", body)
			}
			list, err := o.store.ListTrash(t.Context(), store.TrashQuery{User: "anna", Run: run})
			if err != nil || len(list) != 1 {
				t.Fatalf("%+v, %v", list, err)
			}
			if code, err := o.exec.Restore(t.Context(), o.task, list[0].ID); err != nil || code != "" {
				t.Fatal(code, err)
			}
			o.run()
			o.intact()
			if body := o.only(o.business).Item.Shared().Body; !strings.Contains(body, "Agenda") {
				t.Errorf("business has %q", body)
			}
		})
	}
}

func TestAnItemWhoseBinWasEmptiedIsMadeAgainWithItsFormattedBody(t *testing.T) {
	o := newOffice(t, pim.KindAppointment)
	box := o.sim.Mailbox("anna@lab.test")
	if _, err := box.Create(wholeItem(pim.KindAppointment)); err != nil {
		t.Fatal(err)
	}
	o.run()
	o.delete(o.business)
	run := o.run()
	for _, it := range box.List(exchangesim.DeletedItems) {
		if err := box.HardDelete(it.ID); err != nil {
			t.Fatal(err)
		}
	}
	got, err := o.exec.Undo(t.Context(), o.task, run, false)
	if err != nil || got.Restored != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	o.run()
	now, _ := box.Get(exchangesim.ItemID(o.only(o.exchange).ID))
	if now.Body != formatted || now.Subject != "Jour fixe" {
		t.Errorf("%+v", now)
	}
	o.only(o.business)
	if code, err := o.exec.Restore(t.Context(), o.task, 4711); !fault.Has(err, fault.NotFound) {
		t.Error(code, err)
	}
}
