// Package logon tells who is logged on at this computer and when his password was
// last set, as far as the operating system says.
//
// It promises to ask the system only, never the person, and to need no rights but his
// own. It must not know the agent.
package logon

import (
	"strings"
	"time"
)

// Logon is the person at this computer.
type Logon struct {
	// User is the account, DOMAIN\name.
	User string
	// PasswordSet is when its password was last set; zero where nobody can say.
	PasswordSet time.Time
}

// Is tells whether a login of a form Exchange takes, DOMAIN\name or name@domain, is
// most probably this account.
func (l Logon) Is(login string) bool {
	if strings.EqualFold(l.User, login) {
		return true
	}
	_, name, ok := strings.Cut(l.User, `\`)
	local, _, at := strings.Cut(login, "@")
	return ok && at && name != "" && strings.EqualFold(name, local)
}
