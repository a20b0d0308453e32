package side

import (
	"context"

	"abgleich/agent/pim"
)

// Keeper is a folder whose items hold more than their fields tell, such as a
// formatted body and attachments.
type Keeper interface {
	// Keep gives what items hold beyond their fields, one answer for each id; nil for
	// nothing worth keeping, and for an item that can't be read. What it gives is for
	// [Update] and [Creation] only.
	Keep(context.Context, []pim.ItemID) ([][]byte, error)
	// PutBack takes deleted items that carry the given keys out of where deleted items
	// are kept, with all they hold. An item that is in the folder already is given as it
	// is; [fault.ItemGone] where there is no trace of one. Nobody is told.
	PutBack(context.Context, []pim.Key) ([]Outcome, error)
}
