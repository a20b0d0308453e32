package exchangesim

import (
	"strings"
	"time"

	"abgleich/agent/exchangesim/xmltree"
)

func (c *call) createItem() {
	invite, hasInvite := c.body.LookupAttr("SendMeetingInvitations")
	var target *folder
	if saved := c.body.Child("SavedItemFolderId"); saved != nil {
		var code string
		if target, code = c.folderOf(saved.First); code != "" {
			if c.delegate && code == "ErrorAccessDenied" {
				code = "ErrorCreateItemAccessDenied"
			}
			c.failAll(code, 0)
			return
		}
	}
	c.begin()
	for n := c.body.Child("Items").FirstChild(); n != nil; n = n.Next {
		c.items++
		if c.sends(n) {
			if code := c.mailOut(n); code != "" {
				c.fail(code)
				continue
			}
			c.ok()
			c.out.s("<m:Items/>")
			c.done()
			continue
		}
		it, code := c.newItem(n, target, hasInvite)
		if code == "" {
			c.store(it, target)
			if it.Kind == Appointment && invite != "SendToNone" {
				c.s.count.change(func(st *Stats) { st.Mailed++ })
			}
			c.ok()
			c.out.s("<m:Items>")
			c.out.item(it, idShape())
			c.out.s("</m:Items>")
			c.done()
			continue
		}
		c.fail(code)
	}
	c.end()
}

// newItem builds an item from a request; nothing is stored yet.
func (c *call) newItem(n *xmltree.Node, target *folder, hasInvite bool) (*Item, string) {
	kind, ok := kindOf(n.Name)
	if !ok {
		return nil, "ErrorCannotCreateContactInNonContactFolder"
	}
	if kind == Appointment && !hasInvite {
		return nil, "ErrorSendMeetingInvitationsRequired"
	}
	if _, ok := c.body.LookupAttr("MessageDisposition"); kind == Message && !ok {
		return nil, "ErrorMessageDispositionRequired"
	}
	if target != nil {
		if code := target.accepts(kind); code != "" {
			return nil, code
		}
	}
	return c.readItem(n)
}

// kindOf tells the kind of item an element makes.
func kindOf(element string) (Kind, bool) {
	switch element {
	case "CalendarItem":
		return Appointment, true
	case "Task":
		return Task, true
	case "Message", "Item":
		return Message, true
	}
	return 0, false
}

// readItem builds an item, with the attachments it comes with.
func (c *call) readItem(n *xmltree.Node) (*Item, string) {
	kind, _ := kindOf(n.Name)
	it := &Item{Kind: kind}
	x := c.setting(n.Child("StartTimeZone"), n.Child("EndTimeZone"))
	if it.Kind == Appointment {
		// Exchange's defaults; a client that wants none says so.
		it.ReminderSet, it.ReminderMinutes = true, 15
		it.Zone = "UTC"
		if c.zone != nil {
			it.Zone = c.zone.id
		}
	}
	if code := c.apply(x, it, n); code != "" {
		return nil, code
	}
	if it.Kind == Appointment {
		if n.Child("StartTimeZone") != nil && n.Child("EndTimeZone") == nil {
			it.EndZone = it.Zone
		}
		if it.Start.IsZero() {
			it.Start = x.now.UTC().Truncate(30 * time.Minute).Add(30 * time.Minute)
		}
		if it.End.IsZero() {
			it.End = it.Start.Add(30 * time.Minute)
		}
		if code := it.checkTimes(); code != "" {
			return nil, code
		}
		c.box.normalZones(it)
		if code := it.anchor(); code != "" {
			return nil, code
		}
	}
	return it, ""
}

// setting prepares reading times: without an offset they are meant in the zone the
// request gives along, else in TimeZoneContext, else in UTC.
func (c *call) setting(start, end *xmltree.Node) *setting {
	x := &setting{zones: c.s.zones, now: c.s.opt.Now(), loc: c.loc()}
	x.start, x.end = x.loc, x.loc
	if z, ok := c.s.zones.find(start.Attr("Id")); ok {
		x.start, x.end = z.loc, z.loc
	}
	if z, ok := c.s.zones.find(end.Attr("Id")); ok {
		x.end = z.loc
	}
	return x
}

// apply reads all elements of an item; the schema has checked order and form.
func (c *call) apply(x *setting, it *Item, n *xmltree.Node) string {
	byElem := fieldByElem[it.Kind]
	for e := n.First; e != nil; e = e.Next {
		if e.Name == "ExtendedProperty" {
			p, code := readProperty(e)
			if code == "" {
				code = it.setProperty(p)
			}
			if code != "" {
				return code
			}
			continue
		}
		if e.Name == "Attachments" {
			if code := c.newAttachments(it, e); code != "" {
				return code
			}
			continue
		}
		i, ok := byElem[e.Name]
		if !ok || fields[i].set == nil {
			return "ErrorInvalidPropertySet"
		}
		if code := fields[i].set(x, it, e); code != "" {
			return code
		}
	}
	return ""
}

func (it *Item) checkTimes() string {
	if it.Kind != Appointment {
		return ""
	}
	if it.End.Before(it.Start) {
		return "ErrorCalendarEndDateIsEarlierThanStartDate"
	}
	if it.End.Sub(it.Start) > 5*366*24*time.Hour {
		return "ErrorCalendarDurationIsTooLong"
	}
	return ""
}

// accepts tells whether items of a kind may be created in a folder.
func (f *folder) accepts(k Kind) string {
	switch {
	case k == Appointment && !strings.HasPrefix(f.class, "IPF.Appointment"):
		return "ErrorCannotCreateCalendarItemInNonCalendarFolder"
	case k == Task && !strings.HasPrefix(f.class, "IPF.Task"):
		return "ErrorCannotCreateTaskInNonTaskFolder"
	}
	return ""
}

func (c *call) store(it *Item, target *folder) {
	m := c.box
	m.mu.Lock()
	defer m.mu.Unlock()
	if target == nil {
		target = m.home(it.Kind)
	}
	m.finish(it)
	m.insert(it, target)
	m.emit(event{name: "CreatedEvent", item: string(it.ID), key: it.ChangeKey, folder: target})
}
