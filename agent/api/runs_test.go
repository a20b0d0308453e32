package api_test

import (
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"

	"abgleich/agent/pim"
	"abgleich/ipc/contract"
)

func TestTheRunsUpToTheFirstCompleteOneAreTheFirstSync(t *testing.T) {
	r := newRig(t)
	run := func(kind pim.Kind, complete bool) {
		t.Helper()
		l, err := r.store.Begin(t.Context(), anna, kind)
		r.must(err)
		v, err := l.OpenRun(t.Context(), "interval")
		r.must(err)
		<-time.After(2 * time.Millisecond) // times are kept in milliseconds
		if complete {
			r.must(l.MarkFirstDone(t.Context()))
		}
		v.Ended, v.Counts.Paired = time.Now(), 1
		r.must(l.SaveRun(t.Context(), &v))
	}
	run(pim.KindAppointment, false) // it failed
	run(pim.KindAppointment, true)
	run(pim.KindAppointment, false)
	run(pim.KindTask, false)
	got, err := r.as(annaPeer).ListRuns(t.Context(), connect.NewRequest(&contract.ListRunsRequest{Limit: 10}))
	r.must(err)
	var first []bool // the newest first
	for _, v := range got.Msg.GetRuns() {
		first = append(first, v.GetFirstSync())
	}
	if want := []bool{true, false, true, true}; !slices.Equal(first, want) {
		t.Errorf("first syncs %v, want %v", first, want)
	}
}
