package exchangesim_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/xmltree"
)

// FuzzRequests: whatever a logged-in client sends, the server neither panics nor
// answers with something unreadable.
func FuzzRequests(f *testing.F) {
	s, err := exchangesim.New(exchangesim.Options{
		BasicWithoutTLS: true, HostileClients: true, Minute: time.Microsecond,
		Users:      []exchangesim.User{{Name: "anna", Password: "secret1", Mail: "anna@lab.test"}},
		PushClient: &http.Client{Transport: refuse{}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	box := s.Mailbox("anna@lab.test")
	it, err := box.Create(exchangesim.Item{Subject: "x"})
	if err != nil {
		f.Fatal(err)
	}
	id, key := string(it.ID), it.ChangeKey
	const path = `<t:ExtendedFieldURI PropertySetId="2f9d0ac6-7f2e-4c3f-9a54-0d8a2f6d3d10" PropertyName="AbgleichId" PropertyType="String"/>`
	for _, body := range []string{
		getCalendar, createAppointments(rich), createTask(`<t:Status>Completed</t:Status>`), getItems(richShape, id), syncItems("calendar", "", 10),
		update(id, key, "AutoResolve", setField("item:Subject", "CalendarItem", `<t:Subject>y</t:Subject>`)+`<t:DeleteItemField>`+path+`</t:DeleteItemField>`+
			`<t:AppendToItemField><t:FieldURI FieldURI="item:Body"/><t:CalendarItem><t:Body BodyType="Text">z</t:Body></t:CalendarItem></t:AppendToItemField>`),
		`<FindItem Traversal="Shallow"><ItemShape>` + richShape + `</ItemShape><IndexedPageItemView MaxEntriesReturned="5" Offset="0" BasePoint="End"/><Restriction><t:And><t:Not><t:Exists>` + path + `</t:Exists></t:Not><t:IsEqualTo>` + path + `<t:FieldURIOrConstant><t:FieldURI FieldURI="item:Subject"/></t:FieldURIOrConstant></t:IsEqualTo><t:Contains ContainmentMode="Substring" ContainmentComparison="IgnoreCase"><t:FieldURI FieldURI="item:Subject"/><t:Constant Value="x"/></t:Contains></t:And></Restriction><SortOrder><t:FieldOrder Order="Descending"><t:FieldURI FieldURI="calendar:Start"/></t:FieldOrder></SortOrder><ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></ParentFolderIds></FindItem>`,
		`<DeleteItem DeleteType="SoftDelete" SendMeetingCancellations="SendToNone"><ItemIds><t:OccurrenceItemId RecurringMasterId="` + id + `" InstanceIndex="1"/></ItemIds></DeleteItem>`,
		`<MoveItem><ToFolderId><t:FolderId Id="x"/></ToFolderId><ItemIds><t:ItemId Id="x"/></ItemIds></MoveItem>`,
		`<Subscribe><StreamingSubscriptionRequest>` + onCalendar + `</StreamingSubscriptionRequest></Subscribe>`,
		`<Subscribe><PushSubscriptionRequest>` + onCalendar + `<t:StatusFrequency>1</t:StatusFrequency><t:URL>http://x/</t:URL></PushSubscriptionRequest></Subscribe>`,
		`<GetStreamingEvents><SubscriptionIds><t:SubscriptionId>x</t:SubscriptionId></SubscriptionIds><ConnectionTimeout>1</ConnectionTimeout></GetStreamingEvents>`,
		`<GetEvents><SubscriptionId>x</SubscriptionId><Watermark>y</Watermark></GetEvents>`,
		attach(id, file+`<t:ItemAttachment><t:Name>n</t:Name><t:CalendarItem><t:Subject>s</t:Subject><t:Attachments>`+file+`</t:Attachments></t:CalendarItem></t:ItemAttachment>`),
		attachments("GetAttachment", id), attachments("DeleteAttachment", "x"),
		`<UpdateFolder><FolderChanges><t:FolderChange><t:DistinguishedFolderId Id="calendar"/><t:Updates><t:SetFolderField>` + path + `<t:CalendarFolder><t:ExtendedProperty>` + path + `<t:Value>me</t:Value></t:ExtendedProperty></t:CalendarFolder></t:SetFolderField></t:Updates></t:FolderChange></FolderChanges></UpdateFolder>`,
		`<FindFolder Traversal="Deep"><FolderShape><t:BaseShape>Default</t:BaseShape></FolderShape><Restriction><t:IsEqualTo><t:FieldURI FieldURI="folder:DisplayName"/><t:FieldURIOrConstant><t:Constant Value="Calendar"/></t:FieldURIOrConstant></t:IsEqualTo></Restriction><ParentFolderIds><t:DistinguishedFolderId Id="root"/></ParentFolderIds></FindFolder>`,
	} {
		f.Add(envelope(body))
	}
	f.Fuzz(func(t *testing.T, doc string) {
		req := httptest.NewRequest(http.MethodPost, exchangesim.Endpoint, strings.NewReader(doc))
		req.Header.Set("Content-Type", "text/xml")
		req.SetBasicAuth("anna", "secret1")
		rec := httptest.NewRecorder()
		s.Handler().ServeHTTP(rec, req)
		body := rec.Body.String()
		if rec.Code != 200 && rec.Code != 500 {
			t.Fatalf("HTTP %d", rec.Code)
		}
		for _, part := range strings.SplitAfter(body, "</s:Envelope>") {
			if part == "" {
				continue
			}
			if _, err := xmltree.Parse(part); err != nil {
				t.Fatalf("%v in %s", err, part)
			}
		}
		box.LoseSubscriptions()
	})
}

// refuse keeps the fuzzer's push URLs from being called.
type refuse struct{}

func (refuse) RoundTrip(*http.Request) (*http.Response, error) { return nil, http.ErrHandlerTimeout }
