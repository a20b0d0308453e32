package ews

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"abgleich/agent/fault"
)

func mailbox(name string) laneKey { return laneKey{mailbox: name} }

// take acquires a place that must be free.
func take(t *testing.T, th *throttle, k laneKey) *turn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	tn, err := th.acquire(ctx, k)
	if err != nil {
		t.Fatalf("no place for %s: %v", k.mailbox, err)
	}
	return tn
}

// full tells that there is no place for a lane now.
func full(t *testing.T, th *throttle, k laneKey) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	tn, err := th.acquire(ctx, k)
	if err == nil {
		th.release(tn)
		return false
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	return true
}

func TestConcurrencyStartsLowAndGrowsOnlyWhileMoreIsWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle(SystemClock{}, 20, time.Minute)
		if th.limit != 4 {
			t.Fatalf("starts with %d", th.limit)
		}
		for range 100 { // one after the other: nobody waits
			tn := take(t, th, mailbox("anna"))
			th.release(tn)
			th.answered(tn)
		}
		if th.limit != 4 {
			t.Errorf("grew to %d though nobody had to wait", th.limit)
		}
		done := make(chan struct{})
		for _, who := range []string{"anna", "bert", "cora", "dora"} {
			for range 200 {
				go func() {
					tn, err := th.acquire(t.Context(), mailbox(who))
					if err != nil {
						t.Error(err)
						return
					}
					time.Sleep(10 * time.Millisecond)
					th.release(tn)
					th.answered(tn)
					done <- struct{}{}
				}()
			}
		}
		for range 800 {
			<-done
		}
		if th.limit != 20 || th.running != 0 || len(th.lanes) != 0 {
			t.Errorf("limit %d, running %d, lanes %d", th.limit, th.running, len(th.lanes))
		}
	})
}

func TestBusyAnswersHalveTheConcurrencyOnceForAllThatRanTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle(SystemClock{}, 20, time.Minute)
		th.limit = 12
		var running []*turn
		for i := range 12 {
			running = append(running, take(t, th, mailbox(string(rune('a'+i%4)))))
		}
		time.Sleep(time.Millisecond)
		for _, tn := range running {
			th.release(tn)
			th.crowded(tn)
		}
		if th.limit != 6 {
			t.Fatalf("twelve refusals of one moment made it %d", th.limit)
		}
		good := func() {
			tn := take(t, th, mailbox("a"))
			th.release(tn)
			th.answered(tn)
		}
		th.pressed = true
		for range 50 {
			good()
		}
		if th.limit != 6 {
			t.Errorf("grew to %d while it should rest", th.limit)
		}
		time.Sleep(restAfterHalving)
		for range 5 {
			good()
		}
		if th.limit != 6 {
			t.Errorf("grew after five answers to %d", th.limit)
		}
		good()
		if th.limit != 7 {
			t.Errorf("after six good answers it is %d", th.limit)
		}
		for range 10 { // halving never ends below one
			tn := take(t, th, mailbox("a"))
			time.Sleep(time.Millisecond)
			th.release(tn)
			th.crowded(tn)
		}
		if th.limit != 1 {
			t.Errorf("limit %d", th.limit)
		}
	})
}

func TestASlowMailboxLeavesPlacesToTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle(SystemClock{}, 4, time.Minute)
		slow, fast := mailbox("slow"), mailbox("fast")
		ctx, cancel := context.WithCancel(t.Context())
		for range 50 { // all it gets, it keeps
			go func() {
				if tn, err := th.acquire(ctx, slow); err == nil {
					<-ctx.Done()
					th.release(tn)
				}
			}()
		}
		synctest.Wait()
		began := time.Now()
		for range 100 {
			tn := take(t, th, fast)
			time.Sleep(time.Millisecond)
			th.release(tn)
		}
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("the fast mailbox waited for the slow one: %v", took)
		}
		if th.lanes[slow].running != 3 {
			t.Errorf("the slow mailbox has %d places", th.lanes[slow].running)
		}
		cancel()
		synctest.Wait()
		if th.running != 0 || len(th.queue) != 0 || len(th.lanes) != 0 {
			t.Errorf("left behind: %d running, %d waiting lanes, %d lanes", th.running, len(th.queue), len(th.lanes))
		}
	})
}

func TestLanesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle(SystemClock{}, 1, time.Minute)
		first := take(t, th, mailbox("x"))
		var order []string
		granted := make(chan *turn)
		queue := func(who string) {
			go func() {
				tn, err := th.acquire(t.Context(), mailbox(who))
				if err == nil {
					order = append(order, who)
					granted <- tn
				}
			}()
			synctest.Wait()
		}
		for range 3 {
			queue("anna")
		}
		queue("bert")
		queue("cora")
		th.release(first)
		for range 5 {
			th.release(<-granted)
		}
		want := []string{"anna", "bert", "cora", "anna", "anna"}
		for i := range want {
			if order[i] != want[i] {
				t.Fatalf("served in the order %v, want %v", order, want)
			}
		}
	})
}

func TestBackOffOfOneMailboxIsNotThatOfTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle(SystemClock{}, 20, time.Minute)
		tn := take(t, th, mailbox("moving"))
		th.release(tn)
		if d := th.busy(tn, &Error{ResponseCode: "ErrorMailboxMoveInProgress", BackOff: 30 * time.Second}); d != 30*time.Second {
			t.Fatalf("back-off %v", d)
		}
		if full(t, th, mailbox("other")) || th.limit != 4 {
			t.Errorf("others wait for a mailbox that is being moved (limit %d)", th.limit)
		}
		if !full(t, th, mailbox("moving")) {
			t.Error("the mailbox itself does not wait")
		}
		tn = take(t, th, mailbox("other"))
		time.Sleep(time.Millisecond)
		th.release(tn)
		th.busy(tn, &Error{ResponseCode: "ErrorServerBusy", BackOff: 40 * time.Second})
		if !full(t, th, mailbox("third")) || th.limit != 1 {
			t.Errorf("the server's back-off does not hold for all (limit %d)", th.limit)
		}
		time.Sleep(40 * time.Second)
		if full(t, th, mailbox("third")) || full(t, th, mailbox("moving")) {
			t.Error("waits on after the back-off")
		}
	})
}

func TestABackOffIsNotSatOutOnAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle(SystemClock{}, 1, time.Minute)
		tn := take(t, th, mailbox("moving"))
		got := make(chan *turn)
		go func() {
			tn, err := th.acquire(t.Context(), mailbox("moving"))
			if err != nil {
				t.Error(err)
			}
			got <- tn
		}()
		synctest.Wait()
		th.busy(tn, &Error{ResponseCode: "ErrorMailboxStoreUnavailable", BackOff: 10 * time.Second})
		th.release(tn) // hands the place to somebody who must not use it
		synctest.Wait()
		if full(t, th, mailbox("other")) {
			t.Error("the only place is kept for a mailbox that has to wait")
		}
		th.release(<-got)
	})
}

func TestPausesWithoutATimeDoubleToAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle(SystemClock{}, 20, 2*time.Minute)
		want := []time.Duration{1, 2, 4, 8, 16, 32, 60, 60}
		for _, w := range want {
			tn := once(t, th)
			if d := th.busy(tn, &Error{ResponseCode: "ErrorServerBusy"}); d != w*time.Second {
				t.Errorf("paused %v, want %v", d, w*time.Second)
			}
			time.Sleep(w * time.Second)
		}
		tn := once(t, th)
		th.answered(tn)
		if d := th.busy(tn, &Error{ResponseCode: "ErrorServerBusy"}); d != time.Second {
			t.Errorf("after a good answer %v", d)
		}
	})
}

func once(t *testing.T, th *throttle) *turn {
	tn := take(t, th, mailbox("a"))
	th.release(tn)
	return tn
}

func TestPlacesAreNeitherLostNorInvented(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			most := rapid.IntRange(1, 8).Draw(rt, "most")
			th := newThrottle(SystemClock{}, most, time.Hour)
			n := rapid.IntRange(1, 60).Draw(rt, "requests")
			var now, peak atomic.Int64
			done := make(chan struct{})
			for range n {
				who := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "who")
				patience := time.Duration(rapid.IntRange(1, 40).Draw(rt, "patience")) * time.Millisecond
				takes := time.Duration(rapid.IntRange(0, 20).Draw(rt, "takes")) * time.Millisecond
				end := rapid.IntRange(0, 3).Draw(rt, "end")
				go func() {
					defer func() { done <- struct{}{} }()
					ctx, cancel := context.WithTimeout(context.Background(), patience)
					defer cancel()
					tn, err := th.acquire(ctx, mailbox(who))
					if err != nil {
						return
					}
					if n := now.Add(1); n > peak.Load() {
						peak.Store(n)
					}
					time.Sleep(takes)
					now.Add(-1)
					th.release(tn)
					switch end {
					case 0:
						th.crowded(tn)
					case 1:
						th.busy(tn, &Error{ResponseCode: "ErrorMailboxFailover", BackOff: 5 * time.Millisecond})
					default:
						th.answered(tn)
					}
				}()
			}
			for range n {
				<-done
			}
			if th.running != 0 || len(th.queue) != 0 || th.limit < 1 || th.limit > most || peak.Load() > int64(most) {
				rt.Fatalf("running %d, queue %d, limit %d of %d, peak %d", th.running, len(th.queue), th.limit, most, peak.Load())
			}
			for _, l := range th.lanes {
				if l.running != 0 || len(l.waiting) != 0 {
					rt.Fatalf("lane %s: %d running, %d waiting", l.key.mailbox, l.running, len(l.waiting))
				}
			}
		})
	})
}

func TestTooManyConnectionsAreTriedAgainWithFewer(t *testing.T) {
	var calls atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			status(200, "text/xml", soap("GetFolderResponse", errorMessage("GetFolder", "ErrorExceededConnectionCount", "")))(w, r)
			return
		}
		reply(folderReply())(w, r)
	}))
	defer s.Close()
	c := newTestClient(t, setup{url: s.URL})
	if err := getCalendar(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, limit := c.server.Concurrency(); limit != 1 || calls.Load() != 2 {
		t.Errorf("limit %d after %d calls", limit, calls.Load())
	}
	if !fault.Has(c.complete(t.Context(), operation{}, &Error{Code: fault.TooManyConnections}).wrap("x"), fault.TooManyConnections) {
		t.Error("the code is lost")
	}
}
