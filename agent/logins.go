package agent

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"abgleich/agent/credentials"
	"abgleich/agent/ews"
	"abgleich/agent/ews/kerberos"
	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/pim"
	"abgleich/agent/side/exchange"
)

// logins turns the book's logins into those of the mail server.
type logins struct {
	book   *opener
	domain string
	way    params.LoginWay
	tls    bool
	// key marks a secret without telling it; it lives as long as the process.
	key [32]byte
}

func newLogins(book *opener, p params.Params, tls bool) *logins {
	l := &logins{book: book, domain: p.Communication.Domain, way: p.Communication.Login, tls: tls}
	rand.Read(l.key[:]) //nolint:errcheck // documented never to fail
	return l
}

// credential implements exchange.Options.Credentials.
func (l *logins) credential(ctx context.Context, user pim.UserID) (exchange.Credential, error) {
	login, err := l.book.Login(ctx, user)
	if err != nil {
		return exchange.Credential{}, err
	}
	c := l.of(login)
	if v := l.book.view(""); v.Impersonate || v.Delegate {
		c.Impersonate, c.Delegate, c.MaxConnections = v.Impersonate, v.Delegate, sharedConnections
	}
	return c, nil
}

func (l *logins) of(login credentials.Login) exchange.Credential {
	name := l.qualified(login.Name)
	mark := hmac.New(sha256.New, l.key[:])
	fmt.Fprintf(mark, "%s\x00%s", name, login.Secret.Reveal())
	return exchange.Credential{ID: hex.EncodeToString(mark.Sum(nil)), Logins: l.ways(name, login.Secret.Reveal())}
}

// ways are those the parameters allow, the best first.
func (l *logins) ways(name, password string) []ews.Login {
	var ways []ews.Login
	// Without a password there is nothing else to show, and a client without any way
	// would go to the server unnamed.
	if l.way == params.LoginKerberos || password == "" || l.way == params.LoginAuto && l.book.tickets.configured(name) {
		ways = append(ways, l.book.tickets.way(name, password))
	}
	if password == "" || l.way == params.LoginKerberos {
		return ways
	}
	if l.way != params.LoginBasic {
		ways = append(ways, ews.NTLM(name, password), ews.NTLMInNegotiate(name, password))
	}
	if l.way == params.LoginBasic || l.way == params.LoginAuto && l.tls {
		ways = append(ways, ews.Basic(name, password))
	}
	return ways
}

// qualified puts the configured domain before a name that has none.
func (l *logins) qualified(name string) string {
	if l.domain == "" || strings.ContainsAny(name, `\@`) {
		return name
	}
	return l.domain + `\` + name
}

// tickets give ways to log in with Kerberos. There is one for the whole agent, so
// that tickets are shared.
type tickets struct {
	p        params.Communication
	kerberos *kerberos.Kerberos
	err      error // why there is none
}

func newTickets(p params.Communication, now func() time.Time) *tickets {
	t := &tickets{p: p}
	var m kerberos.Mapping
	if m, t.err = kerberos.ParseMapping(p.Realm); t.err == nil {
		t.kerberos, t.err = kerberos.New(kerberos.Options{Mapping: m, Now: now})
	}
	return t
}

// needNoPassword tells that the service account has something else to show.
func (t *tickets) needNoPassword() bool {
	if t.p.Login == params.LoginBasic || t.p.Login == params.LoginNTLM {
		return false
	}
	return t.p.Keytab != "" || t.p.Login == params.LoginKerberos && ownIdentity
}

// way logs in with a password; without one with the keytab, or as the account the
// agent itself runs as.
func (t *tickets) way(name, password string) ews.Login {
	login, err := t.ticketWay(name, password)
	if err == nil {
		return login
	}
	code := fault.CodeOf(err)
	if k, ok := errors.AsType[*kerberos.Error](err); ok {
		code = k.Code
	}
	return ews.Unusable("kerberos", &ews.Error{Code: code, Op: "Login", Err: err})
}
