package schemacheck

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const envelope = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` +
	`<GetItem xmlns="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><ItemShape><t:BaseShape>IdOnly</t:BaseShape></ItemShape><ItemIds><t:ItemId Id="a"/></ItemIds></GetItem></s:Body></s:Envelope>`

func TestAValidRequestPasses(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.xml"), []byte(envelope), 0o600); err != nil {
		t.Fatal(err)
	}
	Check(t, dir)
}

func TestEveryBadDocumentIsNamed(t *testing.T) {
	dir := t.TempDir()
	for name, doc := range map[string]string{
		"fine.xml": envelope, "order.xml": strings.Replace(envelope, "IdOnly", "Everything", 1), "half.xml": envelope[:len(envelope)/2],
		"half.xml.1.2.part": "not looked at",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(doc), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n, bad, err := Judge(t.Context(), dir, "*.xml")
	if errors.Is(err, ErrNoJudge) {
		t.Skip(err)
	}
	all := strings.Join(bad, "\n")
	if err != nil || n != 3 || !strings.Contains(all, "order.xml") || !strings.Contains(all, "half.xml") || strings.Contains(all, "fine.xml") {
		t.Errorf("%d documents, %v:\n%s", n, err, all)
	}
}

func TestEveryRequestThatCouldMailSomebodyIsNamed(t *testing.T) {
	const head, tail = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>`, `</s:Body></s:Envelope>`
	item := `<ItemChanges><ItemChange><Updates><SetItemField><FieldURI/><CalendarItem/></SetItemField></Updates></ItemChange></ItemChanges>`
	notice := `<Items><Message><ExtendedProperty><ExtendedFieldURI PropertyTag="0x3FDF"/><Value>-1</Value></ExtendedProperty></Message></Items>`
	for doc, why := range map[string]string{
		`<GetItem/>`: "",
		`<CreateItem SendMeetingInvitations="SendToNone"><Items><CalendarItem/></Items></CreateItem>`:                               "",
		`<CreateItem MessageDisposition="SaveOnly" SendMeetingInvitations="SendToNone"><Items><Task/></Items></CreateItem>`:         "",
		`<CreateItem><Items><CalendarItem/></Items></CreateItem>`:                                                                   "leaves",
		`<CreateItem SendMeetingInvitations="SendToAllAndSaveCopy"><Items><CalendarItem/></Items></CreateItem>`:                     "SendToAll",
		`<CreateItem SendMeetingInvitations="SendToNone" MessageDisposition="SendOnly"><Items><CalendarItem/></Items></CreateItem>`: "SendOnly",
		`<CreateItem MessageDisposition="SendOnly">` + notice + `</CreateItem>`:                                                     "",
		`<CreateItem MessageDisposition="SendAndSaveCopy">` + notice + `</CreateItem>`:                                              "SendAndSaveCopy",
		`<CreateItem MessageDisposition="SendOnly"><Items><Message/></Items></CreateItem>`:                                          "SendOnly",
		`<CreateItem MessageDisposition="SaveOnly"><Items><DeclineItem/></Items></CreateItem>`:                                      "DeclineItem",
		`<UpdateItem>` + item + `</UpdateItem>`:                                                                                     "leaves",
		`<UpdateItem SendMeetingInvitationsOrCancellations="SendToChangedAndSaveCopy">` + item + `</UpdateItem>`:                    "SendToChanged",
		`<UpdateItem SendMeetingInvitationsOrCancellations="SendToNone">` + item + `</UpdateItem>`:                                  "",
		`<DeleteItem/>`: "leaves",
		`<DeleteItem SendMeetingCancellations="SendOnlyToAll"/>`:                                                 "SendOnlyToAll",
		`<DeleteItem SendMeetingCancellations="SendToNone"/>`:                                                    "",
		`<DeleteItem AffectedTaskOccurrences="AllOccurrences"/>`:                                                 "",
		`<DeleteItem AffectedTaskOccurrences="AllOccurrences" SendMeetingCancellations="SendToAllAndSaveCopy"/>`: "SendToAll",
		`<SendItem/>`: "SendItem",
	} {
		dir := t.TempDir()
		for _, name := range []string{"1-x-request.xml", "1-x-reply.xml"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(head+doc+tail), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		n, bad, err := Mails(dir)
		if err != nil || n != 1 || (len(bad) > 0) != (why != "") || !strings.Contains(strings.Join(bad, ""), why) {
			t.Errorf("%s: %v %v, want %q", doc, bad, err, why)
		}
	}
}
