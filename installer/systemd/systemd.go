// Package systemd holds the agent's unit file, embedded so that the agent can
// install itself. It owns the template's text and knows nothing else.
package systemd

import (
	_ "embed"
	"strings"
)

//go:embed abgleich-agent.service
var template string

// Unit is the unit file of an instance ("" is the one without a name), for a command
// line (already quoted for ExecStart=) and a user name. Each instance has folders of
// its own: systemd removes what lies in a unit's runtime folder when it stops.
func Unit(instance, command, account string) string {
	folder, title := "abgleich", "Abgleich agent"
	if instance != "" {
		folder += "-" + instance
		title += " (" + instance + ")"
	}
	return strings.NewReplacer("@COMMAND@", command, "@ACCOUNT@", account, "@FOLDER@", folder, "@TITLE@", title).Replace(template)
}
