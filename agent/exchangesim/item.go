package exchangesim

import (
	"slices"
	"time"
)

// Kind says what an item is.
type Kind uint8

// The kinds of item a mailbox holds.
const (
	Appointment Kind = iota + 1
	Task
	Message
)

// ItemID is the opaque, case-sensitive id of an item. A move changes it.
type ItemID string

// Folder names a folder: a distinguished name such as "calendar", or the id of
// a folder a person made.
type Folder string

// The distinguished folders a person or a test needs.
const (
	Calendar     Folder = "calendar"
	Tasks        Folder = "tasks"
	Inbox        Folder = "inbox"
	DeletedItems Folder = "deleteditems"
	// Recoverable is where soft-deleted items and those purged from Deleted Items go.
	Recoverable Folder = "recoverableitemsdeletions"
)

// Item is one appointment, task or message as the mailbox holds it. Enumerations
// are the words of the EWS schema; an empty one means the schema's default.
// Slices and pointers in an item that came out of a mailbox must not be written to.
type Item struct {
	ID        ItemID // given by the mailbox
	ChangeKey string // given by the mailbox, new on every save
	Folder    Folder // where it is; empty on creation: the default folder of Kind
	Kind      Kind

	Class       string // item class, IPM.Appointment or IPM.Task when empty
	Subject     string
	Body        string // as stored: text, or HTML when BodyIsHTML
	BodyIsHTML  bool
	Sensitivity string // Normal, Personal, Private, Confidential
	Importance  string // Low, Normal, High
	Categories  []string
	// ReminderSet with ReminderMinutes before the start (appointments), or at
	// ReminderDue (tasks).
	ReminderSet     bool
	ReminderMinutes int
	ReminderDue     time.Time
	Properties      []Property
	Attachments     []Attachment
	Created         time.Time // given by the mailbox
	Modified        time.Time // given by the mailbox: the server's clock

	// Appointments. Start and End are instants; Zone is the IANA zone (or the
	// Windows id, where no IANA name is known) the start was entered in, EndZone
	// that of the end. The mailbox snaps all-day items to midnight in Zone.
	Start, End    time.Time
	Zone, EndZone string
	// ZoneRules is the IANA zone whose clock holds where Zone is a name nobody knows,
	// as other programs write them into invitations; UTC when empty.
	ZoneRules  string
	AllDay     bool
	Busy       string // Free, Tentative, Busy, OOF, WorkingElsewhere, NoData
	Location   string
	UID        string // given by the mailbox when empty
	GlobalID   []byte // CleanGlobalObjectId; given by the mailbox when empty
	Organizer  Attendee
	Required   []Attendee
	Optional   []Attendee
	Resources  []Attendee
	Meeting    bool // somebody invited somebody
	Cancelled  bool
	MyResponse string // Organizer, Accept, Tentative, …; Unknown without a meeting
	JoinURL    string // link of an online meeting

	// Tasks. Dates are midnight UTC of the day; zero means none.
	TaskStart, Due, Completed time.Time
	Status                    string // NotStarted, InProgress, Completed, WaitingOnOthers, Deferred
	Percent                   float64

	// Recurrence makes the item a recurring master. On saving, a series of
	// appointments is moved to the first day of its pattern, keeping its time of day.
	Recurrence *Recurrence

	// Occurrences of a series, given by the mailbox. MasterID is empty for everything
	// else, also for an occurrence somebody was invited to alone, which has
	// OriginalStart and its series' UID only; OriginalStart is where the pattern puts the occurrence, and with the
	// master names it. Exceptional tells a changed occurrence.
	MasterID      ItemID
	OriginalStart time.Time
	Exceptional   bool

	num     uint64 // in the mailbox, part of the id
	entered uint64 // feed position at which it entered its folder
	seq     uint64 // feed position of the last save
	saves   []save // the last saves, for AutoResolve
	folder  *folder

	loc        *time.Location // of Zone
	exceptions []exception    // of a master, by day
	removed    []int          // days of a master's deleted occurrences
	master     *Item          // of an occurrence, with day
	day        int

	extra               map[string]string // fields kept without looking at them
	companies, contacts []string
}

// save remembers which fields one save changed.
type save struct {
	seq    uint64
	fields fieldSet
	day    int // of the occurrence that was changed, 0 for the item itself
}

// Attendee is a person in a meeting.
type Attendee struct {
	Name, Mail string
	Response   string // Unknown, Organizer, Tentative, Accept, Decline, NoResponseReceived
}

// Recurrence is the pattern of a series, in the words of the EWS schema.
type Recurrence struct {
	// Pattern is the element name: DailyRecurrence, WeeklyRecurrence,
	// AbsoluteMonthlyRecurrence, RelativeMonthlyRecurrence,
	// AbsoluteYearlyRecurrence, RelativeYearlyRecurrence, and for tasks also
	// DailyRegeneration, WeeklyRegeneration, MonthlyRegeneration, YearlyRegeneration.
	Pattern        string
	Interval       int
	DaysOfWeek     string // "Monday Tuesday", or "Day", "Weekday", "WeekendDay"
	FirstDayOfWeek string
	WeekIndex      string // First … Last
	DayOfMonth     int
	Month          string
	Start          string // YYYY-MM-DD
	End            string // YYYY-MM-DD; empty unless it ends by date
	Count          int    // 0 unless it ends after so many
}

// PropertyName names an extended property as EWS does. Exactly one of Tag,
// Set+Name and Set+ID is used.
type PropertyName struct {
	Set  string // property set GUID, lower case
	Name string
	Tag  uint16
	ID   int32 // valid with HasID
	// HasID tells ID 0 from none.
	HasID bool
	Type  string // String, Binary, Integer, Boolean, SystemTime, StringArray, …
}

// PublicString is the named string property of the PublicStrings set.
func PublicString(name string) PropertyName {
	return PropertyName{Set: setPublicStrings, Name: name, Type: "String"}
}

// SetString is the named string property of the property set with this GUID.
func SetString(guid, name string) PropertyName {
	return PropertyName{Set: lowerASCII(guid), Name: name, Type: "String"}
}

// Property is an extended property with its value, or its values when its type
// is an array. Values are in their XML form.
type Property struct {
	Name   PropertyName
	Values []string
}

// Property reads an extended property; it answers "" when there is none.
func (it *Item) Property(name PropertyName) (string, bool) {
	for i := range it.Properties {
		if it.Properties[i].Name == name && len(it.Properties[i].Values) > 0 {
			return it.Properties[i].Values[0], true
		}
	}
	return "", false
}

// SetProperty sets an extended property, or removes it when there are no values.
// It never writes to the slice the item had.
func (it *Item) SetProperty(name PropertyName, values ...string) {
	props := make([]Property, 0, len(it.Properties)+1)
	for _, p := range it.Properties {
		if p.Name != name {
			props = append(props, p)
		}
	}
	if len(values) > 0 {
		props = append(props, Property{Name: name, Values: slices.Clone(values)})
	}
	it.Properties = props
}

// IsMaster tells whether the item is the master of a series.
func (it *Item) IsMaster() bool { return it.Recurrence != nil }
