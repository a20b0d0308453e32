package ews

import (
	"context"
	"errors"
	"slices"

	"abgleich/agent/fault"
)

// NewMessage is a mail in plain text.
type NewMessage struct {
	// To are the recipients' addresses, at least one.
	To      []string
	Subject string
	Body    string
}

// autoResponseSuppress asks mailboxes for no receipts, absence notes and automatic
// answers (PidTagAutoResponseSuppress: all bits; MS-OXCMAIL 2.2.3.2.14).
var autoResponseSuppress = Property{Path: PropertyPath{Tag: "0x3FDF", Type: "Integer"}, Value: "-1"}

// SendMessage sends a mail from the mailbox of the client's view and keeps no copy.
// It is the only request that mails anybody, and only package notice may make it.
// The server answers with no id: a reply that was lost ([fault.ReplyLost]) can't be
// looked up.
func (c *Client) SendMessage(ctx context.Context, m NewMessage) error {
	if len(m.To) == 0 || slices.Contains(m.To, "") {
		return c.misuse("CreateItem", errors.New("a mail to nobody"))
	}
	w := c.request("CreateItem", ` MessageDisposition="SendOnly"`)
	w.raw("<m:Items>")
	w.open("Message")
	w.text("Subject", m.Subject)
	w.raw(`<t:Body BodyType="Text">`)
	w.escape(m.Body, false)
	w.close("Body")
	p := autoResponseSuppress
	w.property(&p)
	w.open("ToRecipients")
	for _, to := range m.To {
		w.open("Mailbox")
		w.text("EmailAddress", to)
		w.close("Mailbox")
	}
	w.close("ToRecipients")
	w.close("Message")
	w.raw("</m:Items>")
	results, err := c.items(ctx, operation{name: "CreateItem", write: true}, 1, w.end("CreateItem"), false)
	if err != nil {
		return err
	}
	if len(results) != 1 {
		return (&Error{Code: fault.ReplyInvalid, Op: "CreateItem", OutcomeUnknown: true}).wrap(c.server.Host())
	}
	return results[0].Err
}
