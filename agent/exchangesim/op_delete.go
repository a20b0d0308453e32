package exchangesim

// deleteItem looks at no change key: Exchange deletes what is there now, however
// old the key is. A client that minds must read first.
func (c *call) deleteItem() {
	cancel, hasCancel := c.body.LookupAttr("SendMeetingCancellations")
	affected, hasTasks := c.body.LookupAttr("AffectedTaskOccurrences")
	how := map[string]deleteHow{"HardDelete": hardDelete, "SoftDelete": softDelete}[c.body.Attr("DeleteType")]
	c.begin()
	for n := c.body.Child("ItemIds").FirstChild(); n != nil; n = n.Next {
		c.items++
		c.box.mu.Lock()
		it, code := c.itemOf(n)
		switch {
		case code != "":
		case it.Kind == Appointment && !hasCancel:
			code = "ErrorSendMeetingCancellationsRequired"
		case it.Kind == Task && !hasTasks:
			code = "ErrorAffectedTaskOccurrencesRequired"
		case it.master != nil:
			code = c.box.deleteOccurrence(it)
		case it.Kind == Task && affected == "SpecifiedOccurrenceOnly" && c.box.skip(it):
		default:
			c.box.deleteItem(it, how)
		}
		c.box.mu.Unlock()
		if code != "" {
			c.fail(code)
			continue
		}
		if it.Kind == Appointment && cancel != "SendToNone" {
			c.s.count.change(func(st *Stats) { st.Mailed++ })
		}
		c.ok()
		c.done()
	}
	c.end()
}

func (c *call) moveItem() { c.moveOrCopy(true) }
func (c *call) copyItem() { c.moveOrCopy(false) }

func (c *call) moveOrCopy(move bool) {
	to, code := c.folderOf(c.body.Child("ToFolderId").FirstChild())
	if code != "" {
		c.failAll(code, 0)
		return
	}
	withIDs := c.body.ChildText("ReturnNewItemIds") != "false"
	c.begin()
	for n := c.body.Child("ItemIds").FirstChild(); n != nil; n = n.Next {
		c.items++
		c.box.mu.Lock()
		it, code := c.itemOf(n)
		if code == "" && it.master != nil {
			code = "ErrorCalendarCannotMoveOrCopyOccurrence"
		}
		if code == "" {
			if move {
				it = c.box.moveTo(it, to)
			} else {
				it = c.box.copyTo(it, to)
			}
		}
		c.box.mu.Unlock()
		if code != "" {
			c.fail(code)
			continue
		}
		c.ok()
		c.out.s("<m:Items>")
		if withIDs {
			c.out.item(it, idShape())
		}
		c.out.s("</m:Items>")
		c.done()
	}
	c.end()
}
