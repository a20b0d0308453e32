package engine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// private are the fields that make up a private item's content.
var contentFields = pim.Fields(pim.FieldSubject, pim.FieldBody, pim.FieldLocation, pim.FieldImportance, pim.FieldCategories, pim.FieldReminder, pim.FieldMeeting)

func drawOptions(rt *rapid.T) engine.Options {
	days := func(name string) *int {
		if rapid.Bool().Draw(rt, name) {
			return nil
		}
		n := rapid.IntRange(0, 3).Draw(rt, name+" days")
		return &n
	}
	policy := rapid.SampledFrom([]engine.Policy{"", engine.Newer, engine.BusinessWins, engine.ExchangeWins})
	o := engine.Options{
		Direction: rapid.SampledFrom([]engine.Direction{"", engine.Both, engine.ToExchange, engine.ToBusiness}).Draw(rt, "direction"),
		Past:      days("past"), Future: days("future"),
		OpenOnly: rapid.Bool().Draw(rt, "open only"),
		Private:  rapid.SampledFrom([]engine.Privacy{"", engine.PrivateBusy, engine.PrivateBusy, engine.PrivateWhole, engine.PrivateNot}).Draw(rt, "private"),
		Policy:   policy.Draw(rt, "own policy"),
	}
	if rapid.Bool().Draw(rt, "categories") {
		o.Categories = []string{"K"}
	}
	if rapid.Bool().Draw(rt, "groups") {
		o.Groups = map[engine.Group]engine.Policy{engine.GroupTime: policy.Draw(rt, "time policy"), engine.GroupContent: policy.Draw(rt, "content policy")}
	}
	if err := o.Check(); err != nil {
		rt.Fatal(err)
	}
	return o
}

func drawOptioned(rt *rapid.T) engine.Rules {
	r := drawRules(rt)
	r.Options = drawOptions(rt)
	r.Today = pim.DateOf(start).AddDays(rapid.IntRange(-5, 5).Draw(rt, "today"))
	return r
}

// drawTravelled draws a pair as it may be after options that were others: perhaps a
// copy without content.
func drawTravelled(rt *rapid.T, r engine.Rules) (b, e engine.Half) {
	was := r
	was.Options = engine.Options{Private: rapid.SampledFrom([]engine.Privacy{engine.PrivateBusy, engine.PrivateWhole}).Draw(rt, "private before")}
	b, e = drawPair(rt, was)
	if b.Base != nil {
		if e.Origin = rapid.Bool().Draw(rt, "from exchange"); e.Origin {
			b.Base = r.Business.Project(was.Outgoing(pim.Business, e.Base, nil))
		}
		b.Origin = !e.Origin && rapid.Bool().Draw(rt, "from business")
	}
	return b, e
}

func hidden(r engine.Rules, b, e pim.Item) bool {
	return r.Options.Private == engine.PrivateBusy && (e.Shared().Sensitivity != "" || b.Shared().Sensitivity != "")
}

func TestUnderAnyOptionsOneDecisionIsEnough(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := drawOptioned(rt)
		b, e := drawTravelled(rt, r)
		d := r.Decide(b, e)
		if again := r.Decide(b, e); !cmp.Equal(d, again) {
			rt.Fatalf("decides differently: %s", cmp.Diff(d, again))
		}
		switch d.Verdict {
		case engine.Settle:
		case engine.Rest:
			if r.Options.Private != engine.PrivateNot && d.Code != fault.SeriesNotSupported {
				rt.Fatalf("rests with %s", d.Code)
			}
			return
		default:
			rt.Fatalf("two items that are there: %v", d.Verdict)
		}
		if r.Options.Direction == engine.ToExchange && d.Business.Write.Fields|d.Business.Lost != 0 {
			rt.Fatalf("writes %s to business", d.Business.Write.Fields)
		}
		if r.Options.Direction == engine.ToBusiness && d.Exchange.Write.Fields|d.Exchange.Lost != 0 {
			rt.Fatalf("writes %s to Exchange", d.Exchange.Write.Fields)
		}
		nb, ne := write(r.Business, now(b), d.Business.Write), write(r.Exchange, now(e), d.Exchange.Write)
		if diff := pim.Diff(nb, d.Business.After) | pim.Diff(ne, d.Exchange.After); diff != 0 {
			rt.Fatalf("comes back otherwise than foretold: %s", diff)
		}
		hb, he := half(d.Business.Base, nb), half(d.Exchange.Base, ne)
		hb.Origin, he.Origin, hb.Seen, he.Seen = b.Origin, e.Origin, b.Seen, e.Seen
		next := r.Decide(hb, he)
		if next.Business.Write.Fields|next.Exchange.Write.Fields != 0 {
			rt.Fatalf("and then writes %s and %s", next.Business.Write.Fields, next.Exchange.Write.Fields)
		}
		if d.Code == "" && d.Waits == 0 && !hidden(r, nb, ne) && !r.Equal(nb, ne) {
			rt.Fatalf("differ in %s, and nothing waits:\n%+v\n%+v", pim.AppointmentFields&^r.Same(nb, ne), nb, ne)
		}
	})
}

func TestWhatWaitedForTheOptionsArrivesWhenTheyLetIt(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := drawOptioned(rt)
		b, e := drawTravelled(rt, r)
		if now(e).(*pim.Appointment).Meeting != nil {
			return
		}
		d := r.Decide(b, e)
		if d.Verdict == engine.Settle {
			nb, ne := write(r.Business, now(b), d.Business.Write), write(r.Exchange, now(e), d.Exchange.Write)
			hb, he := half(d.Business.Base, nb), half(d.Exchange.Base, ne)
			hb.Origin, he.Origin, hb.Seen, he.Seen = b.Origin, e.Origin, b.Seen, e.Seen
			b, e = hb, he
		}
		r.Options = engine.Options{}
		d = r.Decide(b, e)
		nb, ne := write(r.Business, now(b), d.Business.Write), write(r.Exchange, now(e), d.Exchange.Write)
		if d.Waits != 0 || !r.Equal(nb, ne) {
			rt.Fatalf("still differ in %s (%s wait):\n%+v\n%+v", pim.AppointmentFields&^r.Same(nb, ne), d.Waits, nb, ne)
		}
	})
}

func TestAPrivateItemsContentNeverReachesTheBusinessSide(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := drawOptioned(rt)
		r.Options.Private = engine.PrivateBusy
		b, e := drawTravelled(rt, r)
		a := now(e).(*pim.Appointment)
		if a.Sensitivity == "" {
			return
		}
		d := r.Decide(b, e)
		w := d.Business.Write
		leak := w.Fields & contentFields & pim.Diff(w.Item, now(b))
		if leak != 0 && pim.Diff(w.Item, r.Outgoing(pim.Business, now(e), nil))&contentFields != 0 {
			rt.Fatalf("%s reaches business: %+v", leak, w.Item)
		}
		if n := r.DecideNew(pim.Exchange, now(e)); n.Verdict == engine.Create {
			out := r.Outgoing(pim.Business, now(e), nil).(*pim.Appointment)
			if out.Subject != engine.MaskSubject || out.Body != "" || out.Location != "" || out.Categories != nil || out.Meeting != nil || out.UID != "" {
				rt.Fatalf("is made as %+v", out)
			}
			if !cmp.Equal(out.When, a.When) || out.Busy != a.Busy || out.Sensitivity != a.Sensitivity {
				rt.Fatalf("the time does not arrive: %+v", out)
			}
		}
	})
}

func TestACopyWithoutContentNeverOverwritesTheOriginal(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := drawOptioned(rt)
		b, e := drawTravelled(rt, r)
		if b.Base == nil || !e.Origin || e.Base.Shared().Sensitivity == "" || b.Base.Shared().Subject != engine.MaskSubject {
			return
		}
		d := r.Decide(b, e)
		if bad := d.Exchange.Write.Fields & contentFields; bad != 0 && r.Options.Private == engine.PrivateBusy && now(e).Shared().Sensitivity != "" {
			rt.Fatalf("the copy's %s overwrites the original's", bad)
		}
	})
}

func TestOptionsNeverDelete(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := drawOptioned(rt)
		free := r
		free.Options = engine.Options{}
		b, e := drawTravelled(rt, r)
		gone := rapid.SampledFrom([]engine.Presence{engine.Deleted, engine.Away, engine.Lost, engine.Unknown}).Draw(rt, "presence")
		if rapid.Bool().Draw(rt, "business gone") {
			b = missing(gone, b.Base)
		} else {
			e = missing(gone, e.Base)
		}
		d, without := r.Decide(b, e), free.Decide(b, e)
		if d.Verdict == engine.Delete && without.Verdict != engine.Delete {
			rt.Fatalf("deletes what would stay without options: %+v", d)
		}
		target := map[engine.Direction]pim.SideID{engine.ToExchange: pim.Business, engine.ToBusiness: pim.Exchange}[r.Options.Direction]
		switch d.Verdict {
		case engine.Delete, engine.Hold, engine.Create, engine.Recreate:
			if d.Target == target {
				rt.Fatalf("%v on a side that is not written to", d.Verdict)
			}
		}
	})
}

func TestEachFieldIsInOneGroup(t *testing.T) {
	var all pim.FieldSet
	for _, g := range engine.Groups() {
		if all&g.Fields() != 0 {
			t.Errorf("%s: %s twice", g, all&g.Fields())
		}
		all |= g.Fields()
	}
	if want := pim.AppointmentFields | pim.TaskFields; all != want {
		t.Errorf("%s, want %s", all, want)
	}
}
