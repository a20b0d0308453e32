package exchangesim

// Quirks names a server whose deviations from Exchange are imitated, so that clients
// can be tried against them. They were seen with grommunio 3.10.
type Quirks string

// The known values.
const (
	NoQuirks Quirks = ""
	// Grommunio: dates of recurrences with a time part; empty Groups in FindItem; an
	// XML declaration before each streamed envelope; StartTimeZone out of order;
	// unexpanded masters in a CalendarView; PercentComplete times 100; no CompleteDate;
	// stale change keys accepted; a broken reply on a connection that asked for an
	// unknown operation.
	Grommunio Quirks = "grommunio"
)

func (q Quirks) known() bool { return q == NoQuirks || q == Grommunio }
