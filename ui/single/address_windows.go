package single

import (
	"os/user"
	"strconv"

	"golang.org/x/sys/windows"
)

// Address is where the window for an agent is found: one a user and session.
func Address(agent string) string { return place("window", agent) }

// IconAddress is where the tray icon for an agent is found: one a user and session.
func IconAddress(agent string) string { return place("tray", agent) }

func place(what, agent string) string {
	var session uint32
	// Without a session id all sessions of the user share one.
	_ = windows.ProcessIdToSessionId(windows.GetCurrentProcessId(), &session)
	id := "unknown"
	if u, err := user.Current(); err == nil {
		id = u.Uid
	}
	return `\\.\pipe\abgleich-` + what + `-` + shortHash(agent, id, strconv.FormatUint(uint64(session), 10))
}
