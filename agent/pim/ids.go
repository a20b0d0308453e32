package pim

// Kind tells appointments from tasks. The values are stored and sent: fixed.
type Kind uint8

// The kinds. Zero is no kind.
const (
	KindAppointment Kind = 1
	KindTask        Kind = 2
)

// Kinds lists every kind, in the order runs take them.
func Kinds() []Kind { return []Kind{KindAppointment, KindTask} }

// String is the word used in logs, on the command line and in the database.
func (k Kind) String() string {
	switch k {
	case KindAppointment:
		return "appointment"
	case KindTask:
		return "task"
	}
	return "unknown"
}

// ParseKind reads what String writes; false for anything else.
func ParseKind(s string) (Kind, bool) {
	for _, k := range Kinds() {
		if s == k.String() {
			return k, true
		}
	}
	return 0, false
}

// SideID names one of the two stores. The values are stored: fixed.
type SideID uint8

// The sides. Zero is no side.
const (
	Business SideID = 1
	Exchange SideID = 2
)

// String is the glossary's word.
func (s SideID) String() string {
	switch s {
	case Business:
		return "business"
	case Exchange:
		return "exchange"
	}
	return "unknown"
}

// Other is the opposite side.
func (s SideID) Other() SideID {
	if s == Business {
		return Exchange
	}
	return Business
}

// UserID is an employee's User-ID in the employee master data.
type UserID string

// ItemID is a side's own name for an item: opaque, case-sensitive, at most 512
// bytes, and on Exchange changed by a move.
type ItemID string

// Version is a side's own mark of an item's state (Exchange: the change key).
// Opaque. Equal versions mean an equal item; different ones may still be equal.
type Version string

// Key is the AbgleichId: our own name for a pair, kept inside the Exchange item
// and in the business side's key table. It begins with the installation's id.
type Key string

// Ref names one item for one user.
type Ref struct {
	User UserID
	Kind Kind
	Side SideID
	ID   ItemID
}
