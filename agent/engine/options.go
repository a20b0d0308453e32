package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"abgleich/agent/pim"
)

// Direction says which side a user's changes are carried to. The values are stored
// and stand in the parameters: fixed.
type Direction string

// Directions.
const (
	Both       Direction = "both"
	ToExchange Direction = "to_exchange"
	ToBusiness Direction = "to_business"
)

// Privacy says how items marked as private travel. Fixed like [Direction].
type Privacy string

// Privacies.
const (
	// PrivateWhole treats them as any other; it is the zero value's meaning too.
	PrivateWhole Privacy = "whole"
	// PrivateBusy lets their time reach the business side, and nothing of their content.
	PrivateBusy Privacy = "busy"
	// PrivateNot leaves them where they are.
	PrivateNot Privacy = "not"
)

// Group is a set of fields that one policy settles. Fixed like [Direction].
type Group string

// Groups.
const (
	GroupContent  Group = "content"  // subject, body, location, importance
	GroupTime     Group = "time"     // time, pattern, dates
	GroupStatus   Group = "status"   // busy, progress
	GroupPersonal Group = "personal" // categories, reminder, private flag
)

// Groups lists all groups in a fixed order.
func Groups() []Group { return []Group{GroupContent, GroupTime, GroupStatus, GroupPersonal} }

// Fields are the fields of a group; together the groups hold every field once.
func (g Group) Fields() pim.FieldSet {
	switch g {
	case GroupContent:
		return pim.Fields(pim.FieldSubject, pim.FieldBody, pim.FieldLocation, pim.FieldImportance, pim.FieldMeeting)
	case GroupTime:
		return timing
	case GroupStatus:
		return pim.Fields(pim.FieldBusy, pim.FieldProgress)
	case GroupPersonal:
		return pim.Fields(pim.FieldCategories, pim.FieldReminder, pim.FieldSensitivity)
	}
	return 0
}

// Options say which of a user's items of one kind travel, where to, and whose value
// wins. The zero value lets everything travel both ways, whole. They decide what
// begins to travel; what is paired goes on, but for private items that are not to
// travel at all, which rest (docs/adr/0017).
type Options struct {
	// Direction is the zero value for both.
	Direction Direction `json:"direction,omitempty"`
	// Past and Future are how many days before and after today an item may be; nil
	// for any. A series is inside as long as one of its occurrences is.
	Past   *int `json:"past,omitempty"`
	Future *int `json:"future,omitempty"`
	// Categories: only items with one of them, in any letter case; none for all.
	Categories []string `json:"categories,omitempty"`
	// OpenOnly leaves out tasks that are done.
	OpenOnly bool    `json:"openOnly,omitempty"`
	Private  Privacy `json:"private,omitempty"`
	// Policy settles conflicts, Groups those of a group of fields; "" and missing ones
	// are as the parameters say.
	Policy Policy           `json:"policy,omitempty"`
	Groups map[Group]Policy `json:"groups,omitempty"`
}

// MostDays is the most that Past and Future may be: 100 years.
const MostDays = 36_525

// Check tells what makes no sense.
func (o *Options) Check() error {
	if !slices.Contains([]Direction{"", Both, ToExchange, ToBusiness}, o.Direction) {
		return fmt.Errorf("there is no direction %q", o.Direction)
	}
	if !slices.Contains([]Privacy{"", PrivateWhole, PrivateBusy, PrivateNot}, o.Private) {
		return fmt.Errorf("private items cannot travel as %q", o.Private)
	}
	for _, d := range []*int{o.Past, o.Future} {
		if d != nil && (*d < 0 || *d > MostDays) {
			return fmt.Errorf("a time window of %d days", *d)
		}
	}
	for _, c := range o.Categories {
		if strings.TrimSpace(c) == "" {
			return fmt.Errorf("a category without a name")
		}
	}
	if !o.Policy.known() {
		return fmt.Errorf("there is no policy %q", o.Policy)
	}
	for _, g := range slices.Sorted(maps.Keys(o.Groups)) {
		if g.Fields() == 0 {
			return fmt.Errorf("there is no group of fields %q", g)
		}
		if !o.Groups[g].known() {
			return fmt.Errorf("there is no policy %q", o.Groups[g])
		}
	}
	return nil
}

func (p Policy) known() bool {
	return slices.Contains([]Policy{"", Newer, BusinessWins, ExchangeWins}, p)
}

// writes tells whether changes are carried to a side.
func (o *Options) writes(s pim.SideID) bool {
	switch o.Direction {
	case ToExchange:
		return s == pim.Exchange
	case ToBusiness:
		return s == pim.Business
	}
	return true
}

// policy is whose value wins in a group of fields.
func (r *Rules) policy(g Group) Policy {
	switch {
	case r.Options.Groups[g] != "":
		return r.Options.Groups[g]
	case r.Options.Policy != "":
		return r.Options.Policy
	}
	return r.Policy
}
