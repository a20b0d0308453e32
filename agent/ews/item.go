package ews

import "time"

// Element is the schema's element name of an item.
type Element string

// The elements read and written here; others are kept as they came.
const (
	CalendarElement Element = "CalendarItem"
	TaskElement     Element = "Task"
)

// Body is an item's body. Exchange keeps HTML; Text asks it to convert.
type Body struct {
	HTML  bool
	Value string
}

// Attachment is what GetItem tells of a file or an item that hangs on an item: what
// is in it would take a request of its own.
type Attachment struct {
	Name string
	Size int // bytes, as the server counts them
}

// Item is what GetItem, FindItem and SyncFolderItems return, and what CreateItem
// and UpdateItem take. Fields that were not asked for, or that the server did not
// send, are zero.
type Item struct {
	ID      ItemID
	Parent  FolderID
	Element Element
	Class   string // "IPM.Appointment", "IPM.Task.Something"

	Subject     string
	Sensitivity string // Normal, Personal, Private, Confidential
	Body        Body
	// TextBody is the body as plain text, made by the server (2013 and later).
	TextBody   *string
	Categories []string
	Importance string // Low, Normal, High

	ReminderIsSet   bool
	ReminderMinutes int       // before the start; calendar items
	ReminderDueBy   time.Time // the moment; tasks

	HasAttachments bool
	Attachments    []Attachment
	Created        time.Time
	Modified       time.Time // by the server's clock
	Properties     []Property

	// Calendar is set for calendar items, Task for tasks.
	Calendar *CalendarFields
	Task     *TaskFields
}

// Property gives the value of an extended property.
func (i *Item) Property(path PropertyPath) (string, bool) {
	for k := range i.Properties {
		if i.Properties[k].Path.Same(path) {
			return i.Properties[k].Value, true
		}
	}
	return "", false
}

// CalendarFields are the elements a calendar item has beyond an item's.
type CalendarFields struct {
	UID           string
	Start, End    time.Time
	AllDay        bool
	FreeBusy      string // Free, Tentative, Busy, OOF, WorkingElsewhere, NoData
	Location      string
	StartTimeZone string // Windows id
	EndTimeZone   string
	Recurrence    *Recurrence

	// Read-only from here on.

	OriginalStart  time.Time
	Meeting        bool
	Cancelled      bool
	Recurring      bool
	RequestWasSent bool
	OnlineMeeting  bool
	Type           string // Single, Occurrence, Exception, RecurringMaster
	MyResponse     string // Organizer, Tentative, Accept, Decline, NoResponseReceived, Unknown
	Organizer      Mailbox
	Required       []Attendee
	Optional       []Attendee
	Resources      []Attendee
	Modifications  []Occurrence
	Deletions      []time.Time
}

// Series tells whether the item repeats or belongs to a series.
func (c *CalendarFields) Series() bool {
	return c.Recurrence != nil || c.Type == "RecurringMaster" || c.Type == "" && c.Recurring
}

// TaskFields are the elements a task has beyond an item's. Dates come and go as
// instants, though they mean days.
type TaskFields struct {
	Start     time.Time
	Due       time.Time
	Completed time.Time
	Percent   float64 // 0 to 100
	Status    string  // NotStarted, InProgress, Completed, WaitingOnOthers, Deferred

	Recurrence *Recurrence

	// Read-only from here on.

	Done       bool
	Recurring  bool
	Owner      string
	Delegator  string
	Delegation string
}

// Mailbox is a person or resource.
type Mailbox struct {
	Name    string
	Address string
	Routing string // SMTP, or EX where Address is no e-mail address
}

// Attendee is somebody invited, and the answer.
type Attendee struct {
	Mailbox  Mailbox
	Response string // as CalendarFields.MyResponse
	Answered time.Time
}

// Occurrence is a changed occurrence of a series.
type Occurrence struct {
	ID            ItemID
	Start, End    time.Time
	OriginalStart time.Time
}

// Recurrence is a series' pattern and range, in the schema's own words.
type Recurrence struct {
	// Pattern is the element name: DailyRecurrence, WeeklyRecurrence, …
	Pattern        string
	Interval       int
	DaysOfWeek     string // blank-separated names
	FirstDayOfWeek string
	WeekIndex      string // First, Second, Third, Fourth, Last
	DayOfMonth     int
	Month          string
	// Range is the element name: NoEndRecurrence, EndDateRecurrence, NumberedRecurrence.
	Range string
	// StartDate and EndDate are dates as sent: "2026-11-23", sometimes with a zone.
	StartDate string
	EndDate   string
	Count     int
}
