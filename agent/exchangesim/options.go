package exchangesim

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Endpoint is the path of the service, the same as on a real server.
const Endpoint = "/EWS/Exchange.asmx"

// Options says what the simulated server looks like. The zero value of every
// field but Users is usable.
type Options struct {
	// Domain is the NetBIOS name of the Windows domain, "LAB" when empty.
	Domain string
	// Users are the people with a login and a mailbox.
	Users []User
	// Latency is waited before every answered request; Faults can change it later.
	Latency time.Duration
	// TLS makes Serve speak HTTPS only.
	TLS bool
	// Certificate is used with TLS; nil makes Serve use a self-made one for
	// localhost, 127.0.0.1, ::1 and Hostnames.
	Certificate *tls.Certificate
	// Hostnames are further names in the self-made certificate.
	Hostnames []string
	// BasicWithoutTLS offers Basic on plain HTTP too, which Exchange does not.
	BasicWithoutTLS bool
	// NoNTLM takes NTLM, and without Kerberos also Negotiate, out of the offered logins.
	NoNTLM bool
	// NegotiateOnly offers Negotiate, with NTLM inside, but not NTLM by its name.
	NegotiateOnly bool
	// Kerberos is the keytab with the keys of HTTP/<host>; Negotiate takes tickets
	// then, whose user name must be a user's. "" takes none.
	Kerberos string
	// Tokens offers Bearer over TLS: it takes the tokens of IssueToken.
	Tokens bool
	// ExtendedProtection says what is asked of NTLM's and Kerberos' channel bindings over TLS.
	ExtendedProtection ExtendedProtection
	// RequireSSL answers plain HTTP with 403.4, as IIS does with "Require SSL".
	RequireSSL bool
	// LockAfter locks a user after so many failed logins in a row; 0 never.
	LockAfter int
	// Now is the server's clock; time.Now when nil.
	Now func() time.Time
	// Minute is the length of a minute in subscription time-outs and status
	// frequencies; tests shorten it. time.Minute when zero.
	Minute time.Duration
	// PushRetry is the pause after the first failed push, doubled after each
	// further one; 30 seconds when zero.
	PushRetry time.Duration
	// PushClient sends push notifications; a plain client when nil.
	PushClient *http.Client
	// Record writes every request and reply body into this folder, see Recorder. Empty:
	// what is new goes into the folder RecordVariable names, if there is one.
	Record string
	// HostileClients says that clients send invalid requests on purpose: what they send
	// is kept out of the folder RecordVariable names. What the server says is not.
	HostileClients bool
	// RegenerateNew says what completing a recurring task does. False: as Outlook, a
	// completed copy is left and the task itself moves on. True: the task itself stays
	// completed and a new one is the next.
	RegenerateNew bool
	// Quirks makes the server deviate from Exchange the way another one does.
	Quirks Quirks
	// Autodiscover answers those who look for the server; nil leaves it out.
	Autodiscover *Autodiscover
	// FindCount limits the items a FindItem without a restriction answers with;
	// 1000 when zero, as in the default throttling policy.
	FindCount int
	// FindCountRestricted is the same with a restriction; 250 when zero.
	FindCountRestricted int
	// HangingConnections is how many streaming connections one account may have at
	// once; 10 when zero, as since Exchange 2016 (2013: 3).
	HangingConnections int
	// StreamIDs is how many subscriptions one streaming connection may name; 200 when
	// zero.
	StreamIDs int
	// BackEnds above 1 puts a load balancer before so many servers: each knows only
	// the subscriptions that were made on it.
	BackEnds int
	// MaxRequestBytes limits the size of a request; 35 MB when zero.
	MaxRequestBytes int64
}

// ExtendedProtection is the IIS setting for NTLM channel bindings.
type ExtendedProtection uint8

// The values of ExtendedProtection. Exchange 2019 CU14 and later require it.
const (
	ProtectionOff     ExtendedProtection = iota // bindings are not looked at
	ProtectionAllowed                           // wrong bindings are refused, missing ones accepted
	ProtectionRequired
)

// User is a person with a Windows login and a mailbox.
type User struct {
	// Name is the Windows name without the domain, as in "anna".
	Name string
	// Password is kept in memory only; User prints it as •••.
	Password string
	// Mail is the primary SMTP address of the mailbox, and also a login name.
	Mail string
	// DisplayName is what other people see; Name when empty.
	DisplayName string
	// Zone is the IANA zone of the mailbox, "Europe/Vienna" when empty.
	Zone string
	// MailboxDisabled answers 401 after a correct login, as Exchange does for a
	// mailbox with EWS switched off.
	MailboxDisabled bool
	// Impersonator may act as everybody through ExchangeImpersonation.
	Impersonator bool
	// MaySend tells that mails are expected from this mailbox: [Stats.Mailed] leaves
	// them out. Anybody can send, as in Exchange.
	MaySend bool
}

// String prints the user without the password.
func (u User) String() string { return u.Name + ":•••:" + u.Mail }

// GoString prints the user without the password.
func (u User) GoString() string { return u.String() }

// ErrUser means that a user was not written as name:password:mail.
var ErrUser = errors.New("a user is written as name:password:mail, like anna:secret1:anna@lab.test")

// ParseUser reads "anna:secret1:anna@lab.test". The password may hold colons;
// the name and the mail address may not. Errors never contain the password.
func ParseUser(s string) (User, error) {
	name, rest, ok := strings.Cut(s, ":")
	i := strings.LastIndexByte(rest, ':')
	if !ok || i < 0 {
		return User{}, ErrUser
	}
	u := User{Name: name, Password: rest[:i], Mail: rest[i+1:]}
	return u, u.check()
}

func (u User) check() error {
	local, domain, ok := strings.Cut(u.Mail, "@")
	if u.Name == "" || u.Password == "" || !ok || local == "" || domain == "" ||
		strings.ContainsAny(u.Mail, " <>\"@"[:4]) || strings.ContainsAny(u.Name, `\@ `) {
		return fmt.Errorf("user %q: %w", u.Name, ErrUser)
	}
	return nil
}

func (o Options) filled() Options {
	if o.Domain == "" {
		o.Domain = "LAB"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Minute <= 0 {
		o.Minute = time.Minute
	}
	if o.PushRetry <= 0 {
		o.PushRetry = 30 * time.Second
	}
	if o.PushClient == nil {
		o.PushClient = &http.Client{Timeout: 20 * time.Second}
	}
	if o.FindCount <= 0 {
		o.FindCount = 1000
	}
	if o.FindCountRestricted <= 0 {
		o.FindCountRestricted = 250
	}
	if o.HangingConnections <= 0 {
		o.HangingConnections = 10
	}
	if o.StreamIDs <= 0 {
		o.StreamIDs = 200
	}
	if o.MaxRequestBytes <= 0 {
		o.MaxRequestBytes = 35 << 20
	}
	return o
}
