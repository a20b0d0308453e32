package pipe

import (
	"strings"

	"golang.org/x/sys/windows/registry"
)

// What the installer or a group policy says about the agent of this machine's people.
// A policy stands above what was installed.
var registryKeys = []string{`SOFTWARE\Policies\Abgleich`, `SOFTWARE\Abgleich`} //nolint:gochecknoglobals // read only

// FindAddress is where a client looks for an agent: on the server that a policy or
// the installation names, else on this machine.
func FindAddress() string { return addressOn(configured("Agent")) }

// configuredKey is the agent's public key as a policy or the installation names it;
// "" for none.
func configuredKey() string { return configured("AgentKey") }

func configured(name string) string {
	for _, path := range registryKeys {
		k, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE|registry.WOW64_64KEY)
		if err != nil {
			continue
		}
		v, _, err := k.GetStringValue(name)
		k.Close() //nolint:errcheck // read only
		if v = strings.TrimSpace(v); err == nil && v != "" {
			return v
		}
	}
	return ""
}
