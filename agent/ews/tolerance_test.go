package ews

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// The deviations were seen from a real server that is no Exchange.

func getOne(t *testing.T, item string) Item {
	t.Helper()
	s := httptest.NewServer(reply(soap("GetItemResponse", okMessage("GetItem", `<m:Items>`+item+`</m:Items>`))))
	defer s.Close()
	r, err := newTestClient(t, setup{url: s.URL}).GetItem(t.Context(), []ItemID{{ID: "a"}}, Shape{})
	if err != nil || r[0].Err != nil {
		t.Fatal(err, r)
	}
	return r[0].Item
}

func TestAPercentageTimesAHundredIsUnderstood(t *testing.T) {
	for text, want := range map[string]float64{"0": 0, "0.5": 0.5, "50": 50, "100": 100, "5000": 50, "10000": 100, "NaN": 0, "-1": 0, "1e300": 100} {
		it := getOne(t, `<t:Task><t:ItemId Id="a" ChangeKey="c"/><t:PercentComplete>`+text+`</t:PercentComplete></t:Task>`)
		if it.Task.Percent != want {
			t.Errorf("%s is read as %v, want %v", text, it.Task.Percent, want)
		}
	}
}

func TestOnePercentTimesAHundredIsNotAllOfIt(t *testing.T) {
	for status, want := range map[string]float64{"InProgress": 1, "Deferred": 1, "WaitingOnOthers": 1, "Completed": 100} {
		for _, fields := range []string{`<t:PercentComplete>100</t:PercentComplete><t:Status>` + status + `</t:Status>`,
			`<t:Status>` + status + `</t:Status><t:PercentComplete>100</t:PercentComplete>`} {
			if it := getOne(t, `<t:Task><t:ItemId Id="a" ChangeKey="c"/>`+fields+`</t:Task>`); it.Task.Percent != want {
				t.Errorf("%s: %v, want %v", fields, it.Task.Percent, want)
			}
		}
	}
}

func TestACompletedTaskNeedsNoDate(t *testing.T) {
	it := getOne(t, `<t:Task><t:ItemId Id="a" ChangeKey="c"/><t:DueDate>2026-03-01T00:00:00</t:DueDate><t:Status>Completed</t:Status></t:Task>`)
	if !it.Task.Completed.IsZero() || it.Task.Status != "Completed" || !it.Task.Due.Equal(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", it.Task)
	}
}

func TestZonesInAnyOrderAndMastersWithoutOccurrencesAreRead(t *testing.T) {
	it := getOne(t, `<t:CalendarItem><t:StartTimeZone Id="W. Europe Standard Time"/><t:ItemId Id="a" ChangeKey="c"/>`+
		`<t:End>2026-03-01T10:00:00Z</t:End><t:Subject>x</t:Subject><t:Start>2026-03-01T09:00:00Z</t:Start>`+
		`<t:CalendarItemType>RecurringMaster</t:CalendarItemType><t:IsRecurring>true</t:IsRecurring></t:CalendarItem>`)
	if it.ID.ID != "a" || it.Subject != "x" || it.Calendar.Start.IsZero() || it.Calendar.StartTimeZone != "W. Europe Standard Time" {
		t.Errorf("%+v %+v", it, it.Calendar)
	}
}

func TestEmptyGroupsAreNoResultAndNoError(t *testing.T) {
	s := httptest.NewServer(reply(soap("FindItemResponse", okMessage("FindItem",
		`<m:RootFolder TotalItemsInView="0" IncludesLastItemInRange="true" IndexedPagingOffset="0"><t:Items/><t:Groups/></m:RootFolder>`))))
	defer s.Close()
	page, err := newTestClient(t, setup{url: s.URL}).FindItem(t.Context(), FindItemRequest{Folders: []FolderID{Folder(Calendar)}})
	if err != nil || !page.Last || len(page.Items) != 0 {
		t.Errorf("%+v %v", page, err)
	}
}

func TestEveryStreamedEnvelopeMayHaveADeclaration(t *testing.T) {
	one := soap("GetStreamingEventsResponse", okMessage("GetStreamingEvents",
		`<m:Notifications><m:Notification><t:SubscriptionId>s</t:SubscriptionId><t:StatusEvent><t:Watermark>w</t:Watermark></t:StatusEvent></m:Notification></m:Notifications>`))
	end := soap("GetStreamingEventsResponse", okMessage("GetStreamingEvents", `<m:ConnectionStatus>Closed</m:ConnectionStatus>`))
	s := httptest.NewServer(reply(one + "\r\n" + one + end))
	defer s.Close()
	n := 0
	err := newTestClient(t, setup{url: s.URL}).Stream(t.Context(), []string{"s"}, time.Minute, func() {}, func(Notification) { n++ })
	if err != nil || n != 2 {
		t.Errorf("%d notifications, %v", n, err)
	}
}

func TestAConnectionIsDroppedAfterAFaultThatIsNotUnderstood(t *testing.T) {
	var mu sync.Mutex
	used := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		used[r.RemoteAddr]++
		again := used[r.RemoteAddr] > 1
		first := len(used) == 1
		mu.Unlock()
		switch {
		case again: // what such a server sends next is garbled
			status(200, "text/xml", `<broken`)(w, r)
		case first:
			status(500, "text/plain", "unknown operation")(w, r)
		default:
			reply(folderReply())(w, r)
		}
	}))
	defer s.Close()
	c := newTestClient(t, setup{url: s.URL})
	if err := getCalendar(t.Context(), c); err == nil {
		t.Fatal("the fault is not told")
	}
	if err := getCalendar(t.Context(), c); err != nil {
		t.Errorf("the next request met the garbled connection: %v", err)
	}
}

func TestADelegateNamesTheMailboxInWellKnownFolders(t *testing.T) {
	c := newTestClient(t, setup{url: "http://127.0.0.1:1"}).With(View{Mailbox: "bert@lab.test", Delegate: true})
	w := c.request("GetFolder", "")
	w.folderID(Folder(Calendar))
	w.folderID(FolderID{ID: "x"})
	want := `<t:DistinguishedFolderId Id="calendar"><t:Mailbox><t:EmailAddress>bert@lab.test</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId><t:FolderId Id="x"/>`
	if got := string(w.b); len(got) < len(want) || got[len(got)-len(want):] != want {
		t.Errorf("got %s", got)
	}
}
