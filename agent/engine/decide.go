package engine

import (
	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// Decide decides about a pair.
func (r *Rules) Decide(b, e Half) Decision {
	if b.Presence == Unknown || e.Presence == Unknown {
		return Decision{Verdict: Wait}
	}
	switch {
	case b.Presence == Present && e.Presence == Present:
		return r.both(&b, &e)
	case b.Presence == Present:
		return r.one(pim.Business, &b, &e)
	case e.Presence == Present:
		return r.one(pim.Exchange, &e, &b)
	case b.Presence == Away && e.Presence != Deleted, e.Presence == Away && b.Presence != Deleted:
		return Decision{Verdict: Rest} // what is away may come back
	}
	return Decision{Verdict: Drop}
}

// one decides about a pair of which only the item on side s is there.
func (r *Rules) one(s pim.SideID, h, missing *Half) Decision {
	target := s.Other()
	if missing.Presence == Away {
		return Decision{Verdict: Rest}
	}
	it := h.now()
	if it == nil {
		return Decision{Verdict: Wait}
	}
	if r.Options.Private == PrivateNot && (private(it) || private(missing.Left)) {
		return Decision{Verdict: Rest, Code: fault.OutsideOptions}
	}
	if h.changed() {
		if !r.Options.writes(target) {
			return Decision{Verdict: Rest, Code: fault.OutsideOptions}
		}
		if !r.carries(it, target) {
			return Decision{Verdict: Unpair, Target: target, Code: fault.SeriesNotSupported}
		}
		return Decision{Verdict: Recreate, Target: target}
	}
	if !r.Options.writes(s) {
		return Decision{Verdict: Rest, Code: fault.OutsideOptions}
	}
	if missing.Presence == Lost {
		return Decision{Verdict: Hold, Target: s}
	}
	if s == pim.Exchange && guests(it) != alone {
		return Decision{Verdict: Refuse, Target: s, Code: fault.MeetingNeedsOutlook}
	}
	return Decision{Verdict: Delete, Target: s}
}

// DecideNew decides about an item that is known on the given side only.
func (r *Rules) DecideNew(s pim.SideID, it pim.Item) Decision {
	if it == nil {
		return Decision{Verdict: Wait}
	}
	if !r.Travels(s, it) {
		return Decision{Verdict: Filter, Target: s.Other(), Code: fault.OutsideOptions}
	}
	if !r.carries(it, s.Other()) {
		return Decision{Verdict: Refuse, Target: s.Other(), Code: fault.SeriesNotSupported}
	}
	return Decision{Verdict: Create, Target: s.Other()}
}

// company is who else is concerned by a change of an item.
type company uint8

const (
	alone    company = iota
	inviting         // others were invited by the mailbox's owner
	invited          // somebody else invited the mailbox's owner
)

func guests(i pim.Item) company {
	a, ok := i.(*pim.Appointment)
	if !ok || a.Meeting == nil {
		return alone
	}
	switch a.Meeting.Role {
	case pim.RoleAttendee:
		return invited
	case pim.RoleOrganizer:
		if len(a.Meeting.Attendees) > 0 {
			return inviting
		}
	}
	return alone
}
