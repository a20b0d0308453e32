package ews

import (
	"strconv"
	"strings"
	"time"
)

// itemElement tells elements that are items in a list of items.
func itemElement(name string) bool {
	switch name {
	case "Item", "Message", "CalendarItem", "Contact", "DistributionList", "MeetingMessage",
		"MeetingRequest", "MeetingResponse", "MeetingCancellation", "Task", "PostItem",
		"RoleMember", "Network", "Person", "Booking", "XrmOrganization":
		return true
	}
	return false
}

// item reads the item element just entered.
func (r *reader) item(element string) Item {
	it := Item{Element: Element(element)}
	switch it.Element {
	case CalendarElement:
		it.Calendar = new(CalendarFields)
	case TaskElement:
		it.Task = new(TaskFields)
	}
	for name := range r.children() {
		switch name {
		case "ItemId":
			it.ID = ItemID{ID: ID(r.attr("Id")), ChangeKey: ChangeKey(r.attr("ChangeKey"))}
		case "ParentFolderId":
			it.Parent = FolderID{ID: ID(r.attr("Id")), ChangeKey: ChangeKey(r.attr("ChangeKey"))}
		case "ItemClass":
			it.Class = r.word()
		case "Subject":
			it.Subject = r.text()
		case "Sensitivity":
			it.Sensitivity = r.word()
		case "Body":
			it.Body.HTML = r.attr("BodyType") == "HTML"
			it.Body.Value = r.text()
		case "TextBody":
			s := r.text()
			it.TextBody = &s
		case "Categories":
			for range r.children() {
				it.Categories = append(it.Categories, r.text())
			}
		case "Importance":
			it.Importance = r.word()
		case "ReminderDueBy":
			it.ReminderDueBy = r.time()
		case "ReminderIsSet":
			it.ReminderIsSet = r.bool()
		case "ReminderMinutesBeforeStart":
			it.ReminderMinutes = r.int()
		case "Attachments":
			for range r.children() {
				it.Attachments = append(it.Attachments, r.attachment())
			}
		case "HasAttachments":
			it.HasAttachments = r.bool()
		case "ExtendedProperty":
			it.Properties = append(it.Properties, r.property())
		case "DateTimeCreated":
			it.Created = r.time()
		case "LastModifiedTime":
			it.Modified = r.time()
		default:
			if it.Calendar != nil {
				r.calendarField(it.Calendar, name)
			} else if it.Task != nil {
				r.taskField(it.Task, name)
			}
		}
	}
	if it.Task != nil {
		it.Task.onePercent()
	}
	return it
}

// onePercent undoes grommunio's multiplication where it can't be told from the number:
// all of a task is done when its status says so, and only then.
func (t *TaskFields) onePercent() {
	if t.Percent == 100 && t.Status != "" && t.Status != "Completed" && t.Completed.IsZero() {
		t.Percent = 1
	}
}

func (r *reader) attachment() (a Attachment) {
	for name := range r.children() {
		switch name {
		case "Name":
			a.Name = r.text()
		case "Size":
			a.Size = r.int()
		}
	}
	return a
}

func (r *reader) calendarField(c *CalendarFields, name string) {
	switch name {
	case "UID":
		c.UID = r.text()
	case "Start":
		c.Start = r.time()
	case "End":
		c.End = r.time()
	case "OriginalStart":
		c.OriginalStart = r.time()
	case "IsAllDayEvent":
		c.AllDay = r.bool()
	case "LegacyFreeBusyStatus":
		c.FreeBusy = r.word()
	case "Location":
		c.Location = r.text()
	case "IsMeeting":
		c.Meeting = r.bool()
	case "IsCancelled":
		c.Cancelled = r.bool()
	case "IsRecurring":
		c.Recurring = r.bool()
	case "MeetingRequestWasSent":
		c.RequestWasSent = r.bool()
	case "IsOnlineMeeting":
		c.OnlineMeeting = r.bool()
	case "CalendarItemType":
		c.Type = r.word()
	case "MyResponseType":
		c.MyResponse = r.word()
	case "Organizer":
		for n := range r.children() {
			if n == "Mailbox" {
				c.Organizer = r.mailbox()
			}
		}
	case "RequiredAttendees":
		c.Required = r.attendees()
	case "OptionalAttendees":
		c.Optional = r.attendees()
	case "Resources":
		c.Resources = r.attendees()
	case "Recurrence":
		c.Recurrence = r.recurrence()
	case "ModifiedOccurrences":
		for range r.children() {
			c.Modifications = append(c.Modifications, r.occurrence())
		}
	case "DeletedOccurrences":
		for range r.children() {
			c.Deletions = append(c.Deletions, r.occurrence().Start)
		}
	case "StartTimeZone":
		c.StartTimeZone = r.attr("Id")
	case "EndTimeZone":
		c.EndTimeZone = r.attr("Id")
	}
}

func (r *reader) taskField(t *TaskFields, name string) {
	switch name {
	case "StartDate":
		t.Start = r.time()
	case "DueDate":
		t.Due = r.time()
	case "CompleteDate":
		t.Completed = r.time()
	case "PercentComplete":
		t.Percent = r.percent()
	case "Status":
		t.Status = r.word()
	case "IsComplete":
		t.Done = r.bool()
	case "IsRecurring":
		t.Recurring = r.bool()
	case "Owner":
		t.Owner = r.text()
	case "Delegator":
		t.Delegator = r.text()
	case "DelegationState":
		t.Delegation = r.word()
	case "Recurrence":
		t.Recurrence = r.recurrence()
	}
}

// percent is liberal: grommunio multiplied by 100 once too often.
func (r *reader) percent() float64 {
	v, err := strconv.ParseFloat(strings.TrimSpace(r.text()), 64)
	switch {
	case err != nil || v != v || v < 0:
		return 0
	case v > 100:
		return min(v/100, 100)
	}
	return v
}

func (r *reader) mailbox() (m Mailbox) {
	for name := range r.children() {
		switch name {
		case "Name":
			m.Name = r.text()
		case "EmailAddress":
			m.Address = r.text()
		case "RoutingType":
			m.Routing = r.word()
		}
	}
	return m
}

func (r *reader) attendees() (list []Attendee) {
	for range r.children() {
		var a Attendee
		for name := range r.children() {
			switch name {
			case "Mailbox":
				a.Mailbox = r.mailbox()
			case "ResponseType":
				a.Response = r.word()
			case "LastResponseTime":
				a.Answered = r.time()
			}
		}
		list = append(list, a)
	}
	return list
}

func (r *reader) occurrence() (o Occurrence) {
	for name := range r.children() {
		switch name {
		case "ItemId":
			o.ID = ItemID{ID: ID(r.attr("Id")), ChangeKey: ChangeKey(r.attr("ChangeKey"))}
		case "Start":
			o.Start = r.time()
		case "End":
			o.End = r.time()
		case "OriginalStart":
			o.OriginalStart = r.time()
		}
	}
	return o
}

func (r *reader) recurrence() *Recurrence {
	rec := new(Recurrence)
	for name := range r.children() {
		switch name {
		case "NoEndRecurrence", "EndDateRecurrence", "NumberedRecurrence":
			rec.Range = name
		default:
			rec.Pattern = name
		}
		for part := range r.children() {
			switch part {
			case "Interval":
				rec.Interval = r.int()
			case "DaysOfWeek":
				rec.DaysOfWeek = r.text()
			case "FirstDayOfWeek":
				rec.FirstDayOfWeek = r.word()
			case "DayOfWeekIndex":
				rec.WeekIndex = r.word()
			case "DayOfMonth":
				rec.DayOfMonth = r.int()
			case "Month":
				rec.Month = r.word()
			case "StartDate":
				rec.StartDate = r.word()
			case "EndDate":
				rec.EndDate = r.word()
			case "NumberOfOccurrences":
				rec.Count = r.int()
			}
		}
	}
	return rec
}

func (r *reader) property() (p Property) {
	for name := range r.children() {
		switch name {
		case "ExtendedFieldURI":
			pid, _ := strconv.Atoi(r.attr("PropertyId"))
			p.Path = PropertyPath{
				Set: PropertySet(r.attr("DistinguishedPropertySetId")), SetGUID: r.attr("PropertySetId"),
				Tag: r.attr("PropertyTag"), Name: r.attr("PropertyName"), PID: pid,
				Type: PropertyType(r.attr("PropertyType")),
			}
		case "Value":
			p.Value = r.text()
		case "Values":
			p.Values = []string{}
			for range r.children() {
				p.Values = append(p.Values, r.text())
			}
		}
	}
	return p
}

// word reads one of few values, without allocating for those seen before.
func (r *reader) word() string {
	s := strings.TrimSpace(r.text())
	if known, ok := r.names[s]; ok {
		return known
	}
	if len(r.names) < 1024 && len(s) < 64 {
		r.names[s] = s
	}
	return s
}

func (r *reader) bool() bool {
	s := r.word()
	return s == "true" || s == "1" || s == "True"
}

func (r *reader) int() int {
	n, err := strconv.Atoi(strings.TrimSpace(r.text()))
	if err != nil {
		return 0
	}
	return n
}

// time reads xs:dateTime and, since servers mix them up, xs:date. Without an
// offset it is UTC: requests name no other zone that a server could leave out.
// What is no time at all is the zero time.
func (r *reader) time() time.Time { return parseTime(strings.TrimSpace(r.text())) }

func parseTime(s string) time.Time {
	for _, layout := range [...]string{
		time.RFC3339, "2006-01-02T15:04:05", "2006-01-02", "2006-01-02Z07:00", "2006-01-02T15:04Z07:00",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			if t.Year() <= 1601 || t.Year() >= 4500 {
				return time.Time{} // MAPI's "none" (MS-OXOCAL: 1601-01-01, 4501-01-01)
			}
			return t.UTC()
		}
	}
	return time.Time{}
}
