package ews

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"abgleich/agent/fault"
)

const calendarXML = `<t:CalendarItem><t:ItemId Id="AAMk%d=" ChangeKey="DwAAABYAAAB"/><t:ParentFolderId Id="f" ChangeKey="g"/>` +
	`<t:ItemClass>IPM.Appointment</t:ItemClass><t:Subject>Besprechung &amp; Kaffee %d</t:Subject><t:Sensitivity>Private</t:Sensitivity>` +
	`<t:Body BodyType="HTML">&lt;html&gt;&lt;body&gt;&lt;p&gt;Guten Tag,&lt;/p&gt;&#xD;
&lt;p&gt;bis bald&lt;/p&gt;&lt;/body&gt;&lt;/html&gt;</t:Body>` +
	`<t:Categories><t:String>Rot</t:String><t:String>Blau</t:String></t:Categories><t:Importance>High</t:Importance>` +
	`<t:DateTimeCreated>2026-11-20T08:00:00Z</t:DateTimeCreated><t:ReminderDueBy>2026-11-23T09:00:00Z</t:ReminderDueBy>` +
	`<t:ReminderIsSet>true</t:ReminderIsSet><t:ReminderMinutesBeforeStart>15</t:ReminderMinutesBeforeStart><t:HasAttachments>false</t:HasAttachments>` +
	`<t:ExtendedProperty><t:ExtendedFieldURI PropertySetId="C11FF724-aa03-4555-9952-8fa248a11c3e" PropertyName="Test" PropertyType="String"/><t:Value>key-%d</t:Value></t:ExtendedProperty>` +
	`<t:LastModifiedTime>2026-11-20T08:01:02Z</t:LastModifiedTime><t:UID>040000008200E00074C5B7101A82E008</t:UID>` +
	`<t:Start>2026-11-23T10:00:00+01:00</t:Start><t:End>2026-11-23T10:00:00Z</t:End><t:IsAllDayEvent>false</t:IsAllDayEvent>` +
	`<t:LegacyFreeBusyStatus>Busy</t:LegacyFreeBusyStatus><t:Location>Wien</t:Location><t:IsMeeting>true</t:IsMeeting>` +
	`<t:IsRecurring>false</t:IsRecurring><t:CalendarItemType>Single</t:CalendarItemType><t:MyResponseType>Accept</t:MyResponseType>` +
	`<t:Organizer><t:Mailbox><t:Name>Bert</t:Name><t:EmailAddress>bert@lab.test</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType></t:Mailbox></t:Organizer>` +
	`<t:RequiredAttendees><t:Attendee><t:Mailbox><t:Name>Anna</t:Name><t:EmailAddress>anna@lab.test</t:EmailAddress></t:Mailbox><t:ResponseType>Accept</t:ResponseType></t:Attendee></t:RequiredAttendees>` +
	`<t:StartTimeZone Id="W. Europe Standard Time" Name="x"><t:Periods><t:Period Bias="-PT1H" Name="Standard" Id="s"/></t:Periods></t:StartTimeZone>` +
	`<t:EndTimeZone Id="W. Europe Standard Time"/></t:CalendarItem>`

func calendarReply(n int) string {
	var items []string
	for i := range n {
		items = append(items, okMessage("GetItem", "<m:Items>"+fmt.Sprintf(calendarXML, i, i, i)+"</m:Items>"))
	}
	return soap("GetItemResponse", items...)
}

func TestAnAppointmentIsReadWhole(t *testing.T) {
	for step := range 40 {
		r := newReader(&slowReader{data: []byte(calendarReply(2)), step: step + 1}, maxReply)
		var got []Item
		if err := r.batch("GetItemResponse", 2, func(_ int, _ string) {
			for element := range r.children() {
				got = append(got, r.item(element))
			}
		}, func(_ int, e *Error) {
			if e != nil {
				t.Error(e)
			}
		}); err != nil {
			t.Fatal(err)
		}
		want := Item{
			ID: ItemID{ID: "AAMk1=", ChangeKey: "DwAAABYAAAB"}, Parent: FolderID{ID: "f", ChangeKey: "g"}, Element: CalendarElement, Class: "IPM.Appointment",
			Subject: "Besprechung & Kaffee 1", Sensitivity: "Private", Importance: "High", Categories: []string{"Rot", "Blau"},
			Body:    Body{HTML: true, Value: "<html><body><p>Guten Tag,</p>\r\n<p>bis bald</p></body></html>"},
			Created: utc(2026, 11, 20, 8, 0, 0), Modified: utc(2026, 11, 20, 8, 1, 2),
			ReminderIsSet: true, ReminderMinutes: 15, ReminderDueBy: utc(2026, 11, 23, 9, 0, 0),
			Properties: []Property{{Path: PropertyPath{SetGUID: "C11FF724-aa03-4555-9952-8fa248a11c3e", Name: "Test", Type: "String"}, Value: "key-1"}},
			Calendar: &CalendarFields{UID: "040000008200E00074C5B7101A82E008", Start: utc(2026, 11, 23, 9, 0, 0), End: utc(2026, 11, 23, 10, 0, 0),
				FreeBusy: "Busy", Location: "Wien", Meeting: true, Type: "Single", MyResponse: "Accept",
				StartTimeZone: "W. Europe Standard Time", EndTimeZone: "W. Europe Standard Time",
				Organizer: Mailbox{"Bert", "bert@lab.test", "SMTP"},
				Required:  []Attendee{{Mailbox: Mailbox{Name: "Anna", Address: "anna@lab.test"}, Response: "Accept"}}},
		}
		if d := cmp.Diff(want, got[1]); d != "" {
			t.Fatalf("%d bytes at a time: %s", step+1, d)
		}
		if v, ok := got[1].Property(testProperty()); !ok || v != "key-1" {
			t.Error("a property's GUID must be compared without case")
		}
	}
}

func utc(y int, m time.Month, d, h, min, s int) time.Time {
	return time.Date(y, m, d, h, min, s, 0, time.UTC)
}

func TestSeriesAndTasksAreReadAsServersReallySendThem(t *testing.T) {
	text := `<a><CalendarItem><ItemId Id="m"/><EndTimeZone Id="UTC"/><IsRecurring>true</IsRecurring><CalendarItemType>RecurringMaster</CalendarItemType>` +
		`<Recurrence><WeeklyRecurrence><Interval>2</Interval><DaysOfWeek>Monday Friday</DaysOfWeek><FirstDayOfWeek>Monday</FirstDayOfWeek></WeeklyRecurrence>` +
		`<NumberedRecurrence><StartDate>2026-11-23+01:00</StartDate><NumberOfOccurrences>7</NumberOfOccurrences></NumberedRecurrence></Recurrence>` +
		`<ModifiedOccurrences><Occurrence><ItemId Id="o"/><Start>2026-11-24T09:00:00Z</Start><End>2026-11-24T10:00:00Z</End><OriginalStart>2026-11-23T09:00:00Z</OriginalStart></Occurrence></ModifiedOccurrences>` +
		`<DeletedOccurrences><DeletedOccurrence><Start>2026-11-27T09:00:00Z</Start></DeletedOccurrence></DeletedOccurrences><Start/></CalendarItem>` +
		`<Task><ItemId Id="t"/><DueDate>2026-11-23</DueDate><PercentComplete>5000</PercentComplete><StartDate>1601-01-01T00:00:00Z</StartDate><Status><![CDATA[InProgress]]></Status><!-- x --></Task></a>`
	r := newReader(strings.NewReader(text), maxReply)
	r.document()
	var got []Item
	for element := range r.children() {
		got = append(got, r.item(element))
	}
	if r.err != nil || len(got) != 2 {
		t.Fatal(r.err, len(got))
	}
	c := got[0].Calendar
	want := &Recurrence{Pattern: "WeeklyRecurrence", Interval: 2, DaysOfWeek: "Monday Friday", FirstDayOfWeek: "Monday",
		Range: "NumberedRecurrence", StartDate: "2026-11-23+01:00", Count: 7}
	if !c.Series() || !reflect.DeepEqual(c.Recurrence, want) || len(c.Modifications) != 1 || len(c.Deletions) != 1 ||
		!c.Deletions[0].Equal(utc(2026, 11, 27, 9, 0, 0)) || c.Modifications[0].ID.ID != "o" || c.EndTimeZone != "UTC" {
		t.Errorf("%+v %+v", c, c.Recurrence)
	}
	k := got[1].Task
	if !k.Due.Equal(utc(2026, 11, 23, 0, 0, 0)) || k.Percent != 50 || !k.Start.IsZero() || k.Status != "InProgress" {
		t.Errorf("%+v", k)
	}
}

func TestPagesThatWouldNeverEndAreRefused(t *testing.T) {
	empty := soap("SyncFolderItemsResponse", okMessage("SyncFolderItems", "<m:SyncState>s</m:SyncState><m:IncludesLastItemInRange>false</m:IncludesLastItemInRange><m:Changes/>"))
	s := httptest.NewServer(reply(empty))
	defer s.Close()
	c := newTestClient(t, setup{url: s.URL})
	if _, err := c.SyncFolderItems(t.Context(), SyncItemsRequest{Folder: Folder(Calendar), State: "s"}); !fault.Has(err, fault.ReplyInvalid) {
		t.Errorf("got %v", err)
	}
	nameless := soap("SyncFolderItemsResponse", okMessage("SyncFolderItems", "<m:SyncState>t</m:SyncState><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange><m:Changes><t:Delete/></m:Changes>"))
	s2 := httptest.NewServer(reply(nameless))
	defer s2.Close()
	c = newTestClient(t, setup{url: s2.URL})
	if _, err := c.SyncFolderItems(t.Context(), SyncItemsRequest{Folder: Folder(Calendar)}); !fault.Has(err, fault.ReplyInvalid) {
		t.Errorf("got %v", err)
	}
	find := soap("FindItemResponse", okMessage("FindItem", `<m:RootFolder IndexedPagingOffset="0" IncludesLastItemInRange="false"><t:Groups/><t:Items><t:Task><t:ItemId Id="i"/></t:Task></t:Items></m:RootFolder>`))
	s3 := httptest.NewServer(reply(find))
	defer s3.Close()
	c = newTestClient(t, setup{url: s3.URL})
	page, err := c.FindItem(t.Context(), FindItemRequest{Folders: []FolderID{Folder(Tasks)}, Offset: 10})
	if err != nil || page.Next != 11 || page.Last {
		t.Errorf("%+v %v", page, err)
	}
}

func streamed(status, content string) string {
	return soap("GetStreamingEventsResponse", okMessage("GetStreamingEvents", content+"<m:ConnectionStatus>"+status+"</m:ConnectionStatus>"))
}

const noteXML = `<m:Notifications><m:Notification><t:SubscriptionId>s1</t:SubscriptionId><t:MovedEvent><t:TimeStamp>2026-11-23T09:00:00Z</t:TimeStamp>` +
	`<t:ItemId Id="new"/><t:ParentFolderId Id="p"/><t:OldItemId Id="old"/><t:OldParentFolderId Id="q"/></t:MovedEvent></m:Notification></m:Notifications>`

func TestAStreamGivesEventsAsTheyComeUntilTheServerCloses(t *testing.T) {
	next := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		rc := http.NewResponseController(w)
		io.WriteString(w, streamed("OK", ""))
		rc.Flush()
		for range 2 {
			<-next
			io.WriteString(w, "\r\n"+streamed("OK", noteXML)) // each with an XML declaration
			rc.Flush()
		}
		<-next
		io.WriteString(w, streamed("Closed", ""))
	}))
	defer s.Close()
	c := newTestClient(t, setup{url: s.URL})
	events := 0
	err := c.Stream(t.Context(), []string{"s1"}, time.Minute, func() { next <- struct{}{} }, func(n Notification) {
		e := n.Events[0]
		if n.Subscription != "s1" || e.Kind != MovedEvent || e.Item.ID != "new" || e.OldItem.ID != "old" || e.OldParent.ID != "q" {
			t.Errorf("%+v", n)
		}
		events++
		next <- struct{}{}
	})
	if err != nil || events != 2 {
		t.Errorf("%v after %d events", err, events)
	}
}

func TestAStreamThatBreaksOrLosesItsSubscriptionIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want fault.Code
	}{
		"it just ends": {streamed("OK", ""), fault.ReplyTruncated},
		"it is cut":    {streamed("OK", noteXML)[:300], fault.ReplyTruncated},
		"the subscription is unknown": {soap("GetStreamingEventsResponse", `<m:GetStreamingEventsResponseMessage ResponseClass="Error"><m:ResponseCode>ErrorInvalidSubscription</m:ResponseCode>`+
			`<m:ErrorSubscriptionIds><t:SubscriptionId>s1</t:SubscriptionId></m:ErrorSubscriptionIds></m:GetStreamingEventsResponseMessage>`), fault.ItemRefused},
	} {
		s := httptest.NewServer(reply(c.text))
		cl := newTestClient(t, setup{url: s.URL})
		if err := cl.Stream(t.Context(), []string{"s1"}, time.Minute, func() {}, func(Notification) {}); !fault.Has(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		s.Close()
	}
}

func pushRequest(content string) string {
	return `<?xml version="1.0"?><soap11:Envelope xmlns:soap11="http://schemas.xmlsoap.org/soap/envelope/"><soap11:Body>` +
		`<m:SendNotification xmlns:m="m" xmlns:t="t"><m:ResponseMessages><m:SendNotificationResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>` +
		content + `</m:SendNotificationResponseMessage></m:ResponseMessages></m:SendNotification></soap11:Body></soap11:Envelope>`
}

func TestPushesAreReadAndHostileOnesRefused(t *testing.T) {
	n, err := ParsePush(strings.NewReader(pushRequest(`<m:Notification><t:SubscriptionId>s1</t:SubscriptionId><t:PreviousWatermark>w</t:PreviousWatermark><t:MoreEvents>false</t:MoreEvents><t:StatusEvent><t:Watermark>w2</t:Watermark></t:StatusEvent></m:Notification>`)))
	if err != nil || n.Subscription != "s1" || len(n.Events) != 1 || n.Events[0].Kind != StatusEvent || n.Events[0].Watermark != "w2" {
		t.Errorf("%+v %v", n, err)
	}
	for name, text := range map[string]string{
		"nothing":         "",
		"no subscription": pushRequest("<m:Notification/>"),
		"too long":        pushRequest("<m:Notification><t:SubscriptionId>" + strings.Repeat("a", maxPush) + "</t:SubscriptionId></m:Notification>"),
		"not SOAP":        "<html/>",
	} {
		if _, err := ParsePush(strings.NewReader(text)); !fault.Has(err, fault.BadRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(calendarReply(2)))
	f.Add([]byte(soap("GetItemResponse", okMessage("GetItem", `<m:Items><t:CalendarItem><t:ItemId Id="a" ChangeKey="c"/><t:Attachments><t:FileAttachment><t:AttachmentId Id="x"/><t:Name>a.txt</t:Name><t:Size>7</t:Size></t:FileAttachment><t:ItemAttachment/></t:Attachments></t:CalendarItem></m:Items>`))))
	f.Add([]byte(soapFault("ErrorServerBusy", 5)))
	f.Add([]byte(streamed("OK", noteXML) + streamed("Closed", "")))
	f.Add([]byte(pushRequest("<m:Notification/>")))
	f.Add([]byte("<a b='c'><![CDATA[x]]><!-- --><d/></a>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newReader(bytes.NewReader(b), 1<<20)
		for range 3 {
			if r.envelope("GetItemResponse", func() {
				r.message(func(string) {
					for element := range r.children() {
						r.item(element)
					}
				})
			}) != nil {
				break
			}
		}
		ParsePush(bytes.NewReader(b))
		small := newReader(&slowReader{data: b, step: 1}, 1<<20)
		for small.err == nil {
			if _, ok := small.document(); !ok {
				break
			}
			small.text()
		}
	})
}

// FuzzPush: anybody may post to the event port; what is accepted names a subscription.
func FuzzPush(f *testing.F) {
	f.Add([]byte(pushRequest("<m:Notification/>")))
	f.Add([]byte(pushRequest(noteXML)))
	f.Add([]byte(pushRequest(noteXML + noteXML)))
	f.Add([]byte(soapFault("ErrorServerBusy", 5)))
	f.Add([]byte("<?xml version='1.0'?><!DOCTYPE a><a/>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := ParsePush(bytes.NewReader(b))
		slow, slowErr := ParsePush(&slowReader{data: b, step: 1})
		if (err == nil) != (slowErr == nil) || n.Subscription != slow.Subscription || len(n.Events) != len(slow.Events) {
			t.Errorf("read at once: %+v, %v; byte by byte: %+v, %v", n, err, slow, slowErr)
		}
		if err == nil && n.Subscription == "" {
			t.Error("a notification of no subscription was accepted")
		}
		if err != nil && !fault.Has(err, fault.BadRequest) {
			t.Errorf("refused with %v", err)
		}
	})
}

func BenchmarkGetItemReply(b *testing.B) {
	text := []byte(calendarReply(100))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r := newReader(bytes.NewReader(text), maxReply)
		n := 0
		if err := r.batch("GetItemResponse", 100, func(int, string) {
			for element := range r.children() {
				r.item(element)
				n++
			}
		}, func(int, *Error) {}); err != nil || n != 100 {
			b.Fatal(err, n)
		}
	}
	b.ReportMetric(float64(b.N*100)/b.Elapsed().Seconds(), "items/s")
}

func BenchmarkCreateItemRequest(b *testing.B) {
	c := newTestClient(b, setup{url: "http://127.0.0.1:1"})
	it := fullAppointment()
	for b.Loop() {
		w := c.request("CreateItem", "")
		for range 100 {
			w.item(&it.Item, it.Set, it.Item.Properties)
		}
		w.end("CreateItem")
	}
	b.ReportMetric(float64(b.N*100)/b.Elapsed().Seconds(), "items/s")
}
