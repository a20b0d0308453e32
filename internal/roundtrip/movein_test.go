package roundtrip

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// earlier is how an earlier product has brought an appointment to both sides.
type earlier struct {
	name string
	// mailbox changes what stands in the mailbox, business what stands in the business
	// database, which begins as what the mailbox tells.
	mailbox  func(*exchangesim.Item)
	business func(*pim.Appointment)
	// inMailbox and inBusiness are how often it is there.
	inMailbox, inBusiness int
}

func shapes() []earlier {
	noUID := func(a *pim.Appointment) { a.UID = "" }
	return []earlier{
		{"equal UID", nil, func(*pim.Appointment) {}, 1, 1},
		{"equal UID, an hour off, renamed", nil, func(a *pim.Appointment) {
			a.Subject, a.When.Start, a.When.End = "renamed "+a.Subject, a.When.Start.Add(time.Hour), a.When.End.Add(time.Hour)
		}, 1, 1},
		{"no UID", nil, noUID, 1, 1},
		{"another zone", nil, func(a *pim.Appointment) { a.UID, a.When.Zone = "", "UTC" }, 1, 1},
		{"HTML there, text here", func(it *exchangesim.Item) {
			it.Body, it.BodyIsHTML = "<html><body><p>Erster  Absatz</p><ul><li>Punkt</li></ul></body></html>", true
		}, func(a *pim.Appointment) { a.UID, a.Body = "", "Erster Absatz Punkt" }, 1, 1},
		{"doubled in the mailbox", nil, noUID, 2, 1},
		{"doubled on both sides", func(it *exchangesim.Item) {
			it.Body, it.BodyIsHTML = "<html><body><p>one</p><p>two</p></body></html>", true
		},
			func(a *pim.Appointment) { a.UID, a.Body = "", "one two" }, 2, 2},
		{"cut subject", func(it *exchangesim.Item) { it.Subject += " mit einem sehr langen Ende, das nicht hineinpasste" },
			func(a *pim.Appointment) { a.UID, a.Subject = "", a.Subject[:24]+"..." }, 1, 1},
		{"seconds dropped", func(it *exchangesim.Item) {
			it.Start, it.End = it.Start.Add(27*time.Second), it.End.Add(27*time.Second)
		},
			func(a *pim.Appointment) {
				a.UID, a.When.Start, a.When.End = "", a.When.Start.Truncate(time.Minute), a.When.End.Truncate(time.Minute)
			}, 1, 1},
		{"doubled here", nil, noUID, 1, 2},
	}
}

// all reads every item of a folder.
func (o *office) all(s side.Side) map[pim.ItemID]pim.Item {
	o.Helper()
	f, err := s.Open(o.Context(), o.task.Account, o.task.Kind)
	if err != nil {
		o.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			o.Error(err)
		}
	}()
	there := map[pim.ItemID]pim.Item{}
	var unread []pim.ItemID
	for c := side.Cursor(""); ; {
		p, err := f.Changes(o.Context(), c)
		if err != nil {
			o.Fatal(err)
		}
		for _, ch := range p.Changes {
			if ch.Gone {
				delete(there, ch.ID)
				continue
			}
			if there[ch.ID] = ch.Item; ch.Item == nil {
				unread = append(unread, ch.ID)
			}
		}
		if c = p.Next; !p.More {
			break
		}
	}
	for len(unread) > 0 {
		n := min(len(unread), f.BatchSize())
		got, err := f.Get(o.Context(), unread[:n])
		if err != nil {
			o.Fatal(err)
		}
		for _, g := range got {
			if g.Err != nil {
				o.Fatal(g.Err)
			}
			there[g.ID] = g.Item
		}
		unread = unread[n:]
	}
	return there
}

// number is which item a subject is of: "…item 0123…".
func number(t *testing.T, i pim.Item) (n int) {
	t.Helper()
	_, after, _ := strings.Cut(i.Shared().Subject, "item ")
	if _, err := fmt.Sscanf(after, "%d", &n); err != nil {
		t.Fatalf("subject %q", i.Shared().Subject)
	}
	return n
}

func TestWhatAnEarlierProductBroughtToBothSidesIsPairedAndNotDoubled(t *testing.T) {
	groups := 417 // 12 items a group on each side: 5,004
	if testing.Short() {
		groups = 40
	}
	o, kinds := newOffice(t, pim.KindAppointment), shapes()
	total := groups * len(kinds)
	var seeded []exchangesim.Item
	for n := range total {
		shape := kinds[n%len(kinds)]
		start := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC).Add(time.Duration(n/2) * 3 * time.Hour) // two at each time
		it := exchangesim.Item{Kind: exchangesim.Appointment, Subject: fmt.Sprintf("item %06d Besprechung", n), Location: "Wien",
			Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna"}
		if shape.mailbox != nil {
			shape.mailbox(&it)
		}
		for range shape.inMailbox {
			seeded = append(seeded, it)
		}
	}
	o.sim.Mailbox("anna@lab.test").Seed(seeded)
	first := map[int]pim.Item{}
	for _, i := range o.all(o.exchange) {
		first[number(t, i)] = i
	}
	f, err := o.business.Open(t.Context(), o.task.Account, pim.KindAppointment)
	if err != nil {
		t.Fatal(err)
	}
	var make []side.Creation
	for n := range total {
		shape := kinds[n%len(kinds)]
		for range shape.inBusiness {
			a := first[n].Clone().(*pim.Appointment)
			shape.business(a)
			make = append(make, side.Creation{Item: a})
		}
	}
	for len(make) > 0 {
		batch := make[:min(len(make), f.BatchSize())]
		out, err := f.Create(t.Context(), batch)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range out {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
		}
		make = make[len(batch):]
	}

	counts := o.settle()
	// A person's double on one side alone is an item of its own, and comes to the other.
	if b, e := *counts.Created.At(pim.Business), *counts.Created.At(pim.Exchange); b != groups || e != groups {
		t.Errorf("%d made in the business database and %d in the mailbox, want %d each", b, e, groups)
	}
	if counts.Failed != 0 || counts.Held != 0 {
		t.Errorf("%d failed, %d held", counts.Failed, counts.Held)
	}
	for _, s := range []side.Side{o.business, o.exchange} {
		have := map[int]int{}
		for _, i := range o.all(s) {
			have[number(t, i)]++
		}
		wrong := map[string]int{}
		for n := range total {
			shape := kinds[n%len(kinds)]
			if have[n] != max(shape.inMailbox, shape.inBusiness) {
				wrong[shape.name]++
			}
		}
		if len(wrong) > 0 {
			t.Errorf("%s: wrong in number: %v", s.ID(), wrong)
		}
	}
	problems, err := o.store.ProblemCount(t.Context(), "anna")
	if err != nil || problems != 0 {
		t.Errorf("%d problems, %v", problems, err)
	}
	if again := o.settle(); again.Writes() != 0 {
		t.Errorf("a second run writes: %+v", again)
	}
}

// settle runs until nothing is left to do, and sums up what was done.
func (o *office) settle() (sum store.Counts) {
	o.Helper()
	for range 50 {
		res, err := o.exec.Slice(o.Context(), o.task)
		if err != nil {
			o.Fatal(err)
		}
		c := res.Run.Counts
		if !res.More {
			for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
				*sum.Created.At(id) += *c.Created.At(id)
				*sum.Updated.At(id) += *c.Updated.At(id)
				*sum.Deleted.At(id) += *c.Deleted.At(id)
			}
			sum.Failed, sum.Held, sum.Paired = sum.Failed+c.Failed, sum.Held+c.Held, sum.Paired+c.Paired
			if c.Writes() == 0 {
				return sum
			}
		}
	}
	o.Fatal("never quiet")
	return sum
}
