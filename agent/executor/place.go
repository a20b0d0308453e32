package executor

import (
	"context"

	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// mark is a place that carries our mark.
type mark struct {
	user         pim.UserID
	mail, folder string
}

func (s *slice) mark() mark {
	a := s.task.Account
	return mark{a.User, a.Mail, a.Folders.Of(s.task.Kind)}
}

// settle tells the store which folder it is about. In another one than before,
// nothing of what was known holds: it is put away, and pairing begins.
func (s *slice) settle(ctx context.Context, f side.Folder) error {
	p, ok := f.(side.Placed)
	if !ok {
		return nil
	}
	m := s.mark()
	// The same folder under another address is a renamed mailbox, or the login of
	// the former one: with that nothing may be taken for the new one's.
	renamed, err := s.lease.Renamed(ctx, p.Place(), m.mail)
	if err == nil && renamed {
		err = p.Prove(ctx)
	}
	if err != nil {
		return err
	}
	moved, err := s.lease.Settle(ctx, store.Place{Mailbox: m.mail, Folder: m.folder, ID: p.Place()})
	if err != nil || !moved {
		return err
	}
	if s.state, err = s.lease.State(ctx); err != nil {
		return err
	}
	s.report.p.First = !s.state.FirstDone
	return nil
}
