package exchangesim

import (
	"maps"
	"slices"
	"strings"
)

func (c *call) resolveNames() {
	entry := strings.ToLower(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(c.body.ChildText("UnresolvedEntry"))), "smtp:"))
	var found []*Mailbox
	for _, mail := range slices.Sorted(maps.Keys(c.s.boxes)) {
		b := c.s.boxes[mail]
		if strings.HasPrefix(mail, entry) || strings.HasPrefix(strings.ToLower(b.name), entry) {
			found = append(found, b)
		}
	}
	c.begin()
	switch {
	case len(found) == 0:
		c.fail("ErrorNameResolutionNoResults")
	default:
		w := c.out
		if len(found) == 1 {
			c.ok()
		} else {
			w.s(`<m:ResolveNamesResponseMessage ResponseClass="Warning"><m:MessageText>Multiple results were found.</m:MessageText><m:ResponseCode>ErrorNameResolutionMultipleResults</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>`)
		}
		w.s(`<m:ResolutionSet TotalItemsInView="` + itoa(len(found)) + `" IncludesLastItemInRange="true">`)
		for _, b := range found[:min(len(found), 100)] {
			w.s("<t:Resolution><t:Mailbox>")
			w.elem("Name", b.name)
			w.elem("EmailAddress", b.mail)
			w.s("<t:RoutingType>SMTP</t:RoutingType><t:MailboxType>Mailbox</t:MailboxType></t:Mailbox>")
			if isTrue(c.body.Attr("ReturnFullContactData")) {
				w.s("<t:Contact>")
				w.elem("DisplayName", b.name)
				w.s(`<t:EmailAddresses><t:Entry Key="EmailAddress1">`)
				w.text("SMTP:" + b.mail)
				w.s("</t:Entry></t:EmailAddresses><t:ContactSource>ActiveDirectory</t:ContactSource></t:Contact>")
			}
			w.s("</t:Resolution>")
		}
		w.s("</m:ResolutionSet>")
		c.done()
	}
	c.end()
}

// getServerTimeZones answers the zones asked for, or all, with their rules of this
// year unless only ids and names are wanted.
func (c *call) getServerTimeZones() {
	want := map[string]bool{}
	for n := c.body.Child("Ids").FirstChild(); n != nil; n = n.Next {
		want[n.Text] = true
	}
	text, given := c.body.LookupAttr("ReturnFullTimeZoneData")
	full := !given || isTrue(text)
	w := c.out
	c.begin()
	c.ok()
	w.s("<m:TimeZoneDefinitions>")
	for _, id := range c.s.zones.ids() {
		if len(want) > 0 && !want[id] {
			continue
		}
		if z, ok := c.s.zones.find(id); ok {
			w.definition(z, c.s.opt.Now().Year(), full)
		}
	}
	w.s("</m:TimeZoneDefinitions>")
	c.done()
	c.end()
}
