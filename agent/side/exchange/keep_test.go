package exchange_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// What an item of Exchange holds beyond its fields survives every write: attachments,
// the format of its body, the link of its online meeting.

const (
	agenda = `<html><body><p>Agenda</p><ul><li>eins</li><li>zwei</li></ul><a href="https://meet.example/j/1">Teilnehmen</a></body></html>`
	today  = `<html><body><p>Nur <b>heute</b></p><a href="https://meet.example/j/2">hier</a></body></html>`
)

func papers() []exchangesim.Attachment {
	return []exchangesim.Attachment{
		{Name: "Angebot.pdf", ContentType: "application/pdf", Content: []byte{0, 1, 2, 255}},
		{Name: "logo.png", ContentID: "logo", Inline: true, Content: []byte("png")},
		{Name: "Protokoll", Item: &exchangesim.Item{Subject: "Protokoll", Body: "innen"}},
	}
}

// rich are the kinds of item there are, each with all that.
func rich() map[string]exchangesim.Item {
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	single := exchangesim.Item{
		Kind: exchangesim.Appointment, Subject: "Jour fixe", Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna",
		Body: agenda, BodyIsHTML: true, JoinURL: "https://meet.example/j/1", Attachments: papers(),
	}
	series := single
	series.Recurrence = &exchangesim.Recurrence{Pattern: "DailyRecurrence", Interval: 1, Start: "2026-11-23", Count: 9}
	theirs := invitation(23)
	theirs.Attachments, theirs.Body = papers(), agenda
	task := exchangesim.Item{Kind: exchangesim.Task, Subject: "Angebot", Due: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
		Body: agenda, BodyIsHTML: true, Attachments: papers()}
	weekly := task
	weekly.Recurrence = &exchangesim.Recurrence{Pattern: "WeeklyRecurrence", Interval: 1, DaysOfWeek: "Monday", Start: "2026-11-23"}
	return map[string]exchangesim.Item{"appointment": single, "series": series, "meeting of another": theirs, "task": task, "recurring task": weekly}
}

// kept fails when an item, or one of the changed occurrences it had, has lost something.
func kept(t *testing.T, what string, was, now exchangesim.Item) {
	t.Helper()
	keptIn(t, what, was, now)
	there := map[time.Time]exchangesim.Item{}
	for _, o := range now.Exceptions() {
		there[o.OriginalStart] = o
	}
	for _, o := range was.Exceptions() {
		if n, ok := there[o.OriginalStart]; ok {
			keptIn(t, what+", an occurrence", o, n)
		}
	}
}

func keptIn(t *testing.T, what string, was, now exchangesim.Item) {
	t.Helper()
	if now.Body != was.Body || now.BodyIsHTML != was.BodyIsHTML {
		t.Errorf("%s: the body became %q", what, now.Body)
	}
	if now.JoinURL != was.JoinURL {
		t.Errorf("%s: the link became %q", what, now.JoinURL)
	}
	if len(now.Attachments) != len(was.Attachments) {
		t.Errorf("%s: %d attachments became %d", what, len(was.Attachments), len(now.Attachments))
		return
	}
	for i, a := range was.Attachments {
		n := now.Attachments[i]
		if n.Name != a.Name || n.ContentID != a.ContentID || n.Inline != a.Inline || !bytes.Equal(n.Content, a.Content) ||
			(a.Item != nil) != (n.Item != nil) || a.Item != nil && a.Item.Body != n.Item.Body {
			t.Errorf("%s: attachment %q became %+v", what, a.Name, n)
		}
	}
}

func kindOf(it exchangesim.Item) pim.Kind {
	if it.Kind == exchangesim.Task {
		return pim.KindTask
	}
	return pim.KindAppointment
}

// edits are what may come from the business side, field by field: everything but a new
// text and, for a series with exceptions, a new pattern.
func edits(k pim.Kind) map[pim.Field]func(pim.Item) {
	common := func(f func(*pim.Common)) func(pim.Item) { return func(i pim.Item) { f(i.Shared()) } }
	all := map[pim.Field]func(pim.Item){
		pim.FieldSubject:     common(func(c *pim.Common) { c.Subject = "anders" }),
		pim.FieldSensitivity: common(func(c *pim.Common) { c.Sensitivity = pim.Private }),
		pim.FieldImportance:  common(func(c *pim.Common) { c.Importance = pim.ImportanceHigh }),
		pim.FieldCategories:  common(func(c *pim.Common) { c.Categories = []string{"rot", "blau"} }),
	}
	if k == pim.KindTask {
		all[pim.FieldDates] = func(i pim.Item) { i.(*pim.Task).Due = i.(*pim.Task).Due.AddDays(7) }
		all[pim.FieldProgress] = func(i pim.Item) { t := i.(*pim.Task); t.Status, t.Percent = pim.InProgress, 40 }
		all[pim.FieldReminder] = common(func(c *pim.Common) { c.Reminder = &pim.Reminder{At: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)} })
		return all
	}
	all[pim.FieldReminder] = common(func(c *pim.Common) { c.Reminder = &pim.Reminder{Before: 7} })
	all[pim.FieldLocation] = func(i pim.Item) { i.(*pim.Appointment).Location = "Wels" }
	all[pim.FieldBusy] = func(i pim.Item) { i.(*pim.Appointment).Busy = pim.BusyAway }
	all[pim.FieldWhen] = func(i pim.Item) {
		w := &i.(*pim.Appointment).When
		w.Start, w.End = w.Start.Add(time.Hour), w.End.Add(2*time.Hour)
	}
	return all
}

func TestWhatAnItemHoldsBeyondItsFieldsSurvivesEveryWrite(t *testing.T) {
	for name, it := range rich() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options{})
			k := kindOf(it)
			f, box := open(t, w, k), w.sim.Mailbox("anna@lab.test")
			id := box.Seed([]exchangesim.Item{it})[0]
			if name == "series" {
				third := it.Start.AddDate(0, 0, 2)
				if _, err := box.ChangeOccurrence(id, third, func(o *exchangesim.Item) { o.Body, o.Location = today, "Linz" }); err != nil {
					t.Fatal(err)
				}
			}
			was, _ := box.Get(id)
			now := func(what string) {
				t.Helper()
				it, ok := box.Get(id)
				if !ok {
					t.Fatalf("%s: it is gone", what)
				}
				kept(t, what, was, it)
			}
			for field, edit := range edits(k) {
				if name == "meeting of another" && !pim.ParticipantFields.Has(field) {
					continue // never written
				}
				item, got := read(t, f, id)
				to := item.Clone()
				edit(to)
				update(t, f, got, pim.Canonical(to), pim.Fields(field))
				now(field.String())
				if again, _ := read(t, f, id); pim.Diff(again, item) == 0 {
					t.Errorf("%s was not written", field)
				}
			}
			_, got := read(t, f, id)
			keyed, err := f.SetKeys(t.Context(), []side.KeyAssignment{{ID: got.ID, Version: got.Version, Key: "k.1"}})
			if err != nil || keyed[0].Err != nil {
				t.Fatal(err, keyed)
			}
			now("the key")
			gone, err := f.Delete(t.Context(), []side.Deletion{{ID: keyed[0].ID, Version: keyed[0].Version}})
			if err != nil || gone[0].Err != nil {
				t.Fatal(err, gone)
			}
			back, err := f.(side.Keeper).PutBack(t.Context(), []pim.Key{"k.1"})
			if err != nil || back[0].Err != nil {
				t.Fatal(err, back)
			}
			id = exchangesim.ItemID(back[0].ID)
			now("deletion and return")
		})
	}
}

// seriesWithExtras has an occurrence with a body of its own in HTML, one that only moved,
// and one that is deleted.
func seriesWithExtras(t *testing.T, w *world) exchangesim.ItemID {
	t.Helper()
	box, it := w.sim.Mailbox("anna@lab.test"), rich()["series"]
	id := box.Seed([]exchangesim.Item{it})[0]
	for days, edit := range map[int]func(*exchangesim.Item){
		2: func(o *exchangesim.Item) { o.Body = today },
		4: func(o *exchangesim.Item) { o.Start, o.End = o.Start.Add(3*time.Hour), o.End.Add(3*time.Hour) },
	} {
		if _, err := box.ChangeOccurrence(id, it.Start.AddDate(0, 0, days), edit); err != nil {
			t.Fatal(err)
		}
	}
	if err := box.DeleteOccurrence(id, it.Start.AddDate(0, 0, 6)); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestFormattedBodiesOfOccurrencesSurviveWhatErasesThem(t *testing.T) {
	for name, edit := range map[string]func(*testing.T, *pim.Appointment){
		"a deleted one comes back": func(_ *testing.T, a *pim.Appointment) { a.Recurrence.Deleted = nil },
		"the series ends later":    func(_ *testing.T, a *pim.Appointment) { a.Recurrence.Count = 30 },
		"all of them move": func(t *testing.T, a *pim.Appointment) {
			move := func(w *pim.When) { w.Start, w.End = w.Start.Add(time.Hour), w.End.Add(time.Hour) }
			move(&a.When)
			for i := range a.Recurrence.Changed {
				e := &a.Recurrence.Changed[i]
				e.Original = e.Original.Add(time.Hour)
				move(&e.Item.When)
			}
			for i, d := range a.Recurrence.Deleted {
				a.Recurrence.Deleted[i] = d.Add(time.Hour)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options{})
			id := seriesWithExtras(t, w)
			f := open(t, w, pim.KindAppointment)
			item, got := read(t, f, id)
			to := item.Clone().(*pim.Appointment)
			edit(t, to)
			out := update(t, f, got, pim.Canonical(to), w.side.Projection(pim.KindAppointment).Writable())
			same(t, w, "updated", pim.Canonical(to), getAll(t, f, []side.Outcome{out})[0].Item)
			now, _ := w.sim.Mailbox("anna@lab.test").Get(id)
			keptIn(t, "the series", rich()["series"], now)
			bodies := map[string]int{}
			for _, o := range now.Exceptions() {
				bodies[o.Body]++
			}
			if bodies[today] != 1 || len(bodies) != 2 || bodies[agenda] == 0 {
				t.Errorf("%v", bodies)
			}
		})
	}
}

func TestAnOccurrenceKeepsTheFormatOfABodyItsSeriesGetsAnew(t *testing.T) {
	w := newWorld(t, options{})
	id := seriesWithExtras(t, w)
	f := open(t, w, pim.KindAppointment)
	item, got := read(t, f, id)
	to := item.Clone().(*pim.Appointment)
	to.Body = "neuer Text"
	update(t, f, got, pim.Canonical(to), pim.Fields(pim.FieldBody))
	now, _ := w.sim.Mailbox("anna@lab.test").Get(id)
	if strings.TrimSpace(now.Body) != "neuer Text" {
		t.Errorf("the series has %q", now.Body)
	}
	// The occurrence that only moved showed the agenda, and no one said otherwise.
	for _, o := range now.Exceptions() {
		if !o.BodyIsHTML || o.Body != today && o.Body != agenda {
			t.Errorf("an occurrence has %q", o.Body)
		}
	}
}

func TestASeriesWhoseOccurrenceWouldLoseAttachmentsIsLeftAsItIs(t *testing.T) {
	w := newWorld(t, options{})
	id := seriesWithExtras(t, w)
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	third := rich()["series"].Start.AddDate(0, 0, 2)
	if _, err := box.ChangeOccurrence(id, third, func(o *exchangesim.Item) {
		o.Attachments = append(papers(), exchangesim.Attachment{Name: "nur heute.txt", Content: []byte("x")})
	}); err != nil {
		t.Fatal(err)
	}
	was, _ := box.Get(id)
	item, got := read(t, f, id)
	to := item.Clone().(*pim.Appointment)
	to.Recurrence.Deleted = nil
	try := func(to pim.Item, fields pim.FieldSet) side.Outcome {
		t.Helper()
		out, err := f.Update(t.Context(), []side.Update{{ID: got.ID, Version: got.Version, Fields: fields, Item: to, Was: item}})
		if err != nil {
			t.Fatal(err)
		}
		return out[0]
	}
	if o := try(to, pim.Fields(pim.FieldRecurrence)); !fault.Has(o.Err, fault.SeriesHoldsFiles) {
		t.Fatalf("%+v", o)
	}
	now, _ := box.Get(id)
	if now.ChangeKey != was.ChangeKey {
		t.Error("a refused write changed the series")
	}
	kept(t, "refused", was, now)

	// What erases nothing goes on, and so does deleting the very occurrence.
	to = item.Clone().(*pim.Appointment)
	to.Subject = "anders"
	if o := try(to, pim.Fields(pim.FieldSubject)); o.Err != nil {
		t.Fatal(o.Err)
	}
	now, _ = box.Get(id)
	kept(t, "another subject", was, now)
	item, got = read(t, f, id)
	to = item.Clone().(*pim.Appointment)
	to.Recurrence.Count = 30
	to.Recurrence.Deleted = append(to.Recurrence.Deleted, third)
	to.Recurrence.Changed = to.Recurrence.Changed[1:]
	if o := try(pim.Canonical(to), pim.Fields(pim.FieldRecurrence)); o.Err != nil {
		t.Fatal(o.Err)
	}
}

func TestFormattedBodiesSurviveAWriteThatStopsAnywhere(t *testing.T) {
	each(t, 4, func(t *testing.T, w *world, f side.Folder, stop func()) bool {
		id := seriesWithExtras(t, w)
		item, got := read(t, f, id)
		to := item.Clone().(*pim.Appointment)
		to.Recurrence.Deleted = nil
		stop()
		out, err := f.Update(t.Context(), []side.Update{{ID: got.ID, Version: got.Version, Item: to, Was: item, Fields: pim.Fields(pim.FieldRecurrence)}})
		w.sim.Faults().Clear()
		getAll(t, open(t, w, pim.KindAppointment), []side.Outcome{{ID: got.ID}})
		now, _ := w.sim.Mailbox("anna@lab.test").Get(id)
		found := false
		for _, o := range now.Exceptions() {
			found = found || o.Body == today
		}
		if !found || now.Body != agenda {
			t.Errorf("the series has %q, no occurrence what it had", now.Body)
		}
		return err == nil && out[0].Err == nil
	})
}
