package pipe

import (
	"errors"
	"strings"

	"abgleich/ipc/policy"
)

// windowsPipe is the pipe of an instance on a server. Programs on the server itself,
// which one setting for all machines sends to it by its name, take the local pipe: it
// needs no network and is there when the agent lets no other machines in.
func windowsPipe(server string, i Instance, own []string) string {
	if thisMachine(server, own) {
		server = "."
	}
	return `\\` + server + `\pipe\` + i.Service()
}

// windowsAddress is the pipe a person means by SERVER, SERVER/INSTANCE, or a pipe's
// whole name, on a machine with these names.
func windowsAddress(address string, own ...string) (string, error) {
	address = strings.Trim(address, `\ `)
	if strings.Contains(address, `\`) {
		return `\\` + address, nil
	}
	server, i, err := split(address)
	if err != nil {
		return "", &Error{ErrAddress, address, err}
	}
	if strings.ContainsAny(server, " \t/:*?\"<>|") {
		return "", &Error{ErrAddress, address, errors.New("no server is called so")}
	}
	return windowsPipe(server, i, own), nil
}

// CheckKey refuses a public key that is not the one a policy or the installation
// names ([ErrUntrusted]); nothing may be sealed for it. Where none is named every key
// is taken.
func CheckKey(recipient string) error { return checkKey(policy.Read().AgentKey, recipient) }

func checkKey(wanted, recipient string) error {
	if wanted == "" || wanted == recipient {
		return nil
	}
	return &Error{ErrUntrusted, "", errors.New("the agent's key is not the one this computer was told (AgentKey)")}
}
