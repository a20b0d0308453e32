package engine_test

import (
	"testing"

	"abgleich/agent/engine"
	"abgleich/agent/pim"
)

// onlyDone holds of a recurring task that is done only that it is done.
type onlyDone struct{ zoneSide }

func (s onlyDone) Project(i pim.Item) pim.Item {
	i = s.zoneSide.Project(i)
	if k, ok := i.(*pim.Task); ok && k.Status == pim.Completed {
		k.Recurrence = nil
	}
	return pim.Canonical(i)
}

func TestAReopenedTaskRecursOnExchangeToo(t *testing.T) {
	due := pim.Date{Year: 2026, Month: 5, Day: 4}
	task := func(s pim.TaskStatus, recurring bool) *pim.Task {
		k := &pim.Task{Common: pim.Common{Subject: "Inventur"}, Due: due, Status: s}
		if recurring {
			k.Recurrence = &pim.Recurrence{Pattern: pim.Daily, Interval: 7, First: due}
		}
		if s == pim.Completed {
			k.Percent, k.Completed = 100, due
		}
		return pim.Canonical(k).(*pim.Task)
	}
	r := rules()
	r.Exchange = onlyDone{r.Exchange.(zoneSide)}
	done, flat := task(pim.Completed, true), task(pim.Completed, false)
	pattern, progress := pim.Fields(pim.FieldRecurrence), pim.Fields(pim.FieldProgress)
	renamed := task(pim.Completed, false)
	renamed.Subject = "anders"
	for name, c := range map[string]struct {
		b, e     *pim.Task
		toB, toE pim.FieldSet
	}{
		"reopened in the business database": {task(pim.NotStarted, true), nil, 0, pattern | progress},
		"reopened in Exchange":              {nil, task(pim.InProgress, false), progress, pattern},
		"reopened on both sides":            {task(pim.NotStarted, true), task(pim.NotStarted, false), 0, pattern},
		"reopened with another pattern":     {nil, task(pim.NotStarted, true), progress, 0},
		"renamed, and still done":           {nil, renamed, pim.Fields(pim.FieldSubject), 0},
		"reopened, its pattern taken away":  {task(pim.NotStarted, false), nil, 0, progress},
	} {
		t.Run(name, func(t *testing.T) {
			b, e := engine.Half{Base: done, Seen: start}, engine.Half{Base: flat, Seen: start}
			if c.b != nil {
				b.Item = c.b
			}
			if c.e != nil {
				e.Item = c.e
			}
			d := r.Decide(b, e)
			if d.Verdict != engine.Settle || d.Business.Write.Fields != c.toB || d.Exchange.Write.Fields != c.toE {
				t.Fatalf("%+v", d)
			}
			if c.toE.Has(pim.FieldRecurrence) && d.Exchange.Write.Item.Shared().Recurrence == nil {
				t.Fatal("without its pattern")
			}
		})
	}
}
