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
	// Around is the middle of the year they fall into.
	Around time.Time
	// Zone is where their user works.
	Zone *time.Location
}

// chunk is how many rows a transaction holds, so that others can write in between.
const chunk = 2000

const (
	insertAppointment = `INSERT INTO appointments (user_id, subject, body, location, start_at, end_at, time_zone, all_day,
		start_date, end_date, busy, private, importance, categories, reminder_minutes) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`
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
	err = insert(ctx, db, insertAppointment, a.Appointments, func(n int) []any { return appointmentRow(a.User, src.appointment(n)) })
	if err == nil {
		src = newSource(a.Seed, pim.KindTask, a.Zone, a.Around)
		err = insert(ctx, db, insertTask, a.Tasks, func(n int) []any { return taskRow(a.User, src.task(n)) })
	}
	if err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	return nil
}

func insert(ctx context.Context, db *sql.DB, text string, count int, row func(int) []any) error {
	for done := 0; done < count; {
		n := min(chunk, count-done)
		if err := insertChunk(ctx, db, text, done+1, n, row); err != nil {
			return err
		}
		done += n
	}
	return nil
}

func insertChunk(ctx context.Context, db *sql.DB, text string, first, count int, row func(int) []any) error {
	t, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer t.Rollback()
	s, err := t.PrepareContext(ctx, text)
	if err != nil {
		return err
	}
	for i := range count {
		if _, err := s.ExecContext(ctx, row(first+i)...); err != nil {
			return err
		}
	}
	return t.Commit()
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
