package pipe

import (
	"errors"
	"strings"
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
