package autodiscover

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
)

// ask sends one request with the login and goes where the answer leads. It tells
// whether the host could be reached at all. from is what named the address, "" if
// it follows from the mail domain.
func (s *search) ask(ctx context.Context, mail string, p Protocol, address, from string) (reached bool) {
	st := Step{Protocol: p, Asked: address}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil {
		st.Code, st.Detail = fault.AutodiscoverNothing, "not an address"
		s.note(st)
		return false
	}
	if u.Scheme != "https" {
		st.Code = fault.AutodiscoverUnsafe
		s.note(st)
		return false
	}
	mark := string(p) + " " + mail + " " + u.String()
	if s.seen[mark] {
		st.Code, st.Detail = fault.AutodiscoverLoop, "asked before"
		s.note(st)
		return false
	}
	s.seen[mark] = true
	if !s.agreed(ctx, u.Hostname(), from) {
		st.Code, st.Detail = fault.AutodiscoverConsent, from
		s.note(st)
		return false
	}
	answer, err := s.post(ctx, mail, p, u)
	if err != nil {
		st.Code, st.Detail = fault.CodeOf(err), words(err.Error())
		if e := ews.Detail(err); e != nil {
			st.Status = e.Status
		}
		if st.Code == fault.LoginRejected || st.Code == fault.AccountLocked || st.Code == fault.PasswordExpired {
			s.refusals[canonical(u.Hostname())] = true
			if st.Code != fault.LoginRejected {
				s.refusals["*"] = true // no other host will say otherwise
			}
		}
		s.note(st)
		return st.Status != 0
	}
	st.Status = answer.Status
	s.follow(ctx, mail, p, u, &st, answer)
	return true
}

func (s *search) post(ctx context.Context, mail string, p Protocol, u *url.URL) (ews.Answer, error) {
	server, err := ews.NewServer(ews.ServerOptions{URL: u.String(), TLS: s.tls(), UserAgent: s.o.UserAgent,
		Timeouts: s.o.Timeouts, Dial: s.o.Dial})
	if err != nil {
		return ews.Answer{}, err
	}
	c := ews.NewClient(server, ews.ClientOptions{Logins: s.req.Logins, MaxConnections: 1, NewRequestID: s.o.NewID})
	defer c.Close()
	header, body := http.Header{}, poxRequest(mail)
	if p == SOAP {
		header["Soapaction"] = []string{`"` + soapAction + `"`}
		body = soapRequest(mail, u.String())
	} else {
		// Servers name their MAPI over HTTP addresses only to those who can use them;
		// we can't.
		header["X-Mapihttpcapability"] = []string{"0"}
	}
	return c.Post(ctx, header, body, mostBytes)
}

func (s *search) tls() *tls.Config {
	if s.o.TLS == nil {
		return nil
	}
	return s.o.TLS.Clone()
}

// follow reads an answer and goes where it leads.
func (s *search) follow(ctx context.Context, mail string, p Protocol, u *url.URL, st *Step, a ews.Answer) {
	switch {
	case a.Status >= 300 && a.Status < 400:
		target, ok := s.target(st, u, a.Header.Get("Location"))
		if s.note(*st); ok {
			s.ask(ctx, mail, p, target, u.String())
		}
		return
	case a.Status != http.StatusOK && !(p == SOAP && a.Status == http.StatusInternalServerError):
		st.Code = fault.AutodiscoverNothing
		s.note(*st)
		return
	case len(a.Body) >= mostBytes:
		st.Code, st.Detail = fault.ReplyInvalid, errLimits.Error()
		s.note(*st)
		return
	}
	read := parsePOX
	if p == SOAP {
		read = parseSOAP
	}
	r, err := read(a.Body)
	switch {
	case err != nil:
		st.Code, st.Detail = fault.AutodiscoverNothing, words(err.Error(), a.Header.Get("Content-Type"))
	case r.code != "":
		st.Code, st.Detail = r.code, r.detail
	case r.redirectURL != "":
		target, ok := s.target(st, u, r.redirectURL)
		if s.note(*st); ok {
			s.ask(ctx, mail, p, target, u.String())
		}
		return
	case r.redirectMail != "":
		s.redirectMail(ctx, st, r.redirectMail)
		return
	case r.empty():
		st.Code, st.Detail = fault.AutodiscoverNothing, "no EWS address in the reply"
	default:
		if st.Detail = s.propose(r); len(s.result.Proposals) == 0 {
			st.Code = fault.AutodiscoverNothing
		}
	}
	s.note(*st)
}

// target judges a redirect: to TLS only, and not for ever.
func (s *search) target(st *Step, from *url.URL, location string) (string, bool) {
	u, err := from.Parse(location)
	if err != nil || location == "" || u.Hostname() == "" {
		st.Code, st.Detail = fault.AutodiscoverNothing, "a redirect to nowhere"
		return "", false
	}
	st.Detail = "→ " + words(u.Redacted())
	if u.Scheme != "https" || u.User != nil {
		st.Code = fault.AutodiscoverUnsafe
		return "", false
	}
	return u.String(), s.count(st)
}

// redirectMail starts again for another address: its domain is not one a login may
// go to unless somebody agrees, host by host.
func (s *search) redirectMail(ctx context.Context, st *Step, mail string) {
	domain, ok := domainOf(mail)
	st.Detail = "→ " + words(mail)
	switch {
	case !ok:
		st.Code, st.Detail = fault.AutodiscoverNothing, "a redirect to no address"
	case s.seen["mail "+strings.ToLower(mail)], strings.EqualFold(mail, s.req.Mail):
		st.Code = fault.AutodiscoverLoop
	case !s.count(st):
	default:
		s.seen["mail "+strings.ToLower(mail)] = true
		s.note(*st)
		s.domain(ctx, mail, domain)
		return
	}
	s.note(*st)
}

// plainRedirect asks without a login and without TLS, for a redirect only
// (MS-OXDSCLI 3.1.5.3): nothing else an unprotected server says is believed.
func (s *search) plainRedirect(ctx context.Context, address string) (string, bool) {
	st := Step{Protocol: Redirect, Asked: address}
	target, ok := s.getRedirect(ctx, address, &st)
	s.note(st)
	return target, ok
}

func (s *search) getRedirect(ctx context.Context, address string, st *Step) (string, bool) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeouts.Request)
	defer cancel()
	transport := &http.Transport{DialContext: s.o.Dial, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10,
		DialTLSContext: func(context.Context, string, string) (net.Conn, error) { return nil, errShape }}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		st.Code, st.Detail = fault.AutodiscoverNothing, words(err.Error())
		return "", false
	}
	req.Header.Set("User-Agent", s.o.UserAgent)
	resp, err := transport.RoundTrip(req)
	if err != nil {
		st.Code, st.Detail = fault.ServerUnreachable, words(err.Error())
		return "", false
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // only the head counts
	st.Status = resp.StatusCode
	if !slices.Contains([]int{301, 302, 303, 307, 308}, resp.StatusCode) {
		st.Code, st.Detail = fault.AutodiscoverNothing, fmt.Sprintf("HTTP %d is no redirect", resp.StatusCode)
		return "", false
	}
	return s.target(st, req.URL, resp.Header.Get("Location"))
}
