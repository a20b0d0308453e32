package ews

import "strconv"

// item writes an item element with the fields of set, in the schema's order
// (types.xsd ItemType, CalendarItemType, TaskType).
func (w *writer) item(it *Item, set FieldSet, props []Property) {
	w.open(string(it.Element))
	for f := Field(0); f <= FieldTextBody; f++ {
		if set.Has(f) {
			w.commonField(it, f)
		}
		// ExtendedProperty stands behind HasAttachments, before LastModifiedTime.
		if f == FieldHasAttachments {
			for i := range props {
				w.property(&props[i])
			}
		}
	}
	switch {
	case it.Element == CalendarElement && it.Calendar != nil:
		for f := FieldUID; f <= FieldOnlineMeeting; f++ {
			if set.Has(f) {
				w.calendarField(it.Calendar, f)
			}
		}
	case it.Element == TaskElement && it.Task != nil:
		for f := FieldCompleted; f < fieldCount; f++ {
			if set.Has(f) {
				w.taskField(it.Task, f)
			}
		}
	}
	w.close(string(it.Element))
}

// field writes the one element of a writable field.
func (w *writer) field(it *Item, f Field) {
	switch {
	case commonFields.Has(f):
		w.commonField(it, f)
	case calendarFields.Has(f):
		w.calendarField(it.Calendar, f)
	default:
		w.taskField(it.Task, f)
	}
}

func (w *writer) commonField(it *Item, f Field) {
	switch f {
	case FieldSubject:
		w.text("Subject", it.Subject)
	case FieldSensitivity:
		w.text("Sensitivity", it.Sensitivity)
	case FieldBody:
		if it.Body.HTML {
			w.raw(`<t:Body BodyType="HTML">`)
		} else {
			w.raw(`<t:Body BodyType="Text">`)
		}
		w.escape(it.Body.Value, false)
		w.close("Body")
	case FieldCategories:
		w.open("Categories")
		for _, c := range it.Categories {
			w.text("String", c)
		}
		w.close("Categories")
	case FieldImportance:
		w.text("Importance", it.Importance)
	case FieldReminderDueBy:
		w.time("ReminderDueBy", it.ReminderDueBy)
	case FieldReminderIsSet:
		w.bool("ReminderIsSet", it.ReminderIsSet)
	case FieldReminderMinutes:
		w.int("ReminderMinutesBeforeStart", it.ReminderMinutes)
	}
}

func (w *writer) calendarField(c *CalendarFields, f Field) {
	switch f {
	case FieldStart:
		w.time("Start", c.Start)
	case FieldEnd:
		w.time("End", c.End)
	case FieldAllDay:
		w.bool("IsAllDayEvent", c.AllDay)
	case FieldFreeBusy:
		w.text("LegacyFreeBusyStatus", c.FreeBusy)
	case FieldLocation:
		w.text("Location", c.Location)
	case FieldStartTimeZone:
		w.zone("StartTimeZone", c.StartTimeZone)
	case FieldEndTimeZone:
		w.zone("EndTimeZone", c.EndTimeZone)
	case FieldRecurrence:
		w.recurrence(c.Recurrence)
	}
}

func (w *writer) taskField(t *TaskFields, f Field) {
	switch f {
	case FieldCompleted:
		w.time("CompleteDate", t.Completed)
	case FieldDue:
		w.time("DueDate", t.Due)
	case FieldPercent:
		w.text("PercentComplete", strconv.FormatFloat(t.Percent, 'f', -1, 64))
	case FieldTaskStart:
		w.time("StartDate", t.Start)
	case FieldStatus:
		w.text("Status", t.Status)
	case FieldTaskRecurrence:
		w.recurrence(t.Recurrence)
	}
}

func (w *writer) zone(name, id string) {
	w.raw("<t:")
	w.raw(name)
	w.attr("Id", id)
	w.raw("/>")
}

func (w *writer) property(p *Property) {
	w.open("ExtendedProperty")
	w.path(p.Path)
	if p.Values != nil {
		w.open("Values")
		for _, v := range p.Values {
			w.text("Value", v)
		}
		w.close("Values")
	} else {
		w.text("Value", p.Value)
	}
	w.close("ExtendedProperty")
}

func (w *writer) path(p PropertyPath) {
	w.raw("<t:ExtendedFieldURI")
	switch {
	case p.Tag != "":
		w.attr("PropertyTag", p.Tag)
	case p.Set != "":
		w.attr("DistinguishedPropertySetId", string(p.Set))
	default:
		w.attr("PropertySetId", p.SetGUID)
	}
	switch {
	case p.Tag != "":
	case p.Name != "":
		w.attr("PropertyName", p.Name)
	default:
		w.attr("PropertyId", strconv.Itoa(p.PID))
	}
	w.attr("PropertyType", string(p.Type))
	w.raw("/>")
}

func (w *writer) itemID(name string, id ItemID) {
	w.id(name, string(id.ID), string(id.ChangeKey))
}

func (w *writer) id(name, id, key string) {
	w.raw("<t:")
	w.raw(name)
	w.attr("Id", id)
	if key != "" {
		w.attr("ChangeKey", key)
	}
	w.raw("/>")
}

func (w *writer) folderID(f FolderID) {
	if f.Distinguished == "" {
		w.id("FolderId", string(f.ID), string(f.ChangeKey))
		return
	}
	w.raw("<t:DistinguishedFolderId")
	w.attr("Id", string(f.Distinguished))
	if f.Mailbox == "" {
		f.Mailbox = w.mailbox
	}
	if f.Mailbox == "" {
		w.raw("/>")
		return
	}
	w.raw("><t:Mailbox>")
	w.text("EmailAddress", f.Mailbox)
	w.raw("</t:Mailbox></t:DistinguishedFolderId>")
}
