package demo

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"abgleich/agent/exchangesim"
)

// The places of the times in a line.
const (
	columnStart = 3
	columnEnd   = 4
)

// businessOccurrences adds a line for every occurrence of a user's series that
// begins within a time: the rules expanded by a library that neither side uses for
// it, with the exceptions put over them.
func (w *world) businessOccurrences(ctx context.Context, u *user, from, to time.Time, lines map[string]int) error {
	exceptions, err := w.exceptionRows(ctx, u)
	if err != nil {
		return err
	}
	rows, err := w.erp.QueryContext(ctx, `SELECT id, recurrence_rule, time_zone, all_day, subject, body, location,
		CASE WHEN all_day THEN start_date ELSE start_at END, CASE WHEN all_day THEN end_date ELSE end_at END,
		busy, private, importance, COALESCE(reminder_minutes, ''), categories
		FROM appointments WHERE user_id = ? AND recurrence_rule <> ''`, string(u.id))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		s := seriesRow{columns: make([]string, columns)}
		var id int64
		into := []any{&id, &s.rule, &s.zone, &s.allDay}
		for i := range s.columns {
			into = append(into, &s.columns[i])
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := s.expand(from, to, exceptions[id], lines); err != nil {
			return fmt.Errorf("series %d, %q: %w", id, s.rule, err)
		}
	}
	return rows.Err()
}

// seriesRow is a series as the business program sees it.
type seriesRow struct {
	rule, zone string
	allDay     bool
	columns    []string
}

// exceptionRow is an occurrence's own row: what is not valid is as in the series.
type exceptionRow struct {
	deleted bool
	columns []sql.NullString
}

// layout is how the series writes its times.
func (s *seriesRow) layout() string {
	if s.allDay {
		return time.DateOnly
	}
	return sqlTime
}

func (s *seriesRow) expand(from, to time.Time, exceptions map[string]exceptionRow, lines map[string]int) error {
	loc, err := time.LoadLocation(s.zone)
	if err != nil || s.allDay {
		loc = time.UTC
	}
	start, err := time.ParseInLocation(s.layout(), s.columns[columnStart], loc)
	if err != nil {
		return err
	}
	end, err := time.ParseInLocation(s.layout(), s.columns[columnEnd], loc)
	if err != nil {
		return err
	}
	o, err := rrule.StrToROptionInLocation(s.rule, loc)
	if err != nil {
		return err
	}
	o.Dtstart = start.In(loc)
	r, err := rrule.NewRRule(*o)
	if err != nil {
		return err
	}
	for _, at := range r.Between(from, to, true) {
		v := append([]string(nil), s.columns...)
		v[columnStart] = at.UTC().Format(s.layout())
		v[columnEnd] = at.Add(end.Sub(start)).UTC().Format(s.layout())
		if e, ok := exceptions[v[columnStart]]; ok {
			if e.deleted {
				continue
			}
			for i, c := range e.columns {
				if c.Valid {
					v[i] = c.String
				}
			}
		}
		lines[occurrenceLine(rowLine(v))]++
	}
	return nil
}

// occurrenceLine keeps occurrences apart from their series.
func occurrenceLine(line string) string { return "↻ " + line }

// exceptionRows reads the exceptions of a user's series by series and original start.
func (w *world) exceptionRows(ctx context.Context, u *user) (map[int64]map[string]exceptionRow, error) {
	rows, err := w.erp.QueryContext(ctx, `SELECT e.appointment_id, e.original_start, e.deleted, e.subject, e.body, e.location,
		CASE WHEN a.all_day THEN e.start_date ELSE e.start_at END, CASE WHEN a.all_day THEN e.end_date ELSE e.end_at END,
		e.busy, e.private, e.importance, e.reminder_minutes, e.categories
		FROM appointment_exceptions e JOIN appointments a ON a.id = e.appointment_id WHERE a.user_id = ?`, string(u.id))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64]map[string]exceptionRow{}
	for rows.Next() {
		e := exceptionRow{columns: make([]sql.NullString, columns)}
		var id int64
		var original string
		into := []any{&id, &original, &e.deleted}
		for i := range e.columns {
			into = append(into, &e.columns[i])
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		if all[id] == nil {
			all[id] = map[string]exceptionRow{}
		}
		all[id][original] = e
	}
	return all, rows.Err()
}

// mailboxOccurrences takes the same lines away, as the mailbox shows the series.
// Whether an occurrence is within the time is decided by where its pattern puts it.
func mailboxOccurrences(box *exchangesim.Mailbox, loc *time.Location, from, to time.Time, lines map[string]int) error {
	const margin = 60 * 24 * time.Hour // for what is moved across the ends
	for _, it := range box.List(exchangesim.Calendar) {
		if it.Recurrence == nil {
			continue
		}
		list, err := box.Occurrences(it.ID, from.Add(-margin), to.Add(margin))
		if err != nil {
			return err
		}
		for _, o := range list {
			if !o.OriginalStart.Before(from) && !o.OriginalStart.After(to) {
				lines[occurrenceLine(strings.Join(appointmentLine(o, loc), "\x1f"))]--
			}
		}
	}
	return nil
}

// seriesThere counts the series and exceptions of the business side.
func (w *world) seriesThere(ctx context.Context) (series, exceptions int, err error) {
	err = w.erp.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM appointments WHERE recurrence_rule <> ''),
		(SELECT count(*) FROM appointment_exceptions)`).Scan(&series, &exceptions)
	return series, exceptions, err
}
