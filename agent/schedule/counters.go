package schedule

import (
	"context"
	"database/sql"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// counters is what queue.db knows of one slot and its user.
type counters struct {
	slot
	want, done, open, claim int64
	reason                  Reason
	failures                int64
	code                    fault.Code
	pauseUntil, serverUntil time.Time
	nextRun                 time.Time

	paused      bool
	pausedUntil time.Time
	stopCode    fault.Code
	stopUntil   time.Time
	tryRejected bool
}

const selectCounters = `SELECT s.user, s.kind, s.want, s.done, s.open, s.claim, s.reason, s.failures,
	s.code, s.pause_until, s.server_until, s.next_run,
	coalesce(p.paused, 0), coalesce(p.paused_until, 0), coalesce(p.stop_code, ''),
	coalesce(p.stop_until, 0), coalesce(p.try_rejected, 0)
	FROM slot s LEFT JOIN person p ON p.user = s.user`

type scanner interface{ Scan(...any) error }

func scanCounters(row scanner) (c counters, err error) {
	var pause, server, next, paused, stop int64
	err = row.Scan(&c.user, &c.kind, &c.want, &c.done, &c.open, &c.claim, &c.reason, &c.failures,
		&c.code, &pause, &server, &next, &c.paused, &paused, &c.stopCode, &stop, &c.tryRejected)
	c.pauseUntil, c.serverUntil, c.nextRun = instant(pause), instant(server), instant(next)
	c.pausedUntil, c.stopUntil = instant(paused), instant(stop)
	return c, err
}

// instant reads a stored time; 0 is the zero time.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// stored writes what instant reads. It rounds up, so that a time read back is
// never before the one meant.
func stored(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Add(time.Millisecond - 1).UnixMilli()
}

// dueAt tells when the slot may and should run; false for not before something
// else happens. The zero time is due at once.
func (c counters) dueAt() (time.Time, bool) {
	var at time.Time
	if c.want <= c.done {
		if c.nextRun.IsZero() {
			return at, false
		}
		at = c.nextRun
	}
	if c.paused {
		if c.pausedUntil.IsZero() {
			return at, false
		}
		at = later(at, c.pausedUntil)
	}
	return later(later(at, c.stopUntil), later(c.pauseUntil, c.serverUntil)), true
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// long tells that the run may take many slices: a first sync, or one begun before.
func (c counters) long() bool { return c.done == 0 || c.open != 0 }

// read gives one slot's counters; the zero ones if it has none yet.
func read(ctx context.Context, tx *sql.Tx, k slot) (counters, error) {
	c, err := scanCounters(tx.QueryRowContext(ctx, selectCounters+` WHERE s.user = ? AND s.kind = ?`, k.user, k.kind))
	if err == sql.ErrNoRows {
		return counters{slot: k}, nil
	}
	return c, err
}

// all reads every slot.
func (q *queue) all(ctx context.Context) (list []counters, err error) {
	rows, err := q.db.QueryContext(ctx, selectCounters)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		c, err := scanCounters(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// of reads one user's slots and what stands in his way; a user without any slot
// has none of it.
func (q *queue) of(ctx context.Context, user pim.UserID) (c counters, err error) {
	err = q.inTx(ctx, func(tx *sql.Tx) error {
		c, err = scanCounters(tx.QueryRowContext(ctx, selectCounters+` WHERE s.user = ? LIMIT 1`, user))
		if err == sql.ErrNoRows {
			err = nil
		}
		return err
	})
	return c, err
}

// want counts one trigger for each slot.
func (q *queue) want(ctx context.Context, why Reason, slots ...slot) error {
	return q.inTx(ctx, func(tx *sql.Tx) error { return want(ctx, tx, why, slots...) })
}

func want(ctx context.Context, tx *sql.Tx, why Reason, slots ...slot) error {
	for _, k := range slots {
		if _, err := tx.ExecContext(ctx, `INSERT INTO slot (user, kind, want, reason) VALUES (?, ?, 1, ?)
			ON CONFLICT DO UPDATE SET want = want + 1, reason = max(reason, excluded.reason)`,
			k.user, k.kind, why); err != nil {
			return err
		}
	}
	return nil
}

// tick turns what the clock made due into triggers. It returns the users whose
// pause is over.
func (q *queue) tick(ctx context.Context, now time.Time) (resumed []pim.UserID, err error) {
	err = q.inTx(ctx, func(tx *sql.Tx) error {
		resumed = nil
		rows, err := tx.QueryContext(ctx, `UPDATE person SET paused = 0, paused_until = 0
			WHERE paused <> 0 AND paused_until <> 0 AND paused_until <= ? RETURNING user`, now.UnixMilli())
		if err != nil {
			return err
		}
		for rows.Next() {
			var u pim.UserID
			if err := rows.Scan(&u); err != nil {
				return err
			}
			resumed = append(resumed, u)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for _, u := range resumed {
			if _, err := tx.ExecContext(ctx, `UPDATE slot SET want = want + 1 WHERE user = ?`, u); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE slot SET want = want + 1, next_run = 0
			WHERE next_run <> 0 AND next_run <= ?`, now.UnixMilli())
		return err
	})
	return resumed, err
}

// pause stores a person's pause.
func (q *queue) pause(ctx context.Context, user pim.UserID, paused bool, until time.Time) error {
	_, err := q.db.ExecContext(ctx, `INSERT INTO person (user, paused, paused_until) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET paused = excluded.paused, paused_until = excluded.paused_until`,
		user, paused, stored(until))
	return err
}

// stopUser stores that nothing may run for the user for a while.
func stopUser(ctx context.Context, tx *sql.Tx, user pim.UserID, code fault.Code, until time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO person (user, stop_code, stop_until) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET stop_code = excluded.stop_code, stop_until = excluded.stop_until, try_rejected = 0`,
		user, code, stored(until))
	return err
}

// release takes away what our own pauses put in the user's way, and counts a
// trigger for each slot. What the server asked to wait stays.
func (q *queue) release(ctx context.Context, user pim.UserID, tryRejected bool, slots ...slot) error {
	return q.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO person (user, try_rejected) VALUES (?, ?)
			ON CONFLICT DO UPDATE SET stop_code = '', stop_until = 0,
			try_rejected = max(try_rejected, excluded.try_rejected)`, user, tryRejected); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE slot SET pause_until = 0, failures = 0 WHERE user = ?`, user); err != nil {
			return err
		}
		return want(ctx, tx, ByPerson, slots...)
	})
}

// reschedule brings every next run to within the interval.
func (q *queue) reschedule(ctx context.Context, latest time.Time) error {
	_, err := q.db.ExecContext(ctx, `UPDATE slot SET next_run = min(next_run, ?) WHERE next_run <> 0`, stored(latest))
	return err
}
