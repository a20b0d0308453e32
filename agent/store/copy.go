package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// copyMark stands in the names of copies, behind that of the store.
const copyMark = ".copy-"

// staleCopy is how old a copy is that a killed process left behind.
const staleCopy = time.Hour

// Copy makes a store of its own of what this one knows of one user and kind, as it
// is at this moment: for trying out what a run would do. Nothing that is written to
// it comes back. Its file lies beside the store's, as well guarded, and goes when
// the copy is closed.
func (s *Store) Copy(ctx context.Context, user pim.UserID, kind pim.Kind) (*Store, error) {
	const op = "store.Copy"
	f, err := os.CreateTemp(filepath.Dir(s.path), filepath.Base(s.path)+copyMark+"*")
	if err != nil {
		return nil, failed(op, err)
	}
	path := f.Name()
	if err := f.Close(); err != nil {
		return nil, failed(op, err)
	}
	c, err := connect(ctx, path, Options{Now: s.now, Volatile: true}, func(c *Store, ctx context.Context) error {
		c.copied, c.installation = true, s.installation
		return failed(op, c.fill(ctx, s.path, user, kind))
	})
	if err != nil {
		return nil, errors.Join(err, removeFile(path))
	}
	return c, nil
}

// fill makes the tables of another store's file, and copies.
func (s *Store) fill(ctx context.Context, from string, user pim.UserID, kind pim.Kind) (err error) {
	conn, err := s.writing.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: from}).EscapedPath(), RawQuery: "mode=ro"}
	if _, err := conn.ExecContext(ctx, `ATTACH DATABASE ? AS origin`, u.String()); err != nil {
		return err
	}
	t, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := copyTables(ctx, t, string(user), int64(kind)); err != nil {
		return errors.Join(err, t.Rollback())
	}
	if err := t.Commit(); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, `DETACH DATABASE origin`)
	return err
}

func copyTables(ctx context.Context, t *sql.Tx, user string, kind int64) error {
	schema, err := schemaOf(ctx, t)
	if err != nil {
		return err
	}
	for _, text := range schema {
		if _, err := t.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	if _, err := t.ExecContext(ctx, `INSERT INTO syncs SELECT * FROM origin.syncs WHERE kind = ?2 AND (user = ?1 OR owner = ?1)`, user, kind); err != nil {
		return err
	}
	if _, err := t.ExecContext(ctx, `INSERT INTO problems SELECT * FROM origin.problems WHERE user = ?1 AND kind = ?2`, user, kind); err != nil {
		return err
	}
	for _, table := range []string{"cursors", "seen", "pairs", "inbox", "journal", "former", "holds", "created"} {
		if _, err := t.ExecContext(ctx, `INSERT INTO `+table+` SELECT * FROM origin.`+table+` WHERE sync IN (SELECT id FROM syncs)`); err != nil {
			return err
		}
	}
	for _, text := range []string{
		`UPDATE syncs SET run = NULL`,
		`INSERT INTO meta SELECT * FROM origin.meta`,
		`INSERT INTO options SELECT * FROM origin.options`,
		`UPDATE created SET wish = 0 WHERE wish = 1`,
		// The guard counts them; what they were is nobody's business here.
		`INSERT INTO trash (id, sync, side, item, version, reason, fields, run, at, content)
			SELECT id, sync, side, item, version, reason, fields, run, at, x'' FROM origin.trash WHERE sync IN (SELECT id FROM syncs)`,
	} {
		if _, err := t.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// schemaOf gives the statements that make the origin's tables and indexes.
func schemaOf(ctx context.Context, t *sql.Tx) ([]string, error) {
	rows, err := t.QueryContext(ctx, `SELECT sql FROM origin.sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
		ORDER BY type = 'table' DESC, rowid`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, rows.Err()
}

// removeFile removes a store's file with those SQLite keeps beside it.
func removeFile(path string) error {
	var errs []error
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fault.New(fault.StoreCorrupt, "store.Copy", filepath.Base(path), err))
		}
	}
	return errors.Join(errs...)
}

// removeCopies removes what a killed process left of copies. One that can't be
// removed now is removed another time.
func removeCopies(path string, now time.Time) {
	list, err := filepath.Glob(escapeGlob(path) + copyMark + "*")
	if err != nil {
		return
	}
	for _, name := range list {
		if info, err := os.Stat(name); err == nil && now.Sub(info.ModTime()) > staleCopy {
			_ = os.Remove(name)
		}
	}
}

// escapeGlob lets a path stand for itself in a pattern.
func escapeGlob(path string) string {
	var out []byte
	for i := range len(path) {
		switch c := path[i]; c {
		case '*', '?', '[':
			out = append(out, '[', c, ']')
		default:
			out = append(out, c)
		}
	}
	return string(out)
}
