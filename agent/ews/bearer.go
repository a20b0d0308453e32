package ews

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"abgleich/agent/fault"
)

// Token is an OAuth access token. It shows its value in no format.
type Token struct {
	// Value is the token itself.
	Value string
	// Expiry is when it ends; zero if nobody knows.
	Expiry time.Time
}

// Format hides the value, for every verb.
func (t Token) Format(w fmt.State, _ rune) { io.WriteString(w, "•••") }

// LogValue hides the value from structured logs.
func (t Token) LogValue() slog.Value { return slog.StringValue("•••") }

// MarshalJSON hides the value.
func (t Token) MarshalJSON() ([]byte, error) { return []byte(`"•••"`), nil }

// TokenSource gives access tokens for one mailbox login.
type TokenSource interface {
	// Token gives a token that is good now. refused is the one the server did not
	// take any more, and must not be given again; a zero Token otherwise. An error
	// must not hold a token or a secret.
	Token(ctx context.Context, refused Token) (Token, error)
}

// Bearer logs in with OAuth tokens (RFC 6750), and so only over TLS. now is the
// clock that expiries are read by; nil is the system's. A token the server calls
// invalid is replaced once.
func Bearer(source TokenSource, now func() time.Time) Login {
	if now == nil {
		now = time.Now
	}
	return &bearerLogin{source: source, now: now}
}

// BearerOverPlainHTTP is Bearer without its safety catch: for tests on loopback.
func BearerOverPlainHTTP(source TokenSource, now func() time.Time) Login {
	l := Bearer(source, now).(*bearerLogin)
	l.plain = true
	return l
}

// refreshEarly is how long before its end a token is replaced.
const refreshEarly = time.Minute

type bearerLogin struct {
	source TokenSource
	now    func() time.Time
	plain  bool

	// lock order: mu is a leaf, but for the source.
	mu    sync.Mutex
	token Token
	// replaced tells that the token stands for a refused one, and no server took
	// it yet.
	replaced bool
}

func (*bearerLogin) Scheme() string { return "Bearer" }
func (*bearerLogin) Method() string { return "bearer" }

// Format hides the token in every format.
func (*bearerLogin) Format(w fmt.State, _ rune) { io.WriteString(w, "Bearer •••") }

func (l *bearerLogin) Begin(_ context.Context, b Binding) (Handshake, error) {
	if b.Certificate == nil && !l.plain {
		return nil, &Error{Code: fault.PlainTextLoginRefused, Op: "Login",
			Message: "a token must not go over an unencrypted connection"}
	}
	return &bearerHandshake{login: l}, nil
}

// current gives the token to use now.
func (l *bearerLogin) current(ctx context.Context) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.token.Value != "" && (l.token.Expiry.IsZero() || l.now().Before(l.token.Expiry.Add(-refreshEarly))) {
		return l.token.Value, nil
	}
	err := l.replace(ctx, Token{})
	return l.token.Value, err
}

func (l *bearerLogin) replace(ctx context.Context, refused Token) error {
	t, err := l.source.Token(ctx, refused)
	if err == nil && t.Value == "" {
		err = errors.New("the source gave an empty token")
	}
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return &Error{Code: fault.TokenMissing, Op: "Login", Err: err}
	}
	l.token = t
	return nil
}

// refused replaces a token the server did not take: false if that was done for
// nothing before.
func (l *bearerLogin) refused(ctx context.Context, value string) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.token.Value != value {
		return true, nil // replaced meanwhile by another connection
	}
	if l.replaced {
		return false, nil
	}
	if err := l.replace(ctx, l.token); err != nil {
		return false, err
	}
	l.replaced = true
	return l.token.Value != value, nil
}

func (l *bearerLogin) proved(value string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.token.Value == value {
		l.replaced = false
	}
}

// bearerHandshake is the login of one connection; its calls follow each other.
type bearerHandshake struct {
	login *bearerLogin
	sent  string
}

func (h *bearerHandshake) Next(ctx context.Context, _ Offer) (string, bool, error) {
	v, err := h.Header(ctx)
	return v, true, err
}

func (h *bearerHandshake) Header(ctx context.Context) (string, error) {
	v, err := h.login.current(ctx)
	if err != nil {
		return "", err
	}
	h.sent = v
	return "Bearer " + v, nil
}

// Refused: RFC 6750 3.1 says invalid_token of one that expired or was taken back.
// Exchange may say nothing at all; then the token is as good as refused.
func (h *bearerHandshake) Refused(ctx context.Context, o Offer) (bool, error) {
	if o.Params["error"] == "invalid_token" {
		again, err := h.login.refused(ctx, h.sent)
		if again || err != nil {
			return again, err
		}
	}
	return false, &Error{Code: fault.TokenRefused, Op: "Login", Status: 401, Message: o.Params["error_description"]}
}

func (h *bearerHandshake) Accepted(Offer) error {
	h.login.proved(h.sent)
	return nil
}
