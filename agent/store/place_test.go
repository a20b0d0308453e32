package store_test

import (
	"path/filepath"
	"testing"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
)

var (
	own  = store.Place{Mailbox: "anna@lab.test", ID: "f1"}
	room = store.Place{Mailbox: "room@lab.test", ID: "f2"}
)

// settle says where a lease is, and whether that was a move.
func settle(t *testing.T, l *store.Lease, p store.Place, moved bool) {
	t.Helper()
	got, err := l.Settle(t.Context(), p)
	must(t, err)
	if got != moved {
		t.Fatalf("%+v: moved %v", p, got)
	}
}

// arrive reads a page of the business feed.
func arrive(t *testing.T, l *store.Lease, rows ...store.Row) {
	t.Helper()
	must(t, l.Arrive(t.Context(), store.Arrival{Side: pim.Business, Next: "1", Rows: rows}))
}

func TestARenamedOrRestoredMailboxIsNoOtherPlace(t *testing.T) {
	s := open(t, store.Options{})
	l := begin(t, s)
	settle(t, l, own, false)
	arrive(t, l, row("b1", 1))
	settle(t, l, store.Place{Mailbox: "anna.berger@lab.test", ID: "f1"}, false)
	settle(t, l, store.Place{Mailbox: "Anna.Berger@lab.test", ID: "f9"}, false)
	f, err := l.Feed(t.Context(), pim.Business)
	must(t, err)
	if f.Cursor == "" {
		t.Error("the cursor was put away")
	}
}

func TestAnotherPlaceBeginsAnewAndTheFirstIsTakenUpAgain(t *testing.T) {
	s := open(t, store.Options{})
	ctx := t.Context()
	l := begin(t, s)
	settle(t, l, own, false)
	arrive(t, l, row("b1", 1))
	must(t, l.MarkFirstDone(ctx))
	must(t, s.PutProblem(ctx, store.Problem{User: user, Kind: kind, Side: pim.Business, Item: "b1", Code: fault.ItemRefused}))

	older := *l
	settle(t, l, room, true)
	if err := older.MarkFirstDone(ctx); !fault.Has(err, fault.AlreadyRunning) {
		t.Errorf("a lease on what was put away: %v", err)
	}
	st, err := l.State(ctx)
	must(t, err)
	f, err := l.Feed(ctx, pim.Business)
	must(t, err)
	if st.FirstDone || f.Cursor != "" {
		t.Errorf("the new place knows %+v %+v", st, f)
	}
	if n, err := s.ProblemCount(ctx, ""); err != nil || n != 0 {
		t.Errorf("%d problems of a place nobody looks at, %v", n, err)
	}
	// A lease taken later is on the new place.
	l = begin(t, s)
	settle(t, l, room, false)
	all, err := s.Overviews(ctx)
	must(t, err)
	if len(all) != 1 || all[0].User != user {
		t.Errorf("overviews: %+v", all)
	}

	settle(t, l, own, true)
	st, err = l.State(ctx)
	must(t, err)
	f, err = l.Feed(ctx, pim.Business)
	must(t, err)
	if !st.FirstDone || f.Cursor == "" {
		t.Errorf("the first place came back as %+v %+v", st, f)
	}
	must(t, s.Forget(ctx, user, kind))
	settle(t, begin(t, s), room, false) // nothing of it is left to be taken up
	if st, err = begin(t, s).State(ctx); err != nil || st.FirstDone {
		t.Errorf("%+v %v", st, err)
	}
}

func TestHistoryGoesAlong(t *testing.T) {
	s := open(t, store.Options{})
	ctx := t.Context()
	l := begin(t, s)
	settle(t, l, own, false)
	_, err := l.OpenRun(ctx, "first")
	must(t, err)
	for _, p := range []store.Place{room, own, room} {
		settle(t, l, p, true)
		runs, err := s.Runs(ctx, user, 0, 10)
		must(t, err)
		if len(runs) == 0 || runs[len(runs)-1].Cause != "first" || runs[len(runs)-1].Ended.IsZero() {
			t.Errorf("%+v: runs %+v", p, runs)
		}
	}
	r, err := l.OpenRun(ctx, "second")
	must(t, err)
	if r.Cause != "second" {
		t.Errorf("the old run goes on: %+v", r)
	}
}

func TestTiesAreKeptChangedAndEnded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.db")
	want := store.Tie{User: user, Mailbox: "room@lab.test", Appointments: "Team/Room 1"}
	s, err := store.Open(t.Context(), path, store.Options{})
	must(t, err)
	must(t, s.SetTie(t.Context(), store.Tie{User: user, Tasks: "x"}))
	must(t, s.SetTie(t.Context(), want))
	must(t, s.Close())
	s, err = store.Open(t.Context(), path, store.Options{})
	must(t, err)
	defer s.Close() //nolint:errcheck // read only
	if got, err := s.Tie(t.Context(), user); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	must(t, s.SetTie(t.Context(), store.Tie{User: user}))
	if all, err := s.Ties(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}
