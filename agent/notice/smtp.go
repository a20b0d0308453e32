package notice

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/vault"
)

const (
	// smtpStep bounds each wait for the mail server.
	smtpStep = 30 * time.Second
	// smtpReply bounds what a mail server says in one conversation, in bytes.
	smtpReply = 256 << 10
)

// Account is what a mail server is asked with.
type Account struct {
	Mail params.Notice
	// Password belongs to Mail.SMTPUser.
	Password vault.Secret
	// Roots are the trusted authorities; nil means the system's.
	Roots *x509.CertPool
}

// SMTP sends mails through a mail server. Certificates are always checked, and a
// password is never sent without TLS.
type SMTP struct {
	// Account is asked before each mail.
	Account func() (Account, error)
}

// Send implements [Sender]. Codes: [fault.ParametersIncomplete] without a server,
// [fault.PlainTextLoginRefused] for a user without TLS, [fault.LoginRejected], and
// [fault.NoticeUnsent] for everything else.
func (s SMTP) Send(ctx context.Context, m Mail) error {
	const op = "notice.Send"
	a, err := s.Account()
	if err != nil {
		return err
	}
	n := a.Mail
	switch {
	case n.SMTPServer == "":
		return fault.New(fault.ParametersIncomplete, op, "notice.smtp_server", nil)
	case n.SMTPUser != "" && n.SMTPSecurity == params.SMTPPlain:
		return fault.New(fault.PlainTextLoginRefused, op, "notice.smtp_user", nil)
	}
	msg := mail.NewMsg()
	if err := errors.Join(msg.From(cmp.Or(n.From, m.To)), msg.To(m.To)); err != nil {
		return fault.New(fault.NoticeUnsent, op, m.To, err)
	}
	msg.Subject(m.Subject)
	msg.SetDate()
	msg.SetMessageID()
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answers by machines
	msg.SetBodyString(mail.TypeTextPlain, m.Body)
	client, err := s.client(ctx, a)
	if err == nil {
		err = client.DialAndSendWithContext(ctx, msg)
	}
	if err == nil {
		return nil
	}
	code := fault.NoticeUnsent
	if reply, ok := errors.AsType[*textproto.Error](err); ok && (reply.Code == 535 || reply.Code == 534) {
		code = fault.LoginRejected
	}
	if repeats(err.Error(), n.SMTPUser, a.Password.Reveal()) {
		err = errors.New("what the server answered repeats the password")
	}
	return fault.New(code, op, n.SMTPServer, err)
}

// repeats tells whether a text holds the password, as it is or as it is sent.
func repeats(text, user, password string) bool {
	if password == "" {
		return false
	}
	sent := base64.StdEncoding.EncodeToString
	return slices.ContainsFunc([]string{password, sent([]byte(password)), sent([]byte("\x00" + user + "\x00" + password))},
		func(s string) bool { return strings.Contains(text, s) })
}

func (s SMTP) client(ctx context.Context, a Account) (*mail.Client, error) {
	n := a.Mail
	config := &tls.Config{ServerName: n.SMTPServer, RootCAs: a.Roots, MinVersion: tls.VersionTLS12}
	options := []mail.Option{
		mail.WithPort(n.SMTPPort), mail.WithTimeout(smtpStep), mail.WithTLSConfig(config),
		mail.WithDialContextFunc(func(_ context.Context, network, address string) (net.Conn, error) {
			return dial(ctx, network, address, config, n.SMTPSecurity == params.SMTPTLS)
		}),
	}
	switch n.SMTPSecurity {
	case params.SMTPTLS:
		options = append(options, mail.WithSSL())
	case params.SMTPPlain:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if n.SMTPUser != "" {
		// A list of our own: the library's takes a connection it did not dial itself
		// for a plain one.
		options = append(options, mail.WithUsername(n.SMTPUser), mail.WithPassword(a.Password.Reveal()),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	return mail.NewClient(n.SMTPServer, options...)
}

// dial connects. The connection ends with the context, which the library forgets
// once it is connected, and with a server that talks without end.
func dial(ctx context.Context, network, address string, config *tls.Config, encrypted bool) (net.Conn, error) {
	d := net.Dialer{Timeout: smtpStep}
	raw, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &bounded{Conn: raw, from: io.LimitReader(raw, smtpReply)}
	c.unhook = context.AfterFunc(ctx, func() { _ = raw.Close() })
	if !encrypted {
		return c, nil
	}
	t := tls.Client(c, config)
	hello, cancel := context.WithTimeout(ctx, smtpStep)
	defer cancel()
	if err := t.HandshakeContext(hello); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// bounded is a connection that gives so much and no more.
type bounded struct {
	net.Conn
	from   io.Reader
	unhook func() bool
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) { return b.from.Read(p) }

// Close implements io.Closer.
func (b *bounded) Close() error {
	b.unhook()
	return b.Conn.Close()
}
