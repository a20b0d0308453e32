package e2e

import (
	"fmt"
	"testing"

	"abgleich/agent/exchangesim"
)

// TestEmployeesShareTheirAppointments lets two employees take part in what a third one
// has no mailbox for, over real sockets and with a kill in between.
func TestEmployeesShareTheirAppointments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{people: 3})
	anna, bernd, clara := w.people[0], w.people[1], w.people[2]
	w.people = w.people[:2] // clara hands no login over
	w.start()
	c := w.call()
	c.login(w.people)
	c.await("the first sync", rest(2))
	has := func(p person, subject string) *found { return named(w.inExchange(p), subject) }

	// One appointment, a copy in each mailbox; who has no mailbox is left out.
	a := &alive{world: w, T: t}
	both := a.meet("Besprechung")
	both.reminder = 15
	row := w.insert(anna, both)
	for _, p := range []person{bernd, clara} {
		w.exec(`INSERT INTO appointment_participants (appointment_id, user_id) VALUES (?,?)`, row, string(p.user))
	}
	for _, p := range w.people {
		eventually(t, "the copy of "+p.name, func() string {
			switch f := has(p, both.subject); {
			case f == nil:
				return "none"
			case f.line() != both.line():
				return f.line()
			}
			return ""
		})
	}

	// What is shared reaches all, what is personal nobody.
	c.syncNow(2)
	w.kill()
	mine, err := w.box(bernd).Update(has(bernd, both.subject).id, func(it *exchangesim.Item) { it.Location, it.ReminderMinutes = "Graz", 60 })
	must(t, err)
	w.exec(`UPDATE appointments SET body = 'Tagesordnung', reminder_minutes = 5 WHERE id = ?`, row)
	w.start()
	c = w.call()
	both.location, both.body, both.reminder = "Graz", "Tagesordnung", 5
	theirs := both
	theirs.reminder = 60
	for p, want := range map[person]thing{anna: both, bernd: theirs} {
		eventually(t, "what the other one changed, for "+p.name, func() string {
			if f := has(p, both.subject); f.line() != want.line() {
				return f.line()
			}
			return ""
		})
	}
	if n := w.number(`SELECT reminder_minutes FROM appointment_participants WHERE appointment_id = ? AND user_id = 'bernd'`, row); n != 60 {
		t.Errorf("bernd's reminder in the business database: %d", n)
	}

	// Copies of one meeting are one appointment, which is its organiser's.
	invited := a.meet("Sitzung").item()
	invited.Meeting, invited.UID = true, "040000008200E00074C5B7101A82E0080000000010B2C3D4E5F6D901000000000000000010000000A1B2C3D4E5F60718293A4B5C6D7E8F90"
	invited.Organizer = exchangesim.Attendee{Name: anna.name, Mail: anna.mail()}
	invited.Required = []exchangesim.Attendee{{Name: bernd.name, Mail: bernd.mail(), Response: "Accept"}}
	for p, answer := range map[person]string{anna: "Organizer", bernd: "Accept"} {
		it := invited
		it.MyResponse = answer
		_, err := w.box(p).Create(it)
		must(t, err)
	}
	eventually(t, "the meeting", func() string {
		n := w.number(`SELECT count(*) FROM appointments WHERE subject = 'Sitzung'`)
		k := w.number(`SELECT count(*) FROM appointments a JOIN appointment_participants p ON p.appointment_id = a.id
			WHERE subject = 'Sitzung' AND a.user_id = 'anna' AND p.user_id = 'bernd'`)
		if n != 1 || k != 1 {
			return fmt.Sprintf("%d appointments, %d of anna's with bernd", n, k)
		}
		return ""
	})

	// A participant leaves; the owner deletes for all; a task is handed over.
	second := a.meet("zweite")
	other := w.insert(anna, second)
	w.exec(`INSERT INTO appointment_participants (appointment_id, user_id) VALUES (?, 'bernd')`, other)
	job := thing{task: true, subject: "Aufgabe", due: firstDay, status: "not-started", importance: "normal"}
	task := w.insert(anna, job)
	until(t, "the second appointment and the task", func() bool {
		return has(anna, "zweite") != nil && has(bernd, "zweite") != nil && has(anna, "Aufgabe") != nil
	})
	c.syncNow(2)
	must(t, w.box(bernd).Delete(mine.ID))
	w.exec(`DELETE FROM appointments WHERE id = ?`, other)
	w.exec(`UPDATE tasks SET user_id = 'bernd' WHERE id = ?`, task)
	until(t, "the end of it all", func() bool {
		return has(bernd, "Besprechung") == nil && has(anna, "zweite") == nil && has(bernd, "zweite") == nil &&
			has(anna, "Aufgabe") == nil && has(bernd, "Aufgabe") != nil &&
			w.number(`SELECT count(*) FROM appointment_participants WHERE appointment_id = ? AND user_id = 'bernd'`, row) == 0
	})
	if f := has(anna, "Besprechung"); f == nil || f.line() != both.line() {
		t.Errorf("the owner's copy: %v", f)
	}
	if n := w.box(anna).Count(exchangesim.DeletedItems); n != 2 {
		t.Errorf("%d items in anna's Deleted Items, want the appointment and the task", n)
	}
	if list := c.problems(); len(list) > 0 {
		t.Errorf("problems: %v", list)
	}
	w.quiet(t, c)
	w.judge(t)
}
