package business_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/business"
)

// Mondays is every Monday at ten in Vienna, from 2026-03-23: the clocks change
// before the second.
func mondays(change ...func(*pim.Appointment)) *pim.Appointment {
	a := appointment("Jour fixe").(*pim.Appointment)
	a.When.Start = time.Date(2026, 3, 23, 9, 0, 0, 0, time.UTC)
	a.When.End = a.When.Start.Add(time.Hour)
	a.Location, a.Reminder = "Linz", &pim.Reminder{Before: 15}
	a.Recurrence = &pim.Recurrence{Pattern: pim.Weekly, Interval: 1}
	for _, c := range change {
		c(a)
	}
	return pim.Canonical(a).(*pim.Appointment)
}

// monday is the nth one's start.
func monday(n int) time.Time {
	if n == 1 {
		return time.Date(2026, 3, 23, 9, 0, 0, 0, time.UTC)
	}
	return time.Date(2026, 3, 23, 8, 0, 0, 0, time.UTC).AddDate(0, 0, 7*(n-1))
}

func without(n int) func(*pim.Appointment) {
	return func(a *pim.Appointment) { a.Recurrence.Deleted = append(a.Recurrence.Deleted, monday(n)) }
}

func with(n int, change func(*pim.Appointment)) func(*pim.Appointment) {
	return func(a *pim.Appointment) {
		timing, err := pim.Canonical(a).Shared().Recurrence.Timing(a.When)
		if err != nil {
			panic(err)
		}
		o, _ := a.Occurrence(timing, n)
		change(o)
		a.Recurrence.Changed = append(a.Recurrence.Changed, pim.Exception{Original: monday(n), Item: o})
	}
}

func renamed(o *pim.Appointment) { o.Subject = "Jour fixe (Graz)" }
func moved(o *pim.Appointment) {
	o.When.Start, o.When.End = o.When.Start.Add(2*time.Hour), o.When.End.Add(2*time.Hour)
}

func createOne(t testing.TB, f side.Folder, i pim.Item) side.Outcome {
	t.Helper()
	out, err := f.Create(t.Context(), []side.Creation{{Key: "k", Item: i}})
	if err != nil || out[0].Err != nil {
		t.Fatalf("Create: %+v, %v", out, err)
	}
	return out[0]
}

func update(t testing.TB, f side.Folder, o side.Outcome, i pim.Item, fields ...pim.Field) side.Outcome {
	t.Helper()
	out, err := f.Update(t.Context(), []side.Update{{ID: o.ID, Version: o.Version, Fields: pim.Fields(fields...), Item: i}})
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

func get(t testing.TB, f side.Folder, id pim.ItemID) side.Got {
	t.Helper()
	got, err := f.Get(t.Context(), []pim.ItemID{id})
	if err != nil {
		t.Fatal(err)
	}
	return got[0]
}

func expect(t testing.TB, f side.Folder, id pim.ItemID, want pim.Item) {
	t.Helper()
	g := get(t, f, id)
	if g.Err != nil {
		t.Fatal(g.Err)
	}
	if diff := cmp.Diff(show(t, want), show(t, g.Item)); diff != "" {
		t.Fatal(diff)
	}
}

// text reads one value as the other program.
func (l *lab) text(t testing.TB, query string, args ...any) string {
	t.Helper()
	var s string
	if err := l.erp.QueryRow(query, args...).Scan(&s); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return s
}

// labs are the three kinds of database.
func labs() map[string]func(testing.TB) *lab {
	return map[string]func(testing.TB) *lab{
		"embedded":        embedded,
		"foreign, tables": func(t testing.TB) *lab { return foreign(t, "tables.sql") },
		"foreign, views":  func(t testing.TB) *lab { return foreign(t, "views.sql") },
	}
}

func TestOneChangedOccurrenceIsOneWrittenRow(t *testing.T) {
	l := embedded(t)
	f := l.folder(t, 0, pim.KindAppointment)
	o := createOne(t, f, mondays(without(2), with(3, renamed), with(4, moved), without(5)))
	l.exec(t, `CREATE TABLE audit (what TEXT)`)
	for _, s := range []string{"INSERT", "UPDATE", "DELETE"} {
		row := "NEW"
		if s == "DELETE" {
			row = "OLD"
		}
		l.exec(t, `CREATE TRIGGER audit_e`+s+` AFTER `+s+` ON appointment_exceptions BEGIN
			INSERT INTO audit VALUES ('`+s+` ' || `+row+`.original_start); END`)
	}
	l.exec(t, `CREATE TRIGGER audit_a AFTER UPDATE ON appointments BEGIN INSERT INTO audit VALUES ('master'); END`)
	for _, step := range []struct {
		want *pim.Appointment
		did  string
	}{
		{mondays(without(2), with(3, renamed), with(4, moved), without(5)), ""},
		{mondays(without(2), with(3, moved), with(4, moved), without(5)), "UPDATE 2026-04-06T08:00:00Z"},
		{mondays(without(2), with(3, moved), without(5)), "DELETE 2026-04-13T08:00:00Z"},
		{mondays(without(2), with(3, moved), without(5), without(6)), "INSERT 2026-04-27T08:00:00Z"},
		{mondays(without(2), without(3), without(5), without(6)), "UPDATE 2026-04-06T08:00:00Z"},
	} {
		l.exec(t, `DELETE FROM audit`)
		if o = update(t, f, o, step.want, l.Projection(pim.KindAppointment).Writable().List()...); o.Err != nil {
			t.Fatal(o.Err)
		}
		expect(t, f, o.ID, step.want)
		if got := l.text(t, `SELECT coalesce(group_concat(what, ', '), '') FROM audit`); got != step.did {
			t.Errorf("did %q, want %q", got, step.did)
		}
	}
}

func TestAPersonsExceptionIsAChangeOfItsSeries(t *testing.T) {
	for name, make := range labs() {
		t.Run(name, func(t *testing.T) {
			l := make(t)
			f := l.folder(t, 0, pim.KindAppointment)
			o := createOne(t, f, mondays(without(2)))
			other := createOne(t, f, mondays(with(2, moved)))
			c := cursor(t, f)
			for _, step := range []struct {
				sql  string
				want *pim.Appointment
			}{
				// Only what is said differs from the series, whatever form the time has.
				{`INSERT INTO appointment_exceptions (appointment_id, original_start, deleted, start_at) VALUES (?, '2026-04-06 08:00:00', 0, '2026-04-06 10:00')`,
					mondays(without(2), with(3, moved))},
				{`INSERT INTO appointment_exceptions (appointment_id, original_start, deleted, subject, reminder_minutes, busy) VALUES (?, '2026-04-13', 0, 'Jour fixe (Graz)', -1, '')`,
					mondays(without(2), with(3, moved), with(4, func(o *pim.Appointment) { renamed(o); o.Reminder = nil }))},
				{`UPDATE appointment_exceptions SET deleted = 1 WHERE appointment_id = ? AND original_start = '2026-04-13'`,
					mondays(without(2), with(3, moved), without(4))},
				{`DELETE FROM appointment_exceptions WHERE appointment_id = ? AND original_start = '2026-04-13'`,
					mondays(without(2), with(3, moved))},
				// An occurrence that the series does not have says nothing.
				{`INSERT INTO appointment_exceptions (appointment_id, original_start, deleted) VALUES (?, '2026-04-14T08:00:00Z', 1)`,
					mondays(without(2), with(3, moved))},
			} {
				l.exec(t, step.sql, string(o.ID))
				p, err := f.Changes(t.Context(), c)
				if err != nil || len(p.Changes) != 1 || p.Changes[0].ID != o.ID || p.Changes[0].Version == o.Version {
					t.Fatalf("%s: %+v, %v", step.sql, p.Changes, err)
				}
				if diff := cmp.Diff(show(t, step.want), show(t, p.Changes[0].Item)); diff != "" {
					t.Fatalf("%s: %s", step.sql, diff)
				}
				expect(t, f, o.ID, step.want)
				o.Version, c = p.Changes[0].Version, p.Next
			}
			// An update leaves alone what it has not to do with, work in progress too.
			if o = update(t, f, o, mondays(func(a *pim.Appointment) { a.Location = "Wels" }), pim.FieldLocation); o.Err != nil {
				t.Fatal(o.Err)
			}
			expect(t, f, o.ID, mondays(func(a *pim.Appointment) { a.Location = "Wels" }, without(2),
				with(3, func(o *pim.Appointment) { moved(o); o.Location = "Linz" }))) // stays as it was
			if n := l.text(t, `SELECT count(*) FROM appointment_exceptions WHERE appointment_id = ?`, string(o.ID)); n != "3" {
				t.Errorf("%s exceptions instead of 3", n)
			}
			if got := l.text(t, `SELECT start_at FROM appointment_exceptions WHERE original_start = '2026-04-06 08:00:00'`); !strings.HasPrefix(got, "2026-04-06") {
				t.Errorf("start_at %q", got)
			}
			// What a person renames, occurrences that do not say otherwise follow.
			l.exec(t, `UPDATE appointments SET subject = 'Runde' WHERE id = ?`, string(other.ID))
			expect(t, f, other.ID, mondays(func(a *pim.Appointment) { a.Subject = "Runde" }, with(2, moved)))
		})
	}
}

func TestADeletedSeriesLeavesNothingBehind(t *testing.T) {
	for name, make := range labs() {
		t.Run(name, func(t *testing.T) {
			l := make(t)
			f := l.folder(t, 0, pim.KindAppointment)
			o := createOne(t, f, mondays(without(2), with(3, renamed)))
			c := cursor(t, f)
			if out, err := f.Delete(t.Context(), []side.Deletion{{ID: o.ID, Version: o.Version}}); err != nil || out[0].Err != nil {
				t.Fatalf("%+v, %v", out, err)
			}
			if n := l.text(t, `SELECT count(*) FROM appointment_exceptions`); n != "0" {
				t.Errorf("%s exceptions are left", n)
			}
			p, err := f.Changes(t.Context(), c)
			if err != nil || len(p.Changes) != 1 || !p.Changes[0].Gone {
				t.Errorf("%+v, %v", p.Changes, err)
			}
			w, err := f.Whereabouts(t.Context(), []side.Lost{{ID: o.ID}})
			if err != nil || w[0].Place != side.PlaceDeleted {
				t.Errorf("%+v, %v", w, err)
			}
			// An id given again has nothing of the series before it.
			if l.foreign {
				l.exec(t, `INSERT INTO appointment_exceptions (appointment_id, original_start, deleted) VALUES (1, '2026-04-06T08:00:00Z', 1), (1, '2026-03-30T08:00:00Z', 1)`)
				o = createOne(t, f, mondays(with(3, moved)))
				expect(t, f, o.ID, mondays(with(3, moved)))
			}
		})
	}
}

func TestASeriesThatEndsTakesItsExceptionsAlong(t *testing.T) {
	l := embedded(t)
	f := l.folder(t, 0, pim.KindAppointment)
	o := createOne(t, f, mondays(without(2), with(3, renamed)))
	single := mondays()
	single.Recurrence = nil
	if o = update(t, f, o, single, pim.FieldRecurrence); o.Err != nil {
		t.Fatal(o.Err)
	}
	expect(t, f, o.ID, single)
	// A person's program left exceptions where no series is any more.
	l.exec(t, `INSERT INTO appointment_exceptions (appointment_id, original_start, deleted) VALUES (?, '2026-03-30T08:00:00Z', 1)`, string(o.ID))
	g := get(t, f, o.ID)
	if pim.Diff(g.Item, single) != 0 || g.Version != o.Version {
		t.Errorf("%+v", g)
	}
	want := mondays(with(2, renamed), with(3, moved))
	if o = update(t, f, o, want, pim.FieldRecurrence, pim.FieldWhen); o.Err != nil {
		t.Fatal(o.Err)
	}
	expect(t, f, o.ID, want)
	// Another hour: every exception is that of the same day.
	later := func(a *pim.Appointment) { moved(a) }
	want = mondays(later)
	want.Recurrence.Changed = []pim.Exception{{Original: monday(2), Item: mondays(with(2, renamed)).Recurrence.Changed[0].Item}}
	want = pim.Canonical(want).(*pim.Appointment)
	if o = update(t, f, o, want, pim.FieldRecurrence, pim.FieldWhen); o.Err != nil {
		t.Fatal(o.Err)
	}
	expect(t, f, o.ID, want)
	if got := l.text(t, `SELECT group_concat(original_start) FROM appointment_exceptions`); got != "2026-03-30T10:00:00Z" {
		t.Errorf("exceptions %s", got)
	}
}

func TestARuleNobodyCanCarryStaysInItsColumn(t *testing.T) {
	for name, make := range labs() {
		t.Run(name, func(t *testing.T) {
			l := make(t)
			f := l.folder(t, 0, pim.KindAppointment)
			for _, rule := range []string{"FREQ=YEARLY;BYWEEKNO=20", "jeden Montag", "FREQ=MONTHLY;BYMONTHDAY=1,15"} {
				o := createOne(t, f, mondays(without(2)))
				l.exec(t, `UPDATE appointments SET recurrence_rule = ? WHERE id = ?`, rule, string(o.ID))
				g := get(t, f, o.ID)
				if g.Err != nil || g.Item.Shared().Recurrence == nil || pim.CheckSeries(g.Item) == nil {
					t.Fatalf("%s: %+v", rule, g)
				}
				for _, i := range []pim.Item{mondays(), appointment("einzeln"), g.Item} {
					for _, fd := range []pim.Field{pim.FieldRecurrence, pim.FieldWhen} {
						if out := update(t, f, side.Outcome{ID: o.ID, Version: g.Version}, i, fd); !fault.Has(out.Err, fault.SeriesNotSupported) {
							t.Errorf("%s: update of %s: %+v", rule, fd, out)
						}
					}
				}
				if out := update(t, f, side.Outcome{ID: o.ID, Version: g.Version}, mondays(func(a *pim.Appointment) { a.Subject = "anders" }), pim.FieldSubject); out.Err != nil {
					t.Errorf("%s: %+v", rule, out)
				}
				if got := l.text(t, `SELECT recurrence_rule || subject FROM appointments WHERE id = ?`, string(o.ID)); got != rule+"anders" {
					t.Errorf("%s became %s", rule, got)
				}
				if n := l.text(t, `SELECT count(*) FROM appointment_exceptions WHERE appointment_id = ?`, string(o.ID)); n != "1" {
					t.Errorf("%s: %s exceptions", rule, n)
				}
				out, err := f.Create(t.Context(), []side.Creation{{Key: "x", Item: g.Item}})
				if err != nil || !fault.Has(out[0].Err, fault.SeriesNotSupported) {
					t.Errorf("%s: created: %+v, %v", rule, out, err)
				}
			}
		})
	}
}

func TestAnExceptionNobodyCanReadMakesItsSeriesUnreadable(t *testing.T) {
	l := embedded(t)
	f := l.folder(t, 0, pim.KindAppointment)
	for _, bad := range []string{
		`(appointment_id, original_start) VALUES (?, 'irgendwann')`,
		`(appointment_id, original_start) VALUES (?, '2026-02-31')`,
		`(appointment_id, original_start) VALUES (?, '')`,
		`(appointment_id, original_start, start_at) VALUES (?, '2026-03-30T08:00:00Z', 'später')`,
		`(appointment_id, original_start, reminder_minutes) VALUES (?, '2026-03-30T08:00:00Z', 'bald')`,
		`(appointment_id, original_start, all_day, start_date) VALUES (?, '2026-03-30T08:00:00Z', 1, 'morgen')`,
	} {
		o := createOne(t, f, mondays())
		good := createOne(t, f, mondays())
		l.exec(t, `INSERT INTO appointment_exceptions `+bad, string(o.ID))
		g := get(t, f, o.ID)
		if !fault.Has(g.Err, fault.ItemUnreadable) || g.Item != nil {
			t.Errorf("%s: %+v", bad, g)
		}
		if out := update(t, f, side.Outcome{ID: o.ID, Version: g.Version}, mondays(without(3)), pim.FieldRecurrence); !fault.Has(out.Err, fault.ItemUnreadable) {
			t.Errorf("%s: %+v", bad, out)
		}
		expect(t, f, good.ID, mondays())
		p, err := f.Changes(t.Context(), "")
		if err != nil || len(p.Changes) == 0 {
			t.Errorf("%s: %+v, %v", bad, p, err)
		}
	}
}

func TestHalfASeriesIsNeverWritten(t *testing.T) {
	for name, make := range labs() {
		t.Run(name, func(t *testing.T) {
			l := make(t)
			f := l.folder(t, 0, pim.KindAppointment)
			table, column := "appointment_exceptions", "subject"
			if name == "foreign, views" {
				table, column = "AUSNAHME", "BETREFF"
			}
			l.exec(t, `CREATE TRIGGER refuse BEFORE INSERT ON `+table+` WHEN NEW.`+column+` LIKE '%Graz%' BEGIN SELECT RAISE(ABORT, 'nicht Graz'); END`)
			in := []side.Creation{{Key: "1", Item: mondays(without(2), with(3, renamed))}, {Key: "2", Item: mondays(without(2), with(3, moved))},
				{Key: "3", Item: appointment("einzeln")}}
			out, err := f.Create(t.Context(), in)
			if err != nil || !fault.Has(out[0].Err, fault.ItemRefused) || out[1].Err != nil || out[2].Err != nil {
				t.Fatalf("%+v, %v", out, err)
			}
			if n := l.text(t, `SELECT count(*) || ' ' || (SELECT count(*) FROM appointment_exceptions) FROM appointments`); n != "2 2" {
				t.Errorf("appointments and exceptions: %s", n)
			}
			later := mondays(func(a *pim.Appointment) { a.Subject = "anders" }, without(5), with(6, renamed))
			up := update(t, f, out[1], later, l.Projection(pim.KindAppointment).Writable().List()...)
			if !fault.Has(up.Err, fault.ItemRefused) {
				t.Fatalf("%+v", up)
			}
			g := get(t, f, out[1].ID)
			if g.Version != out[1].Version || pim.Diff(g.Item, in[1].Item) != 0 {
				t.Errorf("half of it was written: %+v", g)
			}
		})
	}
}

func TestExceptionsThatCannotBeWrittenAreReadOnly(t *testing.T) {
	l := foreign(t, "views.sql")
	l.exec(t, `DROP TRIGGER ausnahmen_neu`)
	f := l.folder(t, 0, pim.KindAppointment)
	out, err := f.Create(t.Context(), []side.Creation{{Key: "1", Item: mondays(without(2))}, {Key: "2", Item: mondays()}})
	if err != nil || !fault.Has(out[0].Err, fault.ReadOnly) || out[1].Err != nil {
		t.Errorf("%+v, %v", out, err)
	}
	l.exec(t, `CREATE TRIGGER ausnahmen_neu INSTEAD OF INSERT ON appointment_exceptions BEGIN SELECT 1; END`)
	out, err = f.Create(t.Context(), []side.Creation{{Key: "3", Item: mondays(without(2))}})
	if err != nil || !fault.Has(out[0].Err, fault.ItemRefused) {
		t.Errorf("a view that swallows what is written: %+v, %v", out, err)
	}
	if n := l.text(t, `SELECT count(*) FROM appointments`); n != "1" {
		t.Errorf("%s appointments", n)
	}
}

func TestARecurringTaskMovesOn(t *testing.T) {
	l := embedded(t)
	f := l.folder(t, 0, pim.KindTask)
	k := &pim.Task{Common: pim.Common{Subject: "UVA"}, Due: pim.Date{Year: 2026, Month: 5, Day: 15}}
	k.Recurrence = &pim.Recurrence{Pattern: pim.AbsoluteMonthly, Interval: 1, Count: 12}
	k = pim.Canonical(k).(*pim.Task)
	o := createOne(t, f, k)
	expect(t, f, o.ID, k)
	row := func() string {
		return l.text(t, `SELECT recurrence_rule || ' from ' || recurrence_start || ' due ' || due_date FROM tasks WHERE id = ?`, string(o.ID))
	}
	if got := row(); got != "FREQ=MONTHLY;BYMONTHDAY=15;COUNT=12 from  due 2026-05-15" {
		t.Error(got)
	}
	// Exchange takes the next one; the pattern still begins in May.
	next := k.Clone().(*pim.Task)
	next.Due.Month++
	if o = update(t, f, o, next, pim.FieldDates); o.Err != nil {
		t.Fatal(o.Err)
	}
	expect(t, f, o.ID, next)
	if got := row(); got != "FREQ=MONTHLY;BYMONTHDAY=15;COUNT=12 from 2026-05-15 due 2026-06-15" {
		t.Error(got)
	}
	l.exec(t, `UPDATE tasks SET recurrence_rule = 'FREQ=HOURLY' WHERE id = ?`, string(o.ID))
	g := get(t, f, o.ID)
	if out := update(t, f, side.Outcome{ID: o.ID, Version: g.Version}, k, pim.FieldDates); !fault.Has(out.Err, fault.SeriesNotSupported) {
		t.Errorf("%+v", out)
	}
}

func TestAnOlderDatabaseKeepsItsExceptions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alt.db")
	erp := program(t, path)
	files := os.DirFS("migrations")
	g, err := goose.NewProvider(goose.DialectSQLite3, erp, fs.FS(files), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.UpTo(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	l := &lab{erp: erp, cfg: business.Config{DSN: path}}
	l.exec(t, `INSERT INTO employees (user_id) VALUES ('anna')`)
	l.exec(t, `INSERT INTO appointments (id, user_id, subject, location, start_at, end_at, time_zone, recurrence_rule, reminder_minutes)
		VALUES (7, 'anna', 'Jour fixe', 'Linz', '2026-03-23T09:00:00Z', '2026-03-23T10:00:00Z', 'Europe/Vienna', 'FREQ=WEEKLY;BYDAY=MO', 15)`)
	l.exec(t, `INSERT INTO appointment_exceptions (appointment_id, original_start, deleted) VALUES (7, '2026-03-30T08:00:00Z', 1)`)
	l.exec(t, `INSERT INTO appointment_exceptions (appointment_id, original_start, subject) VALUES (7, '2026-04-06T08:00:00Z', 'Jour fixe (Graz)')`)
	l.Database = open(t, l.cfg)
	f := l.folder(t, 0, pim.KindAppointment)
	expect(t, f, "7", mondays(without(2), with(3, renamed)))
	c := cursor(t, f)
	l.exec(t, `DELETE FROM appointment_exceptions WHERE deleted = 1`)
	if p, err := f.Changes(t.Context(), c); err != nil || len(p.Changes) != 1 || fmt.Sprint(p.Changes[0].ID) != "7" {
		t.Errorf("%+v, %v", p.Changes, err)
	}
}
