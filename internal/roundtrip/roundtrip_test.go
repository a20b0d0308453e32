package roundtrip

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"abgleich/agent/exchangesim"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/sidetest"
)

var seed = flag.Int("seed", 0, "what the random items are made of; 0 is the time")

// someItem draws what both kinds can be, series more often than life has them.
func someItem(k pim.Kind) *rapid.Generator[pim.Item] {
	return rapid.Custom(func(t *rapid.T) pim.Item {
		series := rapid.IntRange(0, 2).Draw(t, "series")
		switch {
		case series > 1:
			return sidetest.Item(k).Draw(t, "single")
		case k == pim.KindTask:
			return sidetest.TaskSeries().Draw(t, "task")
		case series == 1:
			return sidetest.Series().Draw(t, "series")
		}
		return sidetest.FullSeries().Draw(t, "series")
	})
}

// stream gives items one after the other; the same ones for the same seed.
type stream struct {
	gen  *rapid.Generator[pim.Item]
	next int
}

func (s *stream) take(n int, fit func(pim.Item) bool) []pim.Item {
	var items []pim.Item
	for len(items) < n {
		s.next++
		if i := s.gen.Example(s.next); fit(i) {
			items = append(items, i)
		}
	}
	return items
}

func TestTenThousandItemsComeBackFromTheBusinessSideAsTheyWere(t *testing.T) {
	total, perBatch := 5000, 500
	if testing.Short() {
		total, perBatch = 200, 100
	}
	first := *seed
	if first == 0 {
		first = int(time.Now().UnixNano() % 1e9 * 1000)
	}
	for _, k := range pim.Kinds() {
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			j := w.journey(t, k, "Europe/Vienna")
			items := stream{gen: someItem(k), next: first}
			fit := func(i pim.Item) bool { return holds(j.rules.Exchange, j.home, i) }
			for done := 0; done < total; done += perBatch {
				t.Run(fmt.Sprintf("seed %d", items.next), func(t *testing.T) {
					wrote := items.take(perBatch, fit)
					made := j.make(t, j.from, wrote)
					for i, g := range made {
						equal(t, "on Exchange", withMeetingOf(g.Item, j.rules.Exchange.Project(wrote[i])), g.Item)
					}
					if done/perBatch%2 == 1 {
						made = j.dress(t, made)
					}
					j.travel(t, made, done/perBatch%2 == 0)
				})
				if t.Failed() {
					t.Fatalf("go test -run 'TenThousand.*/%s$' -seed %d makes these items again", k, first)
				}
			}
		})
	}
}

func withMeetingOf(m, i pim.Item) pim.Item {
	pim.Apply(i, m, pim.Fields(pim.FieldMeeting))
	return i
}

// dress makes of Anna's items what people have beside plain ones: texts that are
// HTML, meetings of others and of her own, cancelled ones, zones nobody knows.
func (j *journey) dress(t *testing.T, made []side.Got) []side.Got {
	t.Helper()
	box := j.w.sim.Mailbox("anna@lab.test")
	out := make([]side.Outcome, len(made))
	for i, g := range made {
		out[i].ID = g.ID
		if i%8 > 4 {
			continue
		}
		if _, err := box.Update(exchangesim.ItemID(g.ID), func(it *exchangesim.Item) {
			guests := []exchangesim.Attendee{
				{Name: "Bert", Mail: "bert@lab.test", Response: "Accept"}, {Name: "Čeněk", Mail: "c@else.test"},
			}
			if j.kind == pim.KindTask && i%8 > 0 {
				return
			}
			switch i % 8 {
			case 0:
				it.BodyIsHTML = true
				it.Body = `<html><head><style>p{}</style></head><body><p>Erstens &amp; <b>zweitens</b></p><ul><li>a<li>b</ul><table><tr><td>1<td>2</table><a href="https://meet.example/j/1">Teilnehmen</a></body></html>`
			case 1:
				it.Meeting, it.MyResponse, it.Required = true, "Organizer", guests
				it.Organizer = exchangesim.Attendee{Name: "Anna", Mail: "anna@lab.test"}
			case 2:
				it.Meeting, it.MyResponse, it.Optional = true, "NoResponseReceived", guests
				it.Organizer, it.Busy = guests[0], "Tentative"
				it.JoinURL = "https://meet.example/j/1"
			case 3:
				it.Meeting, it.MyResponse, it.Required, it.Cancelled = true, "Accept", guests[1:], true
				it.Organizer, it.Busy = guests[0], "Free"
			case 4:
				if it.Recurrence == nil { // of a series no occurrence would stay where it is
					it.Zone, it.EndZone = "Customized Time Zone", "Customized Time Zone"
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	return j.get(t, j.from, out)
}
