package pipe

import (
	"errors"
	"slices"
	"strings"
)

// Instance names one of several agents on a machine, each with a service, a pipe,
// folders and a database of its own. "" is the agent without a name, the only one on
// most machines. Make others with [ParseInstance].
type Instance string

// longestInstance keeps service, socket and folder names short.
const longestInstance = 20

// ErrInstance is a name no agent can have.
var ErrInstance = errors.New("an agent's name has 1 to 20 letters a to z, digits and hyphens, begins with a letter and ends with none of the hyphens")

// ParseInstance checks a name as a person types it; capitals become small letters,
// because services, pipes and folders of Windows know no difference.
func ParseInstance(name string) (Instance, error) {
	name = strings.ToLower(name)
	good := name != "" && len(name) <= longestInstance && name[0] >= 'a' && name[0] <= 'z' && name[len(name)-1] != '-'
	for _, c := range name {
		good = good && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if !good {
		return "", ErrInstance
	}
	return Instance(name), nil
}

// Service is the name of the instance's service on every system. On Windows its pipe
// is called the same, which is how a client knows whom the pipe must belong to.
func (i Instance) Service() string { return i.After(serviceName) }

// After is a name of ours with the instance's behind it, for what each instance has
// of its own: folders, sockets.
func (i Instance) After(name string) string {
	if i == "" {
		return name
	}
	return name + "-" + string(i)
}

// serviceName is the service of the agent without a name.
const serviceName = "abgleich-agent"

// InstanceOf is the instance a service belongs to; false for a service that is none
// of ours.
func InstanceOf(service string) (Instance, bool) {
	if service == serviceName {
		return "", true
	}
	name, ok := strings.CutPrefix(service, serviceName+"-")
	if !ok {
		return "", false
	}
	i, err := ParseInstance(name)
	return i, err == nil && string(i) == name
}

// split takes SERVER/INSTANCE apart; without a slash it is a server.
func split(address string) (server string, i Instance, err error) {
	server, name, named := strings.Cut(strings.TrimSpace(address), "/")
	if !named {
		return server, "", nil
	}
	i, err = ParseInstance(name)
	return server, i, err
}

// thisMachine tells whether a server's name stands for the machine itself, whose own
// names these are.
func thisMachine(server string, own []string) bool {
	return server == "" || server == "." || slices.ContainsFunc(append([]string{"localhost"}, own...), func(n string) bool { return strings.EqualFold(server, n) })
}
