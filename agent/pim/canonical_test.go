package pim_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"abgleich/agent/pim"
)

func TestCanonicalTidiesUp(t *testing.T) {
	day := func(y int, m time.Month, d int) pim.Date { return pim.Date{Year: y, Month: m, Day: d} }
	for name, c := range map[string]struct{ in, want pim.Item }{
		"a subject becomes one line": {
			&pim.Task{Common: pim.Common{Subject: " a\r\n\tb\u00a0\u2028c  "}},
			&pim.Task{Common: pim.Common{Subject: "a b c"}},
		},
		"a body keeps its lines, but no white space behind them": {
			&pim.Task{Common: pim.Common{Body: "a \r\n\r\n  b\u00a0\rc\n \n\n"}},
			&pim.Task{Common: pim.Common{Body: "a\n\n  b\nc"}},
		},
		"white space that is not ASCII ends a body no better": {
			&pim.Task{Common: pim.Common{Body: "a\u00a0"}},
			&pim.Task{Common: pim.Common{Body: "a"}},
		},
		"what XML forbids goes, what it allows stays": {
			&pim.Task{Common: pim.Common{Subject: "a\x00\x0b\ufffe\uffffb\u007f\u0084\U0001fffe😀", Body: "\x1b[1m\tx"}},
			&pim.Task{Common: pim.Common{Subject: "ab\u007f\u0084\U0001fffe😀", Body: "[1m\tx"}},
		},
		"wrong UTF-8 is marked": {
			&pim.Task{Common: pim.Common{Subject: "M\xfcller \xed\xa0\x80!", UID: "u\xff"}},
			&pim.Task{Common: pim.Common{Subject: "M\ufffdller \ufffd!", UID: "u\ufffd"}},
		},
		"categories are a set": {
			&pim.Task{Common: pim.Common{Categories: []string{"b", " a ", "", "b", "\n"}}},
			&pim.Task{Common: pim.Common{Categories: []string{"a", "b"}}},
		},
		"no categories are none": {
			&pim.Task{Common: pim.Common{Categories: []string{" "}}},
			&pim.Task{},
		},
		"words nobody knows are the usual ones": {
			&pim.Appointment{Common: pim.Common{Sensitivity: "secret", Importance: "vital"}, Busy: "oof", When: pim.When{Zone: "UTC"}},
			&pim.Appointment{When: pim.When{Zone: "UTC"}},
		},
		"instants are in UTC to the second, in UTC if no zone was named": {
			&pim.Appointment{When: pim.When{
				Start: time.Date(2026, 5, 1, 8, 0, 0, 999, time.FixedZone("", 7200)), End: time.Date(2026, 5, 1, 9, 0, 0, 1, time.FixedZone("", 7200)),
				First: day(2026, 1, 1), Last: day(2026, 1, 2)}},
			&pim.Appointment{When: pim.When{Start: time.Date(2026, 5, 1, 6, 0, 0, 0, time.UTC), End: time.Date(2026, 5, 1, 7, 0, 0, 0, time.UTC), Zone: "UTC"}},
		},
		"an end before the start is the start": {
			&pim.Appointment{When: pim.When{Start: time.Unix(2000, 0), End: time.Unix(1000, 0), Zone: "UTC"}},
			&pim.Appointment{When: pim.When{Start: time.Unix(2000, 0).UTC(), End: time.Unix(2000, 0).UTC(), Zone: "UTC"}},
		},
		"days have no instants": {
			&pim.Appointment{When: pim.When{AllDay: true, First: day(2026, 5, 3), Last: day(2026, 5, 1), Start: time.Unix(1, 0), End: time.Unix(2, 0), Zone: "Europe/Vienna"}},
			&pim.Appointment{When: pim.When{AllDay: true, First: day(2026, 5, 3), Last: day(2026, 5, 3)}},
		},
		"a day that does not exist is the one the calendar makes of it": {
			&pim.Task{Start: day(2026, 2, 30), Due: day(2026, 2, 31)},
			&pim.Task{Start: day(2026, 3, 2), Due: day(2026, 3, 3)},
		},
		"years nobody lives to see are the last one": {
			&pim.Task{Due: day(20226, 5, 1), Common: pim.Common{Reminder: &pim.Reminder{At: time.Date(20226, 5, 1, 8, 0, 0, 0, time.UTC), Before: 3}}},
			&pim.Task{Due: day(9999, 12, 31), Common: pim.Common{Reminder: &pim.Reminder{At: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}}},
		},
		"a task starts when it is due at the latest": {
			&pim.Task{Start: day(2026, 5, 2), Due: day(2026, 5, 1)},
			&pim.Task{Start: day(2026, 5, 1), Due: day(2026, 5, 1)},
		},
		"a task that is done is done to 100 %": {
			&pim.Task{Status: pim.Completed, Percent: 20, Completed: day(2026, 5, 1)},
			&pim.Task{Status: pim.Completed, Percent: 100, Completed: day(2026, 5, 1)},
		},
		"100 % is done, whatever the status says":  {&pim.Task{Status: pim.Waiting, Percent: 150}, &pim.Task{Status: pim.Completed, Percent: 100}},
		"a task that was begun is in progress":     {&pim.Task{Percent: 1}, &pim.Task{Status: pim.InProgress, Percent: 1}},
		"a task not done has no day of completion": {&pim.Task{Status: pim.Deferred, Percent: -1, Completed: day(2026, 5, 1)}, &pim.Task{Status: pim.Deferred}},
		"an appointment's reminder has minutes only": {
			&pim.Appointment{Common: pim.Common{Reminder: &pim.Reminder{Before: -5, At: time.Unix(1, 0)}}, When: pim.When{Zone: "UTC"}},
			&pim.Appointment{Common: pim.Common{Reminder: &pim.Reminder{}}, When: pim.When{Zone: "UTC"}},
		},
		"attendees are in order and in small letters": {
			&pim.Appointment{When: pim.When{Zone: "UTC"}, Meeting: &pim.Meeting{Organizer: "Anna@Lab.test ", Attendees: []pim.Attendee{{Address: "B@x"}, {Address: "a@x", Name: "b"}, {Address: "A@x", Name: "a"}}}},
			&pim.Appointment{When: pim.When{Zone: "UTC"}, Meeting: &pim.Meeting{Organizer: "anna@lab.test", Attendees: []pim.Attendee{{Address: "a@x", Name: "a"}, {Address: "a@x", Name: "b"}, {Address: "b@x"}}}},
		},
		"a series has its days and exceptions in order": {
			&pim.Task{Common: pim.Common{Recurrence: &pim.Recurrence{Weekdays: []time.Weekday{5, 1, 5}, Deleted: []time.Time{time.Unix(9, 5), time.Unix(3, 0), time.Unix(9, 0)}, Changed: []pim.Exception{}}}},
			&pim.Task{Common: pim.Common{Recurrence: &pim.Recurrence{Interval: 1, Weekdays: []time.Weekday{1, 5}, Deleted: []time.Time{time.Unix(3, 0).UTC(), time.Unix(9, 0).UTC()}}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := pim.Canonical(c.in); marshal(t, got) != marshal(t, c.want) || !cmp.Equal(got, c.want) {
				t.Error(cmp.Diff(c.want, got))
			}
		})
	}
}

func TestCanonicalOfNothingIsNothing(t *testing.T) {
	for _, i := range []pim.Item{nil, (*pim.Task)(nil), (*pim.Appointment)(nil)} {
		if c := pim.Canonical(i); c != nil {
			t.Errorf("Canonical(%T(nil)) = %v", i, c)
		}
		if b, err := pim.Marshal(i); b != nil || err != nil {
			t.Errorf("Marshal(%T(nil)) = %q, %v", i, b, err)
		}
		if pim.Fingerprint(i) != pim.Fingerprint(nil) {
			t.Errorf("Fingerprint(%T(nil)) differs from that of nil", i)
		}
	}
}

func TestCanonicalIsIdempotentAndLeavesItsArgument(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rawItem(t, anyKind(t))
		before := raw.Clone()
		once := pim.Canonical(raw)
		if !cmp.Equal(before, raw) {
			t.Fatalf("the argument was changed:\n%s", cmp.Diff(before, raw))
		}
		text := marshal(t, once)
		twice := pim.Canonical(once)
		if !cmp.Equal(once, twice) || marshal(t, twice) != text || pim.Diff(once, twice) != 0 {
			t.Fatalf("twice differs:\n%s", cmp.Diff(once, twice))
		}
		if marshal(t, once) != text {
			t.Fatalf("the second run changed its argument")
		}
		if !utf8.ValidString(text) || strings.ContainsFunc(once.Shared().Body+once.Shared().Subject, func(r rune) bool {
			return r < ' ' && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff
		}) {
			t.Fatalf("what XML forbids is left: %q", text)
		}
	})
}

func TestWhatMeansTheSameHasTheSameFingerprint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := pim.Canonical(rawItem(t, anyKind(t)))
		b := a.Clone()
		c := b.Shared()
		c.Subject = "  " + strings.ReplaceAll(c.Subject, " ", "\n ") + "\x00\t"
		c.Body = strings.ReplaceAll(c.Body, "\n", " \r\n") + "\u00a0\r\n\r\n"
		c.Categories = append(slices.Clone(c.Categories), c.Categories...)
		slices.Reverse(c.Categories)
		c.UID = "another"
		if c.Reminder != nil {
			elsewhere := time.FixedZone("", -3*3600)
			c.Reminder.At = c.Reminder.At.In(elsewhere)
			if a.Kind() == pim.KindAppointment {
				c.Reminder.At = time.Unix(7, 0)
			}
		}
		switch x := b.(type) {
		case *pim.Appointment:
			if x.When.AllDay {
				x.When.Start, x.When.Zone = time.Unix(5, 0), "Europe/Vienna"
			} else {
				x.When.Start = x.When.Start.Add(time.Millisecond).In(time.FixedZone("", 3600))
				x.When.First = pim.Date{Year: 2026, Month: 1, Day: 1}
			}
			if x.Meeting != nil {
				slices.Reverse(x.Meeting.Attendees)
				x.Meeting.Organizer = strings.ToUpper(x.Meeting.Organizer)
			}
		case *pim.Task:
			if x.Status == pim.Completed {
				x.Percent = 3
			} else {
				x.Completed = pim.Date{Year: 2026, Month: 1, Day: 1}
			}
		}
		if pim.Fingerprint(a) != pim.Fingerprint(b) {
			t.Fatalf("the fingerprints differ:\n%s", cmp.Diff(a, pim.Canonical(b)))
		}
	})
}

func TestFingerprintAndDiffAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := anyKind(t)
		a := pim.Canonical(rawItem(t, k))
		b := a.Clone()
		if rapid.Bool().Draw(t, "another item") {
			b = pim.Canonical(rawItem(t, k))
		}
		// Few fields at a time, so that single differences meet often.
		pim.Apply(b, a, pim.FieldSet(rapid.Uint32().Draw(t, "same")))
		b = pim.Canonical(b)
		equal := pim.Fingerprint(a) == pim.Fingerprint(b)
		if d := pim.Diff(a, b); equal != (d == 0) {
			t.Fatalf("equal fingerprints: %v, but the difference is %q:\n%s", equal, d, cmp.Diff(a, b))
		}
		if pim.Diff(a, b) != pim.Diff(b, a) {
			t.Fatalf("Diff is not symmetric")
		}
	})
}
