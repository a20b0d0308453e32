package ews

import "strings"

// ID names an item or folder; case-sensitive, up to 512 bytes. A move changes it.
type ID string

// ChangeKey is the version of an item or folder. It changes on every save, also
// on the server's own.
type ChangeKey string

// ItemID is an item and the version seen.
type ItemID struct {
	ID        ID
	ChangeKey ChangeKey
	// Instance other than 0 means an occurrence of the series that ID names: the
	// nth of its pattern, counted from 1, deleted ones included.
	Instance int
}

// FolderID names a folder by id, or by a distinguished name and, for another
// person's mailbox, its address.
type FolderID struct {
	ID            ID
	ChangeKey     ChangeKey
	Distinguished FolderName
	// Mailbox is the SMTP address of the owner; empty for the caller's own.
	// Only read together with Distinguished.
	Mailbox string
}

// FolderName is a distinguished folder name of the schema.
type FolderName string

// The distinguished folders used here.
const (
	Calendar                  FolderName = "calendar"
	Tasks                     FolderName = "tasks"
	DeletedItems              FolderName = "deleteditems"
	MessageRoot               FolderName = "msgfolderroot"
	RecoverableItemsDeletions FolderName = "recoverableitemsdeletions"
	RecoverableItemsRoot      FolderName = "recoverableitemsroot"
)

// Folder gives a distinguished folder of the caller's own mailbox.
func Folder(name FolderName) FolderID { return FolderID{Distinguished: name} }

// PropertyType is a MAPI type name of the schema, such as "String".
type PropertyType string

// The MAPI types used here.
const (
	StringProperty  PropertyType = "String"
	BinaryProperty  PropertyType = "Binary"
	IntegerProperty PropertyType = "Integer"
	BooleanProperty PropertyType = "Boolean"
	TimeProperty    PropertyType = "SystemTime"
)

// PropertySet names one of the distinguished property sets.
type PropertySet string

// The distinguished property sets used here.
const (
	MeetingSet       PropertySet = "Meeting"
	AppointmentSet   PropertySet = "Appointment"
	CommonSet        PropertySet = "Common"
	PublicStringsSet PropertySet = "PublicStrings"
	TaskSet          PropertySet = "Task"
)

// PropertyPath names an extended property: (Set or SetGUID) with (Name or PID),
// or a Tag.
type PropertyPath struct {
	Set     PropertySet
	SetGUID string
	Tag     string
	Name    string
	// PID is the property's dispatch id, read when Name and Tag are empty.
	PID  int
	Type PropertyType
}

// Same tells whether two paths name the same property. GUIDs and tags are
// compared without case, since servers rewrite them.
func (p PropertyPath) Same(o PropertyPath) bool {
	return p.Set == o.Set && strings.EqualFold(p.SetGUID, o.SetGUID) && sameTag(p.Tag, o.Tag) &&
		strings.EqualFold(p.Name, o.Name) && p.PID == o.PID
}

func sameTag(a, b string) bool {
	return strings.EqualFold(strings.TrimPrefix(strings.ToLower(a), "0x"), strings.TrimPrefix(strings.ToLower(b), "0x"))
}

// Property is one extended property with its value, or with Values for the
// array types.
type Property struct {
	Path   PropertyPath
	Value  string
	Values []string
}

// CleanGlobalObjectID is PidLidCleanGlobalObjectId, the one stable name of a
// meeting over all its copies (MS-OXOCAL 2.2.1.28).
func CleanGlobalObjectID() PropertyPath {
	return PropertyPath{Set: MeetingSet, PID: 0x23, Type: BinaryProperty}
}

// TaskDeadOccurrence is PidLidTaskDeadOccurrence: true on the copy Outlook makes
// when a recurring task is completed (MS-OXOTASK 2.2.2.2.6).
func TaskDeadOccurrence() PropertyPath {
	return PropertyPath{Set: TaskSet, PID: 0x8109, Type: BooleanProperty}
}
