package engine

import "abgleich/agent/pim"

// timing are the fields that say together when something is: half of each side's
// answer may be a series that neither has.
const timing = pim.FieldSet(1<<pim.FieldWhen | 1<<pim.FieldDates | 1<<pim.FieldRecurrence)

func isSeries(i pim.Item) bool { return i != nil && i.Shared().Recurrence != nil }

// carries tells whether an item is single, or a series that may be written to a
// side as it is.
func (r *Rules) carries(i pim.Item, to pim.SideID) bool {
	if !isSeries(i) {
		return true
	}
	p := r.Exchange
	if to == pim.Business {
		p = r.Business
	}
	return p.Writable().Has(pim.FieldRecurrence) && pim.CheckSeries(i) == nil
}

// bind lets time and pattern of a series go one way, where they would go both.
func (f *flow) bind(winner pim.SideID, r *Rules) {
	b, e := f.toBusiness&timing, f.toExchange&timing
	if b == 0 || e == 0 {
		return
	}
	if winner == pim.Business {
		f.toBusiness, f.lostBusiness = f.toBusiness&^b, f.lostBusiness&^b
		f.settle(b, winner, r)
		return
	}
	f.toExchange, f.lostExchange = f.toExchange&^e, f.lostExchange&^e
	f.settle(e, winner, r)
}

// withZone gives the fields that go along with others: a pattern is told by the clock of
// its item's zone, and means other days by another one's.
func withZone(dst, src pim.Item, fields pim.FieldSet) pim.FieldSet {
	d, ok := dst.(*pim.Appointment)
	if !ok || fields&timing == 0 || !isSeries(dst) && !isSeries(src) {
		return 0
	}
	if s := src.(*pim.Appointment); s.When.AllDay || d.When.AllDay || s.When.Zone == d.When.Zone {
		return 0
	}
	return timing & pim.FieldsOf(pim.KindAppointment)
}
