package agent_test

import (
	"context"
	"sync/atomic"
	"testing"

	"abgleich/agent/fault"
)

// theOther is a machine where another sync service runs or not.
type theOther struct{ gone atomic.Bool }

func (o *theOther) Running(context.Context) ([]string, error) {
	if o.gone.Load() {
		return []string{"explorer.exe"}, nil
	}
	return []string{"explorer.exe", `C:\BMD\BMDSyncService.exe`}, nil
}

func TestAFirstSyncWaitsForTheEndOfAnotherSyncServiceAndALaterOneDoesNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := &theOther{}
	w.processes = other
	arrived := w.seedOne("moved in")
	w.start()
	w.login(annaPassword)
	w.await("the wait", blocked(fault.OtherServiceRunning))
	if !w.problemCodes()[string(fault.OtherServiceRunning)] {
		t.Error("no problem tells why")
	}
	if n := w.sim.Stats().Items["UpdateFolder"]; n != 0 {
		t.Errorf("%d marks were left on the mailbox", n)
	}
	other.gone.Store(true)
	w.await("the first sync, by itself", arrived)
	if w.problemCodes()[string(fault.OtherServiceRunning)] {
		t.Error("the problem stays")
	}
	other.gone.Store(false)
	arrived = w.seedOne("another")
	w.stop()
	w.start()
	w.await("a later sync", arrived)
}
