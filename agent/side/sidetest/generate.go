package sidetest

import (
	"strings"
	"time"

	"pgregory.net/rapid"

	"abgleich/agent/pim"
)

// Appointment generates canonical single appointments: every Unicode plane, times
// around changes to and from daylight saving in zones with odd offsets, all-day
// items, private ones, categories, reminders. No series and no meeting.
func Appointment() *rapid.Generator[*pim.Appointment] {
	return rapid.Custom(func(t *rapid.T) *pim.Appointment {
		return pim.Canonical(rawAppointment(t)).(*pim.Appointment)
	})
}

// Task generates canonical single tasks: open, under way and done, with and
// without dates.
func Task() *rapid.Generator[*pim.Task] {
	return rapid.Custom(func(t *rapid.T) *pim.Task {
		return pim.Canonical(rawTask(t)).(*pim.Task)
	})
}

// Item generates canonical items of a kind.
func Item(k pim.Kind) *rapid.Generator[pim.Item] {
	return rapid.Custom(func(t *rapid.T) pim.Item { return pim.Canonical(Raw(k).Draw(t, "raw")) })
}

// Raw generates items of a kind as nobody has tidied them up yet: with characters
// XML forbids, wrong UTF-8, mixed line ends, ends before starts, percentages that
// contradict the status, unknown words.
func Raw(k pim.Kind) *rapid.Generator[pim.Item] {
	return rapid.Custom(func(t *rapid.T) pim.Item {
		if k == pim.KindTask {
			return rawTask(t)
		}
		return rawAppointment(t)
	})
}

// Zones lists the zones that generated appointments are in: daylight saving in
// both hemispheres, by half an hour, at midnight, offsets of quarter hours, none.
func Zones() []string {
	return []string{
		"UTC", "Europe/Vienna", "Europe/Berlin", "Europe/London", "America/New_York",
		"America/St_Johns", "America/Sao_Paulo", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Beirut",
		"Africa/Cairo", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Kiritimati",
	}
}

func rawAppointment(t *rapid.T) *pim.Appointment {
	a := &pim.Appointment{
		Common:   rawCommon(t),
		Location: rawText(t, "location", 30),
		Busy: rapid.SampledFrom([]pim.Busy{
			pim.BusyBusy, pim.BusyFree, pim.BusyTentative, pim.BusyAway, pim.BusyElsewhere, "unheard-of",
		}).Draw(t, "busy"),
	}
	if rapid.IntRange(0, 3).Draw(t, "all-day") == 0 {
		first := date(t, "first")
		a.When = pim.When{AllDay: true, First: first, Last: first.AddDays(rapid.IntRange(-1, 30).Draw(t, "days"))}
	} else {
		start := instant(t, "start")
		a.When = pim.When{
			Start: start,
			End:   start.Add(time.Duration(rapid.IntRange(-60, 4000).Draw(t, "minutes")) * time.Minute),
			Zone:  rapid.SampledFrom(Zones()).Draw(t, "zone"),
		}
	}
	if rapid.Bool().Draw(t, "reminds") {
		a.Reminder = &pim.Reminder{Before: rapid.SampledFrom([]int{0, 1, 15, 60, 1440, 20160, -5}).Draw(t, "before")}
	}
	return a
}

func rawTask(t *rapid.T) *pim.Task {
	k := &pim.Task{
		Common: rawCommon(t),
		Status: rapid.SampledFrom([]pim.TaskStatus{
			pim.NotStarted, pim.InProgress, pim.Completed, pim.Waiting, pim.Deferred, "unheard-of",
		}).Draw(t, "status"),
		Percent: rapid.SampledFrom([]int{0, 0, 1, 25, 50, 99, 100, -1, 101}).Draw(t, "percent"),
	}
	if rapid.Bool().Draw(t, "has due") {
		k.Due = date(t, "due")
		if rapid.Bool().Draw(t, "has start") {
			k.Start = k.Due.AddDays(rapid.IntRange(-400, 2).Draw(t, "ahead"))
		}
	}
	if k.Status == pim.Completed || k.Percent >= 100 {
		// Exchange always has a day for what is done: the generator gives one.
		k.Completed = date(t, "completed")
	}
	if rapid.Bool().Draw(t, "reminds") {
		k.Reminder = &pim.Reminder{At: instant(t, "remind at")}
	}
	return k
}

func rawCommon(t *rapid.T) pim.Common {
	return pim.Common{
		Subject: rawText(t, "subject", 40),
		Body:    rawText(t, "body", 200),
		Sensitivity: rapid.SampledFrom([]pim.Sensitivity{
			pim.Normal, pim.Normal, pim.Private, pim.Personal, pim.Confidential, "unheard-of",
		}).Draw(t, "sensitivity"),
		Importance: rapid.SampledFrom([]pim.Importance{
			pim.ImportanceNormal, pim.ImportanceLow, pim.ImportanceHigh, "unheard-of",
		}).Draw(t, "importance"),
		Categories: rapid.SliceOfN(rapid.SampledFrom([]string{
			"Kunde", "Büro", "rot & <gelb>", "a;b", "a,b", "„Zitat“", "日本", "🗓️", " Kunde ", "", "KUNDE",
		}), 0, 4).Draw(t, "categories"),
	}
}

// rawText draws from pieces, so that what breaks things meets often.
func rawText(t *rapid.T, label string, longest int) string {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{
			"Besprechung", " ", "  ", "\t", "\n", "\r\n", "\r", "\u00a0", "\u0085", "\u2028", "\u200b",
			"ä", "a\u0308", "ẞ", "ﬁ", "<b>", "</b>", "&amp;", "&", "]]>", "<![CDATA[", "'", "\"", "--", ";", "\\n", "%s",
			"\x00", "\x0b", "\x1b", "\ufffe", "\uffff", "\xff", "\xc3", "\xed\xa0\x80", "\u007f", "\u0080",
			"𝕏", "👩‍👩‍👧", "🇦🇹", "\U000F0000", "\U0010FFFD", "\U0001FFFE", "\u202e", "\ufeff", "עברית", "日本語",
		}),
		rapid.StringN(0, 8, -1),
		rapid.StringMatching(`[a-zA-Z0-9 .,]{0,12}`),
	)
	s := strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, label), "")
	if r := []rune(s); len(r) > longest {
		return string(r[:longest])
	}
	return s
}

// instant draws times near the present or near a change of the clocks.
func instant(t *rapid.T, label string) time.Time {
	base := rapid.SampledFrom([]time.Time{
		time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC),   // Europe: to summer time
		time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC),  // Europe: back
		time.Date(2026, 3, 8, 7, 0, 0, 0, time.UTC),    // New York
		time.Date(2017, 10, 15, 3, 0, 0, 0, time.UTC),  // São Paulo, at midnight
		time.Date(2026, 4, 4, 15, 0, 0, 0, time.UTC),   // Lord Howe, half an hour
		time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC), // the turn of the year
		time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC),
		time.Date(1995, 6, 1, 8, 0, 0, 0, time.UTC),
		time.Date(2049, 12, 1, 8, 0, 0, 0, time.UTC),
	}).Draw(t, label)
	base = base.Add(time.Duration(rapid.IntRange(-300, 300).Draw(t, label+" minutes")) * time.Minute)
	if rapid.IntRange(0, 3).Draw(t, label+" odd") == 0 {
		base = base.Add(time.Duration(rapid.IntRange(0, 59999).Draw(t, label+" ms")) * time.Millisecond)
	}
	return base
}

func date(t *rapid.T, label string) pim.Date {
	return pim.DateOf(instant(t, label)).AddDays(rapid.IntRange(-3, 3).Draw(t, label+" days"))
}
