package executor_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

// spy is a side that notes what was written to it, in words.
type spy struct {
	side.Side
	mu    sync.Mutex
	notes []string
}

func (s *spy) Open(ctx context.Context, a side.Account, k pim.Kind) (side.Folder, error) {
	f, err := s.Side.Open(ctx, a, k)
	if err != nil {
		return nil, err
	}
	return &spied{f, s}, nil
}

func (s *spy) note(out []side.Outcome, words func(int) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, o := range out {
		if o.Err == nil {
			s.notes = append(s.notes, words(n))
		}
	}
}

type spied struct {
	side.Folder
	s *spy
}

func (f *spied) Create(ctx context.Context, in []side.Creation) ([]side.Outcome, error) {
	out, err := f.Folder.Create(ctx, in)
	f.s.note(out, func(n int) string { return fmt.Sprintf("create %s %s", f.s.ID(), in[n].Item.Shared().Subject) })
	return out, err
}

func (f *spied) Update(ctx context.Context, in []side.Update) ([]side.Outcome, error) {
	out, err := f.Folder.Update(ctx, in)
	f.s.note(out, func(n int) string {
		return fmt.Sprintf("update %s %s %s", f.s.ID(), in[n].Item.Shared().Subject, in[n].Fields)
	})
	return out, err
}

func (f *spied) Delete(ctx context.Context, in []side.Deletion) ([]side.Outcome, error) {
	ids := make([]pim.ItemID, len(in))
	for n, d := range in {
		ids[n] = d.ID
	}
	got, err := f.Get(ctx, ids)
	if err != nil {
		return nil, err
	}
	out, err := f.Folder.Delete(ctx, in)
	f.s.note(out, func(n int) string { return fmt.Sprintf("delete %s %s", f.s.ID(), got[n].Item.Shared().Subject) })
	return out, err
}

// spied is the world with spies before both sides; what they noted comes sorted.
func (w *world) spied() (notes func() []string) {
	b, e := &spy{Side: w.business}, &spy{Side: w.exchange}
	w.exec = executor.New(executor.Config{Store: w.store, Business: b, Exchange: e, Now: w.clock, Policy: w.policy})
	return func() []string {
		all := slices.Concat(b.notes, e.notes)
		b.notes, e.notes = nil, nil
		slices.Sort(all)
		return all
	}
}

// plan is what a dry run says, in the spies' words, then the codes of holds and
// problems.
func (w *world) plan(t executor.Task) (writes, rest []string) {
	w.t.Helper()
	words := map[executor.PlanAction]string{executor.PlanCreate: "create", executor.PlanUpdate: "update", executor.PlanDelete: "delete"}
	err := w.exec.Plan(w.t.Context(), t, func(p executor.PlanItem) bool {
		subject := "?"
		if p.Item != nil {
			subject = p.Item.Shared().Subject
		}
		switch p.Action {
		case executor.PlanCreate, executor.PlanDelete:
			writes = append(writes, fmt.Sprintf("%s %s %s", words[p.Action], p.Side, subject))
		case executor.PlanUpdate:
			writes = append(writes, fmt.Sprintf("update %s %s %s", p.Side, subject, p.Fields))
		case executor.PlanHold:
			rest = append(rest, fmt.Sprintf("hold %s %s", p.Side, p.Code))
		case executor.PlanProblem:
			rest = append(rest, fmt.Sprintf("problem %s %s", p.Side, p.Code))
		}
		return true
	})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(writes)
	slices.Sort(rest)
	return writes, rest
}

// standing is what the store says is held and a problem, in the words of plan.
func (w *world) standing() (out []string) {
	w.t.Helper()
	holds, err := w.store.Holds(w.t.Context(), w.user)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range holds {
		for range h.Items {
			out = append(out, fmt.Sprintf("hold %s %s", h.Side, h.Code))
		}
	}
	problems, err := w.store.Problems(w.t.Context(), store.ProblemQuery{User: w.user, Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range problems {
		out = append(out, fmt.Sprintf("problem %s %s", p.Side, p.Code))
	}
	slices.Sort(out)
	return out
}

// dump is everything in the state file, as text.
func dump(t testing.TB, path string) string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // read only
	var tables []string
	for name := range query(t, db, `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`) {
		tables = append(tables, name)
	}
	slices.Sort(tables)
	var b bytes.Buffer
	for _, table := range tables {
		list := slices.Collect(query(t, db, `SELECT * FROM `+table))
		slices.Sort(list)
		fmt.Fprintf(&b, "%s\n%s\n", table, strings.Join(list, "\n"))
	}
	return b.String()
}

// query gives rows as text.
func query(t testing.TB, db *sql.DB, text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		rows, err := db.Query(text)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close() //nolint:errcheck // read only
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, dst := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				dst[i] = &values[i]
			}
			if err := rows.Scan(dst...); err != nil {
				t.Fatal(err)
			}
			words := make([]string, len(values))
			for i, v := range values {
				if raw, ok := v.([]byte); ok {
					v = string(raw)
				}
				words[i] = fmt.Sprint(v)
			}
			if !yield(strings.Join(words, "|")) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADryRunForetellsTheRunAndWritesNothingAnywhere(t *testing.T) {
	w := newWorld(t, false)
	notes := w.spied()
	for i := range 30 {
		w.put(pim.Business, appointment(fmt.Sprintf("a%d", i), i%20))
	}
	w.put(pim.Business, series("daily", 7))
	w.run()
	notes()
	w.edit(pim.Business, "a0", func(a *pim.Appointment) { a.Location = "room" })
	w.edit(pim.Exchange, "daily", func(a *pim.Appointment) { rename(a, 3, "third") })
	w.delete(pim.Exchange, "a1")
	w.put(pim.Exchange, appointment("new", 10))
	same := appointment("same", 12)
	w.put(pim.Exchange, same)
	w.put(pim.Business, same)
	want := []string{"create business new", "delete business a1", "update business daily when,recurrence", "update exchange a0 location"}
	for range 2 { // a second dry run says the same
		before, calls := dump(t, w.store.Path()), w.faults.Effects()
		paired := 0
		got, rest := w.plan(w.task())
		if err := w.exec.Plan(t.Context(), w.task(), func(p executor.PlanItem) bool {
			if p.Action == executor.PlanPair && p.Item.Shared().Subject == "same" {
				paired++
			}
			return true
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) || len(rest) != 0 || paired != 1 {
			t.Errorf("foretold %q %q, %d pairs", got, rest, paired)
		}
		if wrote := notes(); len(wrote) != 0 || w.faults.Effects() != calls {
			t.Errorf("a dry run wrote %q", wrote)
		}
		if after := dump(t, w.store.Path()); after != before {
			t.Errorf("a dry run changed the state file\n%s\n%s", before, after)
		}
	}
	w.run()
	if got := notes(); !slices.Equal(got, want) {
		t.Errorf("the run did %q", got)
	}
	if left, err := filepath.Glob(w.store.Path() + ".*"); err != nil || len(left) != 0 {
		t.Errorf("left beside the state file: %q %v", left, err)
	}
	if n := w.exchange.OpenFolders() + w.business.OpenFolders(); n != 0 {
		t.Errorf("%d folders stay open", n)
	}
}

func TestADryRunBeforeTheFirstSyncLeavesTheMailboxUnclaimed(t *testing.T) {
	w := newWorld(t, false)
	notes := w.spied()
	w.put(pim.Business, appointment("a", 8))
	before := dump(t, w.store.Path())
	if got, _ := w.plan(w.task()); !slices.Equal(got, []string{"create exchange a"}) || len(notes()) != 0 || w.faults.Effects() != 0 {
		t.Errorf("%q, %d effects", got, w.faults.Effects())
	}
	if dump(t, w.store.Path()) != before {
		t.Error("the state file changed")
	}
	f, err := w.exchange.Open(t.Context(), w.task().Account, kind)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // a fake
	if err := f.(side.Claimer).Claim(t.Context(), "somebody", false); err != nil {
		t.Fatal(err)
	}
	w.restart() // without spies: they hide the mark
	err = w.exec.Plan(t.Context(), w.task(), func(executor.PlanItem) bool { return true })
	if fault.CodeOf(err) != fault.MailboxClaimed {
		t.Errorf("a claimed mailbox: %v", err)
	}
}

func TestADryRunForetellsWhatTheGuardsHold(t *testing.T) {
	w := newWorld(t, false)
	for i := range 50 {
		w.put(pim.Business, appointment(fmt.Sprintf("a%d", i), i%20))
	}
	w.run()
	for i := range 30 {
		w.delete(pim.Exchange, fmt.Sprintf("a%d", i))
	}
	writes, rest := w.plan(w.task())
	if len(writes) != 0 || len(rest) != 30 || rest[0] != "hold business deletions-held" {
		t.Errorf("foretold %q %q", writes, rest)
	}
	if holds, err := w.store.Holds(t.Context(), w.user); err != nil || len(holds) != 0 {
		t.Errorf("a dry run holds: %+v %v", holds, err)
	}
	w.run()
	if got := w.standing(); !slices.Equal(got, rest) {
		t.Errorf("the run: %q", got)
	}
}

func TestADryRunDoesNotEndARunThatGoesOn(t *testing.T) {
	w := newWorld(t, false)
	w.put(pim.Business, appointment("a", 8), appointment("b", 9))
	once := false
	w.faults.BeforeCall(func(c fake.Call) error {
		if c.Op == fake.OpCreate && !once {
			once = true
			if err := w.exec.Plan(t.Context(), w.task(), func(executor.PlanItem) bool { return true }); err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	w.run()
	w.faults.BeforeCall(nil)
	w.want("a b")
}

func TestADryRunCanBeEnded(t *testing.T) {
	w := newWorld(t, false)
	for i := range 40 {
		w.put(pim.Business, appointment(fmt.Sprintf("a%d", i), i%20))
	}
	n := 0
	err := w.exec.Plan(t.Context(), w.task(), func(executor.PlanItem) bool { n++; return n < 3 })
	if err != nil || n != 3 {
		t.Errorf("%d lines, %v", n, err)
	}
	w.faults.Crash()
	if err := w.exec.Plan(t.Context(), w.task(), func(executor.PlanItem) bool { return true }); err == nil {
		t.Error("a side that is away was not told of")
	}
	if left, err := filepath.Glob(w.store.Path() + ".*"); err != nil || len(left) != 0 {
		t.Errorf("left beside the state file: %q %v", left, err)
	}
}

// Whatever persons do, a run does what the dry run before it foretold, item by item.
func TestWhatAPlanForetellsIsWhatTheFollowingRunDoes(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of runs: without the race detector only")
	}
	actions := []string{"put", "both", "body", "location", "hour", "series", "private", "touch", "copy", "move", "delete", "back", "undelete", "lose"}
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, false)
		m := newModel(w)
		notes := w.spied()
		for round := range rapid.IntRange(1, 4).Draw(rt, "rounds") {
			for range rapid.IntRange(0, 12).Draw(rt, "acts") {
				m.act(rapid.SampledFrom(both).Draw(rt, "side"), rapid.SampledFrom(actions).Draw(rt, "action"), rapid.IntRange(0, 99).Draw(rt, "n"))
			}
			task := w.task()
			task.Asked = rapid.Bool().Draw(rt, "asked")
			writes, rest := w.plan(task)
			if wrote := notes(); len(wrote) != 0 {
				rt.Fatalf("round %d: the plan wrote %q", round, wrote)
			}
			if err := w.asIs(task); err != nil {
				rt.Fatal(err)
			}
			if got := notes(); !slices.Equal(got, writes) {
				rt.Fatalf("round %d: foretold\n%s\ndone\n%s\nafter\n%s", round, strings.Join(writes, "\n"), strings.Join(got, "\n"), strings.Join(m.log, "\n"))
			}
			if got := w.standing(); !slices.Equal(got, rest) {
				rt.Fatalf("round %d: foretold\n%s\nstands\n%s\nafter\n%s", round, strings.Join(rest, "\n"), strings.Join(got, "\n"), strings.Join(m.log, "\n"))
			}
			w.violations()
		}
	})
}

// asIs does one run as a person or the clock asks for it.
func (w *world) asIs(t executor.Task) error {
	for range 50 {
		res, err := w.exec.Slice(w.t.Context(), t)
		if err != nil || !res.More {
			return err
		}
	}
	return errors.New("a run that never ends")
}
