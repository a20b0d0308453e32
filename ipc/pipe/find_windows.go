package pipe

import (
	"golang.org/x/sys/windows"

	"abgleich/ipc/policy"
)

// AddressOf is the pipe a person means: SERVER, SERVER/INSTANCE, a pipe's whole name,
// or, by "", the agent that a policy or the installation names, else this machine's.
// [ErrAddress] where it is none of these.
func AddressOf(address string) (string, error) {
	if address == "" {
		address = policy.Read().Agent
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
