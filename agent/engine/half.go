package engine

import (
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// Presence is what is known of where one side's item is.
type Presence uint8

// Presences.
const (
	// Present: it is in its folder.
	Present Presence = iota
	// Deleted: a person or program deleted it.
	Deleted
	// Away: it was moved to another folder, or out of sight.
	Away
	// Lost: there is no trace of it, and the feed was broken meanwhile. Nobody
	// knows whether it was deleted.
	Lost
	// Unknown: it could not be found out, or the item could not be read.
	Unknown
)

// Half is one side's item of a pair.
type Half struct {
	Presence Presence
	// Base is what the side last returned when both agreed; nil before the pair's
	// first comparison.
	Base pim.Item
	// Item is the item now; nil means it is as Base says.
	Item pim.Item
	// Left is the item as it was last seen before it left, where that differs from
	// Base; nil for not.
	Left pim.Item
	// Seen is when a changed Item was first seen; zero when there was no change.
	Seen time.Time
	// Origin tells that the pair began with this half: the other was made of it.
	Origin bool
}

func (h *Half) now() pim.Item {
	if h.Item != nil {
		return h.Item
	}
	return h.Base
}

func (h *Half) changed() bool {
	return h.Item != nil && (h.Base == nil || pim.Diff(h.Base, h.Item) != 0)
}

// Verdict is the kind of a decision.
type Verdict uint8

// Verdicts.
const (
	// Settle: write what Writes says (nothing, if both are empty) and record Bases.
	Settle Verdict = iota
	// Create: make the item of the other side anew on Target.
	Create
	// Delete: delete on Target, where the guard allows.
	Delete
	// Recreate: Target's item was deleted, but the other one was edited: make it
	// anew on Target, with a new key.
	Recreate
	// Drop: neither item is there any more: forget the pair.
	Drop
	// Unpair: forget the pair, but keep the item on the side opposite to Target.
	Unpair
	// Rest: leave both alone until something changes.
	Rest
	// Hold: a person must say whether the item on Target is to be deleted.
	Hold
	// Wait: not enough is known; try again later.
	Wait
	// Refuse: what would have to be done is not allowed; Code says why.
	Refuse
	// Filter: the options keep the item from travelling; Code is
	// [fault.OutsideOptions], and it is no problem.
	Filter
)

// Write is what to write to one side.
type Write struct {
	// Fields are to be set to the values they have in Item; empty for no write.
	Fields pim.FieldSet
	Item   pim.Item
}

// Decision is what is to be done about one pair or item.
type Decision struct {
	Verdict Verdict
	// Target is the side to act on, where the verdict needs one.
	Target pim.SideID
	// Business and Exchange are what becomes of each half, for Settle.
	Business, Exchange Outcome
	// Code is the problem it is, "" for none. With Settle the business change that
	// could not be written stays a change: it must be decided again whenever one
	// of the two items changes.
	Code fault.Code
	// Waits are fields that would be written if the options let them: they stay
	// changes, and are decided again when an item or the options change. Settle only.
	Waits pim.FieldSet
}

// Outcome is what Settle does to one half.
type Outcome struct {
	Write Write
	// Base is what the side returns after the write, but for what stays a change.
	Base pim.Item
	// After is what the side returns after the write.
	After pim.Item
	// Lost are the fields whose values lose a conflict.
	Lost pim.FieldSet
}

// Of is one side's outcome.
func (d *Decision) Of(s pim.SideID) *Outcome {
	if s == pim.Business {
		return &d.Business
	}
	return &d.Exchange
}
