// Package rival owns the question whether another sync service is at work on this
// machine. Two of them on the same calendars double what one creates and the other
// has not seen yet.
//
// It promises to name what it found, and to answer from a short memory when asked
// often. It must not know what waits for the answer.
package rival

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// memory is how long an answer holds.
const memory = 5 * time.Second

// Known are the programs that sync the same calendars, without ".exe".
func Known() []string { return []string{"BMDSyncService"} }

// Processes lists the programs that run on this machine, by the name of their file.
type Processes interface {
	Running(context.Context) ([]string, error)
}

// Finder looks for other sync services. It is safe for use by several goroutines.
type Finder struct {
	processes Processes
	names     []string
	now       func() time.Time

	// mu guards the last answer.
	mu    sync.Mutex
	asked time.Time
	found string
	err   error
}

// New makes a finder of programs with these names.
func New(p Processes, names []string, now func() time.Time) *Finder {
	return &Finder{processes: p, names: names, now: now}
}

// Find names another sync service that runs, "" for none.
func (f *Finder) Find(ctx context.Context) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if !f.asked.IsZero() && now.Sub(f.asked) < memory && !now.Before(f.asked) {
		return f.found, f.err
	}
	running, err := f.processes.Running(ctx)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	f.asked, f.found, f.err = now, "", err
	for _, file := range running {
		if name := program(file); slices.ContainsFunc(f.names, func(n string) bool { return strings.EqualFold(n, name) }) {
			f.found = name
			break
		}
	}
	return f.found, f.err
}

// program is a file's name as people know it. Windows paths are understood
// everywhere: Wine and Mono run such programs elsewhere.
func program(file string) string {
	file = filepath.Base(strings.ReplaceAll(file, `\`, "/"))
	if ext := filepath.Ext(file); strings.EqualFold(ext, ".exe") || strings.EqualFold(ext, ".dll") {
		file = strings.TrimSuffix(file, ext)
	}
	return file
}
