package params

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"abgleich/agent/fault"
)

// fileWith makes a parameter file.
func fileWith(t *testing.T, content string) *File {
	t.Helper()
	f := NewFile(filepath.Join(t.TempDir(), "abgleich.toml"), Limits{})
	if err := os.WriteFile(f.Path(), []byte(content), 0o640); err != nil {
		t.Fatal(err)
	}
	return f
}

func content(t *testing.T, f *File) string {
	t.Helper()
	b, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAChangeKeepsWhatThePersonWrote(t *testing.T) {
	for name, c := range map[string]struct{ before, key, value, after string }{
		"a value in its line": {
			"# mine\n[sync]\ninterval = 60 # as agreed\npolicy = \"newer\"\n", "sync.interval", "90",
			"# mine\n[sync]\ninterval = 90 # as agreed\npolicy = \"newer\"\n"},
		"a key its table lacks": {
			"[sync]\n# calm\npolicy = \"newer\"\n[log]\n", "sync.interval", "90",
			"[sync]\ninterval = 90\n# calm\npolicy = \"newer\"\n[log]\n"},
		"a table that is missing": {
			"[log]\nlevel = \"warn\"\n", "sync.interval", "90",
			"[log]\nlevel = \"warn\"\n\n[sync]\ninterval = 90\n"},
		"a key of no table": {
			"# mine\n[log]\n", "language", "en", "language = \"en\"\n# mine\n[log]\n"},
		"a commented line is no line": {
			"[sync]\n# interval = 60\n", "sync.interval", "90", "[sync]\ninterval = 90\n# interval = 60\n"},
		"a hash inside a text": {
			"[service]\nuser = \"a#b\" # c\n", "service.user", "x#y", "[service]\nuser = \"x#y\" # c\n"},
		"a database with blanks in its name": {
			"[databases.\"A B\"]\ndsn = \"x\"\n", "databases.A B.dsn", "y.db", "[databases.\"A B\"]\ndsn = \"y.db\"\n"},
		"a Windows file": {
			"[sync]\r\ninterval = 60\r\n", "sync.interval", "90", "[sync]\r\ninterval = 90\n"},
	} {
		t.Run(name, func(t *testing.T) {
			f := fileWith(t, c.before)
			_, etag, err := f.Set(c.key, c.value)
			if err != nil {
				t.Fatal(err)
			}
			if got := content(t, f); got != c.after {
				t.Errorf("got %q, want %q", got, c.after)
			}
			p, again, err := f.Load()
			if err != nil || again != etag {
				t.Errorf("etag %s and %s, %v", etag, again, err)
			}
			if got, err := Get(p, c.key); got != c.value || err != nil {
				t.Errorf("reads back as %q, %v", got, err)
			}
			if st, err := os.Stat(f.Path()); err != nil || st.Mode().Perm() != 0o640 && runtime.GOOS != "windows" {
				t.Errorf("mode %v, %v", st.Mode(), err)
			}
		})
	}
}

func TestUnusualTOMLIsRewrittenRatherThanBroken(t *testing.T) {
	for name, before := range map[string]string{
		"dotted":        "sync.interval = 60\nsync.policy = \"business\"\n",
		"inline table":  "sync = { interval = 60, policy = \"business\" }\n",
		"quoted key":    "[sync]\n\"interval\" = 60\npolicy = \"business\"\n",
		"spaced header": "[ sync ]\ninterval = 60\npolicy = \"business\"\n",
		"multi-line":    "[service]\nuser = \"\"\"x\"\"\"\n[sync]\ninterval = 60\npolicy = '''business'''\n",
	} {
		t.Run(name, func(t *testing.T) {
			f := fileWith(t, before)
			p, _, err := f.Set("sync.interval", "90")
			if err != nil {
				t.Fatal(err)
			}
			got, _, err := f.Load()
			if err != nil || !reflect.DeepEqual(got, p) || got.Sync.Interval != 90*time.Second || got.Sync.Policy != PolicyBusiness {
				t.Errorf("got %+v, %v\n%s", got.Sync, err, content(t, f))
			}
		})
	}
}

func TestARefusedChangeChangesNothing(t *testing.T) {
	for name, changes := range map[string][]Change{
		"one bad among good": {{"sync.interval", "90"}, {"communication.port", "0"}},
		"an unknown key":     {{"sync.intervall", "90"}},
		"a starred key":      {{"databases.*.dsn", "x"}},
		"a password":         {{"service.password", "s3cret-pw"}},
		"no number":          {{"sync.interval", "often"}},
		"no yes or no":       {{"communication.ssl", "maybe"}},
		"an alias in the air": {
			{"database.alias", "NONE"}},
		"a database without address": {{"databases.NEW.foreign", "true"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := fileWith(t, full)
			_, _, err := f.Change("", changes...)
			if _, ok := errors.AsType[Mistakes](err); !ok || strings.Contains(err.Error(), "s3cret-pw") {
				t.Errorf("got %v", err)
			}
			if content(t, f) != full {
				t.Error("the file was changed")
			}
			left, err := os.ReadDir(filepath.Dir(f.Path()))
			if err != nil || len(left) != 1 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestTwoAdministratorsDoNotOverwriteEachOther(t *testing.T) {
	f := fileWith(t, full)
	_, seen, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	_, next, err := f.Change(seen, Change{"sync.interval", "90"})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Change(seen, Change{"sync.interval", "120"}); !fault.Has(err, fault.ParametersChanged) {
		t.Errorf("got %v", err)
	}
	if p, _, err := f.Change(next, Change{"communication.ssl", "nein"}); err != nil || p.Communication.SSL || p.Sync.Interval != 90*time.Second {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestManyWritersLeaveOneGoodFile(t *testing.T) {
	f := fileWith(t, full)
	var g sync.WaitGroup
	for i := range 8 {
		g.Go(func() {
			if _, _, err := f.Set("sync.interval", fmt.Sprint(100+i)); err != nil {
				t.Error(err)
			}
			if _, _, err := f.Load(); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	if n := strings.Count(content(t, f), "interval"); n != 1 {
		t.Errorf("interval stands there %d times", n)
	}
}

func TestAFirstFileSaysTheDefaults(t *testing.T) {
	for _, lang := range []Language{German, English} {
		f := NewFile(filepath.Join(t.TempDir(), "new", "abgleich.toml"), Limits{})
		want := Default()
		want.Language = lang
		if err := f.Create(want); err != nil {
			t.Fatal(err)
		}
		got, _, err := f.Load()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v", got, err)
		}
		if err := f.Create(want); err == nil {
			t.Error("an existing file was replaced")
		}
	}
}

func TestSettingsCanBeMadeWithoutAFile(t *testing.T) {
	f := NewFile(filepath.Join(t.TempDir(), "abgleich.toml"), Limits{})
	if _, _, err := f.Load(); !fault.Has(err, fault.NotFound) {
		t.Errorf("load: %v", err)
	}
	p, _, err := f.Change("", Change{"databases.BMD.dsn", "b.db"}, Change{"database.alias", "BMD"})
	if err != nil || p.Databases["BMD"] != (DatabaseAlias{Driver: SQLite, DSN: "b.db"}) {
		t.Errorf("got %+v, %v", p.Databases, err)
	}
	if got, _, err := f.Load(); err != nil || !reflect.DeepEqual(got, p) {
		t.Errorf("reads back as %+v, %v", got, err)
	}
}

func TestTheListShowsEverythingThatHolds(t *testing.T) {
	p, err := Parse([]byte(full), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range List(p) {
		if got, err := Get(p, s.Field.Key); err != nil || got != s.Value {
			t.Errorf("%s: list %q, get %q, %v", s.Field.Key, s.Value, got, err)
		}
	}
	if _, err := Get(p, "databases.NONE.dsn"); !fault.Has(err, fault.ParameterInvalid) {
		t.Errorf("an unknown alias: %v", err)
	}
}

// anyParams draws parameters that a file may say.
func anyParams(t *rapid.T) Params {
	text := rapid.StringMatching(`[ -~äöüß€🔑"'\\#=\[\]]{0,20}`)
	alias := rapid.StringMatching(`[a-zA-Z0-9ÄÖ_][a-zA-Z0-9 ._-]{0,8}[a-zA-Z0-9_]`)
	p := Default()
	p.Language = rapid.SampledFrom([]Language{German, English}).Draw(t, "language")
	p.Communication.SyncEnabled = rapid.Bool().Draw(t, "enabled")
	p.Communication.Port = rapid.IntRange(1, 65535).Draw(t, "port")
	p.Communication.CertificateFile = text.Draw(t, "certificate")
	p.Service.User = text.Draw(t, "user")
	p.Sync.Interval = time.Duration(rapid.IntRange(10, 86400).Draw(t, "interval")) * time.Second
	p.Sync.GuardPercent = rapid.IntRange(1, 100).Draw(t, "percent")
	for _, a := range rapid.SliceOfDistinct(alias, rapid.ID[string]).Draw(t, "aliases") {
		p.Databases[a] = DatabaseAlias{Driver: SQLite, DSN: "x" + text.Draw(t, "dsn"), Foreign: rapid.Bool().Draw(t, "foreign")}
		p.Database.Alias = a
	}
	return p
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyParams(t)
		b := Marshal(want)
		got, err := Parse(b, Limits{})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%v\ngot  %+v\nwant %+v\n%s", err, got, want, b)
		}
	})
}

func TestAnyChangeOfAnyFileDoesExactlyThat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q := anyParams(t), anyParams(t)
		keys := make([]string, 0, 40)
		for _, f := range fields() {
			if !strings.Contains(f.Key, "*") && f.Key != "database.alias" {
				keys = append(keys, f.Key)
			}
		}
		key := rapid.SampledFrom(keys).Draw(t, "key")
		value, err := Get(q, key)
		if err != nil {
			t.Fatal(err)
		}
		b := Marshal(p)
		next, edited, ms := apply(p, b, []Change{{key, value}}, Limits{})
		if len(ms) > 0 {
			t.Fatal(ms)
		}
		got, err := Parse(edited, Limits{})
		if err != nil || !reflect.DeepEqual(got, next) {
			t.Fatalf("%s = %q: %v\n%s", key, value, err, edited)
		}
		for _, other := range keys {
			a, _ := Get(p, other)
			c, _ := Get(got, other)
			if other == key && c != value || other != key && a != c {
				t.Fatalf("changing %s to %q made %s %q (was %q)", key, value, other, c, a)
			}
		}
		if key != "language" && !slices.Equal(edited, Marshal(next)) {
			t.Fatalf("an edit of our own file isn't what we would write:\n%s", edited)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add(Marshal(Default()))
	f.Add([]byte("[databases.a.b]\nc={d=[1,{e=2}]}\n"))
	f.Add([]byte("sync=[[1]]\n[[log]]\nlevel=1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b, Limits{})
		if err != nil {
			if ms, ok := errors.AsType[Mistakes](err); !ok || len(ms) == 0 {
				t.Fatalf("no mistakes listed: %v", err)
			}
			return
		}
		if again, err := Parse(Marshal(p), Limits{}); err != nil || !reflect.DeepEqual(again, p) {
			t.Fatalf("does not survive being written: %v", err)
		}
	})
}
