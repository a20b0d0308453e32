package engine

import (
	"time"

	"abgleich/agent/pim"
)

// Projection is what the engine must know of a side: what it can hold. The
// package agent/side has the same interface with the contract in full.
type Projection interface {
	// Project gives the canonical item the side would return after a write.
	Project(pim.Item) pim.Item
	// Writable gives the fields that may be written.
	Writable() pim.FieldSet
}

// Policy settles a field both sides changed. The values stand in the parameters: fixed.
type Policy string

// Policies.
const (
	// Newer lets the value win that was first seen later; within [NewerTie] of each
	// other, and where nothing is known, the business value.
	Newer        Policy = "newer"
	BusinessWins Policy = "business"
	ExchangeWins Policy = "exchange"
)

// NewerTie is the time in which two changes count as simultaneous.
const NewerTie = 2 * time.Minute

// Rules are what decisions about one user's items of one kind go by.
type Rules struct {
	// Policy is the one where the options name none.
	Policy             Policy
	Business, Exchange Projection
	Options            Options
	// Today is the user's day in Zone, for the time window; zero for no window, nil
	// for UTC.
	Today pim.Date
	Zone  *time.Location
}

// Same gives the fields in which a business and an Exchange item mean the same:
// where one side's value is what the other's becomes on it.
func (r *Rules) Same(b, e pim.Item) pim.FieldSet {
	d := pim.Diff(b, e)
	if d == 0 {
		return pim.FieldsOf(b.Kind())
	}
	d &= pim.Diff(r.Exchange.Project(b), e)
	if d != 0 {
		d &= pim.Diff(b, r.Business.Project(e))
	}
	if d&timing != 0 && isSeries(b) && isSeries(e) {
		// A pattern can lose something on either side: a zone here, of a day the degree of
		// its privacy there.
		d &= pim.Diff(r.Business.Project(r.Exchange.Project(b)), r.Business.Project(r.Exchange.Project(e)))
	}
	return pim.FieldsOf(b.Kind()) &^ d
}

// Equal tells whether nothing would be written to make the two the same.
func (r *Rules) Equal(b, e pim.Item) bool {
	differ := pim.FieldsOf(b.Kind()) &^ r.Same(b, e)
	return differ&(r.Business.Writable()|r.Exchange.Writable()) == 0
}

// winner says whose value stays when both changed a field of a group.
func (r *Rules) winner(g Group, b, e *Half) pim.SideID {
	switch r.policy(g) {
	case BusinessWins:
		return pim.Business
	case ExchangeWins:
		return pim.Exchange
	}
	if e.Seen.Sub(b.Seen) > NewerTie {
		return pim.Exchange
	}
	return pim.Business
}
