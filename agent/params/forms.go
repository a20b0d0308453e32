package params

import (
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// The forms of texts. Each answers "" or what would be right, for people; an
// empty text is never asked about.

var (
	hostName  = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?$`)
	aliasName = regexp.MustCompile(`^[\pL\pN_]([\pL\pN ._-]{0,62}[\pL\pN_])?$`)
)

func hostForm(s string) string {
	if _, err := netip.ParseAddr(s); err == nil {
		return ""
	}
	if len(s) <= 253 && hostName.MatchString(s) {
		return ""
	}
	return "mail.example.com, 192.0.2.10"
}

func ipForm(s string) string {
	if _, err := netip.ParseAddr(s); err != nil {
		return "192.0.2.10, ::1"
	}
	return ""
}

func urlForm(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return "https://mail.example.com/EWS/Exchange.asmx"
	}
	return ""
}

func domainForm(s string) string {
	if strings.ContainsAny(s, `\/@: `) {
		return "FIRMA, firma.example"
	}
	return ""
}

// realmForm takes REALM, or DOMAIN=REALM, or several with commas between.
func realmForm(s string) string {
	seen := map[string]bool{}
	for part := range strings.SplitSeq(s, ",") {
		domain, realm, named := strings.Cut(strings.TrimSpace(part), "=")
		if !named {
			domain, realm = "", domain
		}
		domain, realm = strings.ToUpper(strings.TrimSpace(domain)), strings.TrimSpace(realm)
		if !hostName.MatchString(realm) || named && !hostName.MatchString(domain) || seen[domain] {
			return "FIRMA.EXAMPLE; FIRMA=FIRMA.EXAMPLE, OST=OST.EXAMPLE"
		}
		seen[domain] = true
	}
	return ""
}

// clockForm takes a time of day.
func clockForm(s string) string {
	if _, err := time.Parse("15:04", s); err != nil || len(s) != len("07:00") {
		return "07:00"
	}
	return ""
}

func mailForm(s string) string {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return "admin@example.com"
	}
	return ""
}

func aliasForm(s string) string {
	if !aliasName.MatchString(s) {
		return "BMD, NTCS_2026"
	}
	return ""
}
