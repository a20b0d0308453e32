package exchangesim_test

import (
	"strings"
	"testing"

	"abgleich/agent/exchangesim"
)

func TestQuirksAreThoseOfTheOtherServer(t *testing.T) {
	for _, quirks := range []exchangesim.Quirks{exchangesim.NoQuirks, exchangesim.Grommunio} {
		t.Run("quirks "+string(quirks), func(t *testing.T) {
			c := basic(t, exchangesim.Options{Quirks: quirks})
			odd := quirks == exchangesim.Grommunio
			box := c.sim.Mailbox("anna@lab.test")
			series, err := box.Create(weekly())
			if err != nil {
				t.Fatal(err)
			}
			task, err := box.Create(exchangesim.Item{Kind: exchangesim.Task})
			if err != nil {
				t.Fatal(err)
			}
			check := func(name string, got bool) {
				t.Helper()
				if got != odd {
					t.Errorf("%s: %v", name, got)
				}
			}
			r := c.want(c.do(getItems(everything, string(series.ID))), "NoError")
			check("a date with a time", strings.Contains(r.raw, "<t:StartDate>2026-10-12T00:00:00Z<"))
			check("StartTimeZone out of order", strings.Index(r.raw, "<t:StartTimeZone ") > strings.Index(r.raw, "<t:EndTimeZone "))
			r = c.want(c.do(`<FindItem Traversal="Shallow"><ItemShape>`+everything+`</ItemShape><CalendarView StartDate="2026-10-18T00:00:00Z" EndDate="2026-10-30T00:00:00Z"/><ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></ParentFolderIds></FindItem>`), "NoError")
			check("a master in a view", strings.Contains(r.raw, "RecurringMaster"))
			check("empty groups", strings.Contains(r.raw, "<t:Groups/>"))
			change := func(uri, inner string) string { return setField(uri, "Task", inner) }
			half := change("task:PercentComplete", `<t:PercentComplete>50</t:PercentComplete>`)
			c.want(c.do(update(string(task.ID), task.ChangeKey, "NeverOverwrite", half)), "NoError")
			r = c.do(update(string(task.ID), task.ChangeKey, "NeverOverwrite", half))
			check("a stale key accepted", r.codes() == "NoError")
			r = c.want(c.do(getItems(everything, string(task.ID))), "NoError")
			check("a percentage a hundred times too large", r.find(`PercentComplete>([^<]*)<`) == "5000")
			c.want(c.do(update(string(task.ID), task.ChangeKey, "AlwaysOverwrite", change("task:Status", `<t:Status>Completed</t:Status>`))), "NoError")
			r = c.want(c.do(getItems(everything, string(task.ID))), "NoError")
			check("no date of completion", !strings.Contains(r.raw, "CompleteDate"))
			c.want(c.do(`<BrewCoffee/>`), "ErrorInvalidRequest")
			_, err = c.try(envelope(getCalendar))
			check("a broken reply on the connection", err != nil)
			c.want(c.do(getCalendar), "NoError") // on another one
		})
	}
	if s, err := exchangesim.New(exchangesim.Options{Quirks: "klingon"}); err == nil {
		_ = s.Close()
		t.Error("unknown quirks were accepted")
	}
}

func TestCompletingARecurringTaskBringsTheNext(t *testing.T) {
	key := exchangesim.SetString("2f9d0ac6-7f2e-4c3f-9a54-0d8a2f6d3d10", "AbgleichId")
	daily := exchangesim.Recurrence{Pattern: "WeeklyRecurrence", Interval: 1, DaysOfWeek: "Friday", Start: "2026-11-20", Count: 2}
	again := exchangesim.Recurrence{Pattern: "MonthlyRegeneration", Interval: 1, Start: "2026-11-20", Count: 2}
	for _, x := range []struct {
		name  string
		renew bool
		rec   exchangesim.Recurrence
		next  string
	}{
		{"a copy is completed and the task moves on", false, daily, "2026-11-27"},
		{"the task is completed and the next is new", true, daily, "2026-11-27"},
		{"the next is due a month after this one was done", false, again, "2026-12-25"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := basic(t, exchangesim.Options{RegenerateNew: x.renew})
			box := c.sim.Mailbox("anna@lab.test")
			first := exchangesim.Item{Kind: exchangesim.Task, Subject: "Bericht", Due: at("2026-11-20T00:00Z"), TaskStart: at("2026-11-19T00:00Z"), Recurrence: &x.rec}
			first.SetProperty(key, "inst/anna/1")
			it, err := box.Create(first)
			if err != nil {
				t.Fatal(err)
			}
			done := setField("task:CompleteDate", "Task", `<t:CompleteDate>2026-11-25T00:00:00Z</t:CompleteDate>`)
			c.want(c.do(update(string(it.ID), it.ChangeKey, "AutoResolve", done)), "NoError")
			list := box.List(exchangesim.Tasks)
			if len(list) != 2 {
				t.Fatalf("%d tasks", len(list))
			}
			open, dead := list[0], list[1]
			if x.renew {
				open, dead = dead, open
			}
			if open.Status != "NotStarted" || open.Due.Format("2006-01-02") != x.next || open.Recurrence == nil || open.Percent != 0 || !open.Completed.IsZero() {
				t.Errorf("the open one: %+v", open)
			}
			if dead.Status != "Completed" || dead.Recurrence != nil || !dead.Due.Equal(first.Due) || dead.Percent != 100 {
				t.Errorf("the completed one: %+v", dead)
			}
			if (open.ID == it.ID) == x.renew {
				t.Error("the wrong one kept the id")
			}
			for _, i := range list {
				if v, _ := i.Property(key); v != "inst/anna/1" {
					t.Error("a copy lost our key")
				}
			}
			// The second one is the last.
			c.want(c.do(update(string(open.ID), open.ChangeKey, "AutoResolve", done)), "NoError")
			if n := box.Count(exchangesim.Tasks); n != 2 {
				t.Errorf("%d tasks after the end", n)
			}
		})
	}
}
