package agent

import "abgleich/agent/ews"

// ownIdentity tells that the agent can log in as the account it runs as.
const ownIdentity = true

// configured tells that a ticket for the login is worth asking for. Windows knows
// its domain itself, but was never tried with a real one: so only where somebody
// wrote the realm down.
func (t *tickets) configured(string) bool { return t.p.Realm != "" }

func (t *tickets) ticketWay(name, password string) (ews.Login, error) {
	return ews.SSPI(name, password), nil
}
