package exchange

import (
	"strings"
	"time"
	"unicode/utf16"

	"abgleich/agent/ews"
	"abgleich/agent/pim"
	"abgleich/agent/side/exchange/zone"
)

// mapping turns items of one kind into EWS items and back, for one user.
type mapping struct {
	kind    pim.Kind
	mail    string
	home    *time.Location // the user's zone, as Exchange knows it
	windows string         // its Windows id
}

func (m mapping) element() ews.Element {
	if m.kind == pim.KindTask {
		return ews.TaskElement
	}
	return ews.CalendarElement
}

// create gives the whole item. The reminder is always set, or a server would add
// its own.
func (m mapping) create(i pim.Item, k pim.Key) ews.NewItem {
	it, set, _ := m.write(project(i), writable(m.kind))
	it.Properties = []ews.Property{{Path: keyProperty(), Value: string(k)}}
	return ews.NewItem{Item: it, Set: set}
}

// change sets some fields of a projected item.
func (m mapping) change(id pim.ItemID, v pim.Version, i pim.Item, fields pim.FieldSet) ews.ItemChange {
	it, set, clear := m.write(i, fields&writable(m.kind))
	return ews.ItemChange{
		ID:   ews.ItemID{ID: ews.ID(id), ChangeKey: ews.ChangeKey(v)},
		Item: it, Set: set &^ clear, Clear: clear,
	}
}

// write gives the EWS fields for pim fields: set holds those with a value, clear
// those whose value is "none".
func (m mapping) write(i pim.Item, fields pim.FieldSet) (it ews.Item, set, clear ews.FieldSet) {
	it.Element = m.element()
	w := &fieldWriter{set: &set, clear: &clear}
	if m.kind == pim.KindTask {
		it.Task = new(ews.TaskFields)
	} else {
		it.Calendar = new(ews.CalendarFields)
	}
	m.writeCommon(i.Shared(), &it, fields, w)
	switch x := i.(type) {
	case *pim.Appointment:
		m.writeAppointment(x, &it, fields, w)
	case *pim.Task:
		m.writeTask(x, &it, fields, w)
	}
	return it, set, clear
}

type fieldWriter struct{ set, clear *ews.FieldSet }

func (w *fieldWriter) put(fs ...ews.Field) { *w.set |= ews.Fields(fs...) }

// orClear sets a field that holds something and clears it else.
func (w *fieldWriter) orClear(f ews.Field, holds bool) {
	if holds {
		*w.set |= ews.Fields(f)
	} else {
		*w.clear |= ews.Fields(f)
	}
}

func (m mapping) writeCommon(c *pim.Common, it *ews.Item, fields pim.FieldSet, w *fieldWriter) {
	if fields.Has(pim.FieldSubject) {
		it.Subject = c.Subject
		w.put(ews.FieldSubject)
	}
	if fields.Has(pim.FieldBody) {
		it.Body.Value = strings.ReplaceAll(c.Body, "\n", "\r\n")
		w.put(ews.FieldBody)
	}
	if fields.Has(pim.FieldSensitivity) {
		it.Sensitivity = sensitivityOut(c.Sensitivity)
		w.put(ews.FieldSensitivity)
	}
	if fields.Has(pim.FieldImportance) {
		it.Importance = importanceOut(c.Importance)
		w.put(ews.FieldImportance)
	}
	if fields.Has(pim.FieldCategories) {
		it.Categories = c.Categories
		w.orClear(ews.FieldCategories, len(c.Categories) > 0)
	}
	if fields.Has(pim.FieldRecurrence) {
		m.writeRecurrence(c.Recurrence, it, w)
	}
	if fields.Has(pim.FieldReminder) {
		it.ReminderIsSet = c.Reminder != nil
		w.put(ews.FieldReminderIsSet)
	}
}

// read gives the canonical item.
func (m mapping) read(it *ews.Item) pim.Item {
	c := pim.Common{
		Subject: it.Subject, Body: bodyText(it.Body),
		Sensitivity: sensitivityIn(it.Sensitivity), Importance: importanceIn(it.Importance),
		Categories: it.Categories,
	}
	var item pim.Item
	if m.kind == pim.KindTask {
		item = m.readTask(c, it)
	} else {
		item = m.readAppointment(c, it)
	}
	return pim.Canonical(item)
}

// date is the day an instant means: the user's, unless it is midnight UTC and
// not midnight here, which is how some servers and clients send bare dates. The
// hour of tolerance is for days that begin at one: servers send what would have
// been their midnight, which is the last hour of the day before.
func (m mapping) date(t time.Time) pim.Date {
	if t.IsZero() {
		return pim.Date{}
	}
	local := t.In(m.home)
	if u := t.UTC(); !midnight(local) && midnight(u) {
		return pim.DateOf(u)
	}
	return pim.DateOf(local.Add(time.Hour))
}

// zoneIn gives the IANA name for a Windows id; the user's for ids not known.
func (m mapping) zoneIn(id string) string {
	if name, ok := zone.IANA(id); ok {
		return name
	}
	if name, ok := zone.IANA(m.windows); ok {
		return name
	}
	return zone.UTC
}

// maxLine is how many UTF-16 units Exchange takes for subject, location and a
// category.
const maxLine = 255

// cut shortens to maxLine units, never inside a character.
func cut(s string) string {
	if len(s) <= maxLine { // no unit is shorter than a byte
		return s
	}
	units := 0
	for i, r := range s {
		if units += utf16.RuneLen(r); units > maxLine {
			return s[:i]
		}
	}
	return s
}

func sensitivityOut(s pim.Sensitivity) string {
	switch s {
	case pim.Personal:
		return "Personal"
	case pim.Private:
		return "Private"
	case pim.Confidential:
		return "Confidential"
	}
	return "Normal"
}

func sensitivityIn(s string) pim.Sensitivity {
	switch s {
	case "Personal":
		return pim.Personal
	case "Private":
		return pim.Private
	case "Confidential":
		return pim.Confidential
	}
	return pim.Normal
}

func importanceOut(i pim.Importance) string {
	switch i {
	case pim.ImportanceLow:
		return "Low"
	case pim.ImportanceHigh:
		return "High"
	}
	return "Normal"
}

func importanceIn(s string) pim.Importance {
	switch s {
	case "Low":
		return pim.ImportanceLow
	case "High":
		return pim.ImportanceHigh
	}
	return pim.ImportanceNormal
}
