package agent

import (
	"strings"

	"abgleich/agent/ews"
	"abgleich/agent/ews/kerberos"
	"abgleich/agent/ews/ntlm"
)

// ownIdentity tells that the agent can log in as the account it runs as.
const ownIdentity = true

// configured tells that a ticket for the login is worth asking for. Windows knows
// its domain itself, but was never tried with a real one: so only where somebody
// wrote the realm down.
func (t *tickets) configured(string) bool { return t.p.Realm != "" }

func (t *tickets) ticketWay(name, password string) (ews.Login, error) {
	return ews.SSPI(t.inRealm(name), password), nil
}

// inRealm puts the realm that communication.realm names in the place of a login's
// domain: a machine outside the domain finds no domain controller by its short name.
// Who user@domain is the domain knows best. Nothing but the parameter counts: \etc is
// no folder of the system on Windows, anybody may make it.
func (t *tickets) inRealm(name string) string {
	m, err := kerberos.ParseMapping(t.p.Realm)
	if err != nil || t.p.Realm == "" || strings.Contains(name, "@") {
		return name
	}
	realm := m.Realm(name)
	if realm == "" {
		return name
	}
	_, user := ntlm.SplitLogin(name)
	return realm + `\` + user
}
