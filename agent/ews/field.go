package ews

// Field is one element of an item that can be asked for, and for the writable
// ones set or cleared. The order is the schema's: requests are written in it.
type Field uint8

// The fields. Those up to FieldReminderMinutes belong to every item.
const (
	FieldParent Field = iota
	FieldClass
	FieldSubject
	FieldSensitivity
	FieldBody
	FieldAttachments
	FieldCategories
	FieldImportance
	FieldCreated
	FieldReminderDueBy
	FieldReminderIsSet
	FieldReminderMinutes
	FieldHasAttachments
	FieldModified
	FieldTextBody

	// Calendar items.
	FieldUID
	FieldStart
	FieldEnd
	FieldOriginalStart
	FieldAllDay
	FieldFreeBusy
	FieldLocation
	FieldMeeting
	FieldCancelled
	FieldRecurring
	FieldRequestWasSent
	FieldCalendarType
	FieldMyResponse
	FieldOrganizer
	FieldRequired
	FieldOptional
	FieldResources
	FieldRecurrence
	FieldModifications
	FieldDeletions
	FieldStartTimeZone
	FieldEndTimeZone
	FieldOnlineMeeting

	// Tasks.
	FieldCompleted
	FieldDelegation
	FieldDelegator
	FieldDue
	FieldDone
	FieldTaskRecurring
	FieldOwner
	FieldPercent
	FieldTaskRecurrence
	FieldTaskStart
	FieldStatus

	fieldCount
)

// uri is the field's UnindexedFieldURI, also the table of all fields.
func (f Field) uri() string {
	return [fieldCount]string{
		"item:ParentFolderId", "item:ItemClass", "item:Subject", "item:Sensitivity", "item:Body",
		"item:Attachments", "item:Categories", "item:Importance", "item:DateTimeCreated", "item:ReminderDueBy",
		"item:ReminderIsSet", "item:ReminderMinutesBeforeStart", "item:HasAttachments",
		"item:LastModifiedTime", "item:TextBody",
		"calendar:UID", "calendar:Start", "calendar:End", "calendar:OriginalStart",
		"calendar:IsAllDayEvent", "calendar:LegacyFreeBusyStatus", "calendar:Location",
		"calendar:IsMeeting", "calendar:IsCancelled", "calendar:IsRecurring",
		"calendar:MeetingRequestWasSent", "calendar:CalendarItemType", "calendar:MyResponseType",
		"calendar:Organizer", "calendar:RequiredAttendees", "calendar:OptionalAttendees",
		"calendar:Resources", "calendar:Recurrence", "calendar:ModifiedOccurrences",
		"calendar:DeletedOccurrences", "calendar:StartTimeZone", "calendar:EndTimeZone",
		"calendar:IsOnlineMeeting",
		"task:CompleteDate", "task:DelegationState", "task:Delegator", "task:DueDate",
		"task:IsComplete", "task:IsRecurring", "task:Owner", "task:PercentComplete",
		"task:Recurrence", "task:StartDate", "task:Status",
	}[f]
}

// FieldSet is a set of fields.
type FieldSet uint64

// Fields makes a set.
func Fields(fs ...Field) FieldSet {
	var s FieldSet
	for _, f := range fs {
		s |= 1 << f
	}
	return s
}

// Has tells whether f is in the set.
func (s FieldSet) Has(f Field) bool { return s&(1<<f) != 0 }

const (
	commonFields   FieldSet = 1<<(FieldTextBody+1) - 1
	calendarFields FieldSet = (1<<(FieldOnlineMeeting+1) - 1) &^ commonFields
	taskFields     FieldSet = (1<<fieldCount - 1) &^ (commonFields | calendarFields)

	commonWritable FieldSet = 1<<FieldSubject | 1<<FieldSensitivity | 1<<FieldBody | 1<<FieldCategories |
		1<<FieldImportance | 1<<FieldReminderDueBy | 1<<FieldReminderIsSet | 1<<FieldReminderMinutes
	calendarWritable FieldSet = 1<<FieldStart | 1<<FieldEnd | 1<<FieldAllDay | 1<<FieldFreeBusy |
		1<<FieldLocation | 1<<FieldStartTimeZone | 1<<FieldEndTimeZone | 1<<FieldRecurrence
	taskWritable FieldSet = 1<<FieldCompleted | 1<<FieldDue | 1<<FieldPercent | 1<<FieldTaskStart | 1<<FieldStatus |
		1<<FieldTaskRecurrence
)

// CalendarFieldSet gives every field a calendar item has.
func CalendarFieldSet() FieldSet { return commonFields | calendarFields }

// TaskFieldSet gives every field a task has.
func TaskFieldSet() FieldSet { return commonFields | taskFields }

// writable gives the fields CreateItem and UpdateItem may carry for an element.
func writable(e Element) FieldSet {
	switch e {
	case CalendarElement:
		return commonWritable | calendarWritable
	case TaskElement:
		return commonWritable | taskWritable
	}
	return commonWritable
}
