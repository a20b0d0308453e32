package sample

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"abgleich/agent/pim"
)

// Amount says what to write.
type Amount struct {
	// User is an employee of the database.
	User pim.UserID
	// Seed chooses the items: the same seed, the same items.
	Seed uint64
	// Appointments and Tasks are how many.
	Appointments, Tasks int
	// SeriesPercent is how many of a hundred appointments are series, some with
	// exceptions; 0 is none.
	SeriesPercent int
	// Exceptions is how many occurrences of each series are other than it says; 0
	// lets chance decide, up to four. At most five.
	Exceptions int
	// Around is the middle of the year they fall into.
	Around time.Time
	// Zone is where their user works.
	Zone *time.Location
}

// chunk is how many rows a transaction holds, so that others can write in between.
const chunk = 2000

const (
	insertAppointment = `INSERT INTO appointments (user_id, subject, body, location, start_at, end_at, time_zone, all_day,
		start_date, end_date, busy, private, importance, categories, reminder_minutes, recurrence_rule)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`
	insertException = `INSERT INTO appointment_exceptions (appointment_id, original_start, deleted, subject, location, start_at, end_at)
		VALUES (?,?,?,?,?,?,?)`
	insertTask = `INSERT INTO tasks (user_id, subject, body, start_date, due_date, status, percent, completed_on,
		private, importance, categories, reminder_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)`
)

// Seed writes sample items into the embedded business database in the file at path.
func Seed(ctx context.Context, path string, a Amount) error {
	if a.Zone == nil {
		return errors.New("sample: no zone")
	}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath(),
		RawQuery: "mode=rw&_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_txlock=immediate"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	defer db.Close()
	src := newSource(a.Seed, pim.KindAppointment, a.Zone, a.Around)
	src.exceptions = a.Exceptions
	err = insert(ctx, db, a.Appointments, func(t *sql.Tx, n int) error {
		return putAppointment(ctx, t, a.User, src.next(n, a.SeriesPercent))
	})
	if err == nil {
		src = newSource(a.Seed, pim.KindTask, a.Zone, a.Around)
		err = insert(ctx, db, a.Tasks, func(t *sql.Tx, n int) error {
			_, err := t.ExecContext(ctx, insertTask, taskRow(a.User, src.task(n))...)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	return nil
}

func insert(ctx context.Context, db *sql.DB, count int, put func(*sql.Tx, int) error) error {
	for done := 0; done < count; {
		n := min(chunk, count-done)
		if err := insertChunk(ctx, db, done+1, n, put); err != nil {
			return err
		}
		done += n
	}
	return nil
}

func insertChunk(ctx context.Context, db *sql.DB, first, count int, put func(*sql.Tx, int) error) error {
	t, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer t.Rollback()
	for i := range count {
		if err := put(t, first+i); err != nil {
			return err
		}
	}
	return t.Commit()
}

// next makes the nth appointment: of a hundred, percent are series.
func (s *source) next(n, percent int) *pim.Appointment {
	if percent > 0 && n*percent/100 > (n-1)*percent/100 {
		return s.series(n)
	}
	return s.appointment(n)
}

// putAppointment inserts an appointment and, of a series, its exceptions with what
// differs.
func putAppointment(ctx context.Context, t *sql.Tx, u pim.UserID, a *pim.Appointment) error {
	rule := ""
	if a.Recurrence != nil {
		var err error
		if rule, err = a.Recurrence.Rule(a.When); err != nil {
			return err
		}
	}
	made, err := t.ExecContext(ctx, insertAppointment, append(appointmentRow(u, a), rule)...)
	if err != nil || a.Recurrence == nil {
		return err
	}
	id, err := made.LastInsertId()
	if err != nil {
		return err
	}
	for _, d := range a.Recurrence.Deleted {
		if _, err := t.ExecContext(ctx, insertException, id, instant(d), 1, nil, nil, nil, nil); err != nil {
			return err
		}
	}
	for _, e := range a.Recurrence.Changed {
		if _, err := t.ExecContext(ctx, insertException, id, instant(e.Original), 0, e.Item.Subject, e.Item.Location,
			instant(e.Item.When.Start), instant(e.Item.When.End)); err != nil {
			return err
		}
	}
	return nil
}

func appointmentRow(u pim.UserID, a *pim.Appointment) []any {
	var minutes any
	if a.Reminder != nil {
		minutes = a.Reminder.Before
	}
	start, end := instant(a.When.Start), instant(a.When.End)
	return []any{string(u), a.Subject, a.Body, a.Location, start, end, a.When.Zone, a.When.AllDay,
		a.When.First.String(), a.When.Last.String(), or(string(a.Busy), "busy"), a.Sensitivity == pim.Private,
		or(string(a.Importance), "normal"), strings.Join(a.Categories, "\n"), minutes}
}

func taskRow(u pim.UserID, t *pim.Task) []any {
	at := ""
	if t.Reminder != nil {
		at = instant(t.Reminder.At)
	}
	return []any{string(u), t.Subject, t.Body, t.Start.String(), t.Due.String(), or(string(t.Status), "not-started"),
		t.Percent, t.Completed.String(), t.Sensitivity == pim.Private, or(string(t.Importance), "normal"), strings.Join(t.Categories, "\n"), at}
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func or(s, zero string) string {
	if s == "" {
		return zero
	}
	return s
}
