package store

import (
	"context"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// troubled is the item of a problem.
type troubled struct {
	user, item       string
	kind, side, sync int64
	notice           bool
}

func (t *tx) troubled(op string, user pim.UserID, id ProblemID) (troubled, error) {
	p := troubled{user: string(user)}
	ok, err := t.row(`SELECT q.kind, q.side, q.item, q.notice, coalesce(y.id, 0) FROM problems q LEFT JOIN syncs y ON y.user = q.user AND y.kind = q.kind
		WHERE q.id = ? AND q.user = ?`, []any{int64(id), string(user)}, &p.kind, &p.side, &p.item, &p.notice, &p.sync)
	if err == nil && !ok {
		err = fault.New(fault.NotFound, op, string(user), nil)
	}
	return p, err
}

// ofPair are the two items of the pair that has the item ?3 of side ?2, as (side,
// item); or the item alone.
const ofPair = ` (SELECT ?2, ?3 UNION SELECT 1, b_id FROM pairs WHERE sync = ?1 AND (?2 = 1 AND b_id = ?3 OR ?2 = 2 AND e_id = ?3)
	UNION SELECT 2, e_id FROM pairs WHERE sync = ?1 AND (?2 = 1 AND b_id = ?3 OR ?2 = 2 AND e_id = ?3))`

// RetryProblem makes the item of a problem ready for the next run at once, ignored
// or not. [fault.NotFound] if the user has no such problem.
func (s *Store) RetryProblem(ctx context.Context, user pim.UserID, id ProblemID) error {
	const op = "store.RetryProblem"
	return s.write(ctx, op, func(t *tx) error {
		p, err := t.troubled(op, user, id)
		if err != nil {
			return err
		}
		if err := t.do(`UPDATE problems SET ignored = 0 WHERE ignored AND user = ?4 AND kind = ?5 AND (side, item) IN`+ofPair,
			p.sync, p.side, p.item, p.user, p.kind); err != nil {
			return err
		}
		if err := t.do(`UPDATE inbox SET state = 0, attempts = 0, next_try = 0, ignored = 0 WHERE ignored AND sync = ?1 AND (side, id) IN`+ofPair,
			p.sync, p.side, p.item); err != nil {
			return err
		}
		return t.do(`UPDATE inbox SET state = 0, attempts = 0, next_try = 0 WHERE state IN (1, 2) AND side = ? AND id = ? AND sync = ?`,
			p.side, p.item, p.sync)
	})
}

// IgnoreProblem leaves the item of a problem, and the one it is paired with, as
// they are on both sides: until a person edits one of them, or tries again.
// [fault.NotFound] if the user has no such problem; [fault.BadRequest] for one of
// the account itself, and for a notice.
func (s *Store) IgnoreProblem(ctx context.Context, user pim.UserID, id ProblemID) error {
	const op = "store.IgnoreProblem"
	return s.write(ctx, op, func(t *tx) error {
		p, err := t.troubled(op, user, id)
		if err != nil {
			return err
		}
		if p.item == "" || p.notice {
			return fault.New(fault.BadRequest, op, p.user, nil)
		}
		if err := t.do(`UPDATE problems SET ignored = 1, next_try = 0 WHERE NOT notice AND user = ?4 AND kind = ?5 AND (side, item) IN`+ofPair,
			p.sync, p.side, p.item, p.user, p.kind); err != nil {
			return err
		}
		// What a hold keeps stays its own matter.
		return t.do(`UPDATE inbox SET state = 2, next_try = 0, ignored = 1 WHERE state IN (0, 1, 2) AND sync = ?1 AND (side, id) IN`+ofPair,
			p.sync, p.side, p.item)
	})
}

// arriveRows puts what a feed named into the inbox. What is ignored stays so where
// the feed tells of a new version only: nobody edited it.
func (l *Lease) arriveRows(t *tx, rows []Row) error {
	var some bool
	if _, err := t.row(`SELECT EXISTS (SELECT 1 FROM inbox WHERE sync = ? AND ignored)`, []any{l.sync}, &some); err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		if some && !r.Gone {
			res, err := t.exec(`UPDATE inbox SET version = ?, key = ? WHERE sync = ? AND side = ? AND id = ? AND ignored AND NOT gone
				AND (item = ?6 OR item IS NULL AND ?6 IS NULL AND version = ?1)`,
				string(r.Version), string(r.Key), l.sync, int64(r.Side), string(r.ID), r.Item)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n > 0 {
				if err != nil {
					return err
				}
				continue
			}
		}
		if err := l.putRow(t, r); err != nil {
			return err
		}
	}
	return nil
}
