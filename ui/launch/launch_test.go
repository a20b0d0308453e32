package launch

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"abgleich/ui/preferences"
)

// The test is its own window program: started with these, it notes that and ends.
const noteEnv, codeEnv = "ABGLEICH_TEST_NOTE", "ABGLEICH_TEST_CODE"

func TestMain(m *testing.M) {
	note := os.Getenv(noteEnv)
	if note == "" || len(os.Args) < 2 || os.Args[1] != "status" {
		os.Exit(m.Run())
	}
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	if err := os.WriteFile(filepath.Join(note, name+".tmp"), []byte(strings.Join(os.Args[1:], " ")), 0o600); err != nil {
		os.Exit(1)
	}
	if os.Rename(filepath.Join(note, name+".tmp"), filepath.Join(note, name)) != nil {
		os.Exit(1)
	}
	code := 0
	if name == "window" {
		code, _ = strconv.Atoi(os.Getenv(codeEnv))
	}
	os.Exit(code)
}

// programsIn puts copies of the test beside each other.
func programsIn(t *testing.T, names ...string) (dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, n := range names {
		if runtime.GOOS == "windows" {
			n += ".exe"
		}
		if err := os.WriteFile(filepath.Join(dir, n), b, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// launcher starts programs in dir that note in the second folder that they ran.
func launcher(t *testing.T, dir string, exit int) (l *Launcher, note string) {
	t.Helper()
	note = t.TempDir()
	t.Setenv(noteEnv, note)
	t.Setenv(codeEnv, fmt.Sprint(exit))
	window, soft := programs(filepath.Join(dir, "tray"))
	now := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	return &Launcher{Window: window, Soft: soft, File: preferences.In(t.TempDir()), Host: "ts1", Now: func() time.Time { return now },
		Failed: func(err error) { t.Error(err) }}, note
}

func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	end := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(end) {
			t.Fatal(what)
		}
		runtime.Gosched()
		<-time.After(5 * time.Millisecond)
	}
}

func ran(note, name string) func() bool {
	return func() bool { _, err := os.Stat(filepath.Join(note, name)); return err == nil }
}

func TestAWindowWithoutOpenGLIsFollowedByTheOtherWhichIsRemembered(t *testing.T) {
	l, note := launcher(t, programsIn(t, "window", "window-soft"), NoOpenGL)
	if err := l.Open("status", "--lang", "de"); err != nil {
		t.Fatal(err)
	}
	var got []byte
	within(t, "the window in software did not start", func() (ok bool) {
		var err error // Windows lets nobody read a file while it gets its name
		got, err = os.ReadFile(filepath.Join(note, "window-soft"))
		return err == nil
	})
	if string(got) != "status --lang de" {
		t.Errorf("it was started with %q", got)
	}
	within(t, "it is not remembered", l.remembered)

	again, note := launcher(t, filepath.Dir(l.Window), NoOpenGL)
	again.File = l.File
	if err := again.Open("status"); err != nil {
		t.Fatal(err)
	}
	within(t, "the remembered one did not start", ran(note, "window-soft"))
	if ran(note, "window")() {
		t.Error("the window was tried all the same")
	}
}

func TestAWindowThatEndsOtherwiseIsNotFollowed(t *testing.T) {
	for _, code := range []int{0, 1, 2} {
		if hopeless(code) {
			t.Errorf("code %d starts another window", code)
		}
	}
	for _, code := range []int{NoOpenGL, 0xc0000135} {
		if !hopeless(code) {
			t.Errorf("code %x starts no other window", code)
		}
	}
}

func TestAMissingWindowIsReplacedByTheOther(t *testing.T) {
	l, note := launcher(t, programsIn(t, "window-soft"), 0)
	if err := l.Open("status"); err != nil {
		t.Fatal(err)
	}
	within(t, "the window in software did not start", ran(note, "window-soft"))
	l.Soft = l.Window
	if l.Open("status") == nil {
		t.Error("no error though neither is there")
	}
}

func TestWhatIsRememberedIsForOneComputerAndAMonth(t *testing.T) {
	l, _ := launcher(t, t.TempDir(), 0)
	if l.remembered() {
		t.Error("nothing was found out, but it is remembered")
	}
	since := l.Now()
	if err := l.File.Change(func(p *preferences.Preferences) { p.SoftwareOn, p.SoftwareSince = "ts1", since }); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, host string
		later      time.Duration
		want       bool
	}{
		{"the same day", "ts1", time.Hour, true},
		{"another computer", "laptop", time.Hour, false},
		{"a month later", "ts1", believed, false},
		{"a clock put back", "ts1", -time.Hour, false},
	} {
		l.Host, l.Now = tt.host, func() time.Time { return since.Add(tt.later) }
		if l.remembered() != tt.want {
			t.Errorf("%s: %v", tt.name, !tt.want)
		}
	}
}

func TestTheWindowsAreBesideTheTray(t *testing.T) {
	exe := ""
	if runtime.GOOS == "windows" {
		exe = ".exe"
	}
	for self, want := range map[string]string{"tray": "window", "abgleich-tray": "abgleich-window", "other": "window"} {
		window, soft := programs(filepath.Join("bin", self+exe))
		if window != filepath.Join("bin", want+exe) || soft != filepath.Join("bin", want+"-soft"+exe) {
			t.Errorf("%s: %s, %s", self, window, soft)
		}
	}
}
