package pipe

import (
	"strings"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// What the installer or a group policy says about the agent of this machine's people.
// A policy stands above what was installed.
var registryKeys = []string{`SOFTWARE\Policies\Abgleich`, `SOFTWARE\Abgleich`} //nolint:gochecknoglobals // read only

// AddressOf is the pipe a person means: SERVER, SERVER/INSTANCE, a pipe's whole name,
// or, by "", the agent that a policy or the installation names, else this machine's.
// [ErrAddress] where it is none of these.
func AddressOf(address string) (string, error) {
	if address == "" {
		address = configured("Agent")
	}
	return windowsAddress(address, ownNames()...)
}

// ownNames are this machine's: the short one, and the one with its domain.
func ownNames() (names []string) {
	for _, which := range []uint32{windows.ComputerNameNetBIOS, windows.ComputerNameDnsHostname, windows.ComputerNameDnsFullyQualified} {
		var room [256]uint16 // longer than any
		n := uint32(len(room))
		if windows.GetComputerNameEx(which, &room[0], &n) == nil && n > 0 {
			names = append(names, windows.UTF16ToString(room[:]))
		}
	}
	return names
}

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
