package notice

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/params"
)

// MaxWaiting is how many mails wait for a mail server that is down; older ones are
// dropped for newer ones.
const MaxWaiting = 100

const (
	firstPause   = time.Minute
	longestPause = time.Hour
	// sendWithin bounds one mail.
	sendWithin = 2 * time.Minute
	// look is how often the clock is looked at when nothing else happens.
	look = time.Minute
)

// Mail is a finished mail; Body is plain text.
type Mail struct{ To, Subject, Body string }

// Sender hands one mail to a mail server. It returns when the server has taken it,
// or with code [fault.NoticeUnsent]; [fault.ParametersIncomplete] is a sender that
// isn't set up yet.
type Sender interface {
	Send(context.Context, Mail) error
}

// Options are what a desk needs.
type Options struct {
	// File keeps the state, in a folder that exists.
	File   string
	Sender Sender
	// Settings are the parameters in force.
	Settings func() Settings
	// Wrong lists what waits for people besides what fails, for the daily summary;
	// nil for nothing.
	Wrong func() []Wrong
	Log   *slog.Logger
	// Now is the clock.
	Now func() time.Time
}

// Settings say whether and how mails are written.
type Settings struct {
	// Mail is to whom and through which server; without a recipient nothing is sent.
	Mail     params.Notice
	Language params.Language
	// Machine is where the agent runs, as mails name it.
	Machine string
	// PasswordAt is when the password of the way out was stored last; a new one lets
	// the next mail be tried at once.
	PasswordAt time.Time
}

// Desk decides what is mailed and when. Its methods may be called from any
// goroutine; mails leave in [Desk.Run].
type Desk struct {
	o    Options
	wake chan struct{}

	// mu guards the fields below.
	mu      sync.Mutex
	state   state
	unsaved bool
	// failures in a row, and when the next mail is tried.
	failures int
	next     time.Time
	// seen are the settings the last mail was tried with.
	seen params.Notice
	// seenAt is the PasswordAt of the same.
	seenAt time.Time
	// began is when Run began; zero before.
	began time.Time
}

// Open takes up what the last life left. A file that can't be read is logged and
// begun anew: at worst a mail comes twice.
func Open(o Options) *Desk {
	s, err := read(o.File)
	if err != nil {
		o.Log.Warn("what was written of before is not known", "file", o.File, "error", err)
	}
	return &Desk{o: o, state: s, wake: make(chan struct{}, 1)}
}

// Failing tells that the source fails with code. name is the user's for people;
// after is what a success must be later than to end it (see [Desk.Well]).
func (d *Desk) Failing(s Source, name string, code fault.Code, after time.Time) {
	if code == "" || code == fault.Cancelled || code == fault.AlreadyRunning {
		return
	}
	d.change(func() bool {
		now := d.o.Now()
		since := now
		if old := d.of(s); old != nil {
			h := old.holder(s)
			if h.Name != name {
				h.Name, d.unsaved = name, true
			}
			// Who was written to that a user fails is told when he fails no more,
			// not with each new reason.
			if old.about == aboutOf(s, code) || old.Told && !urgent(code) {
				changed := after.After(h.After)
				if changed {
					h.After = after
				}
				return changed
			}
			since = h.Since
			old.release(s)
			if len(old.Holders) == 0 {
				old.Told = false // the new mail takes its place
				d.unqueue(old.about)
			}
		}
		t := d.find(aboutOf(s, code))
		if t == nil {
			t = &trouble{about: aboutOf(s, code)}
			d.state.Troubles = append(d.state.Troubles, t)
		}
		t.Holders = append(t.Holders, holder{Source: s, Name: name, Since: since, After: after})
		return true
	})
}

// Well tells that the source last did its work at the instant at. It ends what it
// failed with, if that is later than the failure.
func (d *Desk) Well(s Source, at time.Time) {
	d.change(func() bool {
		t := d.of(s)
		if t == nil || !at.After(t.holder(s).After) {
			return false
		}
		d.end(t, s, true)
		return true
	})
}

// Over tells that the source certainly fails no more.
func (d *Desk) Over(s Source) {
	d.change(func() bool {
		t := d.of(s)
		if t != nil {
			d.end(t, s, true)
		}
		return t != nil
	})
}

// Gone tells that nobody asks for the source any more: nothing is written of it.
func (d *Desk) Gone(s Source) {
	d.change(func() bool {
		t := d.of(s)
		if t != nil {
			d.end(t, s, false)
		}
		return t != nil
	})
}

// end takes a source out of its trouble, and ends the trouble with its last one.
func (d *Desk) end(t *trouble, s Source, well bool) {
	since, names := t.since(), t.names()
	t.release(s)
	if len(t.Holders) > 0 {
		return
	}
	told := t.Told
	t.Told = false
	if d.unqueue(t.about) || !told || !well || d.o.Settings().Mail.Recipient == "" {
		return // nobody waits to hear of the end
	}
	d.queue(message{about: t.about, Cause: t.Cause, Over: true, Since: since, Ended: d.o.Now(), Names: names})
}

// of is the trouble the source is in; nil for none.
func (d *Desk) of(s Source) *trouble {
	for _, t := range d.state.Troubles {
		if t.holder(s) != nil {
			return t
		}
	}
	return nil
}

func (d *Desk) find(a about) *trouble {
	for _, t := range d.state.Troubles {
		if t.about == a {
			return t
		}
	}
	return nil
}

func (d *Desk) queue(m message) {
	d.state.Waiting = append(d.state.Waiting, m)
	for len(d.state.Waiting) > MaxWaiting {
		old := d.state.Waiting[0]
		d.state.Waiting = d.state.Waiting[1:]
		d.o.Log.Warn("a notice is dropped: too many wait for the mail server", "user", old.User, "code", old.Code)
	}
}

// unqueue takes back the mail about a beginning that hasn't left yet.
func (d *Desk) unqueue(a about) bool {
	n := len(d.state.Waiting)
	d.state.Waiting = slices.DeleteFunc(d.state.Waiting, func(m message) bool { return m.about == a && !m.Over })
	return len(d.state.Waiting) < n
}

// change runs f on the state, keeps the outcome and wakes Run.
func (d *Desk) change(f func() bool) {
	d.mu.Lock()
	changed := f()
	d.unsaved = d.unsaved || changed
	d.mu.Unlock()
	if changed {
		select {
		case d.wake <- struct{}{}:
		default: // it is awake
		}
	}
}
