package business

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"strings"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// keyStoreMark is the key store's application_id: "AbgK".
const keyStoreMark = 0x4162674b

// keyStoreTables are what the key store has beside the feed of 00002_feed.sql:
// the hash of every row as last seen, and keys written ahead of their rows.
// participantFields came later.
const keyStoreTables = `
CREATE TABLE seen (
	kind    INTEGER NOT NULL,
	user_id TEXT NOT NULL COLLATE NOCASE,
	item_id NOT NULL,
	hash    BLOB NOT NULL,
	PRIMARY KEY (kind, user_id, item_id)
) WITHOUT ROWID;
CREATE TABLE pending_keys (
	item_id NOT NULL,
	kind    INTEGER NOT NULL,
	user_id TEXT NOT NULL COLLATE NOCASE,
	hash    BLOB NOT NULL,
	PRIMARY KEY (item_id, kind, user_id)
) WITHOUT ROWID;`

// participantFields are what participants have of their own (00004_participants.sql).
const participantFields = `
CREATE TABLE IF NOT EXISTS participant_fields (
	appointment_id   NOT NULL,
	user_id          TEXT NOT NULL COLLATE NOCASE,
	busy             TEXT,
	private          TEXT,
	categories       TEXT,
	reminder_minutes TEXT,
	PRIMARY KEY (appointment_id, user_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS participant_fields_user ON participant_fields (user_id);`

// homeTable is where our mark stands (00005_mark.sql).
const homeTable = `
CREATE TABLE IF NOT EXISTS home (
	only_row     INTEGER PRIMARY KEY CHECK (only_row = 1),
	installation TEXT NOT NULL,
	place        TEXT NOT NULL
);`

// openKeyStore makes the tables in a new file and refuses a file that is not ours.
func (d *Database) openKeyStore(ctx context.Context) error {
	var mark, tables int
	w := d.ours.write
	if err := w.QueryRowContext(ctx, "PRAGMA application_id").Scan(&mark); err != nil {
		return err
	}
	if err := w.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	if mark == keyStoreMark && tables > 0 {
		_, err := w.ExecContext(ctx, participantFields+homeTable)
		return err
	}
	if tables > 0 {
		return fault.New(fault.ParameterInvalid, "business.openKeyStore", d.cfg.KeyStore,
			errors.New("the file is another program's database"))
	}
	feed, err := fs.ReadFile(migrationFiles, "migrations/00002_feed.sql")
	if err != nil {
		return err
	}
	t, err := d.ours.begin(ctx, true)
	if err != nil {
		return err
	}
	defer t.Rollback()
	_, ddl, _ := strings.Cut(string(feed), "-- +goose Up")
	for _, text := range []string{ddl, keyStoreTables, participantFields, homeTable, "PRAGMA application_id = 1096968011"} {
		if _, err := t.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return t.Commit()
}

// announceKeys writes keys into the key store before the rows they belong to are
// committed in the foreign database: two files cannot be committed as one, and a
// key that comes second could be lost while its item stays, to be doubled later.
func (d *Database) announceKeys(ctx context.Context, f *folder, rows []newRow) error {
	t, err := d.ours.begin(ctx, true)
	if err != nil {
		return err
	}
	defer t.Rollback()
	if err := putKeys(ctx, t, f, rows); err != nil {
		return err
	}
	for _, r := range rows {
		if r.guest {
			if err := d.putPersonal(ctx, t, f.user, r.id, r.own); err != nil {
				return err
			}
		}
		_, err := t.exec(ctx, `INSERT OR REPLACE INTO pending_keys (item_id, kind, user_id, hash) VALUES (?,?,?,?)`,
			r.id, f.kind, f.user, r.hash[:])
		if err != nil {
			return err
		}
	}
	return t.Commit()
}

// settlePending decides the keys announced by a process that did not live to see
// the commit: a row that is there as it was written keeps its key; a key without
// its row is dropped.
func (d *Database) settlePending(ctx context.Context, p *pools) error {
	type entry struct {
		f    *folder
		id   any
		hash []byte
	}
	var all []entry
	rows, err := d.ours.write.QueryContext(ctx, `SELECT item_id, kind, user_id, hash FROM pending_keys`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			e    entry
			kind pim.Kind
			user pim.UserID
		)
		if err := rows.Scan(&e.id, &kind, &user, &e.hash); err != nil {
			return err
		}
		e.f = d.folder(user, kind)
		all = append(all, e)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	for _, e := range all {
		if err := d.settle(ctx, p, e.f, e.id, e.hash); err != nil {
			return err
		}
	}
	return nil
}

func (d *Database) settle(ctx context.Context, p *pools, f *folder, id any, hash []byte) error {
	r, err := p.begin(ctx, false)
	if err != nil {
		return err
	}
	defer r.Rollback()
	own, err := d.ours.begin(ctx, false)
	if err != nil {
		return err
	}
	defer own.Rollback()
	found, err := f.load(ctx, session{main: r, ours: own}, []any{id}, false)
	if err != nil {
		return err
	}
	row, there := found[itemID(id)]
	w, err := d.ours.begin(ctx, true)
	if err != nil {
		return err
	}
	defer w.Rollback()
	if !there || string(row.hash[:]) != string(hash) {
		if _, err := w.exec(ctx, `DELETE FROM item_keys WHERE item_id = ? AND kind = ? AND user_id = ?`, id, f.kind, f.user); err != nil {
			return err
		}
	}
	if _, err := w.exec(ctx, `DELETE FROM pending_keys WHERE item_id = ? AND kind = ? AND user_id = ?`, id, f.kind, f.user); err != nil {
		return err
	}
	return w.Commit()
}

// confirmKeys forgets that keys were announced, after their rows are durable. If
// it fails, the next Open settles them.
func (d *Database) confirmKeys(ctx context.Context, f *folder, rows []newRow) error {
	t, err := d.ours.begin(ctx, true)
	if err != nil {
		return err
	}
	defer t.Rollback()
	for _, r := range rows {
		_, err := t.exec(ctx, `DELETE FROM pending_keys WHERE item_id = ? AND kind = ? AND user_id = ?`, r.id, f.kind, f.user)
		if err != nil {
			return err
		}
	}
	return t.Commit()
}

// putKeys writes the keys of new rows in one statement.
func putKeys(ctx context.Context, t *tx, f *folder, rows []newRow) error {
	list := make([][2]any, len(rows))
	for i, r := range rows {
		list[i] = [2]any{r.id, string(r.key)}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO item_keys (item_id, kind, user_id, item_key)
		SELECT value ->> 0, ?, ?, value ->> 1 FROM json_each(?) WHERE true
		ON CONFLICT (item_id, kind, user_id) DO UPDATE SET item_key = excluded.item_key`, f.kind, f.user, string(text))
	return err
}

// putKey writes the key of one copy of an item.
func putKey(ctx context.Context, t *tx, f *folder, id any, key pim.Key) error {
	_, err := t.exec(ctx, `INSERT INTO item_keys (item_id, kind, user_id, item_key) VALUES (?,?,?,?)
		ON CONFLICT (item_id, kind, user_id) DO UPDATE SET item_key = excluded.item_key`,
		id, f.kind, f.user, string(key))
	return err
}
