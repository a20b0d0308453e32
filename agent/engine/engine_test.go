package engine_test

import (
	"testing"
	"time"

	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// zoneSide holds everything but some fields, and knows zones by one name a class.
type zoneSide struct {
	drop    pim.FieldSet
	zone    map[string]string
	subject int
	private bool
	states  bool // only the task states open, in progress and done
	flat    bool // no series
}

func (z zoneSide) Writable() pim.FieldSet {
	if z.flat {
		z.drop |= pim.Fields(pim.FieldRecurrence)
	}
	return (pim.AppointmentFields | pim.TaskFields) &^ z.drop &^ pim.Fields(pim.FieldMeeting)
}

func (z zoneSide) Project(i pim.Item) pim.Item {
	i = pim.Canonical(i)
	z.shorten(i.Shared())
	if r := i.Shared().Recurrence; r != nil {
		for _, e := range r.Changed {
			z.shorten(e.Item.Shared())
		}
	}
	switch x := i.(type) {
	case *pim.Appointment:
		if n := z.zone[x.When.Zone]; n != "" {
			x.When.Zone = n
		}
		pim.Apply(x, &pim.Appointment{}, z.drop)
	case *pim.Task:
		if z.states && (x.Status == pim.Waiting || x.Status == pim.Deferred) {
			x.Status = pim.InProgress
		}
		pim.Apply(x, &pim.Task{}, z.drop)
	}
	return pim.Canonical(i)
}

func (z zoneSide) shorten(c *pim.Common) {
	if z.subject > 0 && len(c.Subject) > z.subject {
		c.Subject = c.Subject[:z.subject]
	}
	if z.private && c.Sensitivity != "" {
		c.Sensitivity = pim.Private
	}
}

func rules() engine.Rules {
	return engine.Rules{Policy: engine.Newer,
		Business: zoneSide{drop: pim.Fields(pim.FieldMeeting), subject: 20, private: true, states: true},
		Exchange: zoneSide{zone: map[string]string{"Europe/Vienna": "Europe/Berlin"}, subject: 40}}
}

var start = time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)

func at(subject string, change ...func(*pim.Appointment)) *pim.Appointment {
	a := &pim.Appointment{Common: pim.Common{Subject: subject}, When: pim.When{Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna"}}
	for _, c := range change {
		c(a)
	}
	return a
}

func berlin(a *pim.Appointment) { a.When.Zone = "Europe/Berlin" }
func later(a *pim.Appointment) {
	a.When.Start, a.When.End = a.When.Start.Add(time.Hour), a.When.End.Add(time.Hour)
}
func room(a *pim.Appointment) { a.Location = "room" }
func organises(a *pim.Appointment) {
	a.Meeting = &pim.Meeting{Role: pim.RoleOrganizer, Attendees: []pim.Attendee{{Address: "b@lab.test"}}}
}
func attends(a *pim.Appointment) { a.Meeting = &pim.Meeting{Role: pim.RoleAttendee} }
func daily(a *pim.Appointment) {
	a.Recurrence = &pim.Recurrence{Pattern: pim.Daily, Interval: 1, First: pim.DateOf(start)}
}
func without(n int) func(*pim.Appointment) {
	return func(a *pim.Appointment) {
		a.Recurrence.Deleted = append(a.Recurrence.Deleted, start.AddDate(0, 0, n))
	}
}

// unsaid is a series that can't be carried: it has no pattern of ours.
func unsaid(a *pim.Appointment) { a.Recurrence = &pim.Recurrence{Interval: 1} }

func half(base, now pim.Item) engine.Half {
	h := engine.Half{Base: base, Item: now}
	if now != nil {
		h.Seen = start
	}
	return h
}

func missing(p engine.Presence, base pim.Item) engine.Half {
	return engine.Half{Presence: p, Base: base}
}

func TestDecide(t *testing.T) {
	set := pim.Fields
	for name, c := range map[string]struct {
		b, e                   engine.Half
		verdict                engine.Verdict
		target                 pim.SideID
		toB, toE, lostB, lostE pim.FieldSet
		code                   fault.Code
		check                  func(*testing.T, engine.Decision)
	}{
		"nothing changed, nothing written": {b: half(at("a"), nil), e: half(at("a", berlin), nil)},
		"a new version without a change writes nothing": {
			b: half(at("a"), at("a")), e: half(at("a", berlin), at("a", berlin))},
		"a business edit goes to Exchange": {
			b: half(at("a"), at("a", room)), e: half(at("a", berlin), nil), toE: set(pim.FieldLocation)},
		"edits of different fields go both ways": {
			b: half(at("a"), at("a", room)), e: half(at("a", berlin), at("b", berlin)),
			toE: set(pim.FieldLocation), toB: set(pim.FieldSubject)},
		"the same edit on both sides writes nothing": {
			b: half(at("a"), at("b")), e: half(at("a", berlin), at("b", berlin))},
		"a conflict at the same time is the business side's": {
			b: half(at("a"), at("b")), e: half(at("a", berlin), at("c", berlin)),
			toE: set(pim.FieldSubject), lostE: set(pim.FieldSubject)},
		"a conflict seen later on Exchange is Exchange's": {
			b:   half(at("a"), at("b")),
			e:   engine.Half{Base: at("a", berlin), Item: at("c", berlin), Seen: start.Add(3 * time.Minute)},
			toB: set(pim.FieldSubject), lostB: set(pim.FieldSubject)},
		"a move in Exchange keeps the business side's name of the zone": {
			b: half(at("a"), nil), e: half(at("a", berlin), at("a", berlin, later)), toB: set(pim.FieldWhen),
			check: func(t *testing.T, d engine.Decision) {
				if z := d.Business.Write.Item.(*pim.Appointment).When.Zone; z != "Europe/Vienna" {
					t.Error(z)
				}
			}},
		"a zone the other side only renames is no change": {
			b: half(at("a"), at("a")), e: half(at("a", berlin), at("a", berlin))},
		"a new zone is a change": {
			b: half(at("a"), nil), toB: set(pim.FieldWhen),
			e: half(at("a", berlin), at("a", func(a *pim.Appointment) { a.When.Zone = "Europe/Paris" }))},
		"what the other side cuts off does not come back cut": {
			b: half(at("a"), nil), toB: set(pim.FieldSubject),
			e: half(at("a", berlin), at("a subject too long for business", berlin))},
		"a first comparison fills what is empty": {
			b: half(nil, at("a", room)), e: half(nil, at("a", berlin)), toE: set(pim.FieldLocation)},
		"a first comparison settles the rest and keeps the loser": {
			b: half(nil, at("b")), e: half(nil, at("a", berlin)), toE: set(pim.FieldSubject), lostE: set(pim.FieldSubject)},
		"deleted in business, unchanged in Exchange": {
			b: missing(engine.Deleted, at("a")), e: half(at("a", berlin), nil), verdict: engine.Delete, target: pim.Exchange},
		"deleted in Exchange, edited in business": {
			b: half(at("a"), at("b")), e: missing(engine.Deleted, at("a", berlin)), verdict: engine.Recreate, target: pim.Exchange},
		"deleted on both": {
			b: missing(engine.Deleted, at("a")), e: missing(engine.Deleted, at("a")), verdict: engine.Drop},
		"moved away": {
			b: half(at("a"), at("b")), e: missing(engine.Away, at("a")), verdict: engine.Rest},
		"moved away and deleted on the other side": {
			b: missing(engine.Deleted, at("a")), e: missing(engine.Away, at("a")), verdict: engine.Drop},
		"without a trace after a break": {
			b: half(at("a"), nil), e: missing(engine.Lost, at("a")), verdict: engine.Hold, target: pim.Business},
		"without a trace after a break, but edited": {
			b: half(at("a"), at("b")), e: missing(engine.Lost, at("a")), verdict: engine.Recreate, target: pim.Exchange},
		"nobody knows where": {
			b: half(at("a"), at("b")), e: missing(engine.Unknown, at("a")), verdict: engine.Wait},
		"business moves a meeting with guests": {
			b: half(at("a"), at("a", later, func(a *pim.Appointment) { a.Body = "x" })), e: half(at("a", berlin, organises), nil),
			toE: set(pim.FieldBody), code: fault.MeetingNeedsOutlook,
			check: func(t *testing.T, d engine.Decision) {
				if w := d.Business.Base.(*pim.Appointment).When; !w.Start.Equal(start) {
					t.Error("the change is forgotten:", w)
				}
			}},
		"business deletes a meeting with guests": {
			b: missing(engine.Deleted, at("a")), e: half(at("a", berlin, organises), nil),
			verdict: engine.Refuse, target: pim.Exchange, code: fault.MeetingNeedsOutlook},
		"business changes a meeting of others": {
			b: half(at("a"), at("b", func(a *pim.Appointment) { a.Busy = pim.BusyFree })), e: half(at("a", berlin, attends), nil),
			toE: set(pim.FieldBusy), toB: set(pim.FieldSubject), lostB: set(pim.FieldSubject)},
		"a first comparison with a meeting takes Exchange's time": {
			b: half(nil, at("a", later)), e: half(nil, at("a", berlin, organises)),
			toB: set(pim.FieldWhen), lostB: set(pim.FieldWhen)},
		"a series that can't be carried rests": {
			b: half(at("a"), nil), e: half(at("a", berlin), at("a", unsaid)), verdict: engine.Rest, code: fault.SeriesNotSupported},
		"deleted here, a series there that can't be carried": {
			b: missing(engine.Deleted, at("a")), e: half(at("a"), at("a", unsaid)),
			verdict: engine.Unpair, target: pim.Business, code: fault.SeriesNotSupported},
		"a single appointment becomes a series": {
			b: half(at("a"), nil), e: half(at("a", berlin), at("a", berlin, daily)), toB: set(pim.FieldRecurrence)},
		"one occurrence is deleted": {
			b: half(at("a", daily), at("a", daily, without(2))), e: half(at("a", berlin, daily), nil),
			toE: set(pim.FieldWhen, pim.FieldRecurrence),
			check: func(t *testing.T, d engine.Decision) {
				if w := d.Exchange.Write.Item.Shared().Recurrence; len(w.Deleted) != 1 {
					t.Errorf("%+v", w)
				}
			}},
		"deleted here, a changed series there": {
			b: missing(engine.Deleted, at("a", daily)), e: half(at("a", daily), at("a", daily, without(1))),
			verdict: engine.Recreate, target: pim.Business},
		"time changed here, a series made there: one of the two, never half of each": {
			b: half(at("a"), at("a", later)), e: half(at("a", berlin), at("a", berlin, daily)),
			toE: set(pim.FieldWhen, pim.FieldRecurrence), lostE: set(pim.FieldRecurrence),
			check: func(t *testing.T, d engine.Decision) {
				if d.Exchange.Write.Item.Shared().Recurrence != nil {
					t.Error("half of each")
				}
			}},
		"different occurrences deleted on both sides": {
			b: half(at("a", daily), at("a", daily, without(1))), e: half(at("a", berlin, daily), at("a", berlin, daily, without(2))),
			toE: set(pim.FieldWhen, pim.FieldRecurrence), lostE: set(pim.FieldWhen, pim.FieldRecurrence)},
	} {
		t.Run(name, func(t *testing.T) {
			r := rules()
			d := r.Decide(c.b, c.e)
			if d.Verdict != c.verdict || d.Target != c.target || d.Code != c.code {
				t.Fatalf("verdict %d on %s, code %q; want %d on %s, %q", d.Verdict, d.Target, d.Code, c.verdict, c.target, c.code)
			}
			for what, p := range map[string][2]pim.FieldSet{
				"to business": {d.Business.Write.Fields, c.toB}, "to Exchange": {d.Exchange.Write.Fields, c.toE},
				"lost in business": {d.Business.Lost, c.lostB}, "lost in Exchange": {d.Exchange.Lost, c.lostE},
			} {
				if p[0] != p[1] {
					t.Errorf("%s: %s, want %s", what, p[0], p[1])
				}
			}
			if c.check != nil {
				c.check(t, d)
			}
		})
	}
}

func TestATaskKeepsTheStateTheOtherSideDoesNotHave(t *testing.T) {
	r := rules()
	task := func(s pim.TaskStatus, percent int) pim.Item {
		return pim.Canonical(&pim.Task{Common: pim.Common{Subject: "a"}, Status: s, Percent: percent})
	}
	d := r.Decide(half(task(pim.InProgress, 10), task(pim.InProgress, 50)), half(task(pim.Waiting, 10), nil))
	got := d.Exchange.Write.Item.(*pim.Task)
	if got.Status != pim.Waiting || got.Percent != 50 {
		t.Errorf("%+v", got)
	}
}

func TestASeriesIsCreatedWhereItCanBeHeldAndNeverFlattened(t *testing.T) {
	r := rules()
	flat := r
	flat.Business = zoneSide{flat: true}
	for name, c := range map[string]struct {
		rules   engine.Rules
		item    pim.Item
		verdict engine.Verdict
		code    fault.Code
	}{
		"single":                              {flat, at("a"), engine.Create, ""},
		"a series":                            {r, at("a", daily), engine.Create, ""},
		"a series nobody can say":             {r, at("a", unsaid), engine.Refuse, fault.SeriesNotSupported},
		"a series for a side that holds none": {flat, at("a", daily), engine.Refuse, fault.SeriesNotSupported},
	} {
		t.Run(name, func(t *testing.T) {
			if d := c.rules.DecideNew(pim.Exchange, c.item); d.Verdict != c.verdict || d.Code != c.code || d.Target != pim.Business {
				t.Errorf("%+v", d)
			}
		})
	}
}

func TestTooManyDeletions(t *testing.T) {
	for name, c := range map[string]struct {
		pending, done, pairs int
		want                 bool
	}{
		"none":                               {0, 100, 100, false},
		"twenty of many":                     {20, 0, 60, false},
		"twenty-one of a hundred":            {21, 0, 100, true},
		"twenty-one of two hundred":          {21, 0, 200, false},
		"one more after twenty today":        {1, 20, 80, true},
		"the last of a side with few":        {4, 0, 4, false},
		"a side with five suddenly empty":    {5, 0, 5, true},
		"all but one of ten":                 {9, 0, 10, false},
		"a fifth of a large mailbox exactly": {2000, 0, 10000, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := engine.Standard.TooManyDeletions(c.pending, c.done, c.pairs); got != c.want {
				t.Error(got)
			}
		})
	}
}

func TestAHintIsEqualWhereBothSidesCanHoldNoMore(t *testing.T) {
	r := rules()
	a, b := at("a subject too long for business"), at("a subject too long f", berlin, room)
	if r.Hint(a) != r.Hint(b) {
		t.Error("a cut subject and another name of the zone hide a pair")
	}
	if r.Hint(a) == r.Hint(at("a subject too long for business", later)) {
		t.Error("another time is the same")
	}
	if r.Hint(at("a", daily)) != r.Hint(at("a", berlin, daily, without(1))) {
		t.Error("an exception hides a pair")
	}
	if h := r.Hint(at("a", daily)); h == 0 || h == r.Hint(at("a")) {
		t.Error("a series is not told from a single appointment")
	}
	if r.Hint(at("a", unsaid)) != 0 {
		t.Error("a series nobody can say is paired")
	}
}
