package api

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"connectrpc.com/connect"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
	"abgleich/ipc/contract"
)

// SetMailbox ties an employee to another mailbox or to named folders, or ends that.
// Administrators only. [fault.FolderTaken] for what another employee is kept in sync
// with. Whether the login may open it shows in Verify and in the next run.
func (s *server) SetMailbox(ctx context.Context, r *connect.Request[contract.SetMailboxRequest]) (*connect.Response[contract.SetMailboxResponse], error) {
	c, err := s.administrator(ctx)
	if err != nil {
		return nil, err
	}
	e, err := s.Employees.Employee(ctx, pim.UserID(r.Msg.GetUser()))
	if err != nil {
		return nil, err
	}
	m := r.Msg.GetTie()
	tie := store.Tie{User: e.User, Mailbox: strings.TrimSpace(m.GetMailbox()),
		Appointments: strings.TrimSpace(m.GetAppointments()), Tasks: strings.TrimSpace(m.GetTasks())}
	if strings.EqualFold(tie.Mailbox, e.Mail) {
		tie.Mailbox = ""
	}
	if err := checkTie(tie); err != nil {
		return nil, fault.New(fault.BadRequest, "api.SetMailbox", string(e.User), err)
	}
	if err := s.free(ctx, tie, e.Mail); err != nil {
		return nil, err
	}
	if err := s.Records.SetTie(ctx, tie); err != nil {
		return nil, err
	}
	if err := s.record(ctx, c, "tied to mailbox "+tie.Mailbox, string(e.User)); err != nil {
		return nil, err
	}
	if err := s.Control.Reload(ctx); err != nil {
		return nil, err
	}
	return connect.NewResponse(&contract.SetMailboxResponse{Tie: tieOf(tie)}), nil
}

func tieOf(t store.Tie) *contract.MailboxTie {
	return &contract.MailboxTie{Mailbox: t.Mailbox, Appointments: t.Appointments, Tasks: t.Tasks}
}

// longestPath is how long a folder's path may be, in bytes.
const longestPath = 1000

func checkTie(t store.Tie) error {
	if t.Mailbox != "" {
		if a, err := mail.ParseAddress(t.Mailbox); err != nil || a.Address != t.Mailbox || len(t.Mailbox) > 254 {
			return errors.New("the mailbox is no e-mail address")
		}
	}
	for _, path := range []string{t.Appointments, t.Tasks} {
		if len(path) > longestPath || !utf8.ValidString(path) || strings.ContainsFunc(path, unicode.IsControl) {
			return errors.New("no folder has such a name")
		}
		if path != "" && strings.Trim(path, "/ ") == "" {
			return errors.New("the folder has no name")
		}
	}
	return nil
}

// free refuses what could never work: the very folders another employee is kept in
// sync with. One folder alone may be free for those who have its kind switched off;
// who is kept in sync decides that. own is the employee's own mailbox.
func (s *server) free(ctx context.Context, tie store.Tie, own string) error {
	all, err := s.Employees.Employees(ctx)
	if err != nil {
		return err
	}
	ties, err := s.Records.Ties(ctx)
	if err != nil {
		return err
	}
	others := make(map[pim.UserID]store.Tie, len(ties))
	for _, t := range ties {
		others[t.User] = t
	}
	if tie.Mailbox != "" {
		own = tie.Mailbox
	}
	for _, e := range all {
		t := others[e.User]
		mailbox := e.Mail
		if t.Mailbox != "" {
			mailbox = t.Mailbox
		}
		if e.User == tie.User || !e.Active || !strings.EqualFold(mailbox, own) {
			continue
		}
		if strings.EqualFold(t.Appointments, tie.Appointments) && strings.EqualFold(t.Tasks, tie.Tasks) {
			return fault.New(fault.FolderTaken, "api.SetMailbox", string(e.User), nil)
		}
	}
	return nil
}
