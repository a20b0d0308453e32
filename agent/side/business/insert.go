package business

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// inserter gives the function that inserts an item and tells the id of its row.
func (f *folder) inserter() inserting {
	text := `INSERT INTO ` + f.rel.name + ` (` + strings.Join(f.rel.columns[1:], ", ") + `) VALUES (?` +
		strings.Repeat(",?", len(f.rel.columns)-2) + `)`
	values := func(i pim.Item, rule string) ([]any, error) {
		v, err := encode(i)
		if err != nil {
			return nil, fault.New(fault.ItemRefused, "business.insert", f.kind.String(), err)
		}
		if rule != "" { // as it came from a file, sayable or not
			v[colRule-colSubject] = rule
		}
		return append([]any{f.user}, v...), nil
	}
	switch {
	case !f.d.cfg.Foreign:
		return func(ctx context.Context, t *tx, i pim.Item, rule string) (any, error) {
			v, err := values(i, rule)
			if err != nil {
				return nil, err
			}
			r, err := t.exec(ctx, text, v...)
			if err != nil {
				return nil, err
			}
			return r.LastInsertId()
		}
	case f.d.views[f.rel.name]:
		var top any
		return func(ctx context.Context, t *tx, i pim.Item, rule string) (any, error) {
			v, err := values(i, rule)
			if err != nil {
				return nil, err
			}
			return f.insertIntoView(ctx, t, text, v, &top)
		}
	}
	return func(ctx context.Context, t *tx, i pim.Item, rule string) (any, error) {
		v, err := values(i, rule)
		if err != nil {
			return nil, err
		}
		var id any
		err = queryRow(ctx, t, text+` RETURNING id`, v, &id)
		return id, err
	}
}

// insertIntoView finds the row an INSTEAD OF trigger made: neither RETURNING nor the
// last row id tell (sqlite.org/lang_returning.html, section 3). The write lock is
// ours, so it is the one row with an id above all before; top is the highest so far,
// nil when it is not known.
func (f *folder) insertIntoView(ctx context.Context, t *tx, text string, v []any, top *any) (any, error) {
	if *top == nil {
		// Not max(id): through a join that reads the whole view.
		err := queryRow(ctx, t, `SELECT id FROM `+f.rel.name+` ORDER BY id DESC LIMIT 1`, nil, top)
		if errors.Is(err, sql.ErrNoRows) {
			*top, err = int64(math.MinInt64), nil
		}
		if err != nil {
			return nil, err
		}
	}
	before := *top
	*top = nil // known again only when all goes well
	if _, err := t.exec(ctx, text, v...); err != nil {
		return nil, err
	}
	var (
		n  int
		id any
	)
	if err := queryRow(ctx, t, `SELECT count(*), max(id) FROM `+f.rel.name+` WHERE id > ?`, []any{before}, &n, &id); err != nil {
		return nil, err
	}
	if n != 1 {
		return nil, fault.New(fault.ItemRefused, "business.insert", f.kind.String(),
			fmt.Errorf("the view shows %d new rows after one was inserted", n))
	}
	*top = id
	return id, nil
}

func queryRow(ctx context.Context, t *tx, text string, args []any, into ...any) error {
	s, err := t.stmt(ctx, text)
	if err != nil {
		return err
	}
	return s.QueryRowContext(ctx, args...).Scan(into...)
}
