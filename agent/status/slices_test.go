package status

import (
	"testing"
	"testing/synctest"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// A run of several slices reports of each that it reads first, with nothing expected
// beyond what is done.
func TestARunsSizeAndTimeLeftStandWhileItsNextSliceLooksThroughTheFeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(time.Now, gap)
		kind := func() Kind { u, _ := b.User("u"); return u.Kinds[0] }
		b.Progress(Progress{User: "u", Kind: 1, Run: 4, Phase: Reading, First: true, Expected: 2000})
		b.Progress(Progress{User: "u", Kind: 1, Run: 4, Phase: Reading, First: true, Expected: 12_000})
		if k := kind(); k.Expected != 12_000 || k.Remaining != 0 {
			t.Errorf("while the first slice reads: %+v", k)
		}
		done := uint64(0)
		for range 80 {
			time.Sleep(100 * time.Millisecond)
			done += 50
			b.Progress(Progress{User: "u", Kind: 1, Run: 4, Phase: Writing, First: true, Done: done, Expected: 12_000})
		}
		if k := kind(); k.Remaining < 14*time.Second || k.Remaining > 18*time.Second {
			t.Errorf("%s left, want about 16 s", k.Remaining)
		}
		for range 6 {
			b.Progress(Progress{User: "u", Kind: 1, Run: 4, Phase: Reading, First: true, Done: done, Expected: done})
			k := kind()
			if k.Expected != 12_000 || k.Done != done {
				t.Fatalf("while the next slice reads: %d of %d", k.Done, k.Expected)
			}
			if k.Remaining < 14*time.Second || k.Remaining > 25*time.Second {
				t.Errorf("while the next slice reads: %s left", k.Remaining)
			}
			time.Sleep(time.Second)
		}
		b.Progress(Progress{User: "u", Kind: 1, Run: 4, Phase: Writing, First: true, Done: done, Expected: 11_990})
		if k := kind(); k.Expected != 11_990 {
			t.Errorf("counted anew: %d expected", k.Expected)
		}
		// What is too long ago foretells nothing, and what waits for a server neither.
		time.Sleep(30 * time.Second)
		if k := kind(); k.Remaining != 0 {
			t.Errorf("after a long silence: %s left", k.Remaining)
		}
		b.Progress(Progress{User: "u", Kind: 1, Run: 4, Phase: Writing, First: true, Done: done + 500, Expected: 11_990, Code: fault.ServerBusy})
		if k := kind(); k.Remaining != 0 {
			t.Errorf("while the server asks to wait: %s left", k.Remaining)
		}
	})
}

func TestDirectionsAndEmployeesWithoutUserIDAreToldOnce(t *testing.T) {
	b := New(time.Now, gap)
	b.Known("anna", "Anna", Fine, "")
	_, seen := b.since(0, "")
	b.Directed("anna", pim.KindTask, ToExchange)
	b.WithoutID([]string{"Zoe", "Eva"})
	c, now := b.since(seen, "")
	if len(c.Users) != 1 || c.Users[0].Kinds[1].Direction != ToExchange || c.Users[0].Kinds[0].Direction != 0 {
		t.Errorf("anna: %+v", c.Users)
	}
	if len(c.WithoutID) != 2 || c.WithoutID[0].Name != "Eva" || c.WithoutID[0].State != Disabled || c.WithoutID[0].Code != fault.EmployeeWithoutID {
		t.Errorf("without User-ID: %+v", c.WithoutID)
	}
	b.Directed("anna", pim.KindTask, ToExchange)
	b.WithoutID([]string{"Eva", "Zoe"})
	if c, again := b.since(now, ""); again != now || c.Users != nil || c.WithoutID != nil {
		t.Errorf("nothing changed: %+v", c)
	}
	if c := b.Snapshot("anna"); c.WithoutID != nil {
		t.Error("anna is told of others")
	}
	if c := b.Snapshot(""); len(c.WithoutID) != 2 {
		t.Errorf("everything: %+v", c)
	}
	b.WithoutID(nil)
	if c, _ := b.since(now, ""); c.WithoutID == nil || len(c.WithoutID) != 0 {
		t.Errorf("none any more: %#v", c.WithoutID)
	}
}
