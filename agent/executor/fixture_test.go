package executor_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"abgleich/agent/engine"
	"abgleich/agent/executor"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

const kind = pim.KindAppointment

// world is two fake sides, a store, and the executor between them.
type world struct {
	t        testing.TB
	faults   *fake.Faults
	business *fake.Side
	exchange *fake.Side
	store    *store.Store
	exec     *executor.Executor
	user     pim.UserID
	kind     pim.Kind
	now      time.Time
	policy   engine.Policy
	// hasty slices are over before they begin.
	hasty bool
	// standard are the options for users without their own.
	standard engine.Options
	// guard is for deletions and a first sync's creations; zero is the standard one.
	guard engine.Guard
	// seen is Exchange as the executor sees it; nil for as it is.
	seen side.Side
	// ctx is what runs go by; nil for the test's.
	ctx context.Context
	// path and opened say how the store was opened.
	path   string
	opened store.Options
}

// newWorld makes an empty world. steps lets the store's commits count as effects.
func newWorld(t testing.TB, steps bool) *world {
	w := newWorldWith(t, steps, fake.Business(), fake.Exchange())
	return w
}

func newWorldWith(t testing.TB, steps bool, b, e fake.Options) *world {
	t.Helper()
	w := emptyWorld(t, b, e)
	w.path, w.opened = filepath.Join(t.TempDir(), "agent.db"), store.Options{Now: w.clock, Volatile: true}
	if steps {
		w.opened.Commit = w.commit
	}
	empty, err := emptyStore()
	if err != nil {
		t.Fatal(err)
	}
	w.load(empty)
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	w.restart()
	return w
}

// emptyWorld is a world without a store.
func emptyWorld(t testing.TB, b, e fake.Options) *world {
	w := &world{t: t, faults: fake.NewFaults(), user: "anna", kind: kind, now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	b.Faults, e.Faults = w.faults, w.faults
	w.business, w.exchange = fake.New(pim.Business, b), fake.New(pim.Exchange, e)
	return w
}

// commit lets the store's commits count as effects.
func (w *world) commit(bool) error { return w.faults.Step("commit", func() error { return nil }) }

// load opens the store over a file's content.
func (w *world) load(content []byte) {
	w.t.Helper()
	if err := os.WriteFile(w.path, content, 0o600); err != nil {
		w.t.Fatal(err)
	}
	var err error
	if w.store, err = store.Open(w.t.Context(), w.path, w.opened); err != nil {
		w.t.Fatal(err)
	}
}

// unload closes the store, and gives what its file holds.
func (w *world) unload() []byte {
	w.t.Helper()
	if err := w.store.Close(); err != nil {
		w.t.Fatal(err)
	}
	content, err := os.ReadFile(w.path)
	if err != nil {
		w.t.Fatal(err)
	}
	return content
}

// emptyStore is a new state file, made once: worlds are many, migrations slow.
var emptyStore = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	path := filepath.Join(dir, "agent.db")
	s, err := store.Open(context.Background(), path, store.Options{Volatile: true})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func (w *world) clock() time.Time { return w.now }

// restart is a new process over the same store.
func (w *world) restart() {
	exchange := w.seen
	if exchange == nil {
		exchange = w.exchange
	}
	w.exec = executor.New(executor.Config{Store: w.store, Business: w.business, Exchange: exchange, Now: w.clock, Policy: w.policy,
		Guard: w.guard, Options: map[pim.Kind]engine.Options{w.kind: w.standard}})
}

func (w *world) side(id pim.SideID) *fake.Side {
	if id == pim.Business {
		return w.business
	}
	return w.exchange
}

func (w *world) task() executor.Task {
	t := executor.Task{Account: side.Account{User: w.user, Mail: string(w.user) + "@lab.test", Zone: time.UTC}, Kind: w.kind, Cause: "test"}
	if w.hasty {
		t.Until = w.now
	}
	return t
}

// slices runs until no more is wanted or something fails.
func (w *world) slices() (executor.Result, error) {
	w.t.Helper()
	ctx := w.ctx
	if ctx == nil {
		ctx = w.t.Context()
	}
	for range 300 {
		res, err := w.exec.Slice(ctx, w.task())
		if err != nil || !res.More {
			return res, err
		}
	}
	w.t.Fatal("a run that never ends")
	return executor.Result{}, nil
}

// run runs and must not fail.
func (w *world) run() executor.Result {
	w.t.Helper()
	res, err := w.slices()
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

// settle runs over growing pauses until nothing waits.
func (w *world) settle() {
	w.t.Helper()
	for range 30 {
		res := w.run()
		if res.NextTry.IsZero() {
			return
		}
		w.now = res.NextTry.Add(time.Second)
	}
	w.t.Fatalf("never settles: %s", w.problems())
}

// quiet checks that one more run writes nothing.
func (w *world) quiet() {
	w.t.Helper()
	before := w.faults.Writes()
	res := w.run()
	if n := w.faults.Writes() - before; n != 0 || res.Run.Counts.Writes() != 0 {
		log := w.faults.Log()
		w.t.Fatalf("a quiet run wrote %d times, counted %+v; last effects %+v", n, res.Run.Counts, log[max(0, len(log)-5):])
	}
}

func (w *world) problems() string {
	list, err := w.store.Problems(w.t.Context(), store.ProblemQuery{})
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, p := range list {
		out = append(out, fmt.Sprintf("%s %s %s: %s", p.Side, p.Item, p.Code, p.Detail))
	}
	return strings.Join(out, "\n")
}

// codes lists the codes of all problems, sorted.
func (w *world) codes() string {
	list, err := w.store.Problems(w.t.Context(), store.ProblemQuery{})
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, p := range list {
		out = append(out, string(p.Code))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// subjects lists the subjects on a side, sorted.
func (w *world) subjects(id pim.SideID) string {
	var out []string
	for _, e := range w.side(id).Items(w.user, w.kind) {
		out = append(out, e.Item.Shared().Subject)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// want checks the subjects on both sides.
func (w *world) want(subjects string) {
	w.t.Helper()
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		if got := w.subjects(id); got != subjects {
			w.t.Errorf("%s has %q, want %q; problems: %s", id, got, subjects, w.problems())
		}
	}
	w.violations()
}

func (w *world) violations() {
	w.t.Helper()
	for _, v := range append(w.business.Violations(), w.exchange.Violations()...) {
		w.t.Error(v)
	}
}

// equal checks that both sides mean the same, item by item, by key.
func (w *world) equal() {
	w.t.Helper()
	r := engine.Rules{Business: w.business.Projection(w.kind), Exchange: w.exchange.Projection(w.kind)}
	b, e := map[pim.Key]pim.Item{}, map[pim.Key]pim.Item{}
	for id, m := range map[pim.SideID]map[pim.Key]pim.Item{pim.Business: b, pim.Exchange: e} {
		for _, x := range w.side(id).Items(w.user, w.kind) {
			if x.Key == "" {
				w.t.Errorf("%s item %s %q has no key", id, x.ID, x.Item.Shared().Subject)
			} else if m[x.Key] != nil {
				w.t.Errorf("%s has key %s twice", id, x.Key)
			}
			m[x.Key] = x.Item
		}
	}
	for k, x := range b {
		y := e[k]
		if y == nil {
			w.t.Errorf("%q (%s) is only in business", x.Shared().Subject, k)
			continue
		}
		if !r.Equal(x, y) {
			w.t.Errorf("%s differs in %s:\n%+v\n%+v", k, pim.FieldsOf(w.kind)&^r.Same(x, y), x, y)
		}
		delete(e, k)
	}
	for k, y := range e {
		w.t.Errorf("%q (%s) is only in Exchange", y.Shared().Subject, k)
	}
	w.violations()
}

// appointment makes one at the given hour of a fixed day.
func appointment(subject string, hour int) *pim.Appointment {
	start := time.Date(2026, 4, 1, hour, 0, 0, 0, time.UTC)
	return &pim.Appointment{Common: pim.Common{Subject: subject},
		When: pim.When{Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna"}}
}

// series is an appointment on ten days.
func series(subject string, hour int) *pim.Appointment {
	a := appointment(subject, hour)
	makeSeries(a)
	return a
}

func makeSeries(a *pim.Appointment) {
	a.Recurrence = &pim.Recurrence{Pattern: pim.Daily, Interval: 1, First: pim.DateOf(a.When.Start), Count: 10}
}

// original is where the pattern puts the nth occurrence.
func original(a *pim.Appointment, n int) time.Time {
	t, err := a.Recurrence.Timing(a.When)
	if err != nil {
		panic(err)
	}
	at, _ := t.Start(n)
	return at
}

// drop deletes the nth occurrence of a series.
func drop(a *pim.Appointment, n int) {
	at := original(a, n)
	a.Recurrence.Changed = slices.DeleteFunc(a.Recurrence.Changed, func(e pim.Exception) bool { return e.Original.Equal(at) })
	a.Recurrence.Deleted = append(a.Recurrence.Deleted, at)
}

// rename changes the subject of the nth occurrence of a series, unless it was
// deleted.
func rename(a *pim.Appointment, n int, subject string) {
	at := original(a, n)
	if slices.ContainsFunc(a.Recurrence.Deleted, at.Equal) {
		return
	}
	t, err := a.Recurrence.Timing(a.When)
	if err != nil {
		panic(err)
	}
	o, _ := a.Occurrence(t, n)
	o.Subject = subject
	a.Recurrence.Changed = slices.DeleteFunc(a.Recurrence.Changed, func(e pim.Exception) bool { return e.Original.Equal(at) })
	a.Recurrence.Changed = append(a.Recurrence.Changed, pim.Exception{Original: at, Item: o})
}

// only gives the one item of a side with a subject.
func (w *world) only(id pim.SideID, subject string) fake.Entry {
	w.t.Helper()
	var found []fake.Entry
	for _, e := range w.side(id).Items(w.user, kind) {
		if e.Item.Shared().Subject == subject {
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		w.t.Fatalf("%s has %d items %q", id, len(found), subject)
	}
	return found[0]
}

func (w *world) put(id pim.SideID, items ...pim.Item) {
	for _, i := range items {
		w.side(id).Put(w.user, i)
	}
}

func (w *world) edit(id pim.SideID, subject string, change func(*pim.Appointment)) {
	w.side(id).Edit(w.user, kind, w.only(id, subject).ID, func(i pim.Item) { change(i.(*pim.Appointment)) })
}

func (w *world) delete(id pim.SideID, subject string) {
	w.side(id).Delete(w.user, kind, w.only(id, subject).ID)
}

// every is how many effects lie between two kills of a test that tries them all:
// under the race detector, which has nothing more to see in them, only some.
func every() int {
	if testing.Short() {
		return 9
	}
	return 1
}
