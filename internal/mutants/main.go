// Command mutants plants one bug after another and looks whether the tests notice.
//
// It owns the list of bugs: at least one against each promise of the engine, each
// with the tests that should fail. The sources stay as they are; the compiler gets
// the planted file as an overlay (go help build, -overlay). A bug that no test
// notices, and one that can't be planted any more because the code has changed,
// end it with exit code 1. It must not know how anything works but by its source.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"
)

func main() {
	only := flag.String("only", "", "plant only those whose name or promise matches this pattern")
	jobs := flag.Int("jobs", max(1, runtime.NumCPU()/2), "how many to try at the same time")
	verbose := flag.Bool("v", false, "show what the tests said")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *only, *jobs, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// result is what became of a bug.
type result struct {
	m          mutant
	by, output string
	err        error
	took       time.Duration
}

// String is a line of the report.
func (r *result) String() string {
	took := r.took.Round(100 * time.Millisecond)
	switch {
	case r.err != nil:
		return fmt.Sprintf("BROKEN    %-60s %s: %v\n%s", r.m.name, took, r.err, r.output)
	case r.by == "":
		return fmt.Sprintf("SURVIVED  %-60s %s (%s)", r.m.name, took, r.m.promise)
	}
	return fmt.Sprintf("caught    %-60s %s by %s", r.m.name, took, r.by)
}

func run(ctx context.Context, only string, jobs int, verbose bool) error {
	want, err := regexp.Compile("(?i)" + only)
	if err != nil {
		return err
	}
	began := time.Now()
	todo, done := make(chan mutant), make(chan result)
	var working sync.WaitGroup
	for range jobs {
		working.Go(func() {
			for m := range todo {
				began := time.Now()
				r := result{m: m}
				r.by, r.output, r.err = m.try(ctx)
				r.took = time.Since(began)
				done <- r
			}
		})
	}
	working.Go(func() {
		defer close(todo)
		for _, m := range mutants {
			if (want.MatchString(m.name) || want.MatchString(m.promise)) && ctx.Err() == nil {
				todo <- m
			}
		}
	})
	go func() { working.Wait(); close(done) }()
	survived, planted := 0, 0
	for r := range done {
		if ctx.Err() != nil {
			continue // what is told of it is not true
		}
		planted++
		if r.err != nil || r.by == "" {
			survived++
		}
		fmt.Println(&r)
		if verbose {
			fmt.Println(r.output)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	fmt.Printf("%d planted, %d caught, %s\n", planted, planted-survived, time.Since(began).Round(time.Second))
	if survived > 0 {
		return fmt.Errorf("%d of %d planted bugs were not caught", survived, planted)
	}
	return nil
}

// mutant is one bug.
type mutant struct {
	// promise is what it breaks, name what is wrong now.
	promise, name string
	// file is below the module's root; was stands in it exactly once.
	file, was, is string
	// tests is the package and the pattern of the tests that should fail.
	pkg, tests string
}

// plant gives the file with the bug in it.
func (m *mutant) plant(root string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return nil, err
	}
	if n := strings.Count(string(text), m.was); n != 1 {
		return nil, fmt.Errorf("%q stands %d times in %s", m.was, n, m.file)
	}
	return []byte(strings.Replace(string(text), m.was, m.is, 1)), nil
}

// steps is how long a model test has to notice a bug; most are noticed far earlier.
const steps = "240000"

var failing = regexp.MustCompile(`(?m)^--- FAIL: (\S+)|^panic: (.*)`)

// try plants the bug and runs the tests. by is the test that noticed, or "".
func (m *mutant) try(ctx context.Context) (by, output string, err error) {
	root, err := os.Getwd()
	if err != nil {
		return "", "", err
	}
	text, err := m.plant(root)
	if err != nil {
		return "", "", err
	}
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return "", "", err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // temporary
	planted := filepath.Join(dir, filepath.Base(m.file))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, m.file): planted}})
	if err != nil {
		return "", "", err
	}
	if err := errors.Join(os.WriteFile(planted, text, 0o600), os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600)); err != nil {
		return "", "", err
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-overlay", filepath.Join(dir, "overlay.json"), "-count=1", "-timeout", "10m",
		"-vet=off", "-failfast", "-run", m.tests, "./"+m.pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "ABGLEICH_STEPS="+steps, "RAPID_NOFAILFILE=true", "RAPID_SHRINKTIME=1s")
	out, err := cmd.CombinedOutput()
	output = string(out)
	if strings.Contains(output, "no tests to run") {
		return "", output, errors.New("no tests of that name")
	}
	if err == nil {
		return "", output, nil
	}
	if strings.Contains(output, "[build failed]") || strings.Contains(output, "[setup failed]") {
		return "", output, errors.New("it doesn't compile")
	}
	if hit := failing.FindStringSubmatch(output); hit != nil {
		return hit[1] + hit[2], output, nil
	}
	return "", output, fmt.Errorf("the tests ended strangely: %w", err)
}
