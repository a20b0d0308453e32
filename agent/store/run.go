package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// RunID names a run in this file.
type RunID int64

// Counts is what a run has done so far.
type Counts struct {
	// Seen are feed entries read that were not echoes of our own writes.
	Seen PerSide[int] `json:"seen"`
	// Created, Updated and Deleted are writes to that side.
	Created PerSide[int] `json:"created"`
	Updated PerSide[int] `json:"updated"`
	Deleted PerSide[int] `json:"deleted"`
	// Stamped are keys written into existing items of that side.
	Stamped PerSide[int] `json:"stamped"`
	// Paired are items found to belong together without a creation.
	Paired int `json:"paired"`
	// Conflicts are items with a field both sides had changed.
	Conflicts int `json:"conflicts"`
	// Failed are items that became or stayed a problem.
	Failed int `json:"failed"`
	// Held are deletions and creations a guard kept back.
	Held int `json:"held"`
}

// Writes counts the writes to both sides.
func (c *Counts) Writes() int {
	n := 0
	for i := range c.Created {
		n += c.Created[i] + c.Updated[i] + c.Deleted[i] + c.Stamped[i]
	}
	return n
}

// Run is one run in the history.
type Run struct {
	ID   RunID
	User pim.UserID
	Kind pim.Kind
	// Cause is why it ran, in a word of the scheduler's.
	Cause string
	// Started and Ended; Ended is zero while it goes on. Busy is the time spent in
	// its slices.
	Started, Ended time.Time
	Busy           time.Duration
	Slices         int
	// Code is how the last slice failed, "" if it did not.
	Code   fault.Code
	Counts Counts
	Spent  Spent
	// Undone is when a person undid it, zero if nobody did.
	Undone time.Time
}

// Spent is what a run cost at the mail server.
type Spent struct {
	// Requests are the calls it was asked, Sent and Received bytes.
	Requests, Sent, Received int64
	// Throttled is how long was waited because the server asked for it: the sum over
	// all requests, of which some wait side by side.
	Throttled time.Duration
}

// OpenRun gives the unfinished run with its counts, or starts one.
func (l *Lease) OpenRun(ctx context.Context, cause string) (Run, error) {
	r := Run{User: l.user, Kind: l.kind, Cause: cause}
	err := l.write(ctx, "store.OpenRun", func(t *tx) error {
		var started, busy, throttled int64
		var counts string
		ok, err := t.row(`SELECT r.id, r.cause, r.started, r.busy, r.slices, r.counts, r.requests, r.sent, r.received, r.throttled
			FROM runs r JOIN syncs y ON y.run = r.id WHERE y.id = ?`,
			[]any{l.sync}, (*int64)(&r.ID), &r.Cause, &started, &busy, &r.Slices, &counts,
			&r.Spent.Requests, &r.Spent.Sent, &r.Spent.Received, &throttled)
		if err != nil {
			return err
		}
		if ok {
			r.Started, r.Busy = fromMillis(started), time.Duration(busy)*time.Millisecond
			r.Spent.Throttled = time.Duration(throttled) * time.Millisecond
			return json.Unmarshal([]byte(counts), &r.Counts)
		}
		r.Started = l.s.now()
		if _, err := t.row(`INSERT INTO runs (sync, cause, started, ended, busy, slices, code, counts) VALUES (?, ?, ?, 0, 0, 0, '', '{}') RETURNING id`,
			[]any{l.sync, cause, millis(r.Started)}, (*int64)(&r.ID)); err != nil {
			return err
		}
		return t.do(`UPDATE syncs SET run = ? WHERE id = ?`, int64(r.ID), l.sync)
	})
	return r, err
}

// SaveRun records a slice's end. A run whose Ended is set is over; of runs in a
// row that wrote nothing and met nothing, only the newest is kept.
func (l *Lease) SaveRun(ctx context.Context, r *Run) error {
	counts, err := json.Marshal(&r.Counts)
	if err != nil {
		return failed("store.SaveRun", err)
	}
	return l.write(ctx, "store.SaveRun", func(t *tx) error {
		if err := t.do(`UPDATE runs SET ended = ?, busy = ?, slices = ?, code = ?, counts = ?, requests = ?, sent = ?, received = ?, throttled = ? WHERE id = ?`,
			millis(r.Ended), r.Busy.Milliseconds(), r.Slices, string(r.Code), string(counts),
			r.Spent.Requests, r.Spent.Sent, r.Spent.Received, r.Spent.Throttled.Milliseconds(), int64(r.ID)); err != nil {
			return err
		}
		if r.Ended.IsZero() {
			return nil
		}
		if err := t.do(`DELETE FROM runs WHERE id = (SELECT max(id) FROM runs WHERE sync = ?1 AND id < ?2)
			AND code = ?3 AND counts = ?4 AND ?4 = ?5`, l.sync, int64(r.ID), string(r.Code), string(counts), quiet()); err != nil {
			return err
		}
		return t.do(`UPDATE syncs SET run = NULL WHERE id = ?`, l.sync)
	})
}

// quiet is how the counts of a run that did nothing are stored.
func quiet() string {
	b, err := json.Marshal(&Counts{})
	if err != nil {
		return ""
	}
	return string(b)
}

// Runs lists a user's runs, the newest first: up to limit older than before (0:
// from the newest).
func (s *Store) Runs(ctx context.Context, user pim.UserID, before RunID, limit int) ([]Run, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT `+runColumns+`
		FROM runs r JOIN syncs y ON y.id = r.sync WHERE (?1 = '' OR y.user = ?1) AND (?2 = 0 OR r.id < ?2) ORDER BY r.id DESC LIMIT ?3`,
		string(user), int64(before), limit)
	if err != nil {
		return nil, failed("store.Runs", err)
	}
	return scanRuns(rows)
}

// RunOf reads one run of a user's. [fault.NotFound] if he has no such run.
func (s *Store) RunOf(ctx context.Context, user pim.UserID, id RunID) (Run, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT `+runColumns+` FROM runs r JOIN syncs y ON y.id = r.sync WHERE y.user = ? AND r.id = ?`,
		string(user), int64(id))
	if err != nil {
		return Run{}, failed("store.RunOf", err)
	}
	list, err := scanRuns(rows)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "store.RunOf", string(user), nil)
	}
	if err != nil {
		return Run{}, err
	}
	return list[0], nil
}

const runColumns = `r.id, y.user, y.kind, r.cause, r.started, r.ended, r.busy, r.slices, r.code, r.counts,
	r.requests, r.sent, r.received, r.throttled, r.undone`

func scanRuns(rows *sql.Rows) ([]Run, error) {
	defer rows.Close() //nolint:errcheck // read only
	var out []Run
	for rows.Next() {
		var r Run
		var started, ended, busy, throttled, undone int64
		var counts string
		if err := rows.Scan((*int64)(&r.ID), (*string)(&r.User), &r.Kind, &r.Cause, &started, &ended, &busy, &r.Slices,
			(*string)(&r.Code), &counts, &r.Spent.Requests, &r.Spent.Sent, &r.Spent.Received, &throttled, &undone); err != nil {
			return nil, failed("store.Runs", err)
		}
		r.Started, r.Ended, r.Busy = fromMillis(started), fromMillis(ended), time.Duration(busy)*time.Millisecond
		r.Spent.Throttled, r.Undone = time.Duration(throttled)*time.Millisecond, fromMillis(undone)
		if err := json.Unmarshal([]byte(counts), &r.Counts); err != nil {
			return nil, failed("store.Runs", err)
		}
		out = append(out, r)
	}
	return out, failed("store.Runs", rows.Err())
}
