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
	if !r.carries(bi, pim.Exchange) || !r.carries(ei, pim.Business) {
		return Decision{Verdict: Rest, Code: fault.SeriesNotSupported}
	}
	d := Decision{Verdict: Settle}
	d.Business.Base, d.Exchange.Base = bi, ei
	first := b.Base == nil || e.Base == nil
	if !first && !b.changed() && !e.changed() {
		return d
	}
	same := r.Same(bi, ei)
	var f flow
	if first {
		f = r.firstFlow(b, e, same)
	} else {
		f = r.laterFlow(b, e, same)
	}
	f.toExchange &= r.Exchange.Writable() &^ same
	f.toBusiness &= r.Business.Writable() &^ same
	var blocked pim.FieldSet
	switch guests(ei) {
	case invited:
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
	r.fill(&d.Exchange, ei, bi, f.toExchange, f.lostExchange, r.Exchange, r.Business)
	r.fill(&d.Business, bi, ei, f.toBusiness, f.lostBusiness, r.Business, r.Exchange)
	if blocked != 0 {
		// The business change stays one, seen against the old base.
		d.Code = fault.MeetingNeedsOutlook
		d.Business.Base = d.Business.Base.Clone()
		pim.Apply(d.Business.Base, b.Base, blocked)
	}
	return d
}

// turn sends fields that may not go to Exchange the other way.
func (f *flow) turn(fields, writable pim.FieldSet) {
	f.toExchange &^= fields
	f.lostExchange &^= fields
	f.toBusiness |= fields & writable
	f.lostBusiness |= fields & writable
}

// laterFlow compares each half with its own base.
func (r *Rules) laterFlow(b, e *Half, same pim.FieldSet) flow {
	m := pim.Merge(b.Base, b.now(), e.Base, e.now(), func(_, _ pim.Item) pim.FieldSet { return same })
	f := flow{toExchange: m.FromA, toBusiness: m.FromB}
	f.settle(m.Conflict, r.winner(b, e), r)
	if isSeries(b.now()) || isSeries(e.now()) {
		f.bind(r.winner(b, e), r)
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
	f.settle(differ&^f.toExchange&^f.toBusiness, r.winner(b, e), r)
	switch bs, es := isSeries(bi), isSeries(ei); {
	case bs && es:
		f.bind(r.winner(b, e), r)
	case bs: // a pattern beats none, and brings its time along
		f.bind(pim.Business, r)
	case es:
		f.bind(pim.Exchange, r)
	}
	return f
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
	merged := dst.Clone()
	carry(merged, dst, src, fields, from)
	merged = pim.Canonical(merged)
	after := to.Project(merged)
	needed := pim.Diff(dst, after) & fields
	if needed == 0 {
		return
	}
	o.Write = Write{Fields: needed, Item: merged}
	o.Base = after
	o.Lost = lost & needed
}

// carry copies fields, but keeps those parts of the old value that the source
// can't express: a zone the source's side knows only by another name, a task
// state it does not have.
func carry(merged, dst, src pim.Item, fields pim.FieldSet, from Projection) {
	pim.Apply(merged, src, fields)
	switch m := merged.(type) {
	case *pim.Appointment:
		old := dst.(*pim.Appointment).When
		if fields.Has(pim.FieldWhen) && !m.When.AllDay && !old.AllDay && old.Zone != m.When.Zone {
			try := m.When
			try.Zone = old.Zone
			keep(merged, src, from, pim.FieldWhen, func(i pim.Item) { i.(*pim.Appointment).When = try })
		}
	case *pim.Task:
		old := dst.(*pim.Task)
		if !fields.Has(pim.FieldProgress) {
			return
		}
		if old.Status != m.Status {
			keep(merged, src, from, pim.FieldProgress, func(i pim.Item) { i.(*pim.Task).Status = old.Status })
		}
		if old.Completed != m.Completed {
			keep(merged, src, from, pim.FieldProgress, func(i pim.Item) { i.(*pim.Task).Completed = old.Completed })
		}
	}
}

// keep applies a change to merged if the source's side could not tell it from
// what the source holds.
func keep(merged, src pim.Item, from Projection, f pim.Field, change func(pim.Item)) {
	try := merged.Clone()
	change(try)
	try = pim.Canonical(try)
	if !pim.Diff(from.Project(try), src).Has(f) {
		change(merged)
	}
}
