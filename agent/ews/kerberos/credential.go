package kerberos

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// Credential is one principal with its password or keytab, and its tickets. It
// shows neither in any format, and is safe for use by several goroutines.
type Credential struct {
	k        *Kerberos
	who      principal
	password string
	keys     *keytab.Keytab

	// busy is held while tickets are looked at or asked for.
	busy    chan struct{}
	tickets map[string]ticket // by service; tgtName is the KDC's own
}

const tgtName = ""

// early is how long before its end a ticket counts as over: servers' clocks may
// be ahead.
const early = 5 * time.Minute

// ticket is one of RFC 4120 with its session key.
type ticket struct {
	ticket messages.Ticket
	key    types.EncryptionKey
	realm  string // whose KDC takes it, of a ticket-granting ticket
	end    time.Time
}

// Principal is "user@REALM".
func (c *Credential) Principal() string { return c.who.String() }

// Format hides the secret, for every verb.
func (c *Credential) Format(w fmt.State, _ rune) { io.WriteString(w, c.who.String()+" •••") }

// LogValue hides the secret from structured logs.
func (c *Credential) LogValue() slog.Value { return slog.StringValue(c.who.String() + " •••") }

// MarshalJSON hides the secret.
func (c *Credential) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%q", c.who.String()+" •••"), nil
}

// Forget drops the ticket for a service ("HTTP/host"): the server refused it, and
// may have a new key.
func (c *Credential) Forget(ctx context.Context, service string) {
	select {
	case c.busy <- struct{}{}:
		delete(c.tickets, strings.ToLower(service))
		<-c.busy
	case <-ctx.Done():
	}
}

// forService gives a ticket for a service, from the cache or from the KDC.
func (c *Credential) forService(ctx context.Context, service string) (ticket, error) {
	select {
	case c.busy <- struct{}{}:
		defer func() { <-c.busy }()
	case <-ctx.Done():
		return ticket{}, context.Cause(ctx)
	}
	name := strings.ToLower(service)
	if t, ok := c.good(name); ok {
		return t, nil
	}
	tgt, ok := c.good(tgtName)
	if !ok {
		var err error
		if tgt, err = c.first(ctx); err != nil {
			return ticket{}, c.coded(ctx, err)
		}
		c.tickets[tgtName] = tgt
	}
	t, err := c.granted(ctx, tgt, service)
	if err != nil {
		return ticket{}, c.coded(ctx, err)
	}
	c.tickets[name] = t
	return t, nil
}

func (c *Credential) good(name string) (ticket, bool) {
	t, ok := c.tickets[name]
	if ok && c.k.o.Now().Before(t.end.Add(-early)) {
		return t, true
	}
	delete(c.tickets, name)
	return ticket{}, false
}

// names makes the principal names of a user and of a service.
func (c *Credential) cname() types.PrincipalName {
	return types.NewPrincipalName(1, c.who.user) // KRB_NT_PRINCIPAL
}
