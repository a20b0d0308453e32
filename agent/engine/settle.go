package engine

import (
	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// organizerFields are those only Outlook may change in a meeting with guests:
// the guests must be told.
var organizerFields = pim.Fields(pim.FieldWhen, pim.FieldLocation, pim.FieldRecurrence)

// flow is which fields go which way.
type flow struct {
	toBusiness, toExchange pim.FieldSet
	// lostBusiness and lostExchange are those of them that lose a conflict.
	lostBusiness, lostExchange pim.FieldSet
}

// both decides about a pair whose items are both there.
func (r *Rules) both(b, e *Half) Decision {
	bi, ei := b.now(), e.now()
	if bi == nil || ei == nil {
		return Decision{Verdict: Wait}
	}
	if r.rests(b, e) {
		return Decision{Verdict: Rest, Code: fault.OutsideOptions}
	}
	if !r.carries(bi, pim.Exchange) || !r.carries(ei, pim.Business) {
		return Decision{Verdict: Rest, Code: fault.SeriesNotSupported}
	}
	d := Decision{Verdict: Settle}
	d.Business.Base, d.Exchange.Base = bi, ei
	d.Business.After, d.Exchange.After = bi, ei
	first := b.Base == nil || e.Base == nil
	if !first && !b.changed() && !e.changed() && !private(bi) && !private(ei) {
		return d
	}
	known := r.knownDays(b, e)
	same := r.Same(bi, known.now())
	var f flow
	if first {
		f = r.firstFlow(b, known, same)
	} else {
		f = r.laterFlow(b, known, same)
	}
	f.toExchange &= r.Exchange.Writable() &^ same
	f.toBusiness &= r.Business.Writable() &^ same
	if !first {
		r.reappear(&f, b, e)
	}
	var blocked pim.FieldSet
	switch guests(ei) {
	case invited:
		if isGuest(bi) {
			f.keep(pim.ParticipantFields)
			break
		}
		// Details come in only: what business changed of them is set back.
		f.turn(f.toExchange&^pim.ParticipantFields, r.Business.Writable())
	case inviting:
		blocked = f.toExchange & organizerFields
		if first {
			f.turn(blocked, r.Business.Writable())
			blocked = 0
		}
		f.toExchange &^= blocked
		f.lostExchange &^= blocked
	}
	v := r.hide(&f, b, e)
	f.toBusiness, f.lostBusiness = f.toBusiness&^v.waits, f.lostBusiness&^v.waits
	var outB, outE pim.FieldSet
	if !r.Options.writes(pim.Exchange) {
		outE, blocked = blocked, 0 // nothing goes there anyway
	}
	r.fill(&d.Exchange, ei, v.toExchange, f.toExchange, f.lostExchange, r.Exchange, r.Business)
	r.fill(&d.Business, bi, v.business(d.Exchange.After, f.toBusiness), f.toBusiness, f.lostBusiness, r.Business, r.Exchange)
	if !r.Options.writes(pim.Business) {
		outB = d.Business.undo(bi)
	}
	if !r.Options.writes(pim.Exchange) {
		outE |= d.Exchange.undo(ei)
	}
	d.Waits = v.waits | outB | outE
	if d.Waits&timing != 0 {
		d.Waits |= timing & pim.FieldsOf(bi.Kind())
	}
	d.Exchange.keep(e.Base, r.Exchange.Project(bi), d.Waits, v.waits|outB)
	d.Business.keep(b.Base, r.Business.Project(ei), d.Waits, outE)
	if (outB|outE)&timing == 0 {
		r.daysWait(&d, b, e)
	}
	if blocked != 0 {
		// The business change stays one, seen against the old base.
		d.Code = fault.MeetingNeedsOutlook
		if blocked&timing != 0 {
			blocked |= timing & pim.FieldsOf(bi.Kind())
		}
		d.Business.Base = d.Business.Base.Clone()
		pim.Apply(d.Business.Base, b.Base, blocked)
	}
	return d
}

// undo takes a write back, and tells what it would have written.
func (o *Outcome) undo(now pim.Item) pim.FieldSet {
	fields := o.Write.Fields
	*o = Outcome{Base: now, After: now}
	return fields
}

// keep lets fields that wait stay changes, seen against the base of before. Where
// there was none, other stands for it: the other side's item, in those fields in
// which this side's is the one that waits to be carried over.
func (o *Outcome) keep(base, other pim.Item, waits, own pim.FieldSet) {
	if base == nil {
		base, waits = other, own
	}
	if waits == 0 {
		return
	}
	o.Base = o.Base.Clone()
	pim.Apply(o.Base, base, waits)
	o.Base = pim.Canonical(o.Base)
}

// turn sends fields that may not go to Exchange the other way.
func (f *flow) turn(fields, writable pim.FieldSet) {
	f.toExchange &^= fields
	f.lostExchange &^= fields
	f.toBusiness |= fields & writable
	f.lostBusiness |= fields & writable
}

// keep leaves no other fields to flow. A copy in the mailbox of somebody invited
// never writes over the appointment, which its owner's copy keeps: two copies that
// are not equally up to date would write over each other for ever.
func (f *flow) keep(fields pim.FieldSet) {
	f.toBusiness, f.toExchange = f.toBusiness&fields, f.toExchange&fields
	f.lostBusiness, f.lostExchange = f.lostBusiness&fields, f.lostExchange&fields
}

// isGuest tells that an item of the business side belongs to another employee.
func isGuest(i pim.Item) bool {
	a, ok := i.(*pim.Appointment)
	return ok && a.Guest
}

// laterFlow compares each half with its own base.
func (r *Rules) laterFlow(b, e *Half, same pim.FieldSet) flow {
	m := pim.Merge(b.Base, b.now(), e.Base, e.now(), func(_, _ pim.Item) pim.FieldSet { return same })
	f := flow{toExchange: m.FromA, toBusiness: m.FromB}
	f.conflict(m.Conflict, b, e, r)
	if isSeries(b.now()) || isSeries(e.now()) {
		f.bind(r.winner(GroupTime, b, e), r)
	}
	return f
}

// firstFlow is for a pair that never was compared: what is there beats what is
// empty, and the policy settles the rest.
func (r *Rules) firstFlow(b, e *Half, same pim.FieldSet) flow {
	bi, ei := b.now(), e.now()
	differ := pim.FieldsOf(bi.Kind()) &^ same
	emptyB, emptyE := pim.EmptyFields(bi), pim.EmptyFields(ei)
	f := flow{toExchange: differ & emptyE &^ emptyB, toBusiness: differ & emptyB &^ emptyE}
	if differ.Has(pim.FieldSensitivity) && private(bi) != private(ei) {
		// Nobody's private item becomes public by being recognised.
		one := pim.Fields(pim.FieldSensitivity)
		f.toBusiness, f.toExchange = f.toBusiness&^one, f.toExchange&^one
		if private(bi) {
			f.toExchange |= one
		} else {
			f.toBusiness |= one
		}
	}
	f.conflict(differ&^f.toExchange&^f.toBusiness, b, e, r)
	switch bs, es := isSeries(bi), isSeries(ei); {
	case bs && es:
		f.bind(r.winner(GroupTime, b, e), r)
	case bs: // a pattern beats none, and brings its time along
		f.bind(pim.Business, r)
	case es:
		f.bind(pim.Exchange, r)
	}
	return f
}

// conflict settles each group of fields by its policy.
func (f *flow) conflict(fields pim.FieldSet, b, e *Half, r *Rules) {
	for _, g := range Groups() {
		f.settle(fields&g.Fields(), r.winner(g, b, e), r)
	}
}

// settle lets one side win the given fields. Where the loser can't be written,
// the winner's value stays on its side alone, and nothing is lost.
func (f *flow) settle(fields pim.FieldSet, winner pim.SideID, r *Rules) {
	if winner == pim.Business {
		f.toExchange |= fields
		f.lostExchange |= fields & r.Exchange.Writable()
		return
	}
	f.toBusiness |= fields
	f.lostBusiness |= fields & r.Business.Writable()
}

// fill works out the write that carries fields from one item into another.
func (r *Rules) fill(o *Outcome, dst, src pim.Item, fields, lost pim.FieldSet, to, from Projection) {
	if fields == 0 {
		return
	}
	fields |= withZone(dst, src, fields) & to.Writable()
	merged := dst.Clone()
	carry(merged, dst, src, fields, to, from)
	merged = pim.Canonical(merged)
	after := to.Project(merged)
	needed := pim.Diff(dst, after) & fields
	if needed == 0 {
		return
	}
	o.Write = Write{Fields: needed, Item: merged}
	o.Base, o.After = after, after
	o.Lost = lost & needed
}

// carry copies fields, but keeps those parts of the old value that the source
// can't express: a zone the source's side knows only by another name, a task
// state it does not have.
func carry(merged, dst, src pim.Item, fields pim.FieldSet, to, from Projection) {
	pim.Apply(merged, src, fields)
	switch m := merged.(type) {
	case *pim.Appointment:
		old := dst.(*pim.Appointment).When
		if fields.Has(pim.FieldWhen) && !m.When.AllDay && !old.AllDay && old.Zone != m.When.Zone {
			keep(merged, to, from, fields&timing, func(i pim.Item) { i.(*pim.Appointment).MoveToZone(old.Zone) })
		}
	case *pim.Task:
		old := dst.(*pim.Task)
		if !fields.Has(pim.FieldProgress) {
			return
		}
		if old.Status != m.Status {
			keep(merged, to, from, pim.Fields(pim.FieldProgress), func(i pim.Item) { i.(*pim.Task).Status = old.Status })
		}
		if old.Completed != m.Completed {
			keep(merged, to, from, pim.Fields(pim.FieldProgress), func(i pim.Item) { i.(*pim.Task).Completed = old.Completed })
		}
	}
}

// keep applies a change to merged if the source's side could not tell what becomes of
// it on the other one.
func keep(merged pim.Item, to, from Projection, f pim.FieldSet, change func(pim.Item)) {
	try := merged.Clone()
	change(try)
	if pim.Diff(from.Project(to.Project(try)), from.Project(to.Project(merged)))&f == 0 {
		change(merged)
	}
}
