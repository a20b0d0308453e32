package window

import (
	"testing"

	"abgleich/ipc/contract"
	"abgleich/ui/internal/agentdouble"
)

func TestAnAdministratorReadsWhatToTypeAgainstAClosedFirewall(t *testing.T) {
	s := adminScreen(t, setup{})
	s.agent.Set(func(script *agentdouble.Script) {
		script.Agent = &contract.AgentStatus{Version: "1.0.0", SyncEnabled: true, BusinessReachable: true, Notifications: "push",
			EventsCode: "firewall-closed", EventsCommands: []string{`netsh advfirewall firewall delete rule name="Abgleich Agent (Events)"`}}
	})
	s.sees("lässt den Mailserver nicht zum Eventport")
	s.sees(`netsh advfirewall firewall delete rule name="Abgleich Agent (Events)"`)
	s.window.Canvas().Capture() // and there is room for it above the list
	if at, height := s.app.admin.users.list.frame.Position().Y, s.app.admin.users.events.Size().Height; height > 200 || at < 0 {
		t.Errorf("the sentence is %v high, the list at %v", height, at)
	}
}
