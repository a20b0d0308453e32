package engine

import "abgleich/agent/pim"

// A private item's copy on the business side is its time without content, where the
// options say so ([PrivateBusy]). Which of the two is the copy:
//
//   - the business item, if the pair began in Exchange ([Half.Origin]), or if the
//     business item looks like nothing but such a copy;
//   - otherwise none is: the business side had the content by itself. It keeps what
//     it has, and gets no more of it.
//
// What a person writes into a copy is set back, and goes to the trash.

// MaskSubject is the subject of a private item's copy.
const MaskSubject = "Privat"

// content are the fields of a private item that stay on its side.
const content = pim.FieldSet(1<<pim.FieldSubject | 1<<pim.FieldBody | 1<<pim.FieldLocation | 1<<pim.FieldImportance |
	1<<pim.FieldCategories | 1<<pim.FieldReminder | 1<<pim.FieldMeeting)

// private tells whether a person marked an item. Personal counts: the business side
// can't tell it from private.
func private(i pim.Item) bool { return i != nil && i.Shared().Sensitivity != pim.Normal }

// masked is an item without content.
func masked(i pim.Item) pim.Item {
	i = i.Clone()
	strip(i)
	if r := i.Shared().Recurrence; r != nil {
		for n := range r.Changed {
			if r.Changed[n].Item != nil {
				strip(r.Changed[n].Item)
			}
		}
	}
	return pim.Canonical(i)
}

func strip(i pim.Item) {
	c := i.Shared()
	c.Subject, c.Body, c.Importance, c.Categories, c.Reminder, c.UID = MaskSubject, "", "", nil, nil, ""
	if a, ok := i.(*pim.Appointment); ok {
		a.Location, a.Meeting = "", nil
	}
}

// isMask tells that a business item says no more than a private item's copy.
func (r *Rules) isMask(i pim.Item) bool {
	return private(i) && i.Shared().Subject == MaskSubject && pim.Diff(i, r.Business.Project(masked(i)))&content == 0
}

// Outgoing is what becomes of an item on its way to a side. kept is what that side
// last had of it, nil for nothing: an item that was deleted there and is made anew
// from its copy gets its content back.
func (r *Rules) Outgoing(to pim.SideID, i, kept pim.Item) pim.Item {
	if i == nil {
		return nil
	}
	if to == pim.Business {
		if r.Options.Private == PrivateBusy && private(i) {
			return masked(i)
		}
		return i
	}
	if kept != nil && private(kept) && r.isMask(i) {
		whole := i.Clone()
		pim.Apply(whole, kept, content)
		return pim.Canonical(unmasked(whole, kept))
	}
	return i
}

// copied tells that a business item is, or was, nothing but a private item's copy.
func (r *Rules) copied(b *Half) bool {
	return !isGuest(b.now()) && (r.isMask(b.now()) || b.Base != nil && r.isMask(b.Base))
}

// own tells that the content belongs to Exchange alone, if the item is private.
func (r *Rules) own(b, e *Half) bool {
	return r.copied(b) || e.Origin && !isGuest(b.now())
}

// view is what each side may see of the other one's item.
type view struct {
	toBusiness, toExchange pim.Item
	// waits are the fields that wait until the options let them pass.
	waits pim.FieldSet
	// copy makes of an Exchange item what the business side may have of it, where that
	// has a copy; else nil.
	copy func(pim.Item) pim.Item
}

// business is what the business side may see, once Exchange has after. Of a copy's
// single days there are those that then differ from the series.
func (v *view) business(after pim.Item, fields pim.FieldSet) pim.Item {
	if v.copy == nil || fields&timing == 0 {
		return v.toBusiness
	}
	i := v.toBusiness.Clone()
	pim.Apply(i, v.copy(after), timing)
	return i
}

// hide keeps a private item's content where it is.
func (r *Rules) hide(f *flow, b, e *Half) view {
	bi, ei := b.now(), e.now()
	copied, own := r.copied(b), r.own(b, e)
	veiled := false
	if r.Options.Private == PrivateBusy {
		if veiled = private(ei); veiled {
			// What is private in Exchange becomes public there, or not at all.
			flag := pim.Fields(pim.FieldSensitivity)
			f.refuse(flag)
			back := pim.Diff(bi, r.Business.Project(ei)) & flag & r.Business.Writable()
			f.toBusiness, f.lostBusiness = f.toBusiness&^flag|back, f.lostBusiness&^flag|back&changedFields(b)
		} else if f.toExchange.Has(pim.FieldSensitivity) && r.Options.writes(pim.Exchange) {
			veiled = private(bi)
		}
	}
	v := view{toBusiness: ei, toExchange: bi}
	switch {
	case veiled && own:
		v.toBusiness, v.toExchange, v.copy = masked(ei), unmasked(bi, ei), masked
		f.occurrences(bi, ei)
		f.refuse(content)
		back := pim.Diff(bi, r.Business.Project(v.toBusiness)) & content
		f.toBusiness = f.toBusiness&^content | back&r.Business.Writable()
		// What a person wrote there is lost; what came from Exchange isn't.
		f.lostBusiness = f.lostBusiness&^content | back&changedFields(b)
		v.waits = r.copyWaits(back)
	case veiled: // the business side has it by itself
		v.waits, v.toBusiness, v.toExchange = f.toBusiness&content, unmasked(ei, bi), withDaysOf(bi, b.Base, ei)
	case copied:
		v.toExchange, v.copy = unmasked(bi, ei), pim.Item.Clone
		f.occurrences(bi, ei)
		f.refuse(content)
		back := pim.Diff(bi, r.Business.Project(ei)) & content & r.Business.Writable()
		f.toBusiness, f.lostBusiness = f.toBusiness|back, f.lostBusiness&^content|back&changedFields(b)
		v.waits = r.copyWaits(back)
	}
	return v
}

// copyWaits keeps the whole content of a copy that can't be set right, because the
// business side is not written to, as it was known: else it would look like content
// of its own next time.
func (r *Rules) copyWaits(back pim.FieldSet) pim.FieldSet {
	if back == 0 || r.Options.writes(pim.Business) {
		return 0
	}
	return content | pim.Fields(pim.FieldSensitivity)
}

// occurrences lets the changed occurrences of a series follow what became of its
// content; b and e are the series of the two sides.
func (f *flow) occurrences(b, e pim.Item) {
	if hasDays(b) || hasDays(e) {
		f.toBusiness |= timing
	}
}

// refuse lets fields not flow to Exchange.
func (f *flow) refuse(fields pim.FieldSet) {
	f.toExchange &^= fields
	f.lostExchange &^= fields
}

// changedFields are those a person changed, as far as is known.
func changedFields(h *Half) pim.FieldSet {
	if h.Item == nil {
		return 0
	}
	return pim.Diff(h.Item, h.Base)
}

// rests tells that a pair is not to travel, because one of its items is private and
// nobody has just said otherwise on the other side.
func (r *Rules) rests(b, e *Half) bool {
	if r.Options.Private != PrivateNot {
		return false
	}
	pb, pe := private(b.now()), private(e.now())
	return pb && (pe || !private(e.Base)) || pe && !private(b.Base)
}
