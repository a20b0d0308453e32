package status

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

const gap = 200 * time.Millisecond

// stream reads a board in a goroutine of its own.
func stream(t *testing.T, b *Board, only pim.UserID) (<-chan Change, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	out := make(chan Change)
	go func() {
		defer close(out)
		for c := range b.Watch(ctx, only) {
			select {
			case out <- c:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, cancel
}

func progress(user pim.UserID, done uint64) Progress {
	return Progress{User: user, Kind: pim.KindTask, Run: 1, Phase: Writing, First: true, Done: done, Expected: 1000}
}

func TestAWatcherGetsEverythingFirstAndThenOnlyWhatChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(time.Now, gap)
		b.Known("anna", "Anna A.", Fine, "")
		b.Known("ben", "Ben B.", NotSetUp, fault.CredentialsMissing)
		in, cancel := stream(t, b, "")
		defer cancel()
		first := <-in
		if !first.Full || len(first.Users) != 2 || first.Agent == nil || first.Users[0].User != "anna" {
			t.Fatalf("first: %+v", first)
		}
		b.Listed("anna", pim.Kinds())
		second := <-in
		if second.Full || len(second.Users) != 1 || second.Users[0].User != "anna" || second.Agent != nil {
			t.Fatalf("second: %+v", second)
		}
		b.SetAgent(func(a *Agent) { a.BusinessCode = fault.DatabaseUnreachable })
		third := <-in
		if third.Agent == nil || third.Agent.BusinessCode != fault.DatabaseUnreachable || third.Users[0].State != Offline {
			t.Fatalf("third: %+v", third)
		}
	})
}

func TestChangesAreGatheredForTheGapAndTheNewestArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(time.Now, gap)
		in, cancel := stream(t, b, "")
		defer cancel()
		<-in
		var got []Change
		var at []time.Time
		done := make(chan struct{})
		go func() {
			defer close(done)
			for c := range in {
				got, at = append(got, c), append(at, time.Now())
			}
		}()
		for i := range uint64(1000) {
			b.Progress(progress("anna", i+1))
			time.Sleep(time.Millisecond)
		}
		time.Sleep(2 * gap)
		cancel()
		<-done
		if len(got) < 3 || len(got) > 7 {
			t.Errorf("%d changes in a second, want about five", len(got))
		}
		for i := 1; i < len(at); i++ {
			if d := at[i].Sub(at[i-1]); d < gap {
				t.Errorf("change %d came after %s", i, d)
			}
		}
		if n := got[len(got)-1].Users[0].Kinds[1].Done; n != 1000 {
			t.Errorf("the last change says %d done", n)
		}
	})
}

func TestASlowReaderHoldsNobodyUpAndMissesOnlyWhatWasInBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(time.Now, gap)
		slow, cancel := stream(t, b, "") // reads nothing for a minute
		defer cancel()
		synctest.Wait() // it has its first picture, and is stuck with it
		began := time.Now()
		for i := range uint64(10000) {
			b.Progress(progress(pim.UserID(fmt.Sprint("user", i%7)), i))
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("reporting took %s", d)
		}
		time.Sleep(time.Minute)
		if c := <-slow; !c.Full {
			t.Errorf("first: %+v", c)
		}
		if c := <-slow; len(c.Users) != 7 || c.Users[6].Kinds[1].Done < 9993 {
			t.Errorf("second: %+v", c)
		}
		synctest.Wait()
		select {
		case c := <-slow:
			t.Errorf("a third change: %+v", c)
		case <-time.After(time.Minute):
		}
	})
}

func TestAWatcherOfOneUserHearsNothingOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(time.Now, gap)
		b.Known("anna", "", Fine, "")
		b.Known("ben", "", Fine, "")
		in, cancel := stream(t, b, "ben")
		defer cancel()
		if c := <-in; len(c.Users) != 1 || c.Users[0].User != "ben" {
			t.Fatalf("first: %+v", c)
		}
		for i := range uint64(10) {
			b.Progress(progress("anna", i))
			time.Sleep(gap)
		}
		select {
		case c := <-in:
			t.Fatalf("heard %+v", c)
		case <-time.After(time.Minute):
		}
		b.Progress(progress("ben", 5))
		if c := <-in; len(c.Users) != 1 || c.Users[0].User != "ben" {
			t.Fatalf("then: %+v", c)
		}
	})
}

func TestWhatIsGivenOutIsACopy(t *testing.T) {
	b := New(time.Now, gap)
	b.Progress(progress("anna", 7))
	c := b.Snapshot("")
	c.Users[0].Kinds[1].Done = 99
	c.Agent.Version = "other"
	if u, _ := b.User("anna"); u.Kinds[1].Done != 7 || b.Snapshot("").Agent.Version != "" {
		t.Error("a reader changed the board")
	}
}

func TestManyReportersAndWatchersAtOnce(t *testing.T) {
	b := New(time.Now, time.Microsecond)
	ctx, cancel := context.WithCancel(t.Context())
	var readers, writers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range b.Watch(ctx, "") {
			}
		})
	}
	for i := range 4 {
		writers.Go(func() {
			u := pim.UserID(fmt.Sprint(i))
			for n := range uint64(500) {
				b.Listed(u, pim.Kinds())
				b.SliceBegan(u, pim.KindTask, time.Now())
				b.Progress(progress(u, n))
				b.RunEnded(u, pim.KindTask, time.Now(), time.Now())
				b.Counted(u, uint32(n), 0)
				b.SetAgent(func(a *Agent) { a.Version = "1" })
			}
		})
	}
	writers.Wait()
	cancel()
	readers.Wait()
	if n := len(b.Snapshot("").Users); n != 4 {
		t.Errorf("%d users", n)
	}
}

func TestTheWordIsTheWorstThatIsTrue(t *testing.T) {
	until := time.Now().Add(time.Hour)
	on := func(b *Board) { b.Listed("u", pim.Kinds()) }
	for name, c := range map[string]struct {
		do    []func(*Board)
		state State
		code  fault.Code
	}{
		"nobody asked for sync":        {[]func(*Board){func(b *Board) { b.Known("u", "U", NotSetUp, fault.CredentialsMissing) }}, NotSetUp, fault.CredentialsMissing},
		"the switch is off":            {[]func(*Board){func(b *Board) { b.Known("u", "U", Disabled, fault.SyncDisabled) }}, Disabled, fault.SyncDisabled},
		"listed and quiet":             {[]func(*Board){on}, Fine, ""},
		"no longer listed":             {[]func(*Board){on, func(b *Board) { b.Unlisted("u") }}, NotSetUp, ""},
		"running":                      {[]func(*Board){on, func(b *Board) { b.SliceBegan("u", pim.KindTask, until) }}, Syncing, ""},
		"a first sync waiting":         {[]func(*Board){on, func(b *Board) { b.Queued("u", pim.KindTask) }}, Syncing, ""},
		"a later run waiting":          {[]func(*Board){on, func(b *Board) { b.RunEnded("u", pim.KindTask, until, until); b.Queued("u", pim.KindTask) }}, Fine, ""},
		"paused":                       {[]func(*Board){on, func(b *Board) { b.Paused("u", true, until) }}, Paused, ""},
		"a name no domain knows":       {[]func(*Board){on, func(b *Board) { b.Stopped("u", fault.KerberosUserUnknown, until) }}, CredentialsNeeded, fault.KerberosUserUnknown},
		"no KDC answers":               {[]func(*Board){on, func(b *Board) { b.RunFailed("u", 1, until, fault.KerberosUnreachable, until) }}, Offline, fault.KerberosUnreachable},
		"server gone":                  {[]func(*Board){on, func(b *Board) { b.RunFailed("u", 1, until, fault.ServerUnreachable, until) }}, Offline, fault.ServerUnreachable},
		"server gone and paused":       {[]func(*Board){on, func(b *Board) { b.RunFailed("u", 1, until, fault.ServerUnreachable, until); b.Paused("u", true, until) }}, Paused, ""},
		"server busy":                  {[]func(*Board){on, func(b *Board) { b.RunFailed("u", 1, until, fault.ServerBusy, until) }}, Syncing, fault.ServerBusy},
		"folder refused":               {[]func(*Board){on, func(b *Board) { b.RunFailed("u", 1, until, fault.FolderUnavailable, until) }}, Attention, fault.FolderUnavailable},
		"login refused beats problems": {[]func(*Board){on, func(b *Board) { b.Counted("u", 3, 1); b.Stopped("u", fault.LoginRejected, until) }}, CredentialsNeeded, fault.LoginRejected},
		"new credentials":              {[]func(*Board){on, func(b *Board) { b.Stopped("u", fault.LoginRejected, until); b.Stopped("u", "", time.Time{}) }}, Fine, ""},
		"mailbox of another agent":     {[]func(*Board){on, func(b *Board) { b.Stopped("u", fault.MailboxClaimed, until) }}, Attention, fault.MailboxClaimed},
		"a hold while syncing":         {[]func(*Board){on, func(b *Board) { b.Counted("u", 0, 1); b.Progress(progress("u", 1)) }}, Attention, ""},
		"server back": {[]func(*Board){on, func(b *Board) {
			b.RunFailed("u", 1, until, fault.ServerStalled, until)
			b.RunEnded("u", 1, until, until)
		}}, Fine, ""},
		"an unknown code":           {[]func(*Board){on, func(b *Board) { b.RunFailed("u", 1, until, "from-the-future", until) }}, Attention, "from-the-future"},
		"blocked kind switched off": {[]func(*Board){on, func(b *Board) { b.RunFailed("u", 1, until, fault.ServerStalled, until); b.Listed("u", []pim.Kind{2}) }}, Fine, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := New(time.Now, gap)
			for _, f := range c.do {
				f(b)
			}
			if u, _ := b.User("u"); u.State != c.state || u.Code != c.code {
				t.Errorf("state %d code %q, want %d %q", u.State, u.Code, c.state, c.code)
			}
		})
	}
}

func TestSpeedIsSmoothAndTellsTheTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(time.Now, gap)
		for i := range uint64(100) {
			b.Progress(Progress{User: "u", Kind: 1, Run: 4, Phase: Writing, Done: i * 10, Expected: 3000})
			time.Sleep(100 * time.Millisecond)
		}
		u, _ := b.User("u")
		k := u.Kinds[0]
		if k.PerSecond < 90 || k.PerSecond > 110 {
			t.Errorf("%.1f items a second, want 100", k.PerSecond)
		}
		if k.Remaining < 18*time.Second || k.Remaining > 24*time.Second {
			t.Errorf("%s left, want about 20 s", k.Remaining)
		}
		time.Sleep(20 * time.Second)
		if u, _ = b.User("u"); u.Kinds[0].PerSecond > 10 {
			t.Errorf("%.1f items a second after 20 s of nothing", u.Kinds[0].PerSecond)
		}
		b.Progress(Progress{User: "u", Kind: 1, Run: 5, Phase: Reading, Done: 0, Expected: 10})
		if u, _ = b.User("u"); u.Kinds[0].PerSecond != 0 || u.Kinds[0].Remaining != 0 {
			t.Errorf("a new run begins with %+v", u.Kinds[0])
		}
	})
}

func TestPairsGrowWhileARunMakesThem(t *testing.T) {
	b := New(time.Now, gap)
	report := func(run int64, c Counts) {
		b.Progress(Progress{User: "u", Kind: 1, Run: run, Phase: Writing, Done: 1, Expected: 3000, Counts: c})
	}
	wants := func(want uint64) {
		t.Helper()
		if u, _ := b.User("u"); u.Kinds[0].Pairs != want {
			t.Errorf("%d pairs, want %d", u.Kinds[0].Pairs, want)
		}
	}
	report(4, Counts{})
	report(4, Counts{CreatedBusiness: 10, CreatedExchange: 20, Paired: 5, UpdatedBusiness: 90})
	wants(35)
	b.Paired("u", 1, 34) // one was deleted meanwhile
	report(4, Counts{CreatedBusiness: 11, CreatedExchange: 20, Paired: 5})
	wants(35)
	report(5, Counts{Paired: 2})
	wants(37)

	after := New(time.Now, gap) // a restart in the middle of a run
	b = after
	b.Paired("u", 1, 100)
	report(6, Counts{CreatedExchange: 100})
	wants(100)
	report(6, Counts{CreatedExchange: 150})
	wants(150)
}

type memory struct {
	list []Remembered
	err  error
}

func (m memory) Remembered(context.Context) ([]Remembered, error) { return m.list, m.err }

func TestWhatIsRememberedDoesNotCoverWhatIsNew(t *testing.T) {
	old, now := time.Unix(1000, 0), time.Unix(2000, 0)
	b := New(time.Now, gap)
	b.RunEnded("ben", pim.KindTask, now, now)
	b.SliceBegan("ben", pim.KindTask, now)
	err := b.Restore(t.Context(), memory{list: []Remembered{
		{User: "anna", Kind: pim.KindTask, LastSuccess: old, LastTry: old, Pairs: 5, Problems: 2, Counts: Counts{Paired: 5}},
		{User: "ben", Kind: pim.KindTask, LastSuccess: old, LastTry: old, FirstSync: true, Pairs: 6},
	}})
	if err != nil {
		t.Fatal(err)
	}
	anna, _ := b.User("anna")
	if k := anna.Kinds[1]; k.LastSuccess != old || k.FirstSync || k.Pairs != 5 || k.Counts.Paired != 5 || anna.Problems != 2 {
		t.Errorf("anna: %+v", anna)
	}
	ben, _ := b.User("ben")
	if k := ben.Kinds[1]; k.LastSuccess != now || k.LastTry != now || k.FirstSync || k.Pairs != 6 {
		t.Errorf("ben: %+v", ben)
	}
	if err := b.Restore(t.Context(), memory{err: errors.New("no store")}); err == nil {
		t.Error("a loader's error is hidden")
	}
}

func TestARunThatMeetsNothingLeavesTheLastOnesNumbersOnShow(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	b := New(func() time.Time { return now }, 0)
	task := func() Kind {
		u, _ := b.User("anna")
		return u.Kinds[slices.IndexFunc(u.Kinds, func(k Kind) bool { return k.Kind == pim.KindTask })]
	}
	b.Listed("anna", pim.Kinds())
	first := Progress{User: "anna", Kind: pim.KindTask, Run: 1, Phase: Writing, First: true, Done: 1500, Expected: 1500, Counts: Counts{CreatedExchange: 1500}}
	b.Progress(first)
	b.RunEnded("anna", pim.KindTask, now, now.Add(time.Minute))
	b.SliceBegan("anna", pim.KindTask, now)
	for _, phase := range []Phase{Reading, Matching, Writing, Deleting} {
		b.Progress(Progress{User: "anna", Kind: pim.KindTask, Run: 2, Phase: phase})
		if k := task(); k.Done != 1500 || k.Expected != 1500 || k.Counts.CreatedExchange != 1500 || k.Phase != phase || k.FirstSync || k.Remaining != 0 {
			t.Errorf("in phase %d of a run that meets nothing: %+v", phase, k)
		}
	}
	b.RunEnded("anna", pim.KindTask, now, now.Add(time.Minute))
	if k := task(); k.Done != 1500 || k.Expected != 1500 {
		t.Errorf("after it: %d of %d", k.Done, k.Expected)
	}
	b.Progress(Progress{User: "anna", Kind: pim.KindTask, Run: 3, Phase: Writing, Expected: 2})
	if k := task(); k.Done != 0 || k.Expected != 2 || k.Counts.CreatedExchange != 0 {
		t.Errorf("a run with something to do: %+v", k)
	}
}
