//go:build !windows

package agent

import (
	"abgleich/agent/ews"
	"abgleich/agent/ews/kerberos"
)

// ownIdentity tells that the agent can log in as the account it runs as.
const ownIdentity = false

// configured tells that a ticket for the login is worth asking for: its realm
// stands in communication.realm or in krb5.conf.
func (t *tickets) configured(name string) bool {
	return t.kerberos != nil && t.kerberos.Configured(name)
}

func (t *tickets) ticketWay(name, password string) (ews.Login, error) {
	if t.err != nil {
		return nil, t.err
	}
	var c *kerberos.Credential
	var err error
	if password == "" && t.p.Keytab != "" {
		c, err = t.kerberos.FromKeytab(name, t.p.Keytab)
	} else {
		c, err = t.kerberos.Credential(name, password)
	}
	if err != nil {
		return nil, err
	}
	return ews.Kerberos(c), nil
}
