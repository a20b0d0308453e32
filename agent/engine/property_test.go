package engine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"abgleich/agent/engine"
	"abgleich/agent/pim"
)

func drawItem(rt *rapid.T, name string) pim.Item {
	pick := func(what string, from ...string) string { return rapid.SampledFrom(from).Draw(rt, name+" "+what) }
	c := pim.Common{
		Subject:     pick("subject", "", "a", "b", "a subject too long for business", "an even longer subject, cut on Exchange as well"),
		Body:        pick("body", "", "x", "y"),
		Sensitivity: pim.Sensitivity(pick("sensitivity", "", "private", "personal")),
		Importance:  pim.Importance(pick("importance", "", "high")),
	}
	if rapid.Bool().Draw(rt, name+" categories") {
		c.Categories = []string{"k"}
	}
	a := &pim.Appointment{Common: c, Location: pick("location", "", "room"), Busy: pim.Busy(pick("busy", "", "free"))}
	if rapid.Bool().Draw(rt, name+" all-day") {
		a.When = pim.When{AllDay: true, First: pim.DateOf(start), Last: pim.DateOf(start)}
	} else {
		s := start.Add(time.Duration(rapid.IntRange(0, 1).Draw(rt, name+" hour")) * time.Hour)
		a.When = pim.When{Start: s, End: s.Add(time.Hour), Zone: pick("zone", "Europe/Vienna", "Europe/Berlin", "Europe/Paris")}
	}
	if rapid.IntRange(0, 2).Draw(rt, name+" series") == 0 {
		daily(a)
		for n := range rapid.IntRange(0, 2).Draw(rt, name+" deleted") {
			without(n + 1)(a)
		}
		for n := range rapid.IntRange(0, 2).Draw(rt, name+" changed") {
			change := []func(*pim.Appointment){room, later, func(o *pim.Appointment) { o.Subject = pick("day", "c", "d") }}
			day(a, n+2, change[rapid.IntRange(0, 2).Draw(rt, name+" how")])
		}
	}
	switch rapid.IntRange(0, 5).Draw(rt, name+" meeting") {
	case 0:
		organises(a)
	case 1:
		attends(a)
	}
	return pim.Canonical(a)
}

// day changes the nth occurrence of a series.
func day(a *pim.Appointment, n int, change func(*pim.Appointment)) {
	t, err := a.Recurrence.Timing(a.When)
	if err != nil {
		panic(err)
	}
	original, _ := t.Start(n)
	o, _ := a.Occurrence(t, n)
	change(o)
	a.Recurrence.Changed = append(a.Recurrence.Changed, pim.Exception{Original: original, Item: o})
}

func drawRules(rt *rapid.T) engine.Rules {
	r := rules()
	r.Policy = rapid.SampledFrom([]engine.Policy{engine.Newer, engine.BusinessWins, engine.ExchangeWins}).Draw(rt, "policy")
	return r
}

// drawPair draws two halves as they can be: each a fixpoint of its side, the bases
// what one became of the other.
func drawPair(rt *rapid.T, r engine.Rules) (b, e engine.Half) {
	if rapid.IntRange(0, 3).Draw(rt, "first") == 0 {
		return half(nil, r.Business.Project(drawItem(rt, "b"))), half(nil, r.Exchange.Project(drawItem(rt, "e")))
	}
	be := r.Exchange.Project(drawItem(rt, "base"))
	bb := r.Business.Project(be)
	b, e = half(bb, nil), half(be, nil)
	if rapid.Bool().Draw(rt, "b changed") {
		b = half(bb, r.Business.Project(drawItem(rt, "b")))
	}
	if rapid.Bool().Draw(rt, "e changed") {
		e = half(be, r.Exchange.Project(drawItem(rt, "e")))
		e.Seen = e.Seen.Add(time.Duration(rapid.IntRange(-5, 5).Draw(rt, "minutes")) * time.Minute)
	}
	return b, e
}

// write is what a side does with a write.
func write(p engine.Projection, now pim.Item, w engine.Write) pim.Item {
	if w.Fields == 0 {
		return now
	}
	now = now.Clone()
	pim.Apply(now, w.Item, w.Fields)
	return p.Project(now)
}

func now(h engine.Half) pim.Item {
	if h.Item != nil {
		return h.Item
	}
	return h.Base
}

func TestAfterADecisionBothSidesMeanTheSameAndNothingIsLeftToDo(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := drawRules(rt)
		b, e := drawPair(rt, r)
		d := r.Decide(b, e)
		if again := r.Decide(b, e); !cmp.Equal(d, again) {
			rt.Fatalf("decides differently: %s", cmp.Diff(d, again))
		}
		if bad := d.Business.Write.Fields &^ r.Business.Writable(); bad != 0 {
			rt.Fatalf("writes %s to business", bad)
		}
		if bad := d.Exchange.Write.Fields &^ r.Exchange.Writable(); bad != 0 {
			rt.Fatalf("writes %s to Exchange", bad)
		}
		nb, ne := write(r.Business, now(b), d.Business.Write), write(r.Exchange, now(e), d.Exchange.Write)
		if diff := pim.Diff(ne, d.Exchange.Base); diff != 0 {
			rt.Fatalf("the Exchange base is not what comes back: %s", diff)
		}
		if d.Code != "" {
			// A problem: the business change must stay one, and nothing is tried again.
			next := r.Decide(half(d.Business.Base, nb), half(d.Exchange.Base, ne))
			if next.Code != d.Code || next.Business.Write.Fields|next.Exchange.Write.Fields != 0 {
				rt.Fatalf("then %+v", next)
			}
			return
		}
		if diff := pim.Diff(nb, d.Business.Base); diff != 0 {
			rt.Fatalf("the business base is not what comes back: %s", diff)
		}
		if !r.Equal(nb, ne) {
			rt.Fatalf("differ in %s:\n%+v\n%+v", pim.AppointmentFields&^r.Same(nb, ne), nb, ne)
		}
		next := r.Decide(half(d.Business.Base, nb), half(d.Exchange.Base, ne))
		if next.Business.Write.Fields|next.Exchange.Write.Fields != 0 || next.Code != "" {
			rt.Fatalf("and then writes %s and %s", next.Business.Write.Fields, next.Exchange.Write.Fields)
		}
	})
}

func TestAMeetingsGuestsNeverHaveToBeTold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := drawRules(rt)
		b, e := drawPair(rt, r)
		a := now(e).(*pim.Appointment)
		d := r.Decide(b, e)
		if a.Meeting == nil {
			return
		}
		w := d.Exchange.Write.Fields
		switch {
		case a.Meeting.Role == pim.RoleAttendee && w&^pim.ParticipantFields != 0:
			rt.Fatalf("writes %s into a meeting of others", w)
		case a.Meeting.Role == pim.RoleOrganizer && w&pim.Fields(pim.FieldWhen, pim.FieldLocation, pim.FieldRecurrence) != 0:
			rt.Fatalf("writes %s into a meeting with guests", w)
		}
	})
}

func TestWhatOneSideChangedAloneIsNeverLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := drawRules(rt)
		b, e := drawPair(rt, r)
		d := r.Decide(b, e)
		if b.Base == nil || now(e).(*pim.Appointment).Meeting != nil {
			return
		}
		realB, realE := pim.Diff(b.Base, now(b)), pim.Diff(e.Base, now(e))
		changedB, changedE := realB, realE
		if now(b).Shared().Recurrence != nil || now(e).Shared().Recurrence != nil {
			// A series' time and pattern are one: who changed one changed both.
			together := pim.Fields(pim.FieldWhen, pim.FieldRecurrence)
			for _, c := range []*pim.FieldSet{&changedB, &changedE} {
				if *c&together != 0 {
					*c |= together
				}
			}
		}
		if bad := d.Exchange.Write.Fields & changedE &^ changedB; bad != 0 {
			rt.Fatalf("%s was changed on Exchange alone and is overwritten", bad)
		}
		if bad := d.Business.Write.Fields & changedB &^ changedE; bad != 0 {
			rt.Fatalf("%s was changed in business alone and is overwritten", bad)
		}
		if bad := d.Exchange.Write.Fields & realE &^ d.Exchange.Lost; bad != 0 {
			rt.Fatalf("%s is overwritten on Exchange and not said to be lost", bad)
		}
		if bad := d.Business.Write.Fields & realB &^ d.Business.Lost; bad != 0 {
			rt.Fatalf("%s is overwritten in business and not said to be lost", bad)
		}
	})
}
