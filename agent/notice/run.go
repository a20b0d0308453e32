package notice

import (
	"context"
	"slices"
	"time"

	"abgleich/agent/fault"
)

// Run sends what is to be sent until the context ends.
func (d *Desk) Run(ctx context.Context) error {
	clock := time.NewTicker(look)
	defer clock.Stop()
	d.begin()
	defer d.ended()
	for {
		d.settled()
		d.gather()
		d.save()
		for d.sendOne(ctx) {
			d.save()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-d.wake:
		case <-clock.C:
		}
	}
}

// settings are those in force. After a change the next mail is tried at once.
func (d *Desk) settings() Settings {
	s := d.o.Settings()
	if s.Mail != d.seen || !s.PasswordAt.Equal(d.seenAt) {
		d.seen, d.seenAt, d.failures, d.next = s.Mail, s.PasswordAt, 0, time.Time{}
	}
	return s
}

// gather queues a mail for every trouble that is due, and forgets those that are over.
func (d *Desk) gather() {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.o.Now()
	recipient := d.settings().Mail.Recipient
	if recipient == "" && len(d.state.Waiting) > 0 {
		for _, m := range d.state.Waiting {
			if t := d.find(m.about); t != nil && !m.Over {
				t.Told = false // for a later recipient
			}
		}
		d.state.Waiting, d.unsaved = nil, true
	}
	for _, t := range d.state.Troubles {
		if len(t.Holders) == 0 || t.Told || recipient == "" || now.Before(t.due()) {
			continue
		}
		t.Told, t.Mailed, d.unsaved = true, now, true
		d.queue(message{about: t.about, Cause: t.Cause, Since: t.since(), Names: t.names()})
	}
	d.sumUp(now, recipient)
	n := len(d.state.Troubles)
	d.state.Troubles = slices.DeleteFunc(d.state.Troubles, func(t *trouble) bool {
		return len(t.Holders) == 0 && now.Sub(t.Mailed) >= Rest
	})
	d.unsaved = d.unsaved || len(d.state.Troubles) < n
}

// sendOne sends the oldest mail that waits, and tells whether another may follow.
func (d *Desk) sendOne(ctx context.Context) (more bool) {
	d.mu.Lock()
	s := d.settings()
	if len(d.state.Waiting) == 0 || s.Mail.Recipient == "" || d.o.Now().Before(d.next) || ctx.Err() != nil {
		d.mu.Unlock()
		return false
	}
	m := d.state.Waiting[0]
	d.mu.Unlock()

	one, cancel := context.WithTimeout(ctx, sendWithin)
	var err error
	if mail, ok := d.put(m, s); ok {
		err = d.o.Sender.Send(one, mail)
	}
	cancel()

	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		if ctx.Err() != nil {
			return false
		}
		code := fault.CodeOf(err)
		i := slices.IndexFunc(d.state.Waiting, m.equal)
		if code == fault.ReplyLost && i >= 0 && !m.Lost {
			d.state.Waiting[i].Lost, d.unsaved = true, true
		} else if code == fault.ReplyLost && i >= 0 {
			// Twice is enough: most probably both have left.
			d.state.Waiting, d.unsaved = slices.Delete(d.state.Waiting, i, i+1), true
		}
		d.failures++
		pause := pauseAfter(d.failures)
		if code == fault.LoginRejected {
			pause = longestPause // more tries might lock the account
		}
		d.next = d.o.Now().Add(pause)
		d.o.Log.Warn("a notice could not be sent; it is tried again",
			"code", code, "about", m.Code, "user", m.User, "waiting", len(d.state.Waiting), "pause", pause, "error", err)
		return false
	}
	d.failures, d.next, d.unsaved = 0, time.Time{}, true
	// It may have been taken back or dropped while it was on its way.
	if i := slices.IndexFunc(d.state.Waiting, m.equal); i >= 0 {
		d.state.Waiting = slices.Delete(d.state.Waiting, i, i+1)
	}
	d.o.Log.Info("a notice was sent", "about", m.Code, "user", m.User, "over", m.Over)
	return true
}

func (m message) equal(o message) bool {
	return m.about == o.about && m.Over == o.Over && m.Since.Equal(o.Since) && m.Ended.Equal(o.Ended)
}

// pauseAfter doubles from a minute to an hour.
func pauseAfter(failures int) time.Duration {
	return min(firstPause<<min(max(failures-1, 0), 10), longestPause)
}

// save keeps the state, if it changed. A failure is logged and tried again.
func (d *Desk) save() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.unsaved {
		return
	}
	if err := d.state.write(d.o.File); err != nil {
		d.o.Log.Warn("the notices could not be kept", "file", d.o.File, "error", err)
		return
	}
	d.unsaved = false
}
