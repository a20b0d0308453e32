package executor_test

import (
	"testing"

	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
)

func TestACreationWhoseReplyWasLostIsKnownAgainHoweverItWasEditedMeanwhile(t *testing.T) {
	for _, target := range both {
		t.Run(target.String(), func(t *testing.T) {
			w := newWorld(t, false)
			w.put(target.Other(), appointment("a", 8))
			w.faults.Decide(func(e fake.Effect) fake.Trouble {
				if e.Side == target && e.Op == fake.OpCreate {
					return fake.LoseItemReply
				}
				return fake.None
			})
			if _, err := w.exec.Slice(t.Context(), w.task()); err != nil {
				t.Fatal(err)
			}
			w.faults.Decide(nil)
			w.edit(target.Other(), "a", func(a *pim.Appointment) { a.Subject = "b" })
			w.edit(target, "a", func(a *pim.Appointment) { a.Location = "room" })
			w.settle()
			w.want("b")
			for _, id := range both {
				if got := w.only(id, "b").Item.(*pim.Appointment).Location; got != "room" {
					t.Errorf("on %s the place is %q", id, got)
				}
			}
			w.quiet()
			w.violations()
		})
	}
}
