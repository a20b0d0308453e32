package autodiscover

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
)

const (
	// mostRedirects is how many redirects of all kinds one search follows.
	mostRedirects = 10
	// mostRefusals is at how many hosts one login may be refused.
	mostRefusals = 2
)

// Finder searches. It is safe for use by several goroutines.
type Finder struct{ o Options }

// New makes a finder.
func New(o Options) *Finder {
	if o.Time <= 0 {
		o.Time = 90 * time.Second
	}
	o.Timeouts.Connect = cmp.Or(o.Timeouts.Connect, 6*time.Second)
	o.Timeouts.Handshake = cmp.Or(o.Timeouts.Handshake, 8*time.Second)
	o.Timeouts.Request = cmp.Or(o.Timeouts.Request, 30*time.Second)
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: o.Timeouts.Connect}).DialContext
	}
	return &Finder{o}
}

// search is one search under way.
type search struct {
	*Finder
	req       Request
	result    *Result
	trusted   map[string]bool // hosts by their answer, those asked about too
	domains   []string        // the mail domains whose hosts are trusted
	seen      map[string]bool // address and protocol and mail
	redirects int
	refusals  map[string]bool // hosts that refused the login
}

// Find searches in the documented order until a place names an EWS address. What
// was tried stands in the result, whatever the outcome; an error means that the
// search itself could not be made: [fault.BadRequest] for what is no address,
// [fault.Cancelled] for an ended context.
func (f *Finder) Find(ctx context.Context, req Request) (Result, error) {
	const op = "autodiscover.Find"
	result := Result{Mail: req.Mail, Proposals: []Proposal{}, Questions: []Question{}, Steps: []Step{}}
	domain, ok := domainOf(req.Mail)
	if !ok {
		return result, fault.New(fault.BadRequest, op, "", nil)
	}
	s := &search{Finder: f, req: req, result: &result, trusted: map[string]bool{}, domains: []string{domain},
		seen: map[string]bool{}, refusals: map[string]bool{}}
	for _, h := range req.Trusted {
		s.trusted[canonical(h)] = true
	}
	limited, cancel := context.WithTimeout(ctx, f.o.Time)
	defer cancel()
	s.domain(limited, req.Mail, domain)
	if err := ctx.Err(); err != nil {
		return result, fault.New(fault.Cancelled, op, domain, err)
	}
	if len(result.Proposals) == 0 {
		result.Code = s.verdict()
	}
	return result, nil
}

// verdict is the code that says most about a search without result.
func (s *search) verdict() fault.Code {
	for _, want := range []fault.Code{fault.LoginRejected, fault.AutodiscoverConsent, fault.AutodiscoverUser,
		fault.AutodiscoverUnsafe, fault.AutodiscoverLoop, fault.TLSUntrusted, fault.TLSCertificateName} {
		if slices.ContainsFunc(s.result.Steps, func(st Step) bool { return st.Code == want }) {
			return want
		}
	}
	return fault.AutodiscoverNothing
}

// domainOf is the domain of an address, in small letters.
func domainOf(address string) (string, bool) {
	a, err := mail.ParseAddress(address)
	if err != nil || a.Address != address {
		return "", false
	}
	domain := canonical(address[strings.LastIndexByte(address, '@')+1:])
	if domain == "" || len(domain) > 253 || strings.ContainsAny(domain, "[]:/?#%\\ \"") {
		return "", false
	}
	return domain, true
}

func canonical(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// note keeps a step.
func (s *search) note(st Step) { s.result.Steps = append(s.result.Steps, st) }

// over tells that nothing more is to be asked: found, refused too often, or out of
// time.
func (s *search) over(ctx context.Context) bool {
	return len(s.result.Proposals) > 0 || len(s.refusals) >= mostRefusals || ctx.Err() != nil
}

// domain asks all places of one mail domain, in order.
func (s *search) domain(ctx context.Context, mail, domain string) {
	for _, host := range []string{domain, "autodiscover." + domain} {
		if s.host(ctx, mail, host, "https://"+host); s.over(ctx) {
			return
		}
	}
	if target, ok := s.plainRedirect(ctx, "http://autodiscover."+domain+poxPath); ok {
		if s.place(ctx, mail, target, "http://autodiscover."+domain); s.over(ctx) {
			return
		}
	}
	s.record(ctx, mail, domain)
}

const (
	soapPath = "/autodiscover/autodiscover.svc"
	poxPath  = "/autodiscover/autodiscover.xml"
)

// host asks a host by both protocols.
func (s *search) host(ctx context.Context, mail, host, base string) {
	if s.refusals[host] || s.over(ctx) {
		return
	}
	reached := s.ask(ctx, mail, SOAP, base+soapPath, "")
	if s.over(ctx) || s.refusals[host] || !reached {
		return // whoever can't be reached by one can't be by the other
	}
	s.ask(ctx, mail, POX, base+poxPath, "")
}

// place asks where a redirect led: at that address by its protocol, and by the
// other one beside it.
func (s *search) place(ctx context.Context, mail, target, from string) {
	u, err := url.Parse(target)
	if err != nil {
		return
	}
	if p := strings.ToLower(u.Path); p != soapPath && p != poxPath {
		s.ask(ctx, mail, POX, target, from)
		return
	}
	u.Path, u.RawQuery = soapPath, ""
	reached := s.ask(ctx, mail, SOAP, u.String(), from)
	if s.over(ctx) || !reached || s.refusals[canonical(u.Hostname())] {
		return
	}
	u.Path = poxPath
	s.ask(ctx, mail, POX, u.String(), from)
}

// record follows the service record (MS-OXDSCLI 3.1.5.2).
func (s *search) record(ctx context.Context, mail, domain string) {
	st := Step{Protocol: SRV, Asked: "_autodiscover._tcp." + domain}
	_, records, err := s.o.Resolver.LookupSRV(ctx, "autodiscover", "tcp", domain)
	if err != nil || len(records) == 0 {
		st.Code = fault.AutodiscoverNothing
		if err != nil {
			st.Detail = words(err.Error())
		}
		s.note(st)
		return
	}
	r := records[0] // sorted by priority and weight
	host := canonical(r.Target)
	if host == "" || strings.ContainsAny(host, "/@:?#\\ ") {
		st.Code, st.Detail = fault.AutodiscoverNothing, "the record names no host"
		s.note(st)
		return
	}
	base := "https://" + host
	if r.Port != 443 {
		base = "https://" + net.JoinHostPort(host, strconv.Itoa(int(r.Port)))
	}
	st.Detail = base
	s.note(st)
	s.place(ctx, mail, base+poxPath, st.Asked)
}

// agreed tells whether a login may go to a host, and asks a person once where that
// isn't plain.
func (s *search) agreed(ctx context.Context, host, from string) bool {
	host = canonical(host)
	for _, d := range s.domains {
		if host == d || strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	if answer, known := s.trusted[host]; known {
		return answer
	}
	q := Question{Host: host, From: from}
	yes := s.req.Consent != nil && s.req.Consent(ctx, q)
	s.trusted[host] = yes
	if !yes {
		s.result.Questions = append(s.result.Questions, q)
	}
	return yes
}

// propose turns a reply's addresses into proposals, external ones first.
func (s *search) propose(r reply) string {
	var said []string
	for i, list := range [][]string{r.external, r.internal} {
		for _, address := range list {
			p, ok := proposal(address)
			if !ok {
				said = append(said, "not an address: "+words(address))
				continue
			}
			p.Internal, p.Schemas = i == 1, words(r.schemas)
			same := func(o Proposal) bool { return strings.EqualFold(o.Address, p.Address) }
			if !slices.ContainsFunc(s.result.Proposals, same) {
				s.result.Proposals = append(s.result.Proposals, p)
			}
			said = append(said, p.Address)
		}
	}
	return strings.Join(said, ", ")
}

// proposal reads an EWS address.
func proposal(address string) (Proposal, bool) {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Hostname() == "" || len(address) > 500 {
		return Proposal{}, false
	}
	p := Proposal{Server: canonical(u.Hostname()), Port: 443, SSL: true, Address: u.String()}
	switch u.Scheme {
	case "https":
	case "http":
		p.Port, p.SSL, p.Code = 80, false, fault.PlainTextLoginRefused
	default:
		return Proposal{}, false
	}
	if port := u.Port(); port != "" {
		if p.Port, err = strconv.Atoi(port); err != nil || p.Port < 1 || p.Port > 65535 {
			return Proposal{}, false
		}
	}
	p.Usual = strings.EqualFold(u.Path, "/EWS/Exchange.asmx") && u.RawQuery == ""
	if ews.IsMicrosoft365(p.Server) {
		p.Code = fault.NeedsGraph
	}
	return p, true
}

// count counts a redirect; false when there were too many.
func (s *search) count(st *Step) bool {
	if s.redirects++; s.redirects <= mostRedirects {
		return true
	}
	st.Code, st.Detail = fault.AutodiscoverLoop, fmt.Sprintf("more than %d redirects", mostRedirects)
	return false
}
