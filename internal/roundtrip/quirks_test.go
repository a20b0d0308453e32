package roundtrip

import (
	"slices"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// A server that deviates from Exchange in every way that was seen (ews-facts, "Be
// liberal in what you read") loses no item, stops no run, and lets it come to rest.

func odd(o *exchangesim.Options) { o.Quirks = exchangesim.Grommunio }

func TestItemsTravelThroughAServerThatDeviates(t *testing.T) {
	for _, k := range pim.Kinds() {
		t.Run(k.String(), func(t *testing.T) {
			j := newWorld(t, odd).journey(t, k, "Europe/Vienna")
			items := stream{gen: someItem(k), next: int(time.Now().UnixNano() % 1e9)}
			wrote := items.take(200, func(i pim.Item) bool { return holds(j.rules.Exchange, j.home, i) })
			made := j.make(t, j.from, wrote)
			for i, g := range made {
				want := withMeetingOf(g.Item, j.rules.Exchange.Project(wrote[i]))
				if task, ok := want.(*pim.Task); ok {
					task.Completed = g.Item.(*pim.Task).Completed // it tells no day
				}
				equal(t, "on Exchange", want, g.Item)
			}
			j.travel(t, made, true)
		})
	}
}

func TestEditsOnBothSidesComeToRestOnAServerThatDeviates(t *testing.T) {
	for _, k := range pim.Kinds() {
		t.Run(k.String(), func(t *testing.T) {
			o := newOffice(t, k, odd)
			items := stream{gen: someItem(k), next: int(time.Now().UnixNano() % 1e9)}
			fit := func(i pim.Item) bool {
				// Empty ones all look the same: which is which nobody could tell.
				return i.Shared().Subject != "" && holds(o.rules(k).Exchange, o.task.Account.Zone, i)
			}
			want := items.take(60, fit)
			f, err := o.business.Open(t.Context(), o.task.Account, k)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := f.Close(); err != nil {
					t.Error(err)
				}
			}()
			var in []side.Creation
			for i, it := range want {
				it.Shared().Subject = strings.Repeat("x", i+1) // each its own
				in = append(in, side.Creation{Item: pim.Canonical(it)})
			}
			made, err := f.Create(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			for n, m := range made {
				if m.Err != nil {
					t.Fatal(m.Err, show(t, in[n].Item))
				}
			}
			o.run()
			o.asMany(t, len(want))
			box := o.box()
			for _, folder := range []exchangesim.Folder{exchangesim.Calendar, exchangesim.Tasks} {
				for i, it := range box.List(folder) {
					if i%3 == 0 {
						if _, err := box.Update(it.ID, func(it *exchangesim.Item) { it.Subject, it.Importance = "E"+it.Subject, "High" }); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			o.run()
			o.asMany(t, len(want))
		})
	}
}

// asMany expects so many items on each side, of the same subjects.
func (o *office) asMany(t *testing.T, want int) {
	t.Helper()
	var subjects [2][]string
	for i, s := range []side.Side{o.business, o.exchange} {
		for _, it := range o.all(s) {
			subjects[i] = append(subjects[i], it.Shared().Subject)
		}
		slices.Sort(subjects[i])
	}
	if len(subjects[0]) != want || !slices.Equal(subjects[0], subjects[1]) {
		t.Errorf("%d in the database, %d in the mailbox, want %d:\n%q\n%q", len(subjects[0]), len(subjects[1]), want, subjects[0], subjects[1])
	}
	if codes, _ := o.codes(); len(codes) > 0 {
		t.Errorf("problems: %v", codes)
	}
}
