package engine

import (
	"slices"

	"abgleich/agent/pim"
)

// A single day of a private series may have content of its own. It stays in Exchange
// like the series' content where the options say so ([PrivateBusy]), but the pattern,
// of which that day is a part, travels: a day is told with the content that the
// business side has of it, and told anew when the options let the rest pass.

// hasDays tells that an item is a series with changed occurrences.
func hasDays(i pim.Item) bool { return isSeries(i) && len(i.Shared().Recurrence.Changed) > 0 }

// numbered are a series' changed occurrences, by their numbers in a timing.
func numbered(i pim.Item, t *pim.Timing) map[int]*pim.Appointment {
	days := make(map[int]*pim.Appointment)
	if !isSeries(i) {
		return days
	}
	for _, c := range i.Shared().Recurrence.Changed {
		if n, ok := t.Index(c.Original); ok && c.Item != nil {
			days[n] = c.Item
		}
	}
	return days
}

// dated is a series with its timing; false for what is none.
func dated(i pim.Item) (*pim.Appointment, *pim.Timing, bool) {
	a, ok := i.(*pim.Appointment)
	if !ok || a.Recurrence == nil {
		return nil, nil, false
	}
	t, err := a.Recurrence.Timing(a.When)
	return a, t, err == nil
}

// giveDays gives occurrences of a series content from another one's, for each of which
// take says so; also those that the series has no other times for.
func giveDays(a *pim.Appointment, t *pim.Timing, days map[int]*pim.Appointment, take func(n int) bool) {
	fields := content | pim.Fields(pim.FieldSensitivity)
	give := func(to, from *pim.Appointment) {
		pim.Apply(to, from, fields)
		to.Meeting = nil
	}
	there := numbered(a, t)
	for n, day := range there {
		if from := days[n]; from != nil && take(n) {
			give(day, from)
		}
	}
	for n, from := range days {
		at, _ := t.Start(n)
		if there[n] != nil || !take(n) || slices.ContainsFunc(a.Recurrence.Deleted, at.Equal) {
			continue
		}
		if day, ok := a.Occurrence(t, n); ok {
			give(day, from)
			a.Recurrence.Changed = append(a.Recurrence.Changed, pim.Exception{Original: at, Item: day})
		}
	}
	slices.SortFunc(a.Recurrence.Changed, func(x, y pim.Exception) int { return x.Original.Compare(y.Original) })
}

// unmasked gives the occurrences of a series the content that those of another one
// have, and its changed ones no other content.
func unmasked(i, original pim.Item) pim.Item {
	if !hasDays(i) && !hasDays(original) {
		return i
	}
	a, t, ok := dated(i.Clone())
	if !ok {
		return i
	}
	days := numbered(original, t)
	for n := range numbered(a, t) {
		if o, ok := original.(*pim.Appointment); ok && days[n] == nil {
			days[n] = o
		}
	}
	giveDays(a, t, days, func(int) bool { return true })
	return a
}

// withDaysOf is a series of the business side on its way to Exchange: days keep the
// content they have there, but for those to which somebody gave another one on the
// business side since base.
func withDaysOf(b, base, e pim.Item) pim.Item {
	if !hasDays(e) {
		return b
	}
	a, t, ok := dated(b.Clone())
	if !ok {
		return b
	}
	if base == nil {
		base = b
	}
	now, before := numbered(b, t), numbered(base, t)
	giveDays(a, t, numbered(e, t), func(n int) bool {
		is, was := ownContent(b, now[n]), ownContent(base, before[n])
		return is == nil && was == nil || is != nil && was != nil && pim.Diff(is, was)&content == 0
	})
	return a
}

// ownContent is a day with other content than its series has, else nil.
func ownContent(series pim.Item, day *pim.Appointment) pim.Item {
	if day == nil || pim.Diff(series, day)&(content&^pim.Fields(pim.FieldMeeting)) == 0 {
		return nil
	}
	return day
}

// known is an Exchange series as far as the business side knows of it, which has it by
// itself: with that one's content of the days. nil where it knows all of them.
func (r *Rules) known(b, e *Half, bi, ei pim.Item) pim.Item {
	if r.Options.Private != PrivateBusy || !private(ei) || isGuest(bi) || r.own(b, e) || !isSeries(bi) || !hasDays(ei) && !hasDays(bi) {
		return nil
	}
	told := unmasked(ei, bi).Clone()
	pim.Apply(told, bi, content)
	told = pim.Canonical(told)
	k := ei.Clone()
	pim.Apply(k, told, pim.Fields(pim.FieldRecurrence))
	if pim.Diff(r.Business.Project(k), r.Business.Project(ei)) == 0 {
		return nil
	}
	return k
}

// knownDays is Exchange's half as the business side knows of its days: what it does not
// know of them is no change.
func (r *Rules) knownDays(b, e *Half) *Half {
	with := b.Base
	if with == nil {
		with = b.now()
	}
	k := r.known(b, e, with, e.now())
	if k == nil {
		return e
	}
	half := *e
	half.Item = k
	return &half
}

// daysWait keeps what the business side does not know of days a change, for when the
// options let it pass.
func (r *Rules) daysWait(d *Decision, b, e *Half) {
	k := r.known(b, e, d.Business.After, d.Exchange.After)
	if k == nil {
		return
	}
	one := pim.Fields(pim.FieldRecurrence)
	d.Exchange.Base = d.Exchange.Base.Clone()
	pim.Apply(d.Exchange.Base, k, one)
	d.Waits |= one
}
