package main

import (
	"strings"
	"testing"

	"abgleich/cmd/agent/internal/demo"
)

func TestAnEmployeeIsTiedToAnotherMailboxAndBack(t *testing.T) {
	withDemo(t, func(k demo.Kept) {
		l := newLine(t)
		on := func(code int, args ...string) outcome {
			t.Helper()
			return l.want(code, append(append([]string{"employees", "mailbox"}, args...), "--agent", k.Address)...)
		}
		tie := func(args ...string) mailboxTie {
			t.Helper()
			return decode[mailboxTie](t, on(exitFine, append(args, "--json")...))
		}
		own := mailboxTie{User: "anna"}
		if got := tie("anna"); got != own {
			t.Errorf("at first %+v", got)
		}
		if o := on(exitFine, "anna", "--lang", "en"); !strings.Contains(o.out, "his own") || !strings.Contains(o.out, "calendar") {
			t.Error(o.out)
		}
		room := mailboxTie{User: "anna", Mailbox: "room1@lab.test"}
		if got := tie("ANNA", "--mailbox", "room1@lab.test"); got != room {
			t.Errorf("a room: %+v", got)
		}
		team := room
		team.Calendar, team.Tasks = "Team/Raum 1//2", "Team"
		if got := tie("anna", "--calendar", team.Calendar, "--tasks", team.Tasks); got != team {
			t.Errorf("folders of the room: %+v", got)
		}
		if got := tie("anna"); got != team {
			t.Errorf("as it is stored: %+v", got)
		}
		if o := on(exitFine, "anna", "--lang", "en"); !strings.Contains(o.out, "room1@lab.test") || !strings.Contains(o.out, "Team/Raum 1//2") {
			t.Error(o.out)
		}
		// What is not named stays; an empty one is his own again.
		team.Mailbox = ""
		if got := tie("anna", "--mailbox", ""); got != team {
			t.Errorf("a folder of his own mailbox: %+v", got)
		}
		on(exitUsage, "anna", "--own", "--calendar", "x")
		on(exitUsage)
		if o := on(exitFailed, "nobody", "--mailbox", "room1@lab.test"); !strings.Contains(o.err, "employee-unknown") {
			t.Error(o.err)
		}
		on(exitFailed, "anna", "--mailbox", "no address")
		if got := tie("anna"); got != team {
			t.Errorf("after refusals: %+v", got)
		}
		if got := tie("anna", "--own"); got != own {
			t.Errorf("back: %+v", got)
		}
		// Two employees in one folder would be two owners of each item.
		on(exitFine, "bernd", "--mailbox", "room1@lab.test")
		if o := on(exitFailed, "anna", "--mailbox", "room1@lab.test"); !strings.Contains(o.err, "folder-taken") {
			t.Error(o.err)
		}
	})
}
