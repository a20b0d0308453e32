package business

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"abgleich/agent/pim"
)

// series is a recurring appointment that can be expanded.
type series struct {
	master *pim.Appointment
	timing *pim.Timing
}

// seriesOf gives the series of a projected item; nil for single items, for tasks,
// and for a recurrence nobody can carry.
func seriesOf(i pim.Item) *series {
	a, ok := i.(*pim.Appointment)
	if !ok || a.Recurrence == nil || pim.CheckSeries(a) != nil {
		return nil
	}
	t, err := a.Recurrence.Timing(a.When)
	if err != nil {
		return nil
	}
	return &series{a, t}
}

// plain is the nth occurrence as the pattern has it, and its original start.
func (s *series) plain(n int) (*pim.Appointment, time.Time, bool) {
	o, ok := s.master.Occurrence(s.timing, n)
	start, there := s.timing.Start(n)
	return o, start, ok && there
}

// original is how the column names an occurrence.
func (s *series) original(start time.Time) (string, error) {
	if s.master.When.AllDay {
		return start.Format(time.DateOnly), nil
	}
	return formatInstant(start)
}

// withExceptions reads the exceptions of a projected series into it.
func (s *series) withExceptions(rows []exception) (pim.Item, error) {
	r := s.master.Recurrence
	for i := range rows {
		e := &rows[i]
		n, ok, err := e.number(s)
		if err != nil {
			return nil, err
		}
		plain, start, there := s.plain(n)
		switch {
		case !ok || !there:
			continue
		case e.deleted():
			r.Deleted = append(r.Deleted, start)
			continue
		}
		o, err := e.occurrence(plain)
		if err != nil {
			return nil, fmt.Errorf("occurrence %s: %w", e.text(excOriginal), err)
		}
		r.Changed = append(r.Changed, pim.Exception{Original: start, Item: o})
	}
	return project(s.master), nil
}

// exceptions reads the exceptions of series in one query, by the id of their owner.
func (f *folder) exceptions(ctx context.Context, t *tx, ids []any) (map[pim.ItemID][]exception, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rows, err := t.query(ctx, exceptionSelection()+` WHERE appointment_id IN (SELECT value FROM json_each(?))
		ORDER BY appointment_id, original_start`, string(list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[pim.ItemID][]exception{}
	for rows.Next() {
		e, err := scanException(rows)
		if err != nil {
			return nil, err
		}
		id := itemID(e.owner)
		found[id] = append(found[id], e)
	}
	return found, rows.Err()
}

// exceptionSelection wraps every column, so that the driver does not interpret a
// foreign declared type, and NULL stays NULL.
func exceptionSelection() string {
	c := exceptionRelation.columns
	return "SELECT " + c[0] + ", COALESCE(" + strings.Join(c[1:], ", NULL), COALESCE(") + ", NULL) FROM " + exceptionRelation.name
}

func scanException(rows *sql.Rows) (e exception, err error) {
	into := make([]any, 0, excColumns+1)
	into = append(into, &e.owner)
	for i := range e.column {
		into = append(into, &e.column[i])
	}
	err = rows.Scan(into...)
	return e, err
}

// exceptionWalk reads the exceptions of a whole folder beside a walk over its rows,
// both in the order of ids: memory stays flat.
type exceptionWalk struct {
	f     *folder
	t     *tx
	owned bool
	rows  *sql.Rows // nil until the first series
	next  *exception
}

// of gives the exceptions of the series with an id; ids must come in their order.
func (w *exceptionWalk) of(ctx context.Context, id any) ([]exception, error) {
	if w.rows == nil {
		var err error
		condition, who := w.f.scope(w.owned)
		w.rows, err = w.t.QueryContext(ctx, exceptionSelection()+` WHERE appointment_id IN (SELECT id FROM `+w.f.rel.name+
			` WHERE `+condition+` AND recurrence_rule <> '') ORDER BY appointment_id COLLATE BINARY, original_start`, who...)
		if err != nil {
			return nil, err
		}
		if err := w.advance(); err != nil {
			return nil, err
		}
	}
	var found []exception
	for w.next != nil {
		order := compareIDs(w.next.owner, id)
		if order > 0 {
			break
		}
		if order == 0 {
			found = append(found, *w.next)
		}
		if err := w.advance(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (w *exceptionWalk) advance() error {
	if w.next = nil; !w.rows.Next() {
		return w.rows.Err()
	}
	e, err := scanException(w.rows)
	w.next = &e
	return err
}

func (w *exceptionWalk) close() {
	if w.rows != nil {
		_ = w.rows.Close()
	}
}
