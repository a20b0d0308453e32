package e2e

import (
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/params"
)

func TestAPrivateAppointmentReachesTheDatabaseAsBusyTimeOnlyUnlessAskedOtherwise(t *testing.T) {
	t.Parallel()
	a := newAlive(t, params.Change{Key: "appointments.private", Value: string(params.Default().Appointments.Private)})
	x := a.meet("Therapie")
	x.private, x.categories, x.reminder, x.importance = true, []string{"Arzt"}, 15, "high"
	made, err := a.box.Create(x.item())
	must(t, err)
	f := a.arrived("Privat")
	veiled := thing{subject: "Privat", start: x.start, end: x.end, busy: x.busy, private: true, importance: "normal"}
	if got := f.line(); got != veiled.line() {
		t.Errorf("the business database knows more than the time:\n got %s\nwant %s", got, veiled.line())
	}

	// Its time may be moved from there; its content stays what it is.
	x.start, x.end = x.start.Add(2*time.Hour), x.end.Add(2*time.Hour)
	a.exec(`UPDATE appointments SET start_at = ?, end_at = ? WHERE id = ?`,
		x.start.UTC().Format(time.RFC3339), x.end.UTC().Format(time.RFC3339), f.row)
	eventually(t, "the new time in Exchange, and nothing else", func() string {
		now, _ := a.box.Get(made.ID)
		if got := understood(now).line(); got != x.line() {
			return got
		}
		return ""
	})

	// No longer private: all of it arrives.
	x.private = false
	_, err = a.box.Update(made.ID, func(it *exchangesim.Item) { it.Sensitivity = "Normal" })
	must(t, err)
	a.equal(x)
	a.noProblems()
	a.quiet(t, a.c)
	a.judge(t)
}
