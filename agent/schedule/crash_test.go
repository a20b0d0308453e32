package schedule

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"abgleich/agent/pim"
)

// A child process runs a scheduler and writes what happens into a log until it is
// killed. The parent reads the log of all its children.
const crashFolder = "ABGLEICH_TEST_CRASH_FOLDER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashFolder); dir != "" {
		crashChild(dir)
		return
	}
	os.Exit(m.Run())
}

// crashChild triggers and runs until killed. Lines are written by one system call
// each: "wanted n" before the trigger is given, "triggered n" after it was taken,
// "run claim n" when a new run begins and has seen change n, "slice claim", "done claim".
func crashChild(dir string) {
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	line := func(format string, args ...any) {
		if _, err := fmt.Fprintf(log, format+"\n", args...); err != nil {
			panic(err)
		}
	}
	seen := newRecord()
	s, err := Start(context.Background(), Config{Folder: dir, Observer: seen, Now: time.Now, Interval: time.Hour,
		Users: &fakeUsers{list: []User{employee("anna", pim.KindTask)}},
		Runner: runnerFunc(func(ctx context.Context, s Slice) (Result, error) {
			if s.Continues {
				line("slice %d", s.Claim)
			} else {
				line("run %d", s.Claim)
			}
			time.Sleep(time.Duration(rand.IntN(8)) * time.Millisecond)
			if rand.IntN(3) == 0 {
				line("more %d", s.Claim)
				return Result{More: true}, nil
			}
			line("done %d", s.Claim)
			return Result{}, nil
		})})
	if err != nil {
		panic(err)
	}
	if os.Getenv("ABGLEICH_TEST_CRASH_QUIET") != "" {
		crashFinish(s, seen)
		return
	}
	for n := 0; ; n++ {
		line("wanted")
		if err := s.Trigger(context.Background(), "anna", ByHint, pim.KindTask); err == nil {
			if line("triggered"); n%10 == 9 {
				fmt.Println("under way")
			}
		}
		time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
	}
}

// crashFinish waits until nothing is wanted any more, and ends the process well.
func crashFinish(s *Scheduler, seen *record) {
	for {
		time.Sleep(20 * time.Millisecond)
		list, err := s.queue.all(context.Background())
		if err != nil {
			panic(err)
		}
		if seen.runs("anna", pim.KindTask) > 0 && len(list) == 1 && list[0].want == list[0].done {
			break
		}
	}
	if err := s.Stop(context.Background()); err != nil {
		panic(err)
	}
}

func TestNothingIsLostWhenTheProcessIsKilled(t *testing.T) {
	dir := t.TempDir()
	child := func(quiet bool) (under <-chan struct{}, c *exec.Cmd) {
		t.Helper()
		c = exec.Command(os.Args[0], "-test.run=^$")
		c.Env = append(os.Environ(), crashFolder+"="+dir)
		if quiet {
			c.Env = append(c.Env, "ABGLEICH_TEST_CRASH_QUIET=1")
		}
		c.Stderr = os.Stderr
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		way := make(chan struct{})
		go func() {
			defer close(way)
			bufio.NewScanner(out).Scan()
		}()
		return way, c
	}
	for n := range 12 {
		way, c := child(false)
		if n%4 != 3 {
			<-way // else: killed while it starts
		}
		<-time.After(time.Duration(rand.IntN(150)) * time.Millisecond)
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-way
		_ = c.Wait() // killed
	}
	// The last one only has to finish what is left.
	way, c := child(true)
	<-way
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}

	f, err := os.Open(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lastClaim, changes, taken, seen, covered, runs int
	open := false
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var word string
		var claim int
		_, _ = fmt.Sscan(sc.Text(), &word, &claim)
		switch word {
		case "wanted":
			changes++
		case "triggered":
			taken++
		case "run", "slice":
			if claim <= lastClaim {
				t.Fatalf("claim %d after %d", claim, lastClaim)
			}
			lastClaim, open = claim, true
			if word == "run" {
				seen, runs = changes, runs+1
			}
		case "more", "done":
			if !open || claim != lastClaim {
				t.Fatalf("slice %d ended, the last begun was %d", claim, lastClaim)
			}
			open = false
			if word == "done" {
				covered = seen
			}
		}
	}
	if covered != changes || taken < 20 || runs < 5 {
		t.Errorf("%d triggers of which %d were taken; the last complete run of %d saw %d", changes, taken, runs, covered)
	}
}
