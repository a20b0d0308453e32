package rival_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"abgleich/agent/rival"
)

// list plays the processes of a machine.
type list struct {
	files []string
	err   error
	asked int
}

func (l *list) Running(context.Context) ([]string, error) { l.asked++; return l.files, l.err }

func TestAnotherSyncServiceIsKnownByItsFile(t *testing.T) {
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"nothing":                   {nil, ""},
		"others":                    {[]string{"/usr/bin/bash", "explorer.exe"}, ""},
		"on Windows":                {[]string{"svchost.exe", "BMDSyncService.exe"}, "BMDSyncService"},
		"written otherwise":         {[]string{"bmdsyncservice.EXE"}, "bmdsyncservice"},
		"with its path":             {[]string{`C:\Program Files\BMD\BMDSyncService.exe`}, "BMDSyncService"},
		"on Linux":                  {[]string{"/opt/bmd/BMDSyncService"}, "BMDSyncService"},
		"only mentioned":            {[]string{"/var/log/BMDSyncService.log"}, ""},
		"one that begins the same":  {[]string{"BMDSyncServiceConfig.exe"}, ""},
		"an argument that is empty": {[]string{"", "\\", "/"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := rival.New(&list{files: c.files}, rival.Known(), time.Now).Find(t.Context())
			if err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestAnAnswerHoldsForMomentsOnly(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	l := &list{files: []string{"BMDSyncService.exe"}}
	f := rival.New(l, rival.Known(), func() time.Time { return now })
	for range 100 {
		if got, _ := f.Find(t.Context()); got == "" {
			t.Fatal("not found")
		}
	}
	if l.asked != 1 {
		t.Errorf("the processes were listed %d times at one moment", l.asked)
	}
	l.files = nil
	now = now.Add(10 * time.Second)
	if got, _ := f.Find(t.Context()); got != "" {
		t.Errorf("%q is gone", got)
	}
	l.err, now = errors.New("not allowed"), now.Add(10*time.Second)
	if _, err := f.Find(t.Context()); err == nil {
		t.Error("a failure is hidden")
	}
}

// A copy of this test's own program, under the other service's name, is a real
// process; it ends when its standard input does.
func TestARealProcessIsFoundAndItsEndIsSeen(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("processes are listed through /proc here")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "AbgleichTestRival")
	if err := os.WriteFile(file, b, 0o700); err != nil {
		t.Fatal(err)
	}
	find := func() string {
		got, err := rival.New(rival.System{}, []string{"AbgleichTestRival"}, time.Now).Find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := find(); got != "" {
		t.Fatalf("%q runs before it was started", got)
	}
	cmd := exec.CommandContext(t.Context(), file, "-test.run=^TestBeAnotherService$")
	cmd.Env = append(os.Environ(), "ABGLEICH_TEST_RIVAL=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil { // it has begun
		t.Fatal(err)
	}
	if got := find(); got != "AbgleichTestRival" {
		t.Errorf("the process is not found: %q", got)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := find(); got != "" {
		t.Errorf("%q is found after its end", got)
	}
}

func TestBeAnotherService(t *testing.T) {
	if os.Getenv("ABGLEICH_TEST_RIVAL") == "" {
		t.Skip("only as the child of the test above")
	}
	_, _ = os.Stdout.WriteString("x")
	_, _ = io.Copy(io.Discard, os.Stdin)
}
