// Package systemd holds the agent's unit file, embedded so that the agent can
// install itself. It owns the template's text and knows nothing else.
package systemd

import (
	_ "embed"
	"strings"
)

//go:embed abgleich-agent.service
var template string

// Unit is the unit file for a command line (already quoted for ExecStart=) and
// a user name.
func Unit(command, account string) string {
	return strings.NewReplacer("@COMMAND@", command, "@ACCOUNT@", account).Replace(template)
}
