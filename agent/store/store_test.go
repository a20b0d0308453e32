package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
)

const (
	user = pim.UserID(`LAB\anna`)
	kind = pim.KindAppointment
)

type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func open(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	if o.Now == nil {
		o.Now = (&clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}).now
	}
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "agent ?#%.db"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func begin(t *testing.T, s *store.Store) *store.Lease {
	t.Helper()
	l, err := s.Begin(t.Context(), user, kind)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func row(id pim.ItemID, hint int64) store.Row {
	return store.Row{Side: pim.Business, ID: id, Version: "1", Item: []byte(`1{"subject":"a"}`), Hint: hint}
}

func TestOpeningTwiceKeepsTheInstallation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.db")
	var first string
	for range 2 {
		s, err := store.Open(t.Context(), path, store.Options{})
		must(t, err)
		if len(s.Installation()) != 16 {
			t.Fatalf("installation %q", s.Installation())
		}
		if first != "" && s.Installation() != first {
			t.Fatalf("installation changed from %q to %q", first, s.Installation())
		}
		first = s.Installation()
		must(t, s.Close())
		if err := s.Close(); err != nil {
			t.Fatal("second Close:", err)
		}
		if err := s.PutProblem(t.Context(), store.Problem{}); fault.CodeOf(err) != fault.StoreCorrupt {
			t.Errorf("a write after Close: %v", err)
		}
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestAFileOfALaterVersionIsRefusedAndLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.db")
	s, err := store.Open(t.Context(), path, store.Options{})
	must(t, err)
	must(t, s.Close())
	db, err := sql.Open("sqlite", path)
	must(t, err)
	_, err = db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`)
	must(t, err)
	must(t, db.Close())
	if _, err := store.Open(t.Context(), path, store.Options{}); fault.CodeOf(err) != fault.StoreNewer {
		t.Errorf("%v", err)
	}
}

func TestWhatIsNoDatabaseIsCorrupt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.db")
	must(t, os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600))
	if _, err := store.Open(t.Context(), path, store.Options{}); fault.CodeOf(err) != fault.StoreCorrupt {
		t.Errorf("%v", err)
	}
}

func TestAnOlderLeaseCanNoLongerWrite(t *testing.T) {
	s := open(t, store.Options{})
	old := begin(t, s)
	must(t, old.Arrive(t.Context(), store.Arrival{Side: pim.Business, Next: "1"}))
	young := begin(t, s)
	err := old.Arrive(t.Context(), store.Arrival{Side: pim.Business, Next: "2", Rows: []store.Row{row("x", 1)}})
	if fault.CodeOf(err) != fault.AlreadyRunning {
		t.Fatalf("%v", err)
	}
	f, err := young.Feed(t.Context(), pim.Business)
	must(t, err)
	if n, err := young.CountRows(t.Context(), store.RowReady); err != nil || n != 0 || f.Cursor != "1" {
		t.Errorf("the old lease wrote: %d rows, cursor %q, %v", n, f.Cursor, err)
	}
	must(t, young.Arrive(t.Context(), store.Arrival{Side: pim.Business, Next: "3"}))
}

func TestACommitThatFailsLeavesNothingAndOneWhoseAnswerIsLostLeavesAll(t *testing.T) {
	boom := errors.New("boom")
	var fail func(after bool) bool
	s := open(t, store.Options{Commit: func(after bool) error {
		if fail != nil && fail(after) {
			return boom
		}
		return nil
	}})
	l := begin(t, s)
	for _, lost := range []bool{false, true} {
		fail = func(after bool) bool { return after == lost }
		if err := l.Arrive(t.Context(), store.Arrival{Side: pim.Business, Next: "1", Rows: []store.Row{row("x", 1)}}); !errors.Is(err, boom) {
			t.Fatalf("%v", err)
		}
		fail = nil
		f, err := l.Feed(t.Context(), pim.Business)
		must(t, err)
		n, err := l.CountRows(t.Context(), store.RowReady)
		must(t, err)
		if (n == 1) != lost || (f.Cursor == "1") != lost {
			t.Errorf("lost %v: %d rows, cursor %q", lost, n, f.Cursor)
		}
	}
}

func TestACancelledWriteChangesNothing(t *testing.T) {
	s := open(t, store.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.PutProblem(ctx, store.Problem{User: user, Code: fault.Internal}); fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("%v", err)
	}
	if n, err := s.ProblemCount(t.Context(), user); err != nil || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
	must(t, s.PutProblem(t.Context(), store.Problem{User: user, Code: fault.ServerBusy}))
}

func TestAPairThatTakesAnItemReplacesTheOneThatHadIt(t *testing.T) {
	s := open(t, store.Options{})
	l := begin(t, s)
	pair := func(k pim.Key, b, e pim.ItemID) store.Pair {
		p := store.Pair{Key: k, State: store.PairLinked}
		*p.Sides.At(pim.Business) = store.PairSide{ID: b, Version: "1", Base: []byte("1{}"), Keyed: true}
		*p.Sides.At(pim.Exchange) = store.PairSide{ID: e, Version: "1", Base: []byte("1{}")}
		return p
	}
	must(t, l.Apply(t.Context(), &store.Batch{NewPairs: []store.Pair{pair("k1", "b1", "e1"), pair("k2", "b2", "e2")}}))
	must(t, l.Apply(t.Context(), &store.Batch{NewPairs: []store.Pair{pair("k3", "b1", "e3")}}))
	var got []string
	for p, err := range l.AllPairs(t.Context()) {
		must(t, err)
		got = append(got, string(p.Key))
		if string(p.Sides.At(pim.Exchange).Base) != "1{}" || !p.Sides.At(pim.Business).Keyed || p.Sides.At(pim.Exchange).Keyed {
			t.Errorf("%+v", p)
		}
	}
	if strings.Join(got, " ") != "k2 k3" {
		t.Error(got)
	}
	// One half's new base leaves the other's alone, though they were stored as one.
	known, err := l.Known(t.Context(), pim.Business, []pim.ItemID{"b1", "nobody"})
	must(t, err)
	if len(known) != 1 || known["b1"].Version != "1" {
		t.Fatalf("%+v", known)
	}
	must(t, l.Apply(t.Context(), &store.Batch{Sides: []store.SideRecord{{Pair: known["b1"].Pair, Side: pim.Business,
		PairSide: store.PairSide{ID: "b1", Version: "2", Base: []byte(`1{"subject":"b"}`), Keyed: true}}}}))
	for p, err := range l.AllPairs(t.Context()) {
		must(t, err)
		if p.Key == "k3" && (string(p.Sides.At(pim.Exchange).Base) != "1{}" || string(p.Sides.At(pim.Business).Base) != `1{"subject":"b"}`) {
			t.Errorf("%+v", p)
		}
	}
}

func TestOfPairsMissedInANewListingTheInboxSaysSo(t *testing.T) {
	s := open(t, store.Options{})
	l := begin(t, s)
	var b store.Batch
	for _, k := range []string{"1", "2", "3"} {
		p := store.Pair{Key: pim.Key(k), State: store.PairLinked}
		*p.Sides.At(pim.Business), *p.Sides.At(pim.Exchange) = store.PairSide{ID: pim.ItemID("b" + k)}, store.PairSide{ID: pim.ItemID("e" + k)}
		b.NewPairs = append(b.NewPairs, p)
	}
	must(t, l.Apply(t.Context(), &b))
	must(t, l.Arrive(t.Context(), store.Arrival{Side: pim.Exchange, Next: "1", Rows: []store.Row{{Side: pim.Exchange, ID: "unpaired", Item: []byte("1{}")}}}))
	must(t, l.Relist(t.Context(), pim.Exchange))
	known, err := l.Known(t.Context(), pim.Exchange, []pim.ItemID{"e1", "e3", "unpaired"})
	must(t, err)
	if len(known) != 2 {
		t.Errorf("what was unpaired is listed again: %+v", known)
	}
	must(t, l.Arrive(t.Context(), store.Arrival{Side: pim.Exchange, Next: "2", Seen: []store.PairID{known["e1"].Pair}}))
	if f, err := l.Feed(t.Context(), pim.Exchange); err != nil || !f.Relisting || f.Cursor != "2" {
		t.Fatalf("%+v, %v", f, err)
	}
	must(t, l.Arrive(t.Context(), store.Arrival{Side: pim.Exchange, Next: "3", Seen: []store.PairID{known["e3"].Pair}, Last: true}))
	if f, err := l.Feed(t.Context(), pim.Exchange); err != nil || f.Relisting {
		t.Fatalf("%+v, %v", f, err)
	}
	units, _, err := l.Lost(t.Context(), 0, 10)
	must(t, err)
	if len(units) != 1 || units[0].Pair.Key != "2" {
		t.Fatalf("%+v", units)
	}
	if r := *units[0].Rows.At(pim.Exchange); !r.Broken || !r.Gone || r.ID != "e2" {
		t.Errorf("%+v", r)
	}
}

func TestTwoPeopleCannotOverwriteEachOthersCredentials(t *testing.T) {
	s := open(t, store.Options{})
	a, err := s.SaveAccount(t.Context(), store.Account{User: user, Sync: true, Tasks: true, Login: `LAB\anna`, Sealed: []byte{1}})
	must(t, err)
	b := a
	b.Appointments = true
	b, err = s.SaveAccount(t.Context(), b)
	must(t, err)
	if _, err := s.SaveAccount(t.Context(), a); fault.CodeOf(err) != fault.VersionMismatch {
		t.Errorf("%v", err)
	}
	must(t, s.MarkRejected(t.Context(), user, []byte("mark")))
	got, err := s.Account(t.Context(), user)
	must(t, err)
	if !got.Appointments || !got.Tasks || got.Etag != b.Etag || got.Rejected.IsZero() || string(got.RejectedMark) != "mark" {
		t.Errorf("%+v", got)
	}
	must(t, s.MarkVerified(t.Context(), user))
	if got, err = s.Account(t.Context(), user); err != nil || !got.Rejected.IsZero() || got.RejectedMark != nil || got.Verified.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	must(t, s.DeleteAccount(t.Context(), user))
	if _, err := s.Account(t.Context(), user); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
}

func TestAnEmployeeBelongsToOneIdentity(t *testing.T) {
	s := open(t, store.Options{})
	must(t, s.Claim(t.Context(), store.Identity{ID: "S-1", User: user}, false))
	must(t, s.Claim(t.Context(), store.Identity{ID: "S-1", User: user}, false))
	if err := s.Claim(t.Context(), store.Identity{ID: "S-2", User: user}, false); fault.CodeOf(err) != fault.EmployeeTaken {
		t.Errorf("%v", err)
	}
	must(t, s.Claim(t.Context(), store.Identity{ID: "S-2", User: user}, true))
	if _, err := s.IdentityOf(t.Context(), "S-1"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
	if i, err := s.IdentityOf(t.Context(), "S-2"); err != nil || i.User != user {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestAProblemIsCountedNotRepeated(t *testing.T) {
	c := &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	s := open(t, store.Options{Now: c.now})
	p := store.Problem{User: user, Kind: kind, Side: pim.Exchange, Item: "x", Code: fault.ItemRefused, Title: "a"}
	must(t, s.PutProblem(t.Context(), p))
	c.t = c.t.Add(time.Hour)
	must(t, s.PutProblem(t.Context(), p))
	list, err := s.Problems(t.Context(), store.ProblemQuery{User: user})
	must(t, err)
	if len(list) != 1 || list[0].Attempts != 2 || list[0].Last.Sub(list[0].First) != time.Hour {
		t.Errorf("%+v", list)
	}
	if err := s.RetryProblem(t.Context(), "somebody else", list[0].ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("another user's problem: %v", err)
	}
	must(t, s.RetryProblem(t.Context(), user, list[0].ID))
}

func TestAHoldIsDecidedOnceAndOnlyByItsUser(t *testing.T) {
	s := open(t, store.Options{})
	l := begin(t, s)
	rows := make([]store.Row, 30)
	for i := range rows {
		rows[i] = row(pim.ItemID(rune('a'+i)), int64(i+1))
	}
	must(t, l.Arrive(t.Context(), store.Arrival{Side: pim.Business, Next: "1", Rows: rows, Last: true}))
	for i := range rows {
		rows[i].Side, rows[i].Hint = pim.Exchange, 100+rows[i].Hint
	}
	must(t, l.Arrive(t.Context(), store.Arrival{Side: pim.Exchange, Next: "1", Rows: rows[:21], Last: true}))
	held, err := l.CheckCreations(t.Context(), 20, 20)
	must(t, err)
	if held != 51 {
		t.Fatalf("held %d", held)
	}
	holds, err := s.Holds(t.Context(), user)
	must(t, err)
	if len(holds) != 2 {
		t.Fatalf("%+v", holds)
	}
	if err := s.ResolveHold(t.Context(), "somebody else", holds[0].ID, store.Confirm, "x"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
	must(t, s.ResolveHold(t.Context(), user, holds[0].ID, store.Confirm, "x"))
	if err := s.ResolveHold(t.Context(), user, holds[0].ID, store.Restore, "x"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("decided twice: %v", err)
	}
	must(t, s.ResolveHold(t.Context(), user, holds[1].ID, store.Restore, "x"))
	ready, err := l.CountRows(t.Context(), store.RowReady)
	must(t, err)
	declined, err := l.CountRows(t.Context(), store.RowDeclined)
	must(t, err)
	if ready+declined != 51 || ready == 0 || declined == 0 {
		t.Errorf("%d ready, %d declined", ready, declined)
	}
}

func TestQuietRunsDoNotFillTheHistory(t *testing.T) {
	c := &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	s := open(t, store.Options{Now: c.now})
	l := begin(t, s)
	for n := range 6 {
		r, err := l.OpenRun(t.Context(), "interval")
		must(t, err)
		if n == 2 {
			r.Counts.Created[0] = 1
		}
		c.t = c.t.Add(time.Minute)
		r.Ended = c.t
		must(t, l.SaveRun(t.Context(), &r))
	}
	runs, err := s.Runs(t.Context(), user, 0, 10)
	must(t, err)
	if len(runs) != 3 {
		t.Errorf("%d runs: %+v", len(runs), runs)
	}
	must(t, s.Prune(t.Context(), c.t.Add(time.Second)))
	if runs, err = s.Runs(t.Context(), user, 0, 10); err != nil || len(runs) != 0 {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	must(t, s.Forget(t.Context(), user, kind))
}
