package backup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"abgleich/agent/fault"
)

// Source is an installation.
type Source struct {
	// Data is its data folder, Parameters its parameter file.
	Data, Parameters string
	// Key is the agent's key as [vault.Export] gives it; nil where systemd keeps it.
	Key []byte
	// Databases are SQLite files outside the data folder, Files further files that the
	// parameters name. What is missing is left out.
	Databases, Files []string
	// Version is the program's.
	Version string
}

// entry is a file on its way into the archive.
type entry struct {
	File
	from string // where its content is
}

// Write backs an installation up into file, which must not exist. It may be at work
// meanwhile. Codes: [fault.BackupKeyMissing], [fault.BackupInTheWay], Internal.
func Write(ctx context.Context, file string, src Source, now time.Time) (m Manifest, err error) {
	const op = "backup.Write"
	to, err := recipient(src.Data)
	if err != nil {
		return m, err
	}
	// Beside the databases: what is copied is as secret as they are.
	staging, err := os.MkdirTemp(src.Data, ".backup-*")
	if err != nil {
		return m, fault.New(fault.Internal, op, src.Data, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(staging)) }()
	entries, err := collect(ctx, src, staging)
	if err != nil {
		return m, err
	}
	m = Manifest{Format: Format, Version: src.Version, Made: now.UTC().Truncate(time.Second), Data: src.Data,
		Parameters: src.Parameters, Key: src.Key != nil}
	m.Machine, _ = os.Hostname() // for a person to read: none is no harm
	for _, e := range entries {
		m.Files = append(m.Files, e.File)
	}
	out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return m, inTheWay(op, file, err)
	}
	err = pack(ctx, out, to, m, entries)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return m, errors.Join(fault.New(fault.Internal, op, file, err), os.Remove(file))
	}
	return m, nil
}

// collect copies everything into the staging folder, so that sizes and checksums
// are those of what is packed.
func collect(ctx context.Context, src Source, staging string) ([]entry, error) {
	c := &collector{ctx: ctx, staging: staging}
	c.copy(parametersName, src.Parameters, src.Parameters)
	if src.Key != nil {
		c.put(keyName, src.Key)
	}
	err := filepath.WalkDir(src.Data, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != src.Data && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir // ours, and those of others
		case !d.Type().IsRegular() || leftOut(d.Name()):
			return nil
		}
		rel, err := filepath.Rel(src.Data, path)
		if err != nil {
			return err
		}
		name := dataPrefix + filepath.ToSlash(rel)
		if strings.HasSuffix(path, ".db") {
			c.snapshot(name, path, "")
		} else {
			c.copy(name, path, "")
		}
		return c.err
	})
	if err != nil && c.err == nil {
		c.err = fault.New(fault.Internal, "backup.Write", src.Data, err)
	}
	for i, path := range src.Databases {
		if within(src.Data, path) {
			continue
		}
		c.snapshot(fmt.Sprintf("%s%d.db", beyondPrefix, i+1), path, path)
	}
	for i, path := range src.Files {
		if within(src.Data, path) {
			continue
		}
		c.copy(fmt.Sprintf("%sfile-%d", beyondPrefix, i+1), path, path)
	}
	return c.entries, c.err
}

// leftOut are files that are made anew, belong to an open database, or are in the
// archive in another form.
func leftOut(name string) bool {
	return name == "queue.db" || strings.HasPrefix(name, "identity.") ||
		slices.ContainsFunc([]string{"-wal", "-shm", "-journal", ".lock", ".sock", ".tmp"}, func(end string) bool { return strings.HasSuffix(name, end) })
}

func within(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}

// collector stages files; its first error ends it.
type collector struct {
	ctx     context.Context
	staging string
	entries []entry
	err     error
}

func (c *collector) stage() string {
	return filepath.Join(c.staging, fmt.Sprintf("%06d", len(c.entries)))
}

// took notes what was staged.
func (c *collector) took(name, staged, path string) {
	if c.err != nil {
		return
	}
	f, err := os.Open(staged)
	if err != nil {
		c.err = fault.New(fault.Internal, "backup.Write", path, err)
		return
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		c.err = fault.New(fault.Internal, "backup.Write", path, err)
		return
	}
	c.entries = append(c.entries, entry{File{Name: name, Path: path, Size: n, Sum: hex.EncodeToString(h.Sum(nil))}, staged})
}

func (c *collector) put(name string, b []byte) {
	if c.err != nil {
		return
	}
	staged := c.stage()
	if c.err = writeNew(staged, b); c.err == nil {
		c.took(name, staged, "")
	}
}

func (c *collector) copy(name, from, path string) {
	if c.err != nil || from == "" {
		return
	}
	b, err := os.ReadFile(from) // parameters, sealed secrets, certificates: small files
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		c.err = fault.New(fault.Internal, "backup.Write", from, err)
		return
	}
	staged := c.stage()
	if err := writeNew(staged, b); err != nil {
		c.err = fault.New(fault.Internal, "backup.Write", from, err)
		return
	}
	c.took(name, staged, path)
}

// snapshot copies a database as of one moment (lang_vacuum, "VACUUM INTO").
func (c *collector) snapshot(name, from, path string) {
	if c.err != nil {
		return
	}
	if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return
	}
	staged := c.stage()
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(filepath.ToSlash(from)), RawQuery: "mode=ro&_pragma=busy_timeout(30000)"}).String())
	if err == nil {
		_, err = db.ExecContext(c.ctx, `VACUUM INTO ?`, staged)
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		c.err = fault.New(fault.Internal, "backup.Write", from, err)
		return
	}
	c.took(name, staged, path)
}

// pack writes the archive.
func pack(ctx context.Context, w io.Writer, to age.Recipient, m Manifest, entries []entry) error {
	sealed, err := age.Encrypt(w, to)
	if err != nil {
		return err
	}
	zipped := gzip.NewWriter(sealed)
	archive := tar.NewWriter(zipped)
	list, err := json.Marshal(m)
	if err != nil {
		return err
	}
	header := func(name string, size int64) error {
		return archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: m.Made})
	}
	if err := header(manifestName, int64(len(list))); err != nil {
		return err
	}
	if _, err := archive.Write(list); err != nil {
		return err
	}
	for _, e := range entries {
		if err := errors.Join(ctx.Err(), header(e.Name, e.Size)); err != nil {
			return err
		}
		f, err := os.Open(e.from)
		if err != nil {
			return err
		}
		_, err = io.Copy(archive, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), zipped.Close(), sealed.Close())
}
