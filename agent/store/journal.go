package store

import (
	"context"

	"abgleich/agent/pim"
)

// Intent is a creation begun: written before the side is asked.
type Intent struct {
	Key    pim.Key
	Target pim.SideID
	// Source, Version and Item are what it is made from, on the other side.
	Source  pim.ItemID
	Version pim.Version
	Item    []byte
}

// Intents lists up to limit intents with keys after the given one, in key order.
func (l *Lease) Intents(ctx context.Context, after pim.Key, limit int) ([]Intent, error) {
	rows, err := l.s.reader.QueryContext(ctx, `SELECT key, target, source, version, item FROM journal
		WHERE sync = ? AND key > ? ORDER BY key LIMIT ?`, l.sync, string(after), limit)
	if err != nil {
		return nil, failed("store.Intents", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []Intent
	for rows.Next() {
		var i Intent
		if err := rows.Scan((*string)(&i.Key), &i.Target, (*string)(&i.Source), (*string)(&i.Version), &i.Item); err != nil {
			return nil, failed("store.Intents", err)
		}
		out = append(out, i)
	}
	return out, failed("store.Intents", rows.Err())
}

func (l *Lease) putIntent(t *tx, i *Intent) error {
	return t.do(`INSERT INTO journal (key, sync, target, source, version, item) VALUES (?, ?, ?, ?, ?, ?)`,
		string(i.Key), l.sync, int64(i.Target), string(i.Source), string(i.Version), i.Item)
}
