package store

import (
	"context"
	"database/sql"
	"errors"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// UserOptions are a user's own options of each kind: text of the engine's, "" where the
// parameters hold.
type UserOptions struct {
	User                pim.UserID
	Appointments, Tasks string
}

// Of gives those of one kind.
func (o *UserOptions) Of(k pim.Kind) *string {
	if k == pim.KindTask {
		return &o.Tasks
	}
	return &o.Appointments
}

// UserOptions reads a user's options; empty ones if he has none of his own.
func (s *Store) UserOptions(ctx context.Context, user pim.UserID) (UserOptions, error) {
	o := UserOptions{User: user}
	err := s.reader.QueryRowContext(ctx, `SELECT appointments, tasks FROM options WHERE user = ?`, string(user)).Scan(&o.Appointments, &o.Tasks)
	if errors.Is(err, sql.ErrNoRows) {
		return o, nil
	}
	return o, failed("store.UserOptions", err)
}

// SetUserOptions keeps a user's options, or forgets them when they are empty. Nothing
// else changes: the next run of each kind decides everything by them, see
// [Lease.ApplyOptions].
func (s *Store) SetUserOptions(ctx context.Context, o UserOptions) error {
	return s.write(ctx, "store.SetUserOptions", func(t *tx) error {
		if o.Appointments == "" && o.Tasks == "" {
			return t.do(`DELETE FROM options WHERE user = ?`, string(o.User))
		}
		return t.do(`INSERT OR REPLACE INTO options (user, appointments, tasks) VALUES (?, ?, ?)`, string(o.User), o.Appointments, o.Tasks)
	})
}

// OptionsInForce is by which options everything was decided: what
// [Lease.ApplyOptions] was given last, "" for nothing.
func (l *Lease) OptionsInForce(ctx context.Context) (string, error) {
	var v string
	err := l.s.reader.QueryRowContext(ctx, `SELECT options FROM syncs WHERE id = ?`, l.sync).Scan(&v)
	return v, failed("store.OptionsInForce", err)
}

// ApplyOptions notes that other options are in force, and makes ready what must be
// decided anew by them: items and changes that were outside, and every pair at rest.
// What is gone stays as it was decided: options delete nothing. All of it is known
// here; no feed must be read again.
func (l *Lease) ApplyOptions(ctx context.Context, inForce string) error {
	return l.write(ctx, "store.ApplyOptions", func(t *tx) error {
		if err := t.do(`UPDATE inbox SET state = 0, next_try = 0, attempts = 0, code = '' WHERE sync = ? AND state IN (1, 2) AND NOT gone AND NOT ignored
			AND code IN (?, ?)`, l.sync, string(fault.OutsideOptions), string(fault.MeetingNeedsOutlook)); err != nil {
			return err
		}
		if err := t.do(`INSERT INTO inbox (sync, side, id, pair, state, gone, broken, place, trouble, attempts,
				next_try, hold, seen, code, version, key, uid, hint, item)
			SELECT p.sync, 2, p.e_id, p.id, 0, 0, 0, 0, 0, 0, 0, 0, ?2, '', p.e_ver, CASE WHEN p.keyed & 2 THEN p.key ELSE '' END, '', 0,
				CASE WHEN p.same THEN p.b_base ELSE p.e_base END
			FROM pairs p WHERE p.sync = ?1 AND p.state = 1 AND p.b_base IS NOT NULL AND (p.same OR p.e_base IS NOT NULL)
				AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.pair = p.id)
			ON CONFLICT DO NOTHING`, l.sync, millis(l.s.now())); err != nil {
			return err
		}
		return t.do(`UPDATE syncs SET options = ? WHERE id = ?`, inForce, l.sync)
	})
}

// Resting counts the pairs, and those of them that the options let rest.
func (l *Lease) Resting(ctx context.Context) (pairs, resting int, err error) {
	err = l.s.reader.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM pairs WHERE sync = ?1), (SELECT count(*) FROM pairs p WHERE p.sync = ?1
		AND p.state = 2 AND EXISTS (SELECT 1 FROM inbox i WHERE i.pair = p.id AND i.code = ?2))`, l.sync, string(fault.OutsideOptions)).Scan(&pairs, &resting)
	return pairs, resting, failed("store.Resting", err)
}

// Outside counts the items of one side only that the options leave where they are.
func (l *Lease) Outside(ctx context.Context) (PerSide[int], error) {
	var n PerSide[int]
	err := l.s.reader.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE side = 1), count(*) FILTER (WHERE side = 2) FROM inbox
		WHERE sync = ? AND pair IS NULL AND state IN (1, 2) AND code = ?`, l.sync, string(fault.OutsideOptions)).
		Scan(n.At(pim.Business), n.At(pim.Exchange))
	return n, failed("store.Outside", err)
}
