package executor_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"abgleich/agent/engine"
	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

// options gives the user options of his own.
func (w *world) options(o engine.Options) {
	w.t.Helper()
	text, err := executor.MarshalOptions(o)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.store.SetUserOptions(w.t.Context(), store.UserOptions{User: w.user, Appointments: text}); err != nil {
		w.t.Fatal(err)
	}
}

func days(n int) *int { return &n }

// on is an appointment so many days from the world's first day.
func on(subject string, day int) *pim.Appointment {
	start := time.Date(2026, 3, 2+day, 9, 0, 0, 0, time.UTC)
	return &pim.Appointment{Common: pim.Common{Subject: subject}, When: pim.When{Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna"}}
}

func secret(subject string, day int) *pim.Appointment {
	a := on(subject, day)
	a.Body, a.Location, a.Categories, a.Sensitivity = "body of "+subject, "place of "+subject, []string{"mine"}, pim.Private
	return a
}

func (w *world) has(id pim.SideID, subjects string) {
	w.t.Helper()
	if got := w.subjects(id); got != subjects {
		w.t.Errorf("%s has %q, want %q", id, got, subjects)
	}
}

func (w *world) states() string {
	w.t.Helper()
	var out []string
	err := w.exec.Compare(w.t.Context(), w.task(), func(c executor.Compared) bool {
		i := c.Business
		if i == nil {
			i = c.Exchange
		}
		out = append(out, fmt.Sprintf("%s %d", i.Shared().Subject, c.State))
		return true
	})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func TestTheTimeWindowDecidesWhatBeginsToTravel(t *testing.T) {
	w := newWorld(t, false)
	w.standard = engine.Options{Past: days(30), Future: days(10)}
	w.restart()
	birthday := on("birthday", -400)
	birthday.Recurrence = &pim.Recurrence{Pattern: pim.AbsoluteYearly, Interval: 1, DayOfMonth: birthday.When.Start.Day(),
		Month: birthday.When.Start.Month(), First: pim.DateOf(birthday.When.Start)}
	weekly := on("weekly", -400)
	weekly.Recurrence = &pim.Recurrence{Pattern: pim.Weekly, Interval: 1, Weekdays: []time.Weekday{weekly.When.Start.Weekday()},
		First: pim.DateOf(weekly.When.Start)}
	w.put(pim.Exchange, on("old", -31), on("border", -30), on("soon", 10), on("far", 11), weekly, birthday)
	w.run()
	w.has(pim.Business, "border soon weekly")
	if got, want := w.states(), "birthday 5, border 1, far 5, old 5, soon 1, weekly 1"; got != want {
		t.Errorf("compare says %s, want %s", got, want)
	}
	if got := w.problems(); got != "" {
		t.Errorf("problems %s", got)
	}
	w.quiet()
	w.edit(pim.Exchange, "old", func(a *pim.Appointment) { a.Body = "still old" })
	w.run()
	w.has(pim.Business, "border soon weekly")

	// Time passes: what comes near comes inside, what grows old stays and goes on.
	res := w.run()
	if want := time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC); !res.NextTry.Equal(want) {
		t.Errorf("next try %s, want %s", res.NextTry, want)
	}
	w.now = w.now.Add(24 * time.Hour)
	w.edit(pim.Exchange, "border", func(a *pim.Appointment) { a.Location = "room" })
	w.run()
	w.has(pim.Business, "border far soon weekly")
	if a := w.only(pim.Business, "border").Item.(*pim.Appointment); a.Location != "room" {
		t.Error("an edit of what is paired did not arrive")
	}
	w.quiet()

	w.options(engine.Options{})
	w.run()
	w.equal()
	w.quiet()
}

func TestWhatIsOnBothSidesIsPairedWhereverItIs(t *testing.T) {
	w := newWorld(t, false)
	w.standard = engine.Options{Past: days(1)}
	w.restart()
	w.put(pim.Business, on("old", -100), on("older", -200))
	w.put(pim.Exchange, on("old", -100))
	w.run()
	w.has(pim.Exchange, "old")
	w.has(pim.Business, "old older")
	w.options(engine.Options{})
	w.run()
	w.want("old older")
}

func TestLeavingTheFilterDeletesNothing(t *testing.T) {
	w := newWorld(t, false)
	w.options(engine.Options{Categories: []string{"Work"}})
	a := on("a", 1)
	a.Categories = []string{"work"}
	w.put(pim.Exchange, a, on("b", 2))
	w.run()
	w.has(pim.Business, "a")
	w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Categories = nil })
	w.run()
	w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Body = "goes on" })
	w.run()
	w.has(pim.Business, "a")
	if i := w.only(pim.Exchange, "a").Item; i.Shared().Body != "goes on" {
		t.Error("an edit of what is paired did not arrive")
	}
	for _, o := range []engine.Options{{Categories: []string{"other"}}, {Past: days(0), Future: days(0)}, {Private: engine.PrivateNot},
		{Direction: engine.ToBusiness}, {Direction: engine.ToExchange}} {
		w.options(o)
		w.run()
		w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Sensitivity = pim.Private })
		w.settle()
		if got := w.subjects(pim.Business); !strings.HasPrefix(got, "a") {
			t.Errorf("business has %q", got)
		}
		w.has(pim.Exchange, "a b")
		w.quiet()
		w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Sensitivity = pim.Normal })
		w.settle()
	}
	w.options(engine.Options{})
	w.run()
	w.equal()
}

func TestASideThatIsNotWrittenToIsReadOnly(t *testing.T) {
	for direction, ro := range map[engine.Direction]pim.SideID{engine.ToExchange: pim.Business, engine.ToBusiness: pim.Exchange} {
		t.Run(string(direction), func(t *testing.T) {
			w := newWorld(t, false)
			w.put(pim.Business, on("a", 1), on("b", 2), on("c", 3))
			w.run()
			w.options(engine.Options{Direction: direction})
			free := ro.Other()
			w.put(free, on("only", 4))
			w.put(ro, on("new", 5))
			w.edit(free, "a", func(a *pim.Appointment) { a.Body = "kept as it is" })
			w.edit(ro, "a", func(a *pim.Appointment) { a.Location = "room" })
			w.delete(free, "b")
			w.delete(ro, "c")
			before := w.faults.Log()
			w.settle()
			for _, e := range w.faults.Log()[len(before):] {
				if e.Side == ro && (e.Op == fake.OpCreate || e.Op == fake.OpUpdate || e.Op == fake.OpDelete) {
					t.Errorf("%v on %s", e.Op, e.Side)
				}
			}
			w.has(ro, "a b new")
			w.has(free, "a new only")
			a := w.only(free, "a").Item.(*pim.Appointment)
			if a.Location != "room" || a.Body != "kept as it is" {
				t.Errorf("%+v", a)
			}
			if got, want := w.states(), "a 5, b 5, new 1, only 5"; got != want {
				t.Errorf("compare says %s, want %s", got, want)
			}
			w.quiet()

			// Options delete nothing: what was deleted meanwhile rests until it is edited.
			w.options(engine.Options{})
			w.settle()
			w.has(ro, "a b new only")
			w.has(free, "a new only")
			if a := w.only(ro, "a").Item; a.Shared().Body != "kept as it is" {
				t.Error("what waited did not arrive")
			}
			w.edit(ro, "b", func(a *pim.Appointment) { a.Body = "again" })
			w.settle()
			w.equal()
			w.quiet()
		})
	}
}

func TestEachGroupOfFieldsHasItsPolicy(t *testing.T) {
	w := newWorld(t, false)
	w.options(engine.Options{Policy: engine.BusinessWins, Groups: map[engine.Group]engine.Policy{engine.GroupTime: engine.ExchangeWins}})
	w.put(pim.Business, on("a", 1))
	w.run()
	for id, h := range map[pim.SideID]int{pim.Business: 1, pim.Exchange: 2} {
		w.edit(id, "a", func(a *pim.Appointment) {
			a.Body = id.String()
			a.When.Start, a.When.End = a.When.Start.Add(time.Duration(h)*time.Hour), a.When.End.Add(time.Duration(h)*time.Hour)
		})
	}
	w.run()
	w.equal()
	a := w.only(pim.Business, "a").Item.(*pim.Appointment)
	if a.Body != "business" || a.When.Start.Hour() != 11 {
		t.Errorf("%+v", a)
	}
	kept, err := w.store.Trash(t.Context(), w.user, 0, 10)
	if err != nil || len(kept) != 2 || kept[0].Reason != store.TrashConflict || kept[1].Reason != store.TrashConflict {
		t.Errorf("kept %+v, %v", kept, err)
	}
	notices, err := w.store.Problems(t.Context(), store.ProblemQuery{User: w.user, Notices: true})
	if err != nil || len(notices) != 2 || notices[0].Code != fault.ConflictSettled || notices[1].Code != fault.ConflictSettled {
		t.Errorf("notices %+v, %v", notices, err)
	}
}

func TestAPreviewCountsAndWritesNothing(t *testing.T) {
	w := newWorld(t, false)
	w.options(engine.Options{Past: days(30)})
	w.put(pim.Exchange, on("old", -40), on("older", -100), on("a", 1), secret("s", 2))
	w.put(pim.Business, on("ancient", -1000))
	w.run()
	before := w.faults.Writes()
	got, err := w.exec.Preview(t.Context(), w.task(), &engine.Options{Past: days(50), Private: engine.PrivateNot})
	if want := (executor.Effect{JoinExchange: 1, Leave: 1, Stay: 1, OutsideBusiness: 1, OutsideExchange: 1}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	got, err = w.exec.Preview(t.Context(), w.task(), nil)
	if want := (executor.Effect{JoinExchange: 2, JoinBusiness: 1, Stay: 2}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if _, err := w.exec.Preview(t.Context(), w.task(), &engine.Options{Direction: "sideways"}); !fault.Has(err, fault.BadRequest) {
		t.Errorf("%v", err)
	}
	if n := w.faults.Writes() - before; n != 0 {
		t.Errorf("%d writes", n)
	}
	w.quiet()
	w.has(pim.Business, "a ancient s")
}

// TestAKillWhileOptionsChange kills the process around every effect of runs between
// which the options change.
func TestAKillWhileOptionsChange(t *testing.T) {
	story := func(t *testing.T, kill int, how fake.Trouble) (effects int, end string) {
		w := newWorld(t, true)
		w.put(pim.Exchange, on("old", -40), on("a", 1), secret("s", 2), secret("u", 3))
		w.put(pim.Business, on("b", 4), on("far", 400))
		if kill > 0 {
			w.faults.At(kill, how)
		}
		run := func() {
			t.Helper()
			for range 5 {
				_, err := w.slices()
				if err == nil {
					return
				}
				if !errors.Is(err, fake.ErrCrash) {
					t.Fatal(err)
				}
				w.faults.Revive()
				w.restart()
			}
			t.Fatal("crashes again and again")
		}
		again := func() {
			if kill > 0 && w.faults.Effects() < kill {
				w.faults.Revive() // planned numbers are absolute: plan again
				w.faults.At(kill-w.faults.Effects(), how)
			}
		}
		set := func(o engine.Options) {
			for range 3 { // an administrator whose agent ends tries again
				text, err := executor.MarshalOptions(o)
				if err == nil {
					err = w.store.SetUserOptions(t.Context(), store.UserOptions{User: w.user, Appointments: text})
				}
				if err == nil {
					return
				}
				if !errors.Is(err, fake.ErrCrash) {
					t.Fatal(err)
				}
				w.faults.Revive()
				w.restart()
			}
		}
		set(engine.Options{Past: days(30), Future: days(30), Private: engine.PrivateBusy})
		run()
		w.edit(pim.Exchange, "s", func(a *pim.Appointment) { a.Body = "new" })
		again()
		set(engine.Options{Direction: engine.ToExchange, Private: engine.PrivateWhole})
		run()
		w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Location = "room" })
		again()
		run()
		set(engine.Options{Private: engine.PrivateNot})
		again()
		run()
		set(engine.Options{Private: engine.PrivateBusy})
		again()
		run()
		effects = w.faults.Effects()
		w.faults.Revive()
		w.settle()
		for _, id := range both {
			for _, e := range w.side(id).Items(w.user, kind) {
				a := e.Item.(*pim.Appointment)
				end += fmt.Sprintf("%s %s/%s/%s\n", id, a.Subject, a.Body, a.Location)
			}
		}
		lines := strings.Split(end, "\n")
		slices.Sort(lines)
		w.quiet()
		return effects, strings.Join(lines, "\n")
	}
	effects, want := story(t, 0, fake.None)
	if strings.Contains(want, "business s/") || !strings.Contains(want, "business a//room") || strings.Count(want, "business Privat//\n") != 2 {
		t.Fatal(want)
	}
	for n := 1; n <= effects; n += every() {
		for _, how := range []fake.Trouble{fake.CrashBefore, fake.CrashAfter} {
			t.Run(fmt.Sprintf("effect %d, trouble %d", n, how), func(t *testing.T) {
				if _, got := story(t, n, how); got != want {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		}
	}
}
