package icon

import (
	"testing"

	"abgleich/ipc/contract"
	"abgleich/ipc/policy"
	"abgleich/ui/client"
)

// needy is a picture that is told with a note at once.
var needy = client.Picture{Connection: client.Connected, User: &contract.UserStatus{
	State: contract.UserState_USER_STATE_CREDENTIALS_NEEDED, Code: "login-rejected"}}

func TestAPersonSwitchesNotesAndTheKeptPasswordOff(t *testing.T) {
	a := &fakeActions{}
	tray, picture, click, stop := control(t, a)
	click(KeepPassword)
	click(Notes)
	picture(needy)
	stop()
	if !a.notesOff || !a.passwordOff || tray.items[Notes].Checked || tray.items[KeepPassword].Checked || tray.items[Notes].Disabled {
		t.Errorf("%+v, %+v, %+v", a, tray.items[Notes], tray.items[KeepPassword])
	}
	if len(tray.notes) != 0 {
		t.Errorf("told all the same: %v", tray.notes)
	}
}

func TestAPolicyBeatsThePersonAndSaysSo(t *testing.T) {
	a := &fakeActions{notesOff: true, decided: policy.Policy{Notes: policy.On, KeepPassword: policy.Off}}
	tray, picture, _, stop := control(t, a)
	picture(needy)
	stop()
	want := map[Entry]Item{
		Notes:        {Title: "Hinweise zeigen (von Ihrem Administrator festgelegt)", Disabled: true, Checked: true},
		KeepPassword: {Title: "Passwort auf diesem Rechner merken (von Ihrem Administrator festgelegt)", Disabled: true},
	}
	for e, item := range want {
		if tray.items[e] != item {
			t.Errorf("%+v, want %+v", tray.items[e], item)
		}
	}
	if len(tray.notes) != 1 {
		t.Errorf("the person's choice overruled the administrator: %v", tray.notes)
	}
}
