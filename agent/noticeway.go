package agent

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"

	"abgleich/agent/access"
	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/notice"
	"abgleich/agent/params"
	"abgleich/agent/vault"
)

// noticeWay sends notices the way the parameters say: it is asked anew before each.
type noticeWay struct {
	settings *settings
	opener   *opener
	guard    func(vault.Secret)
	version  string
	now      func() time.Time
	// asked tells that a person asked for the mail: a refused account is tried once
	// in a while then.
	asked bool

	// mu guards own, the account of notice.account.
	mu   sync.Mutex
	name string
	own  *access.Account
}

func newNoticeWay(r rooms, guard func(vault.Secret), version string, now func() time.Time) *noticeWay {
	return &noticeWay{settings: r.settings, opener: r.opener, guard: guard, version: version, now: now}
}

// Send implements notice.Sender.
func (w *noticeWay) Send(ctx context.Context, m notice.Mail) error {
	if w.settings.now().Notice.By == params.NoticeExchange {
		return w.throughExchange(ctx, m)
	}
	return notice.SMTP{Account: func() (notice.Account, error) { return noticeAccount(w.settings, w.guard) }}.Send(ctx, m)
}

func (w *noticeWay) throughExchange(ctx context.Context, m notice.Mail) error {
	const op = "agent.noticeWay"
	p := w.settings.now()
	if p.Communication.Endpoint() == "" {
		return fault.New(fault.ParametersIncomplete, op, "communication.server", nil)
	}
	book, view := w.book(p)
	if book == nil {
		return fault.New(fault.ParametersIncomplete, op, "notice.account", nil)
	}
	if err := book.MayTry(ctx, "", w.asked); err != nil {
		return err
	}
	login, err := book.Login(ctx, "")
	if err != nil {
		return err
	}
	return notice.Exchange{
		Open: func(context.Context) (*ews.Client, error) {
			server, err := mailServer(p, w.version)
			if err != nil {
				return nil, err
			}
			return ews.NewClient(server, ews.ClientOptions{
				Logins: newLogins(w.opener, p, encrypted(p)).of(login).Logins, View: view, NewRequestID: uuid.NewString, MaxConnections: 1,
			}), nil
		},
		Judge: func(ctx context.Context, err error) error {
			switch note := error(nil); {
			case err == nil:
				return book.Took(ctx, "", login)
			case fault.Has(err, fault.LoginRejected):
				if note = book.Rejected(ctx, "", login); note != nil {
					return note
				}
			}
			return err
		},
	}.Send(ctx, m)
}

// noticeBook is what is asked of a login that sends.
type noticeBook interface {
	loginBook
}

// book is whose login sends, and from which mailbox; nil for nobody's. Where a
// service account opens the mailboxes it may send for another one.
func (w *noticeWay) book(p params.Params) (noticeBook, ews.View) {
	if p.Notice.Account == "" {
		if !w.opener.way.Shared() {
			return nil, ews.View{}
		}
		return w.opener, ews.View{Mailbox: p.Notice.From, Impersonate: p.Notice.From != "" && w.opener.way == params.AccessImpersonation}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.own == nil || w.name != p.Notice.Account {
		w.name = p.Notice.Account
		w.own = access.New(access.Options{
			Name: w.name, Own: w.opener, Now: w.now, Notes: refusalNote{w.settings, "notice.refused"},
			Password: func() (vault.Secret, error) {
				secret, err := w.settings.secret(params.NoticePassword)
				if err == nil {
					w.guard(secret)
				}
				return secret, err
			},
		})
	}
	return w.own, ews.View{}
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

// noticeSettings say whether and how notices are written. Where nothing can be sent,
// nothing waits either.
func noticeSettings(s *settings) notice.Settings {
	p := s.now()
	machine, _ := os.Hostname() // "" leaves it out
	out := notice.Settings{Mail: p.Notice, Language: p.Language, Machine: machine}
	key := params.NoticePassword
	switch {
	case p.Notice.By != params.NoticeExchange:
		if p.Notice.SMTPServer == "" {
			out.Mail.Recipient = ""
		}
	case p.Notice.Account == "" && !p.Communication.Access.Shared():
		out.Mail.Recipient = ""
	case p.Notice.Account == "":
		key = params.AccountPassword
	}
	if i, err := os.Stat(s.secretPath(key)); err == nil {
		out.PasswordAt = i.ModTime()
	}
	return out
}
