package sidetest

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"abgleich/agent/pim"
	"abgleich/agent/side"
)

func projectionCases() []testCase {
	return []testCase{
		{"the projection is pure, canonical and idempotent", func(t *testing.T, e *env) {
			rapid.Check(t, func(t *rapid.T) {
				raw := Raw(e.kind).Draw(t, "item")
				before := show(raw)
				once := e.proj.Project(raw)
				if show(raw) != before {
					t.Fatalf("Project changed its argument")
				}
				e.tidy(t, "Project", once)
				if show(e.proj.Project(once)) != show(once) {
					t.Fatalf("Project of Project differs:\n%s\n%s", show(once), show(e.proj.Project(once)))
				}
				if d := pim.Diff(once, e.proj.Project(pim.Canonical(raw))); d != 0 {
					t.Fatalf("Project of raw and of canonical differ in %s", d)
				}
			})
			if w := e.proj.Writable(); w == 0 || w&^pim.FieldsOf(e.kind) != 0 {
				t.Errorf("writable are %q (%#x) of a %s", w, uint32(w), e.kind)
			}
			if e.proj.Project(nil) != nil {
				t.Errorf("Project of nothing is something")
			}
		}},
		{"what is created reads back as its projection", func(t *testing.T, e *env) {
			rapid.Check(t, func(t *rapid.T) {
				items := rapid.SliceOfN(Item(e.kind), 1, 6).Draw(t, "items")
				e.readBack(t, items, e.create(t, items...))
			})
		}},
		{"what is updated reads back as its projection", func(t *testing.T, e *env) {
			rapid.Check(t, func(t *rapid.T) {
				from := rapid.SliceOfN(Item(e.kind), 1, 4).Draw(t, "from")
				to := rapid.SliceOfN(Item(e.kind), len(from), len(from)).Draw(t, "to")
				made := e.create(t, from...)
				ups := make([]side.Update, len(made))
				for i, m := range made {
					ups[i] = side.Update{ID: m.id, Version: m.version, Fields: e.proj.Writable(), Item: to[i]}
				}
				out, err := e.Update(e.ctx, ups)
				outcomes(t, "Update", len(ups), out, err)
				for i, o := range out {
					if o.Err != nil {
						t.Fatalf("update to %s: %v", show(to[i]), o.Err)
					}
					made[i].version = o.Version
				}
				e.readBack(t, to, made)
			})
		}},
		{"writing back what was read changes nothing a person sees", func(t *testing.T, e *env) {
			rapid.Check(t, func(t *rapid.T) {
				m := e.one(t, Item(e.kind).Draw(t, "item"))
				g := e.get(t, m.id)[0]
				out, err := e.Update(e.ctx, []side.Update{{ID: m.id, Version: g.Version, Fields: e.proj.Writable(), Item: g.Item}})
				outcomes(t, "Update", 1, out, err)
				if out[0].Err != nil {
					t.Fatalf("Update: %v", out[0].Err)
				}
				if d := pim.Diff(g.Item, e.get(t, m.id)[0].Item); d != 0 {
					t.Fatalf("%s changed", d)
				}
			})
		}},
		{"days stay days in zones far from UTC", testDays},
		{"texts that break things come back", testTexts},
		{"appointments come back from every zone, in winter and in summer", testZones},
	}
}

func (e *env) readBack(t rapid.TB, wrote []pim.Item, made []stored) {
	t.Helper()
	ids := make([]pim.ItemID, len(made))
	for i, m := range made {
		ids[i] = m.id
	}
	for i, g := range e.get(t, ids...) {
		e.expect(t, "read back", wrote[i], g.Item)
		if g.Version != made[i].version {
			t.Fatalf("written as version %q, read as %q", made[i].version, g.Version)
		}
	}
}

// testDays opens the folder for users in other zones: dates must not shift.
func testDays(t *testing.T, e *env) {
	for _, name := range []string{"Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Sao_Paulo", "Europe/Vienna", "Asia/Kolkata"} {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		a := e.acc
		a.Zone = loc
		f := e.open(t, a)
		for _, d := range []pim.Date{{Year: 2026, Month: 3, Day: 29}, {Year: 2017, Month: 10, Day: 15}, {Year: 2024, Month: 2, Day: 29}, {Year: 2026, Month: 12, Day: 31}} {
			var item pim.Item = &pim.Appointment{Common: pim.Common{Subject: name},
				When: pim.When{AllDay: true, First: d, Last: d.AddDays(1)}}
			if e.kind == pim.KindTask {
				item = &pim.Task{Common: pim.Common{Subject: name}, Start: d.AddDays(-1), Due: d, Status: pim.Completed, Percent: 100, Completed: d}
			}
			item = pim.Canonical(item)
			out, err := f.Create(e.ctx, []side.Creation{{Key: e.key(), Item: item}})
			outcomes(t, "Create", 1, out, err)
			if out[0].Err != nil {
				t.Fatalf("Create in %s: %v", name, out[0].Err)
			}
			got, err := f.Get(e.ctx, []pim.ItemID{out[0].ID})
			if err != nil || len(got) != 1 || got[0].Err != nil {
				t.Fatalf("Get in %s: %+v, %v", name, got, err)
			}
			e.expect(t, d.String()+" in "+name, item, got[0].Item)
		}
	}
}

// testTexts puts each text alone into every field that holds text.
func testTexts(t *testing.T, e *env) {
	texts := []string{
		"<b>fett</b> &amp; & ]]> <![CDATA[x]]> <!-- -->", "'; DROP TABLE tasks; --", "\"'`\\ %s %00 \\n", "a;b,c|d\te",
		"ÄÖÜß ẞ ﬁ", "Z\u0308 a\u030a", "עברית العربية \u202eabc", "日本語 한국어 ไทย", "👩‍👩‍👧 🇦🇹 🗓️", "𝕏𐍈",
		"\U0001FFFE\U0002FFFF", "\U000E0041\U000F0000\U0010FFFD", "\u200b\u200d\ufeff", "\u007f\u0084\u009f", "\ufffd", "\ufdd0", "0", "null", "=1+1",
	}
	for plane := range rune(17) { // the first letters of each Unicode plane
		texts = append(texts, string([]rune{plane<<16 + 0x100, plane<<16 + 0x1234, plane<<16 + 0xfffd}))
	}
	items := make([]pim.Item, len(texts))
	for i, s := range texts {
		x := e.item(s, i)
		x.Shared().Body = s + "\n\n  " + s
		x.Shared().Categories = []string{s, "Kunde"}
		if a, ok := x.(*pim.Appointment); ok {
			a.Location = s
		}
		items[i] = pim.Canonical(x)
	}
	e.readBack(t, items, e.create(t, items...))
}

// testZones meets both offsets of each zone, and the hours at which it changes.
func testZones(t *testing.T, e *env) {
	if e.kind != pim.KindAppointment {
		t.Skip("skipped: only appointments have a zone")
	}
	var items []pim.Item
	for _, z := range Zones() {
		loc, err := time.LoadLocation(z)
		if err != nil {
			t.Fatal(err)
		}
		_, change := time.Date(2026, 1, 15, 12, 0, 0, 0, loc).ZoneBounds()
		if change.IsZero() {
			change = time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)
		}
		for _, start := range []time.Time{
			time.Date(2026, 1, 15, 9, 30, 0, 0, loc), time.Date(2026, 7, 15, 9, 30, 0, 0, loc),
			change.Add(-30 * time.Minute), change, change.Add(30 * time.Minute),
		} {
			items = append(items, pim.Canonical(&pim.Appointment{Common: pim.Common{Subject: z},
				When: pim.When{Start: start, End: start.Add(time.Hour), Zone: z}}))
		}
	}
	e.readBack(t, items, e.create(t, items...))
}

func mustTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}
