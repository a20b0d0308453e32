package kerberos

import (
	"fmt"
	"slices"
	"strings"
)

// Mapping says which realm a Windows domain is, by upper-case domain; "" stands
// for logins that name none and for domains it doesn't hold.
type Mapping map[string]string

// ParseMapping reads "FIRMA.EXAMPLE" (one realm for all), or
// "FIRMA=FIRMA.EXAMPLE, firma.at=FIRMA.EXAMPLE, OST=OST.EXAMPLE" (the part before
// = is what a person writes before \ or behind @), or both together.
func ParseMapping(s string) (Mapping, error) {
	m := Mapping{}
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		domain, realm, named := strings.Cut(part, "=")
		if !named {
			domain, realm = "", part
		}
		domain, realm = strings.ToUpper(strings.TrimSpace(domain)), strings.ToUpper(strings.TrimSpace(realm))
		if realm == "" || named && domain == "" || strings.ContainsAny(domain+realm, `\/@= `) {
			return nil, fmt.Errorf("%q: want REALM or DOMAIN=REALM", part)
		}
		if _, twice := m[domain]; twice {
			return nil, fmt.Errorf("%q: the domain is named twice", part)
		}
		m[domain] = realm
	}
	return m, nil
}

// Realms lists the realms, sorted.
func (m Mapping) Realms() []string {
	var all []string
	for _, r := range m {
		all = append(all, r)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Realm is the realm of a login's domain, "" if nothing is said about it.
func (m Mapping) Realm(login string) string {
	p, _ := m.principalOf(login, "")
	return p.realm
}

// principal is who logs in.
type principal struct{ user, realm string }

func (p principal) String() string { return p.user + "@" + p.realm }

// principalOf finds user and realm of DOMAIN\user, DOMAIN/user, user@domain or
// user. A domain with a dot that nothing is said about is its own realm, as in
// Active Directory. fallback is krb5.conf's default_realm, "" without.
func (m Mapping) principalOf(login, fallback string) (principal, bool) {
	login = strings.TrimSpace(login)
	user, domain := login, ""
	if i := strings.IndexAny(login, `\/`); i >= 0 {
		domain, user = login[:i], login[i+1:]
	} else if i := strings.LastIndexByte(login, '@'); i >= 0 {
		user, domain = login[:i], login[i+1:]
	}
	if user == "" || strings.ContainsAny(user, `\/@`) {
		return principal{}, false
	}
	domain = strings.ToUpper(strings.TrimSuffix(domain, "."))
	if fallback = strings.ToUpper(fallback); fallback == "" {
		fallback = m[""]
	}
	switch realm, known := m[domain]; {
	case known:
		return principal{user, realm}, true
	case strings.Contains(domain, "."):
		return principal{user, domain}, true
	case m[""] != "":
		return principal{user, m[""]}, true
	case fallback != "" && (domain == "" || strings.HasPrefix(fallback, domain+".") || fallback == domain):
		// FIRMA is the first part of FIRMA.EXAMPLE, unless somebody chose otherwise:
		// then the mapping says so.
		return principal{user, fallback}, true
	}
	return principal{}, false
}
