package roundtrip

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"abgleich/agent/pim"
)

// everyPlane is text with characters of each of the 17 planes of Unicode, the first and
// the last ones XML takes among them, and the ones it doesn't.
func everyPlane() string {
	var b strings.Builder
	for r := rune(0); r < 0x300; r++ {
		b.WriteRune(r)
	}
	for plane := rune(0); plane <= 16; plane++ {
		for _, low := range []rune{0x0041, 0x0378, 0x4E00, 0xA000, 0xD7FF, 0xE000, 0xF600, 0xFFFD, 0xFFFE, 0xFFFF} {
			b.WriteRune(plane<<16 | low)
		}
	}
	b.WriteString("\xff\xc3 cut \xf0\x9f") // no UTF-8
	return b.String()
}

func TestEveryCharacterAndVeryLongTextsTravel(t *testing.T) {
	for _, k := range pim.Kinds() {
		t.Run(k.String(), func(t *testing.T) {
			j := newWorld(t).journey(t, k, "Europe/Vienna")
			start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
			var items []pim.Item
			for _, body := range []string{everyPlane(), strings.Repeat("Zeile mit ä, 会議 und 😀\n", 150_000), strings.Repeat("x", 3<<20)} {
				c := pim.Common{Subject: everyPlane(), Body: body, Categories: []string{"a\x00b", "😀", "会,議"}}
				var i pim.Item = &pim.Task{Common: c, Due: pim.DateOf(start)}
				if k == pim.KindAppointment {
					i = &pim.Appointment{Common: c, Location: everyPlane(), When: pim.When{Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna"}}
				}
				items = append(items, pim.Canonical(i))
			}
			back := j.travel(t, j.make(t, j.from, items), true)
			for i, g := range back {
				want, got := items[i].Shared().Body, g.Item.Shared().Body
				if got != want {
					t.Errorf("a body of %d bytes came back with %d", len(want), len(got))
				}
				if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return unicode.Is(unicode.Cc, r) && r < 0x20 && r != '\n' && r != '\t' }) {
					t.Error("what XML forbids came through")
				}
			}
			planes := map[rune]bool{}
			for _, r := range back[0].Item.Shared().Body {
				planes[r>>16] = true
			}
			if len(planes) != 17 {
				t.Errorf("%d planes came back", len(planes))
			}
		})
	}
}
