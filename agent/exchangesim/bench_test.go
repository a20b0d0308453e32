package exchangesim_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
)

const perBatch = 100

// poster posts without reading XML, to measure the server and not the client.
func poster(b *testing.B, s *sim) func(string) []byte {
	hc := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
	var buf bytes.Buffer
	return func(doc string) []byte {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.url, strings.NewReader(doc))
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Content-Type", "text/xml; charset=utf-8")
		req.SetBasicAuth(`LAB\anna`, "secret1")
		res, err := hc.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		defer res.Body.Close()
		buf.Reset()
		if _, err := io.Copy(&buf, res.Body); err != nil {
			b.Fatal(err)
		}
		return buf.Bytes()
	}
}

func appointment(i int) string {
	return fmt.Sprintf(`<t:Subject>Besprechung %d</t:Subject><t:Sensitivity>Normal</t:Sensitivity><t:Body BodyType="Text">%s</t:Body><t:Categories><t:String>Kunde</t:String></t:Categories><t:Importance>Normal</t:Importance><t:ReminderIsSet>true</t:ReminderIsSet><t:ReminderMinutesBeforeStart>15</t:ReminderMinutesBeforeStart><t:ExtendedProperty><t:ExtendedFieldURI PropertySetId="2f9d0ac6-7f2e-4c3f-9a54-0d8a2f6d3d10" PropertyName="AbgleichId" PropertyType="String"/><t:Value>inst/anna/%d</t:Value></t:ExtendedProperty><t:Start>2026-11-23T09:00:00Z</t:Start><t:End>2026-11-23T10:00:00Z</t:End><t:IsAllDayEvent>false</t:IsAllDayEvent><t:LegacyFreeBusyStatus>Busy</t:LegacyFreeBusyStatus><t:Location>Raum 1</t:Location><t:StartTimeZone Id="W. Europe Standard Time"/><t:EndTimeZone Id="W. Europe Standard Time"/>`, i, strings.Repeat("Text über die Besprechung. ", 8), i)
}

func BenchmarkCreateItem(b *testing.B) {
	s := start(b, exchangesim.Options{BasicWithoutTLS: true})
	post := poster(b, s)
	var items []string
	for i := range perBatch {
		items = append(items, appointment(i))
	}
	doc := envelope(createAppointments(items...))
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if out := post(doc); bytes.Count(out, []byte("<m:ResponseCode>NoError")) != perBatch {
			b.Fatalf("%s", out)
		}
	}
	b.ReportMetric(float64(b.N*perBatch)/b.Elapsed().Seconds(), "items/s")
}

func seeded(n int) []exchangesim.Item {
	items := make([]exchangesim.Item, n)
	at := time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)
	for i := range items {
		items[i] = exchangesim.Item{Subject: fmt.Sprintf("Besprechung %d", i), Body: strings.Repeat("Text über die Besprechung. ", 8),
			Start: at.Add(time.Duration(i) * time.Hour), End: at.Add(time.Duration(i)*time.Hour + 30*time.Minute),
			Location: "Raum 1", Categories: []string{"Kunde"}}
	}
	return items
}

func BenchmarkGetItem(b *testing.B) {
	s := start(b, exchangesim.Options{BasicWithoutTLS: true})
	post := poster(b, s)
	var ids []string
	for _, id := range s.Mailbox("anna@lab.test").Seed(seeded(perBatch)) {
		ids = append(ids, string(id))
	}
	doc := envelope(getItems(everything+`<t:BodyType>Text</t:BodyType>`, ids...))
	b.ReportAllocs()
	for b.Loop() {
		out := post(doc)
		if bytes.Count(out, []byte("<m:ResponseCode>NoError")) != perBatch {
			b.Fatalf("%s", out)
		}
		b.SetBytes(int64(len(out)))
	}
	b.ReportMetric(float64(b.N*perBatch)/b.Elapsed().Seconds(), "items/s")
}

func BenchmarkSyncFolderItems(b *testing.B) {
	s := start(b, exchangesim.Options{BasicWithoutTLS: true})
	post := poster(b, s)
	s.Mailbox("anna@lab.test").Seed(seeded(512))
	doc := envelope(syncItems("calendar", "", 512))
	b.ReportAllocs()
	for b.Loop() {
		post(doc)
	}
	b.ReportMetric(float64(b.N*512)/b.Elapsed().Seconds(), "items/s")
}

func BenchmarkUpdateItem(b *testing.B) {
	s := start(b, exchangesim.Options{BasicWithoutTLS: true})
	post := poster(b, s)
	var changes strings.Builder
	for _, id := range s.Mailbox("anna@lab.test").Seed(seeded(perBatch)) {
		fmt.Fprintf(&changes, `<t:ItemChange><t:ItemId Id="%s"/><t:Updates>%s%s</t:Updates></t:ItemChange>`, id,
			setField("item:Subject", "CalendarItem", "<t:Subject>Neu</t:Subject>"), setField("calendar:Location", "CalendarItem", "<t:Location>Dort</t:Location>"))
	}
	doc := envelope(`<UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone"><ItemChanges>` + changes.String() + `</ItemChanges></UpdateItem>`)
	b.ReportAllocs()
	for b.Loop() {
		post(doc)
	}
	b.ReportMetric(float64(b.N*perBatch)/b.Elapsed().Seconds(), "items/s")
}
