package agent

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/notice"
	"abgleich/agent/params"
	"abgleich/agent/pim"
	"abgleich/agent/status"
	"abgleich/agent/store"
	"abgleich/agent/vault"
)

// notices watches the board and tells the desk what deserves a mail.
type notices struct {
	desk  *notice.Desk
	board *status.Board
	holds interface {
		Holds(context.Context, pim.UserID) ([]store.Hold, error)
	}
	log *slog.Logger
	now func() time.Time
}

func newNotices(p params.Params, r rooms, guard func(vault.Secret), log *slog.Logger, now func() time.Time) *notices {
	machine, _ := os.Hostname() // "" leaves it out
	n := &notices{board: r.board, holds: r.store, log: log, now: now}
	n.desk = notice.Open(notice.Options{
		File: filepath.Join(p.Data.Folder, "notices.json"), Log: log, Now: now,
		Sender: notice.SMTP{Account: func() (notice.Account, error) { return noticeAccount(r.settings, guard) }},
		Settings: func() notice.Settings {
			p := r.settings.now()
			s := notice.Settings{Mail: p.Notice, Language: p.Language, Machine: machine}
			if s.Mail.SMTPServer == "" {
				s.Mail.Recipient = "" // nothing can be sent: nothing waits either
			}
			return s
		},
	})
	missing := fault.Code("")
	if p.Communication.Endpoint() == "" {
		missing = fault.ParametersIncomplete
	}
	n.part(notice.Source{Part: "parameters"}, missing)
	return n
}

// noticeAccount is the account in force at the mail server for notices. It trusts
// the authorities the mail server of the mailboxes is trusted by.
func noticeAccount(s *settings, guard func(vault.Secret)) (notice.Account, error) {
	p := s.now()
	a := notice.Account{Mail: p.Notice}
	var err error
	if a.Roots, err = certificates(p.Communication.CertificateFile); err != nil {
		return a, err
	}
	if a.Mail.SMTPUser == "" {
		return a, nil
	}
	if a.Password, err = s.secret(params.NoticePassword); err != nil {
		return a, err
	}
	guard(a.Password)
	return a, nil
}

// watch follows the board until the context ends.
func (n *notices) watch(ctx context.Context) error {
	for c := range n.board.Watch(ctx, "") {
		if c.Agent != nil {
			n.part(notice.Source{Part: "database"}, c.Agent.BusinessCode)
		}
		for _, u := range c.Users {
			n.user(ctx, u)
		}
	}
	return ctx.Err()
}

func (n *notices) part(s notice.Source, code fault.Code) {
	if code == "" {
		n.desk.Over(s)
		return
	}
	n.desk.Failing(s, "", code, n.now())
}

func (n *notices) user(ctx context.Context, u status.User) {
	unwanted := u.State == status.NotSetUp || u.State == status.Disabled
	// Before the scheduler has listed him at a start no kind is enabled.
	listed := slices.ContainsFunc(u.Kinds, func(k status.Kind) bool { return k.Enabled })
	for _, k := range u.Kinds {
		s := notice.Source{User: u.User, Part: k.Kind.String()}
		switch {
		case unwanted || listed && !k.Enabled:
			n.desk.Gone(s)
		case k.BlockedCode != "":
			after := k.LastTry
			if k.LastSuccess.After(after) {
				after = k.LastSuccess
			}
			n.desk.Failing(s, u.Name, k.BlockedCode, after)
		case !k.LastSuccess.IsZero():
			n.desk.Well(s, k.LastSuccess)
		}
	}
	n.held(ctx, u, unwanted)
}

// held tells of the guards that wait for a person.
func (n *notices) held(ctx context.Context, u status.User, unwanted bool) {
	waiting := map[fault.Code]bool{}
	if u.Holds > 0 {
		holds, err := n.holds.Holds(ctx, u.User)
		if err != nil {
			if ctx.Err() == nil {
				n.log.Warn("the holds could not be read", "user", u.User, "error", err)
			}
			return
		}
		for _, h := range holds {
			waiting[h.Code] = true
		}
	}
	for _, code := range []fault.Code{fault.DeletionsHeld, fault.CreationsHeld} {
		s := notice.Source{User: u.User, Part: string(code)}
		switch {
		case waiting[code]:
			n.desk.Failing(s, u.Name, code, n.now())
		case unwanted:
			n.desk.Gone(s)
		default:
			n.desk.Over(s)
		}
	}
}
