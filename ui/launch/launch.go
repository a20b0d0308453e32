// Package launch starts the window for the tray icon: the program that paints
// through OpenGL, or, where that ends because there is none, the one that paints
// in software. What was found out is remembered for this computer, so that only
// the first click takes the way round, and tried anew after a month.
//
// It promises that a person who clicks sees a window if any of the two programs
// can show one. It must not know Fyne, or what is in the window.
package launch

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"abgleich/ui/preferences"
)

// NoOpenGL is how the window ends when it found no OpenGL it can paint with.
const NoOpenGL = 69

// believed is how long a computer is taken to have no OpenGL: a driver may have
// been installed since.
const believed = 30 * 24 * time.Hour

// Launcher starts windows.
type Launcher struct {
	// Window and Soft are the two programs' files.
	Window, Soft string
	// File remembers.
	File preferences.File
	// Host names this computer: preferences may follow a person from one to another.
	Host string
	// Now is the clock.
	Now func() time.Time
	// Failed is told what went wrong after Open has returned. It is called on a
	// goroutine of its own.
	Failed func(error)
}

// Beside is a launcher for the programs in the folder of this one.
func Beside(file preferences.File, failed func(error)) (*Launcher, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("launch: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "" // all computers without a name are one
	}
	window, soft := programs(self)
	return &Launcher{Window: window, Soft: soft, File: file, Host: host, Now: time.Now, Failed: failed}, nil
}

// programs are "window" and "window-soft" beside "tray", "abgleich-window.exe" and
// "abgleich-window-soft.exe" beside "abgleich-tray.exe".
func programs(self string) (window, soft string) {
	dir, name := filepath.Split(self)
	prefix, ok := strings.CutSuffix(strings.TrimSuffix(name, filepath.Ext(name)), "tray")
	if !ok {
		prefix = ""
	}
	end := ""
	if runtime.GOOS == "windows" {
		end = ".exe"
	}
	return filepath.Join(dir, prefix+"window"+end), filepath.Join(dir, prefix+"window-soft"+end)
}

// Open starts a window with these arguments and doesn't wait for it. The window
// outlives this program.
func (l *Launcher) Open(args ...string) error {
	if l.remembered() {
		return l.start(l.Soft, args, nil)
	}
	err := l.start(l.Window, args, func(code int) {
		if !hopeless(code) {
			return
		}
		if err := l.fall(args); err != nil {
			l.Failed(err)
		}
	})
	if err == nil {
		return nil
	}
	// It isn't there, or lacks a library: the other one needs none.
	if soft := l.start(l.Soft, args, nil); soft != nil {
		return errors.Join(err, soft)
	}
	return nil
}

// fall starts the other program and remembers to.
func (l *Launcher) fall(args []string) error {
	if err := l.start(l.Soft, args, nil); err != nil {
		return err
	}
	return l.File.Change(func(p *preferences.Preferences) {
		p.SoftwareOn, p.SoftwareSince = l.Host, l.Now().UTC().Truncate(time.Second)
	})
}

// remembered tells whether this computer had no OpenGL lately.
func (l *Launcher) remembered() bool {
	p := l.File.Load()
	age := l.Now().Sub(p.SoftwareSince)
	return !p.SoftwareSince.IsZero() && p.SoftwareOn == l.Host && age >= 0 && age < believed
}

// hopeless tells whether an exit code means that this program can't show a window
// here: it found no OpenGL, or Windows didn't find a library it needs.
func hopeless(code int) bool {
	const dllNotFound, entryNotFound = 0xc0000135, 0xc0000139
	switch uint32(code) {
	case NoOpenGL, dllNotFound, entryNotFound:
		return true
	}
	return false
}

// start starts a program; ended is told how it ended, if it did by itself.
func (l *Launcher) start(program string, args []string, ended func(code int)) error {
	cmd := exec.Command(program, args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("launch: %w", err)
	}
	go func() { // ends with the window
		err := cmd.Wait()
		var exit *exec.ExitError
		if errors.As(err, &exit) && ended != nil {
			ended(exit.ExitCode())
		}
	}()
	return nil
}
