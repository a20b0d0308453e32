package e2e

import (
	"fmt"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/params"
)

// alive is a world of one person whose first sync is over.
type alive struct {
	*world
	*testing.T
	p   person
	box *exchangesim.Mailbox
	c   *caller
	n   int
}

func newAlive(t *testing.T, change ...params.Change) *alive {
	t.Helper()
	w := newWorld(t, options{people: 1, change: change})
	a := &alive{world: w, T: t, p: w.people[0], box: w.box(w.people[0])}
	w.start()
	a.c = w.call()
	a.c.login(w.people)
	a.c.await("the first sync", rest(1))
	return a
}

// meet makes up an appointment like no other.
func (a *alive) meet(subject string) thing {
	a.n++
	start := firstDay.AddDate(0, 0, a.n).Add(9 * time.Hour)
	return thing{subject: subject, body: "Text", location: "Linz", start: start, end: start.Add(time.Hour), busy: "busy", importance: "normal"}
}

func named(list []found, subject string) *found {
	for i := range list {
		if list[i].subject == subject {
			return &list[i]
		}
	}
	return nil
}

// both makes an appointment in Exchange and waits for it in the business database.
func (a *alive) both(subject string) (item exchangesim.Item, row int64) {
	a.Helper()
	item, err := a.box.Create(a.meet(subject).item())
	must(a.T, err)
	row = a.arrived(subject).row
	until(a.T, "its key", func() bool {
		now, ok := a.box.Get(item.ID)
		item = now
		return ok && understood(now).keys == 1
	})
	return item, row
}

func (a *alive) arrived(subject string) *found {
	a.Helper()
	var f *found
	until(a.T, "the appointment in the business database", func() bool {
		f = named(a.inBusiness(a.p), subject)
		return f != nil
	})
	return f
}

// equal waits until both sides are the same, and want is all there is.
func (a *alive) equal(want ...thing) {
	a.Helper()
	eventually(a.T, "both sides are the same", func() string {
		if list := a.same(a.p, want); len(list) > 0 {
			return list[0]
		}
		return ""
	})
}

func (a *alive) noProblems() {
	a.Helper()
	if list := a.c.problems(); len(list) > 0 {
		a.Errorf("problems: %v", list)
	}
}

func TestEditsArriveHoweverTheAgentLearnsOfThem(t *testing.T) {
	for _, c := range []struct {
		name   string
		change []params.Change
		// used tells by the requests seen that the way was the one meant.
		used func(exchangesim.Stats) bool
		ask  bool
	}{
		{"by push", nil, func(s exchangesim.Stats) bool { return s.Pushed > 0 && s.Requests["GetStreamingEvents"] == 0 }, false},
		{"by stream, where no event server is named", []params.Change{{Key: "events.server", Value: ""}},
			func(s exchangesim.Stats) bool { return s.Requests["GetStreamingEvents"] > 0 && s.Pushed == 0 }, false},
		{"at each interval only", []params.Change{{Key: "sync.notifications", Value: "interval"}, {Key: "sync.interval", Value: "10"}},
			func(s exchangesim.Stats) bool { return s.Requests["Subscribe"] == 0 }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAlive(t, c.change...)
			made, err := a.box.Create(a.meet("aus Exchange").item())
			must(t, err)
			f := a.arrived("aus Exchange")
			x := f.thing
			y := a.meet("aus der Datenbank")
			row := a.insert(a.p, y)
			job := thing{task: true, subject: "Aufgabe", due: firstDay, status: "not-started", importance: "normal"}
			a.insert(a.p, job)
			a.equal(x, y, job)

			x.location, x.start, x.end = "Wien", x.start.Add(2*time.Hour), x.end.Add(3*time.Hour)
			_, err = a.box.Update(made.ID, func(it *exchangesim.Item) { it.Location, it.Start, it.End = x.location, x.start, x.end })
			must(t, err)
			y.subject, y.private = "anders", true
			a.exec(`UPDATE appointments SET subject = ?, private = 1 WHERE id = ?`, y.subject, row)
			a.equal(x, y, job)

			// The agent is stopped; both sides go on.
			a.stop()
			x.body = "inzwischen"
			_, err = a.box.Update(made.ID, func(it *exchangesim.Item) { it.Body = x.body })
			must(t, err)
			a.exec(`DELETE FROM appointments WHERE id = ?`, row)
			z := a.meet("inzwischen neu")
			a.insert(a.p, z)
			a.start()
			a.c = a.call()
			a.equal(x, z, job)
			if n := a.box.Count(exchangesim.DeletedItems); n != 1 {
				t.Errorf("%d items in Deleted Items, want the one that was deleted", n)
			}
			a.exec(`DELETE FROM tasks`)
			must(t, a.box.Delete(made.ID))
			a.equal(z)
			a.noProblems()
			if s := a.sim.Stats(); !c.used(s) {
				t.Errorf("another way was gone: %d pushes, requests %v", s.Pushed, s.Requests)
			}
			a.quiet(t, a.c)
			a.judge(t)
		})
	}
}

func TestOnlyDeletedDeletes(t *testing.T) {
	t.Parallel()
	a := newAlive(t)
	moved, row := a.both("verschoben")
	copied, _ := a.both("kopiert")
	gone, _ := a.both("gelöscht")

	// To another folder: the business appointment stays, and comes back to life
	// with the item.
	private := a.box.AddFolder("Privat", exchangesim.Appointment)
	away, err := a.box.Move(moved.ID, private)
	must(t, err)
	must(t, a.box.Delete(gone.ID))
	until(t, "the deletion", func() bool { return named(a.inBusiness(a.p), "gelöscht") == nil })
	a.c.syncNow(1)
	if named(a.inBusiness(a.p), "verschoben") == nil {
		t.Fatal("an appointment that was moved away was deleted")
	}
	if n := a.box.Count(exchangesim.Calendar); n != 1 {
		t.Errorf("%d appointments in the calendar, want 1: was the moved one made anew?", n)
	}
	a.stop()
	a.start()
	a.c = a.call()
	_, err = a.box.Move(away.ID, exchangesim.Calendar)
	must(t, err)
	a.exec(`UPDATE appointments SET location = 'zurück' WHERE id = ?`, row)
	until(t, "the pair at work again", func() bool {
		f := named(a.inExchange(a.p), "verschoben")
		return f != nil && f.location == "zurück"
	})

	// A copy keeps our key, and gets a pair of its own.
	second, err := a.box.Copy(copied.ID, exchangesim.Calendar)
	must(t, err)
	until(t, "the copy", func() bool {
		n := 0
		for _, f := range a.inBusiness(a.p) {
			if f.subject == "kopiert" {
				n++
			}
		}
		return n == 2
	})
	_, err = a.box.Update(second.ID, func(it *exchangesim.Item) { it.Subject = "Kopie" })
	must(t, err)
	x, y, z := a.meet(""), a.meet(""), a.meet("")
	for i, at := range []*thing{&x, &y, &z} {
		f := understood(*[]*exchangesim.Item{&moved, &copied, &copied}[i])
		*at = f.thing
	}
	x.location, z.subject = "zurück", "Kopie"
	a.equal(x, y, z)
	a.noProblems()
	a.quiet(t, a.c)
	a.judge(t)
}

func TestWhatCannotBeSyncedYetIsShownAndLeftAlone(t *testing.T) {
	t.Parallel()
	a := newAlive(t)
	start := firstDay.Add(9 * time.Hour).UTC()
	row := a.exec(`INSERT INTO appointments (user_id, subject, start_at, end_at, time_zone, recurrence_rule) VALUES (?, 'Serie', ?, ?, ?, 'FREQ=HOURLY')`,
		string(a.p.user), start.Format(time.RFC3339), start.Add(time.Hour).Format(time.RFC3339), vienna().String())
	eventually(t, "the problem", func() string {
		// The caller isn't the series' owner: he sees no title.
		if list := a.c.problems(); len(list) != 1 || list[0] != "series-not-supported: •••" {
			return fmt.Sprint(list)
		}
		return ""
	})
	a.c.syncNow(1)
	if list := a.inExchange(a.p); len(list) != 0 {
		t.Errorf("the series was flattened: %v", list)
	}
	if n := a.number(`SELECT count(*) FROM appointments WHERE id = ? AND recurrence_rule = 'FREQ=HOURLY'`, row); n != 1 {
		t.Error("the rule was touched")
	}
	a.exec(`DELETE FROM appointments WHERE id = ?`, row)
	eventually(t, "the end of the problem", func() string {
		if list := a.c.problems(); len(list) != 0 {
			return fmt.Sprint(list)
		}
		return ""
	})

	// Somebody else's meeting: its details come in, ours don't go out.
	it := a.meet("Einladung").item()
	it.Meeting, it.MyResponse = true, "Accept"
	it.Organizer = exchangesim.Attendee{Name: "Chef", Mail: "chef@kunde.test"}
	it.Required = []exchangesim.Attendee{{Name: "anna", Mail: a.p.mail(), Response: "Accept"}, {Name: "Ida", Mail: "ida@kunde.test"}}
	meeting, err := a.box.Create(it)
	must(t, err)
	f := a.arrived("Einladung")
	x := f.thing
	a.c.await("rest", rest(1))
	_, err = a.box.Update(meeting.ID, func(it *exchangesim.Item) { it.Location = "beim Kunden" })
	must(t, err)
	x.location = "beim Kunden"
	a.equal(x)
	later := x.start.Add(24 * time.Hour).UTC().Format(time.RFC3339)
	x.reminder = 45
	a.exec(`UPDATE appointments SET start_at = ?, end_at = ?, reminder_minutes = 45 WHERE id = ?`,
		later, x.end.Add(24*time.Hour).UTC().Format(time.RFC3339), f.row)
	until(t, "the reminder, which is the participant's own", func() bool {
		now, _ := a.box.Get(meeting.ID)
		return now.ReminderSet && now.ReminderMinutes == 45
	})
	a.equal(x) // the time is set back
	if now, _ := a.box.Get(meeting.ID); !now.Start.Equal(meeting.Start) {
		t.Errorf("the meeting was moved to %s", now.Start)
	}
	// He is told that his change was set back.
	if list := a.c.problems(); len(list) != 1 || list[0] != "conflict-settled: •••" {
		t.Errorf("problems: %v", list)
	}
	a.quiet(t, a.c)
	a.judge(t)
}
