package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"abgleich/ipc/pipe"
)

// setup remembers what an installation makes, for as long as it may still fail: then
// that is taken back, and what was there before stays. An installer that fails late
// finds it beside the parameter file.
type setup struct {
	file string
	// Made are folders and files that were not there before, folders first.
	Made []string `json:"made"`
	// Brought are named agents that uninstall --all had removed.
	Brought []pipe.Instance `json:"brought,omitempty"`
}

// setupEnd follows the parameter file's name.
const setupEnd = ".setup"

// newSetup looks at what the parameter file's folder has before anything is made.
func (g *global) newSetup() *setup {
	s := &setup{file: g.parameterFile + setupEnd, Brought: g.marked()}
	s.watch(filepath.Dir(g.parameterFile), g.parameterFile)
	return s
}

// takeBack undoes an installation that was not completed: the service, what was made
// for it, and the named agents it brought back, which wait for the next one again.
func (g *global) takeBack(ctx context.Context) error {
	made := g.newSetup()
	err := made.load()
	if err != nil {
		made.Made = nil // nothing is deleted on a guess
	}
	for _, i := range made.Brought {
		one := g.of(i)
		err = errors.Join(err, one.uninstall(ctx, false), one.leaveMark())
	}
	if e := g.uninstall(ctx, false); e != nil {
		return errors.Join(err, e) // what still runs needs its data
	}
	return errors.Join(err, made.undo())
}

// watch notes which of the paths are not there yet.
func (s *setup) watch(paths ...string) {
	for _, path := range paths {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) && !slices.Contains(s.Made, path) {
			s.Made = append(s.Made, path)
		}
	}
}

// keep writes it down, in place of what an earlier installation left.
func (s *setup) keep() error {
	if len(s.Made)+len(s.Brought) == 0 {
		return s.settle()
	}
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("what the installation makes: %w", err)
	}
	return os.WriteFile(s.file, b, 0o600)
}

// load reads what was written down; nothing is nothing to take back.
func (s *setup) load() error {
	s.Made, s.Brought = nil, nil
	b, err := os.ReadFile(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(b, s)
}

// undo deletes what was made, with all that came into it since.
func (s *setup) undo() error {
	err := s.settle()
	for _, path := range slices.Backward(s.Made) {
		info, e := os.Lstat(path)
		switch {
		case errors.Is(e, fs.ErrNotExist):
		case e == nil && info.IsDir():
			e = removeTree(path)
		case e == nil:
			e = os.Remove(path)
		}
		if !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// settle forgets it: the installation is complete.
func (s *setup) settle() error {
	if err := os.Remove(s.file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
