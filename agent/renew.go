package agent

import (
	"context"
	"errors"

	"abgleich/agent/fault"
)

// renewing gives the agent a new life as often as parameters ask for it, until the
// context ends.
func (a *Agent) renewing(ctx context.Context) {
	defer close(a.renewed)
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.renew:
		}
		if err := a.anew(ctx); err != nil && ctx.Err() == nil {
			a.fail(err)
		}
	}
}

// anew ends the present life and begins the next one with the parameters as they
// were saved. Where that is not possible those before stay in force, and the log
// says why.
func (a *Agent) anew(ctx context.Context) error {
	old := a.life
	p, _, err := a.o.Parameters.Load()
	if err != nil {
		old.refuse(err) // saved over in this very moment
		a.gate.open(old.handler)
		return nil
	}
	if err := a.endLife(ctx, old); err != nil {
		return err
	}
	next, err := a.begin(ctx, p, old)
	if err == nil {
		if err = a.move(ctx, next); err != nil {
			err = errors.Join(err, next.stop(context.WithoutCancel(ctx)))
		}
	}
	if err != nil && ctx.Err() == nil {
		why := err
		if next, err = a.begin(ctx, old.rooms.settings.now(), old); err == nil {
			next.refuse(why)
		}
	} else if err == nil {
		next.logs.Service().Info("the saved parameters are in force")
	}
	if err != nil {
		return err
	}
	a.setLife(next)
	a.gate.open(next.handler)
	return nil
}

func (a *Agent) setLife(l *life) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.life = l
}

// endLife ends a life; calls wait from now on.
func (a *Agent) endLife(ctx context.Context, l *life) error {
	ctx = context.WithoutCancel(ctx)
	leave, left := context.WithTimeout(ctx, leaveTime)
	defer left()
	l.end()
	a.gate.shut()
	a.gate.empty(leave)
	a.setLife(nil)
	within, ended := context.WithTimeout(ctx, endTime)
	defer ended()
	return l.stop(within)
}

// move opens the pipe where the new life wants it, or leaves it where it is.
func (a *Agent) move(ctx context.Context, l *life) error {
	old := a.door
	if old.at == l.params.IPC {
		return nil
	}
	same := old.at.Address == l.params.IPC.Address // for other people: the name must be free first
	if same {
		if err := old.close(ctx); err != nil {
			return err
		}
	}
	d, err := a.listen(l.params.IPC)
	if err != nil && same {
		back, failed := a.listen(old.at)
		if failed != nil {
			a.fail(failed) // nobody can call any more
			return errors.Join(err, failed)
		}
		a.setDoor(back)
	}
	if err != nil {
		return err
	}
	a.setDoor(d)
	if same {
		return nil
	}
	return old.close(ctx)
}

func (a *Agent) setDoor(d *door) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.door = d
}

// end tells streams that this life ends.
func (l *life) end() { close(l.ending) }

// refuse says why saved parameters are not in force.
func (l *life) refuse(why error) {
	l.logs.Service().WithError(why).WithField("code", fault.CodeOf(why)).Error(refused)
}

const refused = "the saved parameters are not taken over; those before stay in force"
