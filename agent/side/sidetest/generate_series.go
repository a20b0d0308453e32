package sidetest

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"abgleich/agent/pim"
)

// Series generates canonical series that both sides can hold: every pattern and
// every end, with deleted, moved and renamed occurrences, in all of [Zones] and
// all-day.
func Series() *rapid.Generator[*pim.Appointment] {
	return rapid.Custom(func(t *rapid.T) *pim.Appointment {
		a := Appointment().Draw(t, "master")
		a.Recurrence = Pattern().Draw(t, "pattern")
		a = pim.Canonical(a).(*pim.Appointment)
		timing, err := a.Recurrence.Timing(a.When)
		if err != nil {
			t.Fatalf("a generated series cannot be expanded: %v", err)
		}
		for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(1, 20), 0, 4, rapid.ID).Draw(t, "exceptions") {
			exception(t, a, timing, n)
		}
		a = pim.Canonical(a).(*pim.Appointment)
		if pim.CheckSeries(a) != nil { // one was moved onto another's day, or none is left
			a.Recurrence.Changed, a.Recurrence.Deleted = nil, nil
		}
		return a
	})
}

func exception(t *rapid.T, a *pim.Appointment, timing *pim.Timing, n int) {
	original, ok := timing.Start(n)
	if !ok {
		return
	}
	if rapid.Bool().Draw(t, "deleted") {
		a.Recurrence.Deleted = append(a.Recurrence.Deleted, original)
		return
	}
	o, _ := a.Occurrence(timing, n)
	if rapid.Bool().Draw(t, "renamed") {
		o.Subject = rawText(t, "subject of one", 40)
	}
	if !o.When.AllDay && rapid.Bool().Draw(t, "moved") {
		by := time.Duration(rapid.IntRange(-60, 60).Draw(t, "by minutes")) * time.Minute
		o.When.Start, o.When.End = o.When.Start.Add(by), o.When.End.Add(by)
	}
	a.Recurrence.Changed = append(a.Recurrence.Changed, pim.Exception{Original: original, Item: o})
}

// FullSeries generates canonical series as [Series] does, whose changed occurrences
// differ from their series in any of the mapped fields, also in that they are
// all-day where it is not, and the other way round.
func FullSeries() *rapid.Generator[*pim.Appointment] {
	return rapid.Custom(func(t *rapid.T) *pim.Appointment {
		a := Series().Draw(t, "series")
		timing, err := a.Recurrence.Timing(a.When)
		if err != nil {
			t.Fatalf("a generated series cannot be expanded: %v", err)
		}
		fields := (pim.AppointmentFields &^ pim.Fields(pim.FieldRecurrence, pim.FieldMeeting)).List()
		for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(1, 30), 0, 3, rapid.ID).Draw(t, "full exceptions") {
			original, ok := timing.Start(n)
			if !ok {
				continue
			}
			o, _ := a.Occurrence(timing, n)
			other := Appointment().Draw(t, "as it is now")
			onDay(&other.When, original)
			pim.Apply(o, other, pim.Fields(rapid.SliceOfNDistinct(rapid.SampledFrom(fields), 1, 4, rapid.ID).Draw(t, "fields")...))
			with := a.Clone().(*pim.Appointment)
			with.Recurrence.Changed = append(with.Recurrence.Changed, pim.Exception{Original: original, Item: o})
			if with = pim.Canonical(with).(*pim.Appointment); pim.CheckSeries(with) == nil { // not on another's day
				a = with
			}
		}
		return a
	})
}

// onDay moves a time to the day of an instant: occurrences stay between their
// neighbours.
func onDay(w *pim.When, at time.Time) {
	if w.AllDay {
		length := int(w.Last.In(time.UTC).Sub(w.First.In(time.UTC)) / (24 * time.Hour))
		w.First = pim.DateOf(at.UTC())
		w.Last = w.First.AddDays(length)
		return
	}
	by := pim.DateOf(at.UTC()).In(time.UTC).Sub(pim.DateOf(w.Start).In(time.UTC))
	w.Start, w.End = w.Start.Add(by), w.End.Add(by)
}

// TaskSeries generates canonical recurring tasks that both sides can hold: at the
// first occurrence, and moved on to a later one, when the pattern began on another
// day than the task does now.
func TaskSeries() *rapid.Generator[*pim.Task] {
	return rapid.Custom(func(t *rapid.T) *pim.Task {
		k := Task().Draw(t, "task")
		k.Recurrence = Pattern().Draw(t, "pattern")
		if k.Start.IsZero() && k.Due.IsZero() || rapid.Bool().Draw(t, "moved on") {
			k.Recurrence.First = date(t, "first")
		}
		return pim.Canonical(k).(*pim.Task)
	})
}

// Pattern generates patterns without exceptions; what is left open, such as the
// day of the month, is the item's own.
func Pattern() *rapid.Generator[*pim.Recurrence] {
	return rapid.Custom(func(t *rapid.T) *pim.Recurrence {
		weekday := rapid.Custom(func(t *rapid.T) time.Weekday { return time.Weekday(rapid.IntRange(0, 6).Draw(t, "weekday")) })
		r := &pim.Recurrence{
			Pattern: rapid.SampledFrom([]pim.Pattern{
				pim.Daily, pim.Weekly, pim.AbsoluteMonthly, pim.RelativeMonthly, pim.AbsoluteYearly, pim.RelativeYearly,
			}).Draw(t, "kind"),
			Interval: rapid.OneOf(rapid.IntRange(1, 3), rapid.IntRange(1, 8)).Draw(t, "interval"),
		}
		switch r.Pattern {
		case pim.Weekly:
			r.Weekdays = rapid.SliceOfNDistinct(weekday, 0, 7, rapid.ID).Draw(t, "weekdays")
			r.FirstDayOfWeek = weekday.Draw(t, "first day of the week")
		case pim.RelativeMonthly, pim.RelativeYearly:
			r.Index = rapid.SampledFrom([]int{1, 2, 3, 4, -1}).Draw(t, "index")
			group := rapid.SampledFrom([][]time.Weekday{nil, {0, 1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5}, {0, 6}}).Draw(t, "group")
			if r.Weekdays = slices.Clone(group); group == nil {
				r.Weekdays = []time.Weekday{weekday.Draw(t, "day")}
			}
		case pim.AbsoluteMonthly, pim.AbsoluteYearly:
			r.DayOfMonth = rapid.SampledFrom([]int{0, 1, 15, 28, 29, 30, 31}).Draw(t, "day of the month")
		}
		if r.Pattern == pim.RelativeYearly || r.Pattern == pim.AbsoluteYearly {
			r.Month = time.Month(rapid.IntRange(0, 12).Draw(t, "month"))
		}
		switch rapid.IntRange(0, 2).Draw(t, "end") {
		case 0:
			r.Count = rapid.IntRange(1, 40).Draw(t, "count")
		case 1:
			// Beyond every generated start and first occurrence.
			r.Until = pim.Date{Year: 2060, Month: 1, Day: 1}.AddDays(rapid.IntRange(0, 3000).Draw(t, "until"))
		}
		return r
	})
}
