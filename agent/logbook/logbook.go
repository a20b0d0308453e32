// Package logbook keeps the agent's log: one service log (Abgleich.log) with
// everything, and one error log a user (Err-<user>.log) with that user's
// warnings and errors.
//
// It promises that logging never holds the agent up: lines go through a bounded
// queue to one writer. The log folder may be a network share; while it can't be
// reached, lines go to the fallback (stderr) and the folder is tried again, and
// the agent goes on. Each entry is one line, whatever it holds. Values of
// registered secrets are replaced before a line leaves the process, in case
// someone logs what he must not.
//
// Reading back ([Book.Tail], [Book.Follow]) serves the API. The package must
// not know what is logged: no item, no permission, no language.
package logbook

import (
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	logrusslog "github.com/sirupsen/logrus/hooks/slog"
)

// UserField is the logrus field that names the user a line is about.
const UserField = "user"

// ServiceFile is the service log's name in the log folder.
const ServiceFile = "Abgleich.log"

// Options say where and how much.
type Options struct {
	// Folder is the log folder; it is made when missing. "" logs to Fallback only.
	Folder string
	// Level is the least important level that is logged.
	Level logrus.Level
	// MaxSizeMB is when a file is put aside; 0 means 10.
	MaxSizeMB int
	// MaxAgeDays is when a file put aside is deleted; 0 means 90.
	MaxAgeDays int
	// Fallback takes the lines while the folder can't be reached; os.Stderr, as
	// a rule.
	Fallback io.Writer
	// Echo takes every line as well, for an agent run in a terminal; nil for none.
	Echo io.Writer
}

// Book is the log. All methods may be called by several goroutines.
type Book struct {
	log    *logrus.Logger
	guard  *guard
	writer *writer
	hub    *hub
	folder string
	once   sync.Once
}

// Open starts a log. It does not fail when the folder can't be reached: the
// fallback says so, and the folder is tried again every thirty seconds.
func Open(o Options) *Book {
	b := &Book{guard: &guard{}, hub: newHub(), folder: o.Folder}
	b.writer = startWriter(o)
	b.log = &logrus.Logger{
		Out:       io.Discard, // the hook below writes
		Formatter: silent{},
		Hooks:     logrus.LevelHooks{},
		Level:     o.Level,
		ExitFunc:  func(int) {}, // the agent decides when it ends
	}
	b.log.AddHook(sink{b})
	return b
}

// Service is the logger of the service log. Give a line a user with
// WithField(logbook.UserField, name), or take [Book.User].
func (b *Book) Service() *logrus.Logger { return b.log }

// User is the logger for what concerns one user: its lines stand in the service
// log, its warnings and errors also in his error log.
func (b *Book) User(name string) *logrus.Entry { return b.log.WithField(UserField, name) }

// Slog is the same log for libraries that speak log/slog.
func (b *Book) Slog() *slog.Logger {
	return slog.New(logrusslog.NewHandler(b.log, nil))
}

// SetLevel changes the least important level while running.
func (b *Book) SetLevel(l logrus.Level) { b.log.SetLevel(l) }

// Guard registers a secret, whose value will read "•••" in every later line.
// This is the second line of defence; the first is never to log it.
func (b *Book) Guard(s interface{ Reveal() string }) { b.guard.add(s.Reveal()) }

// Clean takes every value [Book.Guard] got out of a text that isn't logged.
func (b *Book) Clean(text string) string { return b.guard.clean(text) }

// Reachable tells whether the log folder took the last line.
func (b *Book) Reachable() bool { return !b.writer.down.Load() }

// Close writes what is queued, for five seconds at most, and closes the files.
// Followers end. Lines logged later go to the fallback. It may be called twice.
func (b *Book) Close() error {
	b.once.Do(func() {
		b.hub.close()
		b.writer.stop(5 * time.Second)
	})
	return nil
}

// sink is the hook that takes every entry.
type sink struct{ b *Book }

func (sink) Levels() []logrus.Level { return logrus.AllLevels }

func (s sink) Fire(e *logrus.Entry) error {
	user, text := content(e)
	l := Line{
		Time:  e.Time,
		Level: e.Level,
		User:  s.b.guard.clean(user),
		Text:  s.b.guard.clean(text),
	}
	s.b.hub.publish(l)
	s.b.writer.put(l)
	return nil
}

// silent formats nothing, since the hook does the work.
type silent struct{}

func (silent) Format(*logrus.Entry) ([]byte, error) { return nil, nil }
