package business

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"abgleich/agent/fault"
)

// Home is what tells a database from a copy of it: the life of its feed, and where
// it stood when it was last worked with. The zero value is none.
type Home struct {
	// Epoch names the life of the feed; a copy and a restored backup have the same.
	Epoch string
	// Place is the machine, as far as it is known, and the file.
	Place string
}

// Keeper is the installation that works with a database, and remembers which.
type Keeper interface {
	// Installation is the installation's id.
	Installation() string
	// Home is what was remembered last.
	Home(context.Context) (Home, error)
	// SetHome remembers.
	SetHome(context.Context, Home) error
}

// mark is what an installation leaves in a database it writes.
type mark struct{ installation, place string }

// here is where the database stands now. A link is followed: two names for one file
// are one place.
func (d *Database) here() string {
	path := d.path
	if p, err := filepath.EvalSymlinks(path); err == nil {
		path = p
	}
	if runtime.GOOS == "windows" {
		path = strings.ToLower(path)
	}
	return d.cfg.Machine + "|" + path
}

// samePlace compares places. A machine that isn't known counts as any.
func samePlace(a, b string) bool {
	machineA, pathA, _ := strings.Cut(a, "|")
	machineB, pathB, _ := strings.Cut(b, "|")
	return pathA == pathB && (machineA == machineB || machineA == "" || machineB == "")
}

// judgeHome says why a database looks like a copy, or "". A backup that was put back
// where the database stood is none.
func judgeHome(ours string, m mark, remembered Home, here string) string {
	switch {
	case m.installation != "" && m.installation != ours:
		return fmt.Sprintf("installation %s writes it, at %s", m.installation, m.place)
	case remembered.Place != "" && !samePlace(remembered.Place, here):
		return fmt.Sprintf("the one last worked with stood at %s, this one stands at %s", remembered.Place, here)
	case m.place != "" && !samePlace(m.place, here):
		return fmt.Sprintf("it stood at %s, now at %s", m.place, here)
	}
	return ""
}

// CheckCopy fails with [fault.DatabaseCopy] while the database looks like a copy of
// the one last worked with; otherwise it leaves our mark. Without a [Keeper] nothing
// is checked, and nothing left.
func (d *Database) CheckCopy(ctx context.Context) error {
	if d.cfg.Keeper == nil {
		return nil
	}
	_, err := d.home(ctx, false)
	return err
}

// ConfirmCopy makes this the database to go on with, whatever it looks like: an
// administrator said so. It tells whether it looked like a copy.
func (d *Database) ConfirmCopy(ctx context.Context) (bool, error) {
	if d.cfg.Keeper == nil {
		return false, nil
	}
	return d.home(ctx, true)
}

func (d *Database) home(ctx context.Context, confirmed bool) (copied bool, err error) {
	const op = "business.Home"
	if _, err := d.pools(); err != nil {
		return false, err
	}
	d.homing.Lock()
	defer d.homing.Unlock()
	m, epoch, err := d.readMark(ctx)
	if err != nil {
		return false, coded(op, d.path, err)
	}
	remembered, err := d.cfg.Keeper.Home(ctx)
	if err != nil {
		return false, err
	}
	ours, here := d.cfg.Keeper.Installation(), d.here()
	why := judgeHome(ours, m, remembered, here)
	if why != "" && !confirmed {
		return true, fault.New(fault.DatabaseCopy, op, d.path, errors.New(why))
	}
	// Ours comes first: a mark nobody remembers is no harm.
	if want := (mark{ours, here}); m != want {
		if err := d.writeMark(ctx, want); err != nil {
			return why != "", coded(op, d.path, err)
		}
	}
	if want := (Home{Epoch: epoch, Place: here}); remembered != want {
		return why != "", d.cfg.Keeper.SetHome(ctx, want)
	}
	return why != "", nil
}

func (d *Database) readMark(ctx context.Context) (m mark, epoch string, err error) {
	s, err := d.reading(ctx)
	if err != nil {
		return m, "", err
	}
	defer s.end()
	if epoch, err = epochOf(ctx, s.ours); err != nil {
		return m, "", err
	}
	err = s.ours.QueryRowContext(ctx, `SELECT installation, place FROM home`).Scan(&m.installation, &m.place)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return m, epoch, err
}

// writeMark leaves our mark where our keys are: beside a foreign database, which is
// never altered.
func (d *Database) writeMark(ctx context.Context, m mark) error {
	p, err := d.pools()
	if err != nil {
		return err
	}
	if d.ours != nil {
		p = d.ours
	}
	_, err = p.write.ExecContext(ctx, `INSERT OR REPLACE INTO home (only_row, installation, place) VALUES (1, ?, ?)`, m.installation, m.place)
	return err
}
