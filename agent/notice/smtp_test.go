package notice

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"abgleich/agent/fault"
	"abgleich/agent/notice/smtptest"
	"abgleich/agent/params"
	"abgleich/agent/vault"
)

const (
	mailUser     = "agent@lab.test"
	mailPassword = "p4ss-w0rd-of-the-mail-server"
)

// account is how a test's server is reached.
func account(t *testing.T, s *smtptest.Server, security params.SMTPSecurity, user, password string) Account {
	t.Helper()
	port, err := strconv.Atoi(s.Port())
	if err != nil {
		t.Fatal(err)
	}
	return Account{Roots: s.Roots(), Password: vault.NewSecret(password), Mail: params.Notice{
		Recipient: "admin@lab.test", From: "abgleich@lab.test", SMTPServer: s.Host(), SMTPPort: port,
		SMTPSecurity: security, SMTPUser: user}}
}

func through(a Account) SMTP { return SMTP{Account: func() (Account, error) { return a, nil }} }

var hello = Mail{To: "admin@lab.test", Subject: "Grüße vom Abgleich", Body: "Erste Zeile\nZweite Zeile\n"}

func TestAMailLeavesThroughTheServer(t *testing.T) {
	for name, c := range map[string]struct {
		options  smtptest.Options
		security params.SMTPSecurity
		login    bool
	}{
		"plain where the parameters say so": {smtptest.Options{}, params.SMTPPlain, false},
		"by STARTTLS":                       {smtptest.Options{StartTLS: true}, params.SMTPStartTLS, false},
		"by STARTTLS with a login":          {smtptest.Options{StartTLS: true, User: mailUser, Password: mailPassword}, params.SMTPStartTLS, true},
		"by TLS from the start":             {smtptest.Options{TLS: true}, params.SMTPTLS, false},
		"by TLS with a login":               {smtptest.Options{TLS: true, User: mailUser, Password: mailPassword}, params.SMTPTLS, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := smtptest.Start(t, c.options)
			a := account(t, s, c.security, "", "")
			if c.login {
				a = account(t, s, c.security, mailUser, mailPassword)
			}
			if err := through(a).Send(t.Context(), hello); err != nil {
				t.Fatal(err)
			}
			m := <-s.Mails()
			if m.From != "abgleich@lab.test" || m.To != hello.To {
				t.Errorf("from %q to %q", m.From, m.To)
			}
			for _, want := range []string{"Auto-Submitted: auto-generated", "Erste Zeile", "Zweite Zeile"} {
				if !strings.Contains(m.Data, want) {
					t.Errorf("the mail lacks %q:\n%s", want, m.Data)
				}
			}
			if n := len(s.Logins()); c.login && n != 1 || !c.login && n != 0 {
				t.Errorf("%d logins", n)
			}
		})
	}
}

func TestWhatGoesWrongHasItsCodeAndNeverShowsThePassword(t *testing.T) {
	login := smtptest.Options{StartTLS: true, User: mailUser, Password: mailPassword}
	with := func(o smtptest.Options, command, reply string) smtptest.Options {
		o.Reply = func(c string) string {
			if c == command {
				return reply
			}
			return ""
		}
		return o
	}
	for name, c := range map[string]struct {
		options  smtptest.Options
		security params.SMTPSecurity
		user     string
		password string
		change   func(*Account)
		code     fault.Code
		logins   int
	}{
		"a server that doesn't offer STARTTLS is not talked to in plain": {
			smtptest.Options{User: mailUser, Password: mailPassword}, params.SMTPStartTLS, mailUser, mailPassword, nil, fault.NoticeUnsent, 0},
		"a server that refuses STARTTLS is not talked to in plain": {
			with(login, "STARTTLS", "454 4.7.0 not now"), params.SMTPStartTLS, mailUser, mailPassword, nil, fault.NoticeUnsent, 0},
		"a login without TLS is refused before anything is sent": {
			smtptest.Options{User: mailUser, Password: mailPassword}, params.SMTPPlain, mailUser, mailPassword, nil, fault.PlainTextLoginRefused, 0},
		"a certificate nobody trusts, STARTTLS": {
			login, params.SMTPStartTLS, mailUser, mailPassword, func(a *Account) { a.Roots = nil }, fault.NoticeUnsent, 0},
		"a certificate nobody trusts, TLS": {
			smtptest.Options{TLS: true, User: mailUser, Password: mailPassword}, params.SMTPTLS, mailUser, mailPassword, func(a *Account) { a.Roots = nil }, fault.NoticeUnsent, 0},
		"a certificate of another name": {
			smtptest.Options{StartTLS: true, Name: "mail.other.test", User: mailUser, Password: mailPassword}, params.SMTPStartTLS, mailUser, mailPassword, nil, fault.NoticeUnsent, 0},
		"a wrong password is tried once": {
			login, params.SMTPStartTLS, mailUser, "wr0ng-" + mailPassword, nil, fault.LoginRejected, 1},
		"a server that repeats what it was told": {
			with(login, "AUTH", "535 5.7.8 "+mailPassword+" is wrong"), params.SMTPStartTLS, mailUser, mailPassword, nil, fault.LoginRejected, 1},
		"a server that repeats the words of the login": {
			with(login, "AUTH", "500 5.5.2 AUTH PLAIN "+base64.StdEncoding.EncodeToString([]byte("\x00"+mailUser+"\x00"+mailPassword))), params.SMTPStartTLS, mailUser, mailPassword, nil, fault.NoticeUnsent, 1},
		"a recipient that isn't taken": {
			with(smtptest.Options{}, "RCPT", "550 5.1.1 unknown"), params.SMTPPlain, "", "", nil, fault.NoticeUnsent, 0},
		"a mail that isn't taken": {
			with(smtptest.Options{}, "END", "554 5.7.1 spam"), params.SMTPPlain, "", "", nil, fault.NoticeUnsent, 0},
		"a server that hangs up": {
			with(smtptest.Options{}, "DATA", smtptest.Hang), params.SMTPPlain, "", "", nil, fault.NoticeUnsent, 0},
		"no server": {
			smtptest.Options{}, params.SMTPPlain, "", "", func(a *Account) { a.Mail.SMTPServer = "" }, fault.ParametersIncomplete, 0},
		"a recipient that is no address": {
			smtptest.Options{}, params.SMTPPlain, "", "", func(a *Account) { a.Mail.From = "no address" }, fault.NoticeUnsent, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := smtptest.Start(t, c.options)
			a := account(t, s, c.security, c.user, c.password)
			if c.change != nil {
				c.change(&a)
			}
			err := through(a).Send(t.Context(), hello)
			if fault.CodeOf(err) != c.code {
				t.Errorf("got %v, want %s", err, c.code)
			}
			if shown := fmt.Sprintf("%v %+v %#v", err, err, a); repeats(shown, mailUser, mailPassword) {
				t.Errorf("the password is shown: %s", shown)
			}
			if n := len(s.Logins()); n != c.logins {
				t.Errorf("%d logins, want %d", n, c.logins)
			}
			if n := s.Count(); n != 0 {
				t.Errorf("%d mails were taken", n)
			}
		})
	}
}

func TestAServerThatSaysNothingIsLeftWhenTheTimeIsOver(t *testing.T) {
	for _, at := range []string{"CONNECT", "EHLO", "STARTTLS", "AUTH", "DATA"} {
		t.Run("at "+at, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			s := smtptest.Start(t, smtptest.Options{StartTLS: true, User: mailUser, Password: mailPassword, Reply: func(c string) string {
				if c != at {
					return ""
				}
				cancel() // the time is over while the server is asked
				return smtptest.Stall
			}})
			err := through(account(t, s, params.SMTPStartTLS, mailUser, mailPassword)).Send(ctx, hello)
			if err == nil || ctx.Err() == nil {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestAServerThatTalksWithoutEndIsLeft(t *testing.T) {
	s := smtptest.Start(t, smtptest.Options{Reply: func(c string) string {
		if c == "EHLO" {
			return strings.Repeat("250-SOMETHING\r\n", smtpReply/10) + "250 done"
		}
		return ""
	}})
	if err := through(account(t, s, params.SMTPPlain, "", "")).Send(t.Context(), hello); !fault.Has(err, fault.NoticeUnsent) {
		t.Errorf("got %v", err)
	}
}
