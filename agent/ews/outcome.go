package ews

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"abgleich/agent/fault"
)

// complete makes any error of an attempt a full *Error.
func (c *Client) complete(ctx context.Context, op operation, err error) *Error {
	e, ok := errors.AsType[*Error](err)
	if ok {
		full := *e // refusals are shared between requests
		e = &full
	} else {
		e = &Error{Err: err}
		if ctx.Err() != nil {
			e.Code = fault.Cancelled
			e.Err = context.Cause(ctx)
		} else {
			e.Code, e.CertificateNames = connectFault(err)
		}
	}
	e.Op = op.name
	if e.Code == "" {
		e.Code = fault.Internal
	}
	return e
}

// lost describes a request without answer.
func (c *Client) lost(w *watchdog, err error, unknown bool, id string) error {
	if e, ok := errors.AsType[*Error](err); ok {
		full := *e
		full.ClientRequestID = id
		full.OutcomeUnknown = full.OutcomeUnknown || unknown
		return &full
	}
	e := &Error{Err: err, OutcomeUnknown: unknown, ClientRequestID: id}
	if w.ctx.Err() != nil {
		e.Code = contextCode(w.ctx)
		e.Err = context.Cause(w.ctx)
	} else {
		e.Code, e.CertificateNames = connectFault(err)
	}
	return e
}

// unreadable describes a 200 answer that could not be read.
func (c *Client) unreadable(w *watchdog, err error, op operation, resp *http.Response) *Error {
	e := &Error{Err: err, OutcomeUnknown: op.write}
	switch {
	case w.ctx.Err() != nil:
		e.Code = contextCode(w.ctx)
		e.Err = context.Cause(w.ctx)
	case errors.Is(err, errTruncated), errors.Is(err, io.ErrUnexpectedEOF), reset(err):
		e.Code = fault.ReplyTruncated
	case errors.Is(err, errNotSOAP), isHTML(resp):
		e.Code = fault.NotSOAP
	default:
		e.Code = fault.ReplyInvalid
	}
	return e
}

func isHTML(resp *http.Response) bool {
	return strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html")
}

func (e *Error) fromHeader(resp *http.Response) {
	e.Status = resp.StatusCode
	e.RequestID = resp.Header.Get("Request-Id")
	e.FrontEnd = resp.Header.Get("X-FEServer")
	if d := resp.Header.Get("X-Ms-Diagnostics"); d != "" {
		e.Diagnostics = d[:min(len(d), 500)]
	}
}

// failed classifies an answer other than 200. Faults of Exchange come with 500;
// everything else comes from IIS, a proxy, or something that is no mail server.
func (c *Client) failed(resp *http.Response, id string) *Error {
	e := new(Error)
	page, _ := io.ReadAll(io.LimitReader(resp.Body, 256<<10))
	if looksLikeSOAP(page) {
		r := newReader(bytes.NewReader(page), maxReply)
		if fault := r.faultOnly(); fault != nil {
			e = fault
		}
	}
	e.fromHeader(resp)
	e.ClientRequestID = id
	if e.ResponseCode != "" {
		return e
	}
	text := strings.ToLower(string(page))
	if resp.StatusCode == http.StatusNotFound && strings.Contains(text, "404.13") {
		e.Status = http.StatusRequestEntityTooLarge // IIS's own word for it
	}
	switch e.Status {
	case http.StatusUnauthorized:
		e.Code = fault.LoginRejected
	case http.StatusForbidden:
		e.Code = fault.AccessDenied
		if strings.Contains(text, "403.4") || strings.Contains(text, "ssl") {
			e.Code = fault.SSLRequired
		}
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		e.Code = fault.ServerBusy
		e.BackOff = retryAfter(resp.Header.Get("Retry-After"), c.server.opts.Clock.Now())
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		e.Code = fault.ServerFailed
	case http.StatusBadRequest:
		e.Code = fault.NotSOAP
		if strings.Contains(text, "https") {
			e.Code = fault.TLSMismatch
		}
	default:
		e.Code = fault.NotSOAP
		switch {
		case resp.StatusCode >= 500: // IIS shows its pages in HTML where the application is down
			e.Code = fault.ServerFailed
		case resp.StatusCode >= 300 && resp.StatusCode < 400 && c.wantsTLS(resp):
			e.Code = fault.SSLRequired
		}
	}
	if (resp.StatusCode == 401 || resp.StatusCode == 403) && isMicrosoft365(c.server.url.Hostname()) {
		e.Code = fault.NeedsGraph
	}
	return e
}

// wantsTLS tells a redirect that only leads from HTTP to the same server's HTTPS.
func (c *Client) wantsTLS(resp *http.Response) bool {
	to, err := resp.Location()
	return err == nil && !c.server.TLS() && to.Scheme == "https" && strings.EqualFold(to.Hostname(), c.server.url.Hostname())
}

// unsure tells failures after which a write may or may not have been done.
func unsure(e *Error) bool {
	switch e.ResponseCode {
	case "":
		return e.Status >= 500 && e.Status != http.StatusServiceUnavailable
	case "ErrorInternalServerError", "ErrorInternalServerTransientError", "ErrorTimeoutExpired", "ErrorConnectionFailed",
		"ErrorRequestAborted", "ErrorClientDisconnected", "ErrorProxyCallFailed", "ErrorProxyRequestProcessingFailed", "ErrorWebRequestInInvalidState":
		return true
	}
	return false
}

func isMicrosoft365(host string) bool {
	host = strings.ToLower(host)
	for _, h := range [...]string{"outlook.office365.com", "outlook.office.com", "outlook.office365.us"} {
		if host == h || strings.HasSuffix(host, "."+h) {
			return true
		}
	}
	return false
}

func looksLikeSOAP(page []byte) bool {
	head := page[:min(len(page), 600)]
	return bytes.Contains(head, []byte("Envelope"))
}

// retryAfter reads seconds or a date (RFC 9110 10.2.3).
func retryAfter(v string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(v); err == nil && n > 0 && n < 24*3600 {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil && t.After(now) && t.Sub(now) < 24*time.Hour {
		return t.Sub(now)
	}
	return 0
}
