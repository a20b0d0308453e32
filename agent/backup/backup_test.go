package backup_test

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	_ "modernc.org/sqlite"

	"abgleich/agent/backup"
	"abgleich/agent/fault"
	"abgleich/agent/vault"
)

var moment = time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)

// site is an installation with something of everything.
type site struct {
	*testing.T
	dir  string
	src  backup.Source
	open *sql.DB // a database that is at work
	key  age.Identity
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{T: t, dir: t.TempDir()}
	in := func(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }
	s.src = backup.Source{Data: in("data"), Parameters: in("etc/abgleich.toml"), Version: "1.2.3",
		Databases: []string{in("erp/bmd.db"), in("data/agent.db"), in("erp/missing.db")}, Files: []string{in("etc/ca.pem")}}
	for name, text := range map[string]string{"etc/abgleich.toml": "[communication]\n", "etc/ca.pem": "certificate",
		"data/secrets/service.password.age": "sealed", "data/notices.json": "{}", "data/queue.db-wal": "x", "data/agent.lock": "x"} {
		must(t, os.MkdirAll(filepath.Dir(in(name)), 0o700))
		must(t, os.WriteFile(in(name), []byte(text), 0o600))
	}
	must(t, os.MkdirAll(in("erp"), 0o700))
	s.database(in("erp/bmd.db"), "erp")
	s.database(in("data/queue.db"), "queue")
	s.open = s.database(in("data/agent.db"), "agent")
	v, err := vault.Open(vault.Options{Folder: s.src.Data, Create: true})
	must(t, err)
	s.src.Key = v.Export()
	must(t, backup.NewKey(in("recovery.txt"), s.src.Data))
	text, err := os.ReadFile(in("recovery.txt"))
	must(t, err)
	s.key, err = backup.Key(string(text))
	must(t, err)
	return s
}

// database makes one in WAL mode whose last writes are not in its file yet.
func (s *site) database(path, what string) *sql.DB {
	s.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=wal_autocheckpoint(0)")
	must(s, err)
	s.Cleanup(func() { must(s, db.Close()) })
	_, err = db.Exec(`CREATE TABLE t (what TEXT); INSERT INTO t VALUES ('` + what + `')`)
	must(s, err)
	return db
}

func (s *site) write() string {
	s.Helper()
	file := filepath.Join(s.dir, "backup.abgleich")
	_, err := backup.Write(s.Context(), file, s.src, moment)
	must(s, err)
	return file
}

func (s *site) target() backup.Target {
	return backup.Target{Parameters: filepath.Join(s.dir, "new", "abgleich.toml"), Data: filepath.Join(s.dir, "new", "data"), PutKey: vault.Import}
}

// clear takes away what stood outside the data folder, as on another machine.
func (s *site) clear() {
	must(s, os.RemoveAll(filepath.Join(s.dir, "erp")))
	must(s, os.RemoveAll(filepath.Join(s.dir, "etc")))
}

func what(t *testing.T, path string) (got string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	must(t, err)
	defer db.Close()
	must(t, db.QueryRow(`SELECT what FROM t`).Scan(&got))
	return got
}

// below lists every file of a folder.
func below(t *testing.T, folder string) (list []string) {
	t.Helper()
	must(t, filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(folder, path)
			list = append(list, filepath.ToSlash(rel))
		}
		return err
	}))
	return list
}

func TestAnInstallationComesToLifeElsewhere(t *testing.T) {
	s := newSite(t)
	file := s.write()
	sealed, err := os.ReadFile(file)
	must(t, err)
	for _, word := range []string{"AGE-SECRET-KEY", "communication", "certificate", "agent.db"} {
		if bytes.Contains(sealed, []byte(word)) {
			t.Errorf("the backup shows %q to everybody", word)
		}
	}
	if list := below(t, s.src.Data); slices.ContainsFunc(list, func(n string) bool { return strings.HasPrefix(n, ".backup") }) {
		t.Errorf("copies stay behind: %v", list)
	}
	s.clear()
	to := s.target()
	must(t, os.MkdirAll(to.Data, 0o700)) // as an installer makes it
	m, err := backup.Read(t.Context(), file, s.key, to)
	must(t, err)
	if m.Version != "1.2.3" || !m.Made.Equal(moment) || !m.Key {
		t.Errorf("manifest %+v", m)
	}
	want := []string{"agent.db", "backup.recipient", "identity", "notices.json", "secrets/service.password.age"}
	got := below(t, to.Data)
	for i, n := range got {
		if strings.HasPrefix(n, "identity.") {
			got[i] = "identity"
		}
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("the data folder has %v, want %v", got, want)
	}
	if a, b := what(t, filepath.Join(to.Data, "agent.db")), what(t, filepath.Join(s.dir, "erp", "bmd.db")); a != "agent" || b != "erp" {
		t.Errorf("databases hold %q and %q", a, b)
	}
	if b, _ := os.ReadFile(to.Parameters); string(b) != "[communication]\n" {
		t.Errorf("parameters: %q", b)
	}
	if b, _ := os.ReadFile(filepath.Join(s.dir, "etc", "ca.pem")); string(b) != "certificate" {
		t.Errorf("certificate: %q", b)
	}
	v, err := vault.Open(vault.Options{Folder: to.Data})
	must(t, err)
	if !bytes.Equal(v.Export(), s.src.Key) {
		t.Error("another key: stored passwords can't be opened")
	}
}

func TestWhatCantBeRestoredChangesNothing(t *testing.T) {
	s := newSite(t)
	file := s.write()
	good, err := os.ReadFile(file)
	must(t, err)
	other, err := age.GenerateX25519Identity()
	must(t, err)
	cut := func(n int) func() { return func() { must(t, os.WriteFile(file, good[:n], 0o600)) } }
	for name, c := range map[string]struct {
		before func()
		key    age.Identity
		code   fault.Code
	}{
		"another key":    {func() {}, other, fault.BackupUnreadable},
		"a file cut off": {cut(len(good) - 1), s.key, fault.BackupUnreadable},
		"half a file":    {cut(len(good) / 2), s.key, fault.BackupUnreadable},
		"an empty file":  {cut(0), s.key, fault.BackupUnreadable},
		"a changed byte": {func() { b := bytes.Clone(good); b[len(b)-200] ^= 1; must(t, os.WriteFile(file, b, 0o600)) }, s.key, fault.BackupUnreadable},
		"a database in the way": {func() {
			s.clear()
			must(t, os.MkdirAll(filepath.Join(s.dir, "erp"), 0o700))
			s.database(filepath.Join(s.dir, "erp", "bmd.db"), "newer")
		}, s.key, fault.BackupInTheWay},
		"no such file": {func() { must(t, os.Remove(file)) }, s.key, fault.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			must(t, os.WriteFile(file, good, 0o600))
			s.clear()
			c.before()
			there := below(t, s.dir)
			if _, err := backup.Read(t.Context(), file, c.key, s.target()); !fault.Has(err, c.code) || strings.Contains(err.Error(), "AGE-SECRET") {
				t.Errorf("got %v, want %s", err, c.code)
			}
			if now := below(t, s.dir); !slices.Equal(there, now) {
				t.Errorf("it changed something:\n%v\n%v", there, now)
			}
		})
	}
}

func TestADataFolderInUseIsNotTouched(t *testing.T) {
	s := newSite(t)
	file := s.write()
	s.clear()
	to := s.target()
	to.Data = s.src.Data
	if _, err := backup.Read(t.Context(), file, s.key, to); !fault.Has(err, fault.BackupInTheWay) {
		t.Errorf("got %v", err)
	}
	if got := what(t, filepath.Join(s.src.Data, "agent.db")); got != "agent" {
		t.Errorf("the database holds %q", got)
	}
}

func TestABackupNeedsARecoveryKeyAndAFreeName(t *testing.T) {
	s := newSite(t)
	file := s.write()
	if _, err := backup.Write(t.Context(), file, s.src, moment); !fault.Has(err, fault.BackupInTheWay) {
		t.Errorf("over another backup: %v", err)
	}
	if err := backup.NewKey(filepath.Join(s.dir, "recovery.txt"), s.src.Data); !fault.Has(err, fault.BackupInTheWay) {
		t.Errorf("over another key: %v", err)
	}
	must(t, os.Remove(filepath.Join(s.src.Data, backup.RecipientFile)))
	if _, err := backup.Write(t.Context(), file+"2", s.src, moment); !fault.Has(err, fault.BackupKeyMissing) {
		t.Errorf("without a key: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	must(t, backup.NewKey(filepath.Join(s.dir, "another.txt"), s.src.Data))
	if _, err := backup.Write(ctx, file+"3", s.src, moment); err == nil {
		t.Error("a cancelled backup counts as done")
	}
	if _, err := os.Stat(file + "3"); err == nil {
		t.Error("half a backup stays behind")
	}
}

func TestARecoveryKeyIsForItsOwnersEyes(t *testing.T) {
	s := newSite(t)
	st, err := os.Stat(filepath.Join(s.dir, "recovery.txt"))
	must(t, err)
	if st.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %o", st.Mode().Perm())
	}
	if b, _ := os.ReadFile(filepath.Join(s.src.Data, backup.RecipientFile)); strings.Contains(string(b), "SECRET") {
		t.Error("the secret half is in the data folder")
	}
	for _, text := range []string{"", "AGE-SECRET-KEY-1nonsense", "hunter2", strings.Repeat("x", 100)} {
		if _, err := backup.Key(text); !fault.Has(err, fault.BackupUnreadable) || text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
