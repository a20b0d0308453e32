package window

import (
	"slices"
	"testing"

	"abgleich/ipc/contract"
	"abgleich/ui/internal/agentdouble"
)

// withServiceAccount scripts an agent that opens all mailboxes itself.
func withServiceAccount(script *agentdouble.Script) {
	script.Agent = &contract.AgentStatus{Version: "1.0.0", SyncEnabled: true, BusinessReachable: true, Notifications: "push", Access: "impersonation"}
}

func TestWhereAServiceAccountOpensTheMailboxesNobodyIsAskedForAPassword(t *testing.T) {
	s := open(t, setup{lead: true, script: withServiceAccount})
	s.sees("Sie brauchen weder Anmeldung noch Passwort einzugeben.")
	if s.app.Page() != Credentials {
		t.Errorf("the first run asks for a login, on page %v", s.app.Page())
	}
	s.press("OK")
	save := `save login= sync=true appointments=true tasks=true right=false unverified=false`
	s.until("saved", func() bool { return slices.Contains(s.agent.Calls(), save) })
	s.sees("Ein Dienstkonto öffnet die Postfächer; kein Benutzer braucht ein Passwort.")
}

func TestWhereAServiceAccountOpensTheMailboxesTheCheckIsOfIt(t *testing.T) {
	s := open(t, setup{script: withServiceAccount})
	s.sees("weder Anmeldung noch Passwort")
	golden(t, "credentials-shared-de-light", s.capture())
	s.press(s.app.texts.T("credentials.verify"))
	s.until("checked", func() bool { return slices.Contains(s.agent.Calls(), "verify login= right=false") })
}
