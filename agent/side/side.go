// Package side owns the contract that the business database and Exchange both
// fulfil, so that the engine and the executor need not know which is which.
//
// Promises every side makes, checked by the shared suite agent/side/sidetest:
//
//   - A batch gives one result for each input, in the input's order. One bad item
//     spoils only its own result.
//   - An error for a whole write means that nothing is known about any of its
//     items: the caller looks them up by key before it writes again. An error
//     with code [fault.ReplyLost] in one result says the same of that item.
//   - A version belongs to one state of one item. An update or deletion with a
//     version that is no longer the item's is refused with [fault.ItemChanged]
//     and changes nothing.
//   - What a side returns is canonical ([pim.Canonical]) and a fixpoint of its own
//     [Projection]: writing X and reading it back gives Project(X).
//   - A change feed read from the empty cursor lists every item at least once;
//     from any later cursor every item that was created, changed or removed
//     since, the side's own writes included. It may list more than that.
//   - Nothing a side does sends mail to anybody.
//
// The package must not know the engine, the store or any concrete side.
package side

import (
	"context"
	"time"

	"abgleich/agent/pim"
)

// Account says for whom a side is opened. How to log in is the side's business.
type Account struct {
	// User is the employee's User-ID.
	User pim.UserID
	// Mail is the address of the mailbox: the employee's own, or with Shared that of
	// another one an administrator tied him to.
	Mail string
	// Zone is the IANA zone in which the user's dates begin and end.
	Zone *time.Location
	// Shared tells that the mailbox is not the employee's own: it is opened with the
	// rights the login was given there.
	Shared bool
	// Folders are used in place of the default ones.
	Folders Folders
}

// Folders name folders by their path, "Team/Room 1"; "" is the default folder of a
// kind. A slash inside a name is written "//".
type Folders struct{ Appointments, Tasks string }

// Of gives the name for a kind.
func (f Folders) Of(k pim.Kind) string {
	switch k {
	case pim.KindAppointment:
		return f.Appointments
	case pim.KindTask:
		return f.Tasks
	}
	return ""
}

// Side is one of the two stores.
type Side interface {
	// ID tells which.
	ID() pim.SideID
	// Projection says what the side can hold of a kind.
	Projection(pim.Kind) Projection
	// Open gives one user's items of one kind. It may log in and look around,
	// and fails with a code when the user cannot be served. The folder is used by
	// one run at a time, though its methods may be called side by side.
	Open(context.Context, Account, pim.Kind) (Folder, error)
}

// Projection is what a side can hold of an item.
type Projection interface {
	// Project gives the canonical item the side would return after the argument
	// was written to it. Pure, and idempotent: Project(Project(x)) = Project(x).
	Project(pim.Item) pim.Item
	// Writable gives the fields that may be written to the side.
	Writable() pim.FieldSet
}

// Cursor is how far a change feed was read: opaque, "" for the beginning.
type Cursor string

// Page is one stretch of a change feed.
type Page struct {
	Changes []Change
	// Next is the cursor after this page.
	Next Cursor
	// More tells that the feed goes on right behind Next.
	More bool
}

// Change is one entry of a feed.
type Change struct {
	ID      pim.ItemID
	Version pim.Version // "" for a removal
	// Key is our key inside the item, "" if none or not told for a removal.
	Key pim.Key
	// Gone tells that the item is no longer in the folder. It may have been
	// deleted, moved, or filtered: [Folder.Whereabouts] tells which.
	Gone bool
	// Item may be nil though the item exists: then Get fetches it.
	Item pim.Item
}

// Got is an item read. Err holds [fault.ItemGone] or [fault.ItemUnreadable].
type Got struct {
	ID      pim.ItemID
	Version pim.Version
	Key     pim.Key
	Item    pim.Item
	Err     error
}

// Creation asks for a new item that carries Key from its first instant.
type Creation struct {
	Key  pim.Key
	Item pim.Item
	// Whole is what a [Keeper] once gave for the item, nil for nothing.
	Whole []byte
}

// Update asks to set fields of an item to the values they have in Item; all other
// fields stay as they are.
type Update struct {
	ID      pim.ItemID
	Version pim.Version
	Fields  pim.FieldSet
	Item    pim.Item
	// Was is the item as the side last told it at Version; nil where the caller does
	// not know. A side may use it to find out what is to be written, never in place
	// of the version.
	Was pim.Item
	// Whole is what a [Keeper] once gave for the item when Fields had these values, nil
	// for nothing.
	Whole []byte
}

// Deletion asks to delete: Exchange moves to Deleted Items, the business database
// leaves a tombstone.
type Deletion struct {
	ID      pim.ItemID
	Version pim.Version
}

// KeyAssignment asks to write our key into an existing item, replacing any other.
type KeyAssignment struct {
	ID      pim.ItemID
	Version pim.Version
	Key     pim.Key
}

// Outcome is the result of one write: the item's id and version after it, or an
// error with a code and the item as it was.
type Outcome struct {
	ID      pim.ItemID
	Version pim.Version
	Err     error
}

// Found is the answer for one key: Items has more than one entry where a person
// copied an item together with its key. Items in Deleted Items do not count.
type Found struct {
	Key   pim.Key
	Items []Got
}

// Lost names an item that left a folder.
type Lost struct {
	// ID may be a name nobody has where only Key is known.
	ID  pim.ItemID
	Key pim.Key // "" if it never got one
}

// Place is where an item is now. The values are stored: fixed.
type Place uint8

// Places.
const (
	// PlaceUnknown: it could not be found out. Never a deletion.
	PlaceUnknown Place = 0
	// PlaceHere: it is still (or again) in the folder.
	PlaceHere Place = 1
	// PlaceDeleted: a person or program deleted it.
	PlaceDeleted Place = 2
	// PlaceElsewhere: it was moved to another folder, or out of the user's view.
	PlaceElsewhere Place = 3
	// PlaceNowhere: no trace of it. A deletion only if the feed was unbroken.
	PlaceNowhere Place = 4
)

// Whereabouts is the answer for one lost item.
type Whereabouts struct {
	ID    pim.ItemID
	Place Place
}

// Folder holds one user's items of one kind. All methods honour cancellation and
// return errors with a fault code.
type Folder interface {
	// Changes reads one page of the feed. [fault.CursorLost] asks the caller to
	// start again from the empty cursor and to pair again; it is no statement
	// about any item.
	Changes(context.Context, Cursor) (Page, error)
	// Get reads items by id.
	Get(context.Context, []pim.ItemID) ([]Got, error)
	// Create makes new items. It does not look whether the key exists already.
	Create(context.Context, []Creation) ([]Outcome, error)
	// Update writes fields.
	Update(context.Context, []Update) ([]Outcome, error)
	// Delete deletes. An item already gone is [fault.ItemGone].
	Delete(context.Context, []Deletion) ([]Outcome, error)
	// SetKeys writes keys.
	SetKeys(context.Context, []KeyAssignment) ([]Outcome, error)
	// FindByKey finds items of this folder by key.
	FindByKey(context.Context, []pim.Key) ([]Found, error)
	// Whereabouts finds out what became of items the feed called gone.
	Whereabouts(context.Context, []Lost) ([]Whereabouts, error)
	// BatchSize is how many items a write should carry at once.
	BatchSize() int
	// Close gives back what Open took.
	Close() error
}

// Placed is a folder that knows which one it is on its server: a name that stays
// while the folder is renamed, and differs from that of any other folder.
type Placed interface {
	Place() string
	// Prove asks whether it is in the mailbox that the account's address names. Code:
	// [fault.MailboxOfOther].
	Prove(context.Context) error
}

// Watcher is a side that tells when something changed, so that nobody has to ask.
type Watcher interface {
	// Watch calls hint soon after something may have changed for the account,
	// until the context ends or watching fails. ready is called once watching has
	// begun: what changed before is not hinted at. A hint is a reason to run,
	// never data to trust; hints may repeat and may be too many.
	Watch(ctx context.Context, a Account, ready func(), hint func(pim.Kind)) error
}

// Claimer is a folder that can carry the mark of the installation that keeps it.
type Claimer interface {
	// Claim leaves the installation's id on the mailbox, or fails with
	// [fault.MailboxClaimed] when another one stands there and takeOver is false.
	Claim(ctx context.Context, installation string, takeOver bool) error
}

// Looker is a folder that may write while it is read, or be marked by an
// installation, and that can be had as one that never writes.
type Looker interface {
	// Look gives the same folder for looking only: it completes nothing, and shows
	// what was begun as it was meant. It is closed with the folder it came from.
	Look() Folder
	// Claimed tells whose mark stands on the mailbox, "" for nobody's.
	Claimed(context.Context) (installation string, err error)
}
