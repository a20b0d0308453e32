package exchangesim_test

import (
	"testing"

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/schemacheck"
)

const file = `<t:FileAttachment><t:Name>a.txt</t:Name><t:Content>YQ==</t:Content></t:FileAttachment>`

func attach(id, attachments string) string {
	return `<CreateAttachment><ParentItemId Id="` + id + `"/><Attachments>` + attachments + `</Attachments></CreateAttachment>`
}

func attachments(op, id string) string {
	return `<` + op + `><AttachmentIds><t:AttachmentId Id="` + id + `"/></AttachmentIds></` + op + `>`
}

func TestAttachmentsAreRefusedAsExchangeRefusesThem(t *testing.T) {
	dir := recordDir(t)
	c := basic(t, exchangesim.Options{Record: dir})
	box, bobs := c.sim.Mailbox("anna@lab.test"), c.sim.Mailbox("bob@lab.test")
	mine, err := box.Create(exchangesim.Item{Subject: "x", Attachments: []exchangesim.Attachment{{Name: "b.txt", Content: []byte("b")}}})
	if err != nil {
		t.Fatal(err)
	}
	his, err := bobs.Create(exchangesim.Item{Subject: "Bob's"})
	if err != nil {
		t.Fatal(err)
	}
	id := string(mine.ID)
	made := c.want(c.do(attach(id, file)), "NoError")
	there := made.find(`AttachmentId Id="([^"]*)"`)
	for _, x := range []struct{ name, body, want string }{
		{"two at once, one without a name", attach(id, `<t:FileAttachment><t:Content>YQ==</t:Content></t:FileAttachment>`+file), "ErrorRequiredPropertyMissing NoError"},
		{"an item attachment without an item", attach(id, `<t:ItemAttachment><t:Name>x</t:Name></t:ItemAttachment>`), "ErrorMissingItemForCreateItemAttachment"},
		{"a contact", attach(id, `<t:ItemAttachment><t:Name>x</t:Name><t:Contact/></t:ItemAttachment>`), "ErrorInvalidItemForOperationCreateItemAttachment"},
		{"a link", attach(id, `<t:ReferenceAttachment><t:Name>x</t:Name></t:ReferenceAttachment>`), "ErrorInvalidOperation"},
		{"on somebody else's item", attach(string(his.ID), file), "ErrorAccessDenied"},
		{"on nothing", attach("nonsense", file), "ErrorInvalidIdMalformed"},
		{"an item's id in place of an attachment's", attachments("GetAttachment", id), "ErrorInvalidAttachmentId"},
		{"deleting what has no such id", attachments("DeleteAttachment", "nonsense"), "ErrorInvalidAttachmentId"},
		{"attachments as a field of an update", update(id, mine.ChangeKey, "AlwaysOverwrite", setField("item:Attachments", "CalendarItem", `<t:Attachments>`+file+`</t:Attachments>`)), "ErrorInvalidPropertySet"},
		{"reading one", attachments("GetAttachment", there), "NoError"},
		{"deleting one", attachments("DeleteAttachment", there), "NoError"},
		{"deleting it again", attachments("DeleteAttachment", there), "ErrorItemNotFound"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := &client{t, c.sim, c.user, c.pass}
			c.want(c.do(x.body), x.want)
		})
	}
	now, _ := box.Get(mine.ID)
	if len(now.Attachments) != 2 || now.Attachments[0].Name != "b.txt" || string(now.Attachments[1].Content) != "a" {
		t.Errorf("%+v", now.Attachments)
	}
	if now.ChangeKey == mine.ChangeKey || made.find(`RootItemId="([^"]*)"`) != id {
		t.Error("an attachment is a save of its item")
	}
	schemacheck.CheckReplies(t, dir)
}

func TestAMoveTakesAttachmentsAlongUnderOtherIds(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	box := c.sim.Mailbox("anna@lab.test")
	mine, err := box.Create(exchangesim.Item{Subject: "x"})
	if err != nil {
		t.Fatal(err)
	}
	old := c.want(c.do(attach(string(mine.ID), file)), "NoError").find(`AttachmentId Id="([^"]*)"`)
	moved, err := box.Move(mine.ID, exchangesim.DeletedItems)
	if err != nil {
		t.Fatal(err)
	}
	c.want(c.do(attachments("GetAttachment", old)), "ErrorItemNotFound")
	listed := c.do(getItems(everything, string(moved.ID))).find(`AttachmentId Id="([^"]*)"`)
	if got := c.want(c.do(attachments("GetAttachment", listed)), "NoError").find(`Content>([^<]*)<`); got != "YQ==" {
		t.Errorf("%q", got)
	}
}
