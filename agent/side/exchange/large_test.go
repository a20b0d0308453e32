package exchange_test

import (
	"fmt"
	"strings"
	"testing"

	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// What is too much for one request goes in several, and what is too much for any
// concerns nobody else.
func TestTextsThatTogetherAreMoreThanAServerTakesGoInSmallerRequests(t *testing.T) {
	const most = 300_000
	for _, k := range pim.Kinds() {
		t.Run(k.String(), func(t *testing.T) {
			w := newWorld(t, options{sim: func(o *exchangesim.Options) { o.MaxRequestBytes = most }})
			f := open(t, w, k)
			var in []side.Creation
			for i := range 40 {
				c := pim.Common{Subject: fmt.Sprint("Nr. ", i), Body: strings.Repeat(fmt.Sprint(i%10), most/20)}
				var item pim.Item = &pim.Task{Common: c}
				if k == pim.KindAppointment {
					a := standup(t) // a series, whose occurrences have such texts too
					a.Common.Subject, a.Common.Body = c.Subject, c.Body
					if i%2 == 0 {
						a.Recurrence = nil
					} else {
						change(t, a, 4, func(o *pim.Appointment) { o.Body = strings.Repeat("o", most/20) })
					}
					item = a
				}
				in = append(in, side.Creation{Key: pim.Key(fmt.Sprint("k.", i)), Item: pim.Canonical(item)})
			}
			const huge = 20
			in[huge].Item.Shared().Body = strings.Repeat("x", most+1)
			made, err := f.Create(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			var ups []side.Update
			var good []side.Outcome
			for i, o := range made {
				switch {
				case i == huge:
					if !fault.Has(o.Err, fault.ItemRefused) {
						t.Errorf("the one no server takes: %v", o.Err)
					}
					continue
				case o.Err != nil:
					t.Fatalf("%d: %v", i, o.Err)
				}
				good = append(good, o)
			}
			for n, g := range getAll(t, f, good) {
				to := g.Item.Clone()
				to.Shared().Body = strings.Repeat("y", most/20)
				if n == 7 {
					to.Shared().Body = strings.Repeat("y", most+1)
				}
				ups = append(ups, side.Update{ID: g.ID, Version: g.Version, Fields: pim.Fields(pim.FieldBody), Item: pim.Canonical(to), Was: g.Item})
			}
			out, err := f.Update(t.Context(), ups)
			if err != nil {
				t.Fatal(err)
			}
			for n, o := range out {
				if (n == 7) != fault.Has(o.Err, fault.ItemRefused) || n != 7 && o.Err != nil {
					t.Errorf("%d: %v", n, o.Err)
				}
			}
		})
	}
}

func TestATextThatIsTooLongToReadConcernsItsItemOnly(t *testing.T) {
	w := newWorld(t, options{})
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	var items []exchangesim.Item
	for day := range 9 {
		items = append(items, meeting(1+day))
	}
	items[4].Body = strings.Repeat("x", 17<<20)
	var ids []pim.ItemID
	for _, id := range box.Seed(items) {
		ids = append(ids, pim.ItemID(id))
	}
	got, err := f.Get(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range got {
		if (i == 4) != fault.Has(g.Err, fault.ItemUnreadable) || i != 4 && g.Err != nil {
			t.Errorf("%d: %v", i, g.Err)
		}
	}
}
