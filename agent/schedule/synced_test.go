package schedule

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"abgleich/agent/pim"
)

func TestEveryListedUserRunsAtTheStartAndAgainAfterTheInterval(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		users := &fakeUsers{list: []User{employee("anna"), employee("ben", pim.KindTask)}}
		r := begin(t, dir, users, func(context.Context, Slice) (Result, error) { return Result{}, nil },
			func(c *Config) { c.Interval = 100 * time.Second })
		time.Sleep(time.Second)
		synctest.Wait()
		if n := r.seen.runs("anna", pim.KindAppointment); n != 1 {
			t.Errorf("anna's appointments ran %d times, want 1", n)
		}
		if n := r.seen.runs("ben", pim.KindAppointment); n != 0 {
			t.Errorf("ben's appointments ran %d times, though only tasks are on", n)
		}
		time.Sleep(115 * time.Second)
		synctest.Wait()
		if n := r.seen.runs("anna", pim.KindTask); n != 2 {
			t.Errorf("anna's tasks ran %d times within one interval, want 2", n)
		}
		stop(t, r.Scheduler)
	})
}
