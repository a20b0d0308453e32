package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// ProblemID names a problem in this file.
type ProblemID int64

// Problem is an item or account that can't go on, or (Notice) something a person
// should know that needs no action.
type Problem struct {
	ID   ProblemID
	User pim.UserID
	// Kind is 0 and Item "" for a problem of the account itself.
	Kind pim.Kind
	// Side is where the item is or the failure happened, 0 if neither.
	Side   pim.SideID
	Item   pim.ItemID
	Code   fault.Code
	Notice bool
	// Title is what the item's owner knows it by. For the owner's eyes: never logged.
	Title string
	// Detail is for developers: the error's text, without content.
	Detail string
	// First and Last are when it was met; Attempts how often; NextTry when the
	// agent tries again by itself, zero if only a change or a person helps.
	First, Last time.Time
	Attempts    int
	NextTry     time.Time
	// Ignored tells that a person left the item alone: it waits for an edit, and
	// doesn't count any more. It is only read; raising the problem again ends it.
	Ignored bool
}

func putProblem(t *tx, p *Problem, now time.Time) error {
	return t.do(`INSERT INTO problems (user, kind, side, item, code, notice, title, detail, first, last, attempts, next_try)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?9, ?9, 1, ?10)
		ON CONFLICT (user, kind, side, item, code) DO UPDATE SET notice = excluded.notice, title = excluded.title,
			detail = excluded.detail, last = excluded.last, attempts = attempts + 1, next_try = excluded.next_try, ignored = 0`,
		string(p.User), int64(p.Kind), int64(p.Side), string(p.Item), string(p.Code), flag(p.Notice), p.Title, p.Detail,
		millis(now), millis(p.NextTry))
}

// clear ends the problems of an item; notices stay until a person has read them.
func (l *Lease) clear(t *tx, r Ref) error {
	return t.do(`DELETE FROM problems WHERE user = ? AND kind = ? AND side = ? AND item = ? AND NOT notice`,
		string(l.user), int64(l.kind), int64(r.Side), string(r.Item))
}

// PutProblem raises a problem, or counts one more attempt of the same (user,
// kind, side, item and code). Its first and last time are set by the store.
func (s *Store) PutProblem(ctx context.Context, p Problem) error {
	return s.write(ctx, "store.PutProblem", func(t *tx) error { return putProblem(t, &p, s.now()) })
}

// ClearAccountProblems ends the problems of an account itself: those with the
// given codes, or all when none is given.
func (s *Store) ClearAccountProblems(ctx context.Context, user pim.UserID, codes ...fault.Code) error {
	var has bool
	err := s.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM problems WHERE user = ? AND item = '')`, string(user)).Scan(&has)
	if err != nil || !has {
		return failed("store.ClearAccountProblems", err)
	}
	return s.write(ctx, "store.ClearAccountProblems", func(t *tx) error {
		if len(codes) == 0 {
			return t.do(`DELETE FROM problems WHERE user = ? AND item = ''`, string(user))
		}
		for _, c := range codes {
			if err := t.do(`DELETE FROM problems WHERE user = ? AND item = '' AND code = ?`, string(user), string(c)); err != nil {
				return err
			}
		}
		return nil
	})
}

// ProblemQuery says which problems to list. Zero fields do not restrict.
type ProblemQuery struct {
	User pim.UserID
	Kind pim.Kind
	// Notices lists notices too.
	Notices bool
	// After and Limit page through the list; Limit 0 means 100.
	After ProblemID
	Limit int
}

// Problems lists problems in the order of their ids.
func (s *Store) Problems(ctx context.Context, q ProblemQuery) ([]Problem, error) {
	if q.Limit == 0 {
		q.Limit = 100
	}
	rows, err := s.reader.QueryContext(ctx, `SELECT id, user, kind, side, item, code, notice, title, detail, first, last, attempts, next_try, ignored
		FROM problems WHERE id > ?1 AND (?2 = '' OR user = ?2) AND (?3 = 0 OR kind = ?3) AND (?4 OR NOT notice) ORDER BY id LIMIT ?5`,
		int64(q.After), string(q.User), int64(q.Kind), flag(q.Notices), q.Limit)
	if err != nil {
		return nil, failed("store.Problems", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []Problem
	for rows.Next() {
		var p Problem
		var first, last, next int64
		if err := rows.Scan((*int64)(&p.ID), (*string)(&p.User), &p.Kind, &p.Side, (*string)(&p.Item), (*string)(&p.Code), &p.Notice,
			&p.Title, &p.Detail, &first, &last, &p.Attempts, &next, &p.Ignored); err != nil {
			return nil, failed("store.Problems", err)
		}
		p.First, p.Last, p.NextTry = fromMillis(first), fromMillis(last), fromMillis(next)
		out = append(out, p)
	}
	return out, failed("store.Problems", rows.Err())
}

// ProblemCount counts a user's problems, without notices and what is ignored; "" counts everybody's.
func (s *Store) ProblemCount(ctx context.Context, user pim.UserID) (int, error) {
	var n int
	err := s.reader.QueryRowContext(ctx, `SELECT count(*) FROM problems WHERE NOT notice AND NOT ignored AND (?1 = '' OR user = ?1)`, string(user)).Scan(&n)
	return n, failed("store.ProblemCount", err)
}

// ReadNotice removes a notice, for a person who has read it.
func (s *Store) ReadNotice(ctx context.Context, user pim.UserID, id ProblemID) error {
	return s.one(ctx, "store.ReadNotice", `DELETE FROM problems WHERE id = ? AND user = ? AND notice`, int64(id), string(user))
}

// one runs a statement that must change exactly one row.
func (s *Store) one(ctx context.Context, op, query string, args ...any) error {
	return s.write(ctx, op, func(t *tx) error {
		res, err := t.exec(query, args...)
		if err != nil {
			return err
		}
		return oneRow(res, op)
	})
}

func oneRow(res sql.Result, op string) error {
	if n, err := res.RowsAffected(); err != nil || n != 0 {
		return err
	}
	return fault.New(fault.NotFound, op, "", nil)
}

// Shorten cuts a title to what a list shows.
func Shorten(title string) string {
	const most = 120
	if len(title) <= most {
		return title
	}
	return strings.ToValidUTF8(title[:most], "") + "…"
}
