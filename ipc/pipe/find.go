package pipe

import (
	"errors"
	"strings"
)

// windowsAgent is the agent's pipe after the server's name.
const windowsAgent = `\pipe\abgleich-agent`

// addressOn is the pipe of the agent on a server: a name, or a whole pipe's name.
func addressOn(server string) string {
	switch server = strings.Trim(server, `\ `); {
	case server == "", server == ".", strings.EqualFold(server, "localhost"):
		return `\\.` + windowsAgent
	case strings.Contains(server, `\`):
		return `\\` + server
	}
	return `\\` + server + windowsAgent
}

// CheckKey refuses a public key that is not the one a policy or the installation
// names ([ErrUntrusted]); nothing may be sealed for it. Where none is named every key
// is taken.
func CheckKey(recipient string) error { return checkKey(configuredKey(), recipient) }

func checkKey(wanted, recipient string) error {
	if wanted == "" || wanted == recipient {
		return nil
	}
	return &Error{ErrUntrusted, "", errors.New("the agent's key is not the one this computer was told (AgentKey)")}
}
