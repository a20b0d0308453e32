package logbook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// buffer is a writer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(b)
}

func TestLinesStandInTheServiceLogAndAUsersErrorsInHis(t *testing.T) {
	dir := t.TempDir()
	b := Open(Options{Folder: filepath.Join(dir, "made"), Level: logrus.InfoLevel})
	b.Service().Info("agent ready")
	b.Service().Debug("too much")
	b.User(`LAB\anna`).Info("first sync done")
	b.User(`LAB\anna`).WithError(errors.New("401 (no)")).Error("login rejected")
	b.User("bernd").Warn("slow")
	b.Slog().With("user", "bernd").Warn("from slog", "code", "x")
	b.Close()
	b.Close()
	dir = filepath.Join(dir, "made")
	service := read(t, dir, ServiceFile)
	for _, want := range []string{"INFO  agent ready\n", `[LAB\anna] first sync done`, `ERROR [LAB\anna] login rejected error="401 (no)"`, "[bernd] from slog code=x\n"} {
		if !strings.Contains(service, want) {
			t.Errorf("no %q in\n%s", want, service)
		}
	}
	if n := strings.Count(service, "\n"); n != 5 {
		t.Errorf("%d lines:\n%s", n, service)
	}
	if got := read(t, dir, "Err-LAB+anna.log"); strings.Count(got, "\n") != 1 || !strings.Contains(got, "login rejected") {
		t.Errorf("Anna's errors: %q", got)
	}
	if got := read(t, dir, "Err-bernd.log"); strings.Count(got, "\n") != 2 || strings.Contains(got, "anna") {
		t.Errorf("Bernd's errors: %q", got)
	}
}

type secret string

func (s secret) Reveal() string { return string(s) }

func TestARegisteredSecretNeverReachesAFileOrAReader(t *testing.T) {
	dir := t.TempDir()
	var echo buffer
	b := Open(Options{Folder: dir, Level: logrus.DebugLevel, Echo: &echo})
	const pw = `p ä"ss/w&d`
	b.Guard(secret(pw))
	b.Guard(secret("p")) // too short to look for
	follow := b.Follow(t.Context(), Query{})
	b.User(pw).WithField("pw", pw).WithField("in", []string{pw}).Errorf("password %s, quoted %q, address https://u:%s@x", pw, pw, "p%20%C3%A4%22ss%2Fw&d")
	b.Service().WithError(fmt.Errorf("url %s", "p+%C3%A4%22ss%2Fw%26d")).Info("base64 cCDDpCJzcy93JmQ=")
	tail, err := b.Tail(t.Context(), Query{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	var all strings.Builder
	all.WriteString(echo.String())
	for l := range follow {
		all.WriteString(l.String())
	}
	for _, l := range tail {
		all.WriteString(l.String())
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all.WriteString(e.Name() + read(t, dir, e.Name()))
	}
	for _, bad := range []string{"ss/w", "ss%2F", `\"ss`, "cCDD"} {
		if strings.Contains(all.String(), bad) {
			t.Errorf("%s is there:\n%s", bad, all.String())
		}
	}
	if !strings.Contains(all.String(), "•••") {
		t.Errorf("nothing was replaced:\n%s", all.String())
	}
}

func TestNobodyCanForgeALine(t *testing.T) {
	dir := t.TempDir()
	b := Open(Options{Folder: dir, Level: logrus.InfoLevel})
	evil := "x\n2026-11-23T19:09:24.123+01:00 ERROR [chef] forged\r\x1b[2J\u202e\u2028"
	b.Service().WithField("k", evil).Info(evil)
	b.User(evil).Info(evil)
	b.Service().Info("[chef] forged")
	b.Close()
	got := read(t, dir, ServiceFile)
	if strings.Count(got, "\n") != 3 || strings.ContainsAny(got, "\x1b\r\u202e\u2028") {
		t.Errorf("got %q", got)
	}
	lines, err := b.Tail(t.Context(), Query{User: "chef"}, 10)
	if err != nil || len(lines) != 0 {
		t.Errorf("forged: %v, %v", lines, err)
	}
}

func TestALineIsReadBackAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := logrus.NewEntry(logrus.New()).WithField("f", rapid.String().Draw(t, "field"))
		if u := rapid.String().Draw(t, "user"); u != "" {
			e = e.WithField(UserField, u)
		}
		e.Message = rapid.String().Draw(t, "message")
		user, text := content(e)
		want := Line{
			Time:  time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "ms")).UTC(),
			Level: rapid.SampledFrom([]logrus.Level{logrus.ErrorLevel, logrus.WarnLevel, logrus.InfoLevel, logrus.DebugLevel}).Draw(t, "level"),
			User:  user, Text: text,
		}
		got, ok := ParseLine(want.String())
		if !ok || got != want || strings.Contains(want.String(), "\n") {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

func TestUsersNeverShareAFile(t *testing.T) {
	for user, want := range map[string]string{
		"anna": "Err-anna.log", `LAB\anna`: "Err-LAB+anna.log", "anna@lab.test": "Err-anna@lab.test.log",
		"../../etc/passwd": "Err-..%2F..%2Fetc%2Fpasswd.log", "a:b*?": "Err-a%3Ab%2A%3F.log", "Jörg": "Err-Jörg.log", "a+b": "Err-a%2Bb.log",
	} {
		if got := UserFile(user); got != want {
			t.Errorf("%s: %s, want %s", user, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.OneOf(rapid.StringMatching(`[a-z\\+%_/ .]{1,8}`), rapid.String(), rapid.StringN(90, 120, -1))
		a, b := gen.Draw(t, "a"), gen.Draw(t, "b")
		fa, fb := UserFile(a), UserFile(b)
		if strings.ToValidUTF8(a, "\uFFFD") != strings.ToValidUTF8(b, "\uFFFD") && fa == fb {
			t.Fatalf("%q and %q share %s", a, b, fa)
		}
		if strings.ContainsAny(fa, `/\:*?"<>|`+"\x00\n") || len(fa) > 255 {
			t.Fatalf("%q is no file name", fa)
		}
	})
}

func TestAnUnreachableFolderIsTriedAgainAndTheAgentGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		share := filepath.Join(t.TempDir(), "share")
		if err := os.WriteFile(share, nil, 0o600); err != nil { // a file where the folder should be
			t.Fatal(err)
		}
		var fallback buffer
		b := Open(Options{Folder: share, Level: logrus.InfoLevel, Fallback: &fallback})
		b.Service().Info("one")
		synctest.Wait()
		if b.Reachable() || !strings.Contains(fallback.String(), "log-folder-unreachable") || !strings.Contains(fallback.String(), "INFO  one") {
			t.Errorf("fallback: %s", fallback.String())
		}
		if lines, err := b.Tail(t.Context(), Query{}, 5); err != nil || len(lines) != 1 || lines[0].Text != "one" {
			t.Errorf("from memory: %v, %v", lines, err)
		}
		if err := os.Remove(share); err != nil {
			t.Fatal(err)
		}
		b.Service().Info("two") // too early to try again
		synctest.Wait()
		time.Sleep(retryAfter + time.Second) // the bubble's clock
		b.Service().Info("three")
		synctest.Wait()
		if !b.Reachable() {
			t.Error("still unreachable")
		}
		b.Close()
		got := read(t, share, ServiceFile)
		if !strings.Contains(got, "three") || !strings.Contains(got, "2 lines") || strings.Contains(got, "INFO  two") || !strings.Contains(fallback.String(), "INFO  two") {
			t.Errorf("file %q, fallback %q", got, fallback.String())
		}
		b.Service().Info("after the end")
		if !strings.Contains(fallback.String(), "after the end") {
			t.Error("a line after Close is nowhere")
		}
	})
}

func TestALogThatHangsHoldsNobodyUp(t *testing.T) {
	w := &writer{queue: make(chan Line), done: make(chan struct{}), stopping: make(chan struct{})} // nobody writes
	var fallback buffer
	w.o.Fallback = &fallback
	for i := range 10 {
		w.put(Line{Text: fmt.Sprint("line ", i), Level: logrus.InfoLevel})
	}
	if n := strings.Count(fallback.String(), "\n"); n != 10 {
		t.Errorf("%d lines went beside", n)
	}
	w.stop(time.Millisecond) // comes back
}

func TestTailReadsBackwardsThroughBlocksAndFilters(t *testing.T) {
	dir := t.TempDir()
	b := Open(Options{Folder: dir, Level: logrus.DebugLevel})
	for i := range 3000 {
		b.User([]string{"anna", "bernd"}[i%2]).Infof("line %d %s", i, strings.Repeat("ä", i%97))
	}
	b.Service().Warn("Last Words")
	b.Close()
	for name, c := range map[string]struct {
		q           Query
		n           int
		first, last string
		count       int
	}{
		"the last":       {Query{}, 2, "line 2999 ", "Last Words", 2},
		"a user":         {Query{User: "ANNA"}, 1000, "line 1000 ", "line 2998 ", 1000},
		"everything":     {Query{}, 5000, "line 0", "Last Words", 3001},
		"a level":        {Query{Level: logrus.WarnLevel}, 10, "Last", "Last", 1},
		"a word":         {Query{Contains: "last words"}, 10, "Last", "Last", 1},
		"nobody's lines": {Query{User: "nobody"}, 10, "", "", 0},
		"no line":        {Query{}, 0, "", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := b.Tail(t.Context(), c.q, c.n)
			if err != nil || len(got) != c.count {
				t.Fatalf("%d lines, %v", len(got), err)
			}
			if c.count > 0 && (!strings.HasPrefix(got[0].Text, c.first) || !strings.HasPrefix(got[len(got)-1].Text, c.last)) {
				t.Errorf("from %q to %q", got[0].Text, got[len(got)-1].Text)
			}
		})
	}
	if got, err := b.Tail(t.Context(), Query{User: "anna", ErrorsOf: true}, 5); err != nil || len(got) != 0 {
		t.Errorf("no errors, no file: %v, %v", got, err)
	}
}

func TestFollowersGetNewLinesAndNeverHoldTheLogUp(t *testing.T) {
	b := Open(Options{Level: logrus.InfoLevel})
	defer b.Close()
	ctx, cancel := context.WithCancel(t.Context())
	mine, lazy := b.Follow(ctx, Query{User: "anna"}), b.Follow(t.Context(), Query{})
	b.User("bernd").Info("not mine")
	b.User("anna").Info("mine")
	if l := <-mine; l.Text != "mine" {
		t.Errorf("got %v", l)
	}
	for range followLength * 3 {
		b.Service().Info("many")
	}
	if len(lazy) != followLength {
		t.Errorf("%d lines wait", len(lazy))
	}
	cancel()
	if _, open := <-mine; open {
		t.Error("the follower still gets lines")
	}
	b.Close()
	if _, open := <-b.Follow(t.Context(), Query{}); open {
		t.Error("a closed book can be followed")
	}
}

func TestFilesAreRotated(t *testing.T) {
	dir := t.TempDir()
	b := Open(Options{Folder: dir, Level: logrus.InfoLevel, MaxSizeMB: 1})
	for range 40 {
		b.Service().Info(strings.Repeat("x", 50_000))
	}
	b.Close()
	names, err := filepath.Glob(filepath.Join(dir, "Abgleich*.log"))
	if err != nil || len(names) < 2 {
		t.Errorf("files %v, %v", names, err)
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add(`2026-11-23T19:09:24.123+01:00 WARN  [LAB\anna] login rejected code=x`)
	f.Add("2026-11-23T19:09:24.123Z INFO  ")
	f.Fuzz(func(t *testing.T, s string) {
		l, ok := ParseLine(s)
		if !ok {
			return
		}
		if again, ok := ParseLine(l.String()); !ok || again.Text != l.Text || again.User != l.User {
			t.Errorf("%q reads as %+v, then as %+v", s, l, again)
		}
	})
}
