package exchange_test

import (
	"testing"

	"abgleich/agent/exchangesim"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

func TestAZoneNobodyKnowsSurvivesEveryWriteThatIsNotOfTheTime(t *testing.T) {
	w := newWorld(t, options{})
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	it := meeting(23)
	it.Zone, it.EndZone = "Customized Time Zone", "Customized Time Zone"
	id := box.Seed([]exchangesim.Item{it})[0]
	stored, _ := box.Get(id)
	item, got := read(t, f, id)
	if a := item.(*pim.Appointment); !a.When.Start.Equal(it.Start) || !a.When.End.Equal(it.End) {
		t.Errorf("read at %s to %s", a.When.Start, a.When.End)
	}
	to := item.Clone()
	to.Shared().Subject, to.Shared().Reminder = "neu", nil
	out := update(t, f, got, to, pim.Fields(pim.FieldSubject, pim.FieldReminder))
	same(t, w, "updated", to, getAll(t, f, []side.Outcome{out})[0].Item)
	now, _ := box.Get(id)
	if now.Zone != stored.Zone || now.EndZone != stored.EndZone || !now.Start.Equal(stored.Start) || now.Subject != "neu" {
		t.Errorf("was %q to %q, is %q to %q", stored.Zone, stored.EndZone, now.Zone, now.EndZone)
	}
	t.Logf("stored in %q", stored.Zone)
}
