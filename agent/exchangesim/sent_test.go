package exchangesim_test

import "strings"

// mails tries what sends a message; what was mailed before is one.
func (c *client) mails() {
	c.t.Helper()
	create := func(how, message string) string {
		return `<CreateItem MessageDisposition="` + how + `"><Items><t:Message>` + message + `</t:Message></Items></CreateItem>`
	}
	const text = `<t:Subject>s</t:Subject><t:Body BodyType="Text">b</t:Body>`
	to := func(address string) string {
		return `<t:ToRecipients><t:Mailbox><t:EmailAddress>` + address + `</t:EmailAddress></t:Mailbox></t:ToRecipients>`
	}
	r := c.do(create("SendOnly", text+to("admin@lab.test")))
	c.want(r, "NoError")
	if strings.Contains(r.raw, "ItemId") {
		c.t.Error("a message that was only sent has an id")
	}
	c.want(c.do(create("SendOnly", text)), "ErrorMissingRecipients")
	c.want(c.do(create("SendOnly", text+to("nobody"))), "ErrorInvalidRecipients")
	c.want(c.do(create("SaveOnly", text)), "NoError")
	if n, m := len(c.sim.Sent()), c.sim.Stats().Mailed; n != 1 || m != 2 {
		c.t.Errorf("%d mails were kept, %d counted in all; want 1 and 2", n, m)
	}
}
