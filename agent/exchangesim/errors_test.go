package exchangesim_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/schemacheck"
)

// What is wrong with a request as a whole is told by IIS with a page and a status of
// its own, by Exchange with HTTP 500 and a SOAP fault that names the reason.
func TestWrongRequestsGetTheRightStatusAndCode(t *testing.T) {
	dir := recordDir(t)
	c := basic(t, exchangesim.Options{Record: dir, MaxRequestBytes: 20_000})
	good := envelope(getCalendar)
	for _, x := range []struct {
		name, method, contentType, doc string
		status                         int
		code                           string // "": no SOAP
		headers                        map[string]string
	}{
		{name: "no SOAPAction", doc: good, status: 200, code: "NoError"},
		{name: "a SOAPAction of another operation", doc: good, status: 200, code: "NoError", headers: map[string]string{"SOAPAction": `"urn:else"`}},
		{name: "GET", method: http.MethodGet, status: 405},
		{name: "SOAP 1.2's content type", contentType: "application/soap+xml", doc: good, status: 415},
		{name: "a form", contentType: "application/x-www-form-urlencoded", doc: good, status: 415},
		{name: "too large", doc: good + strings.Repeat(" ", 20_000), status: 413},
		{name: "empty", status: 500, code: "ErrorInvalidRequest"},
		{name: "no XML", doc: "hello", status: 500, code: "ErrorInvalidRequest"},
		{name: "half a document", doc: good[:len(good)/2], status: 500, code: "ErrorInvalidRequest"},
		{name: "a document type", doc: `<!DOCTYPE s [<!ENTITY a "b">]>` + strings.TrimPrefix(good, `<?xml version="1.0" encoding="utf-8"?>`), status: 500, code: "ErrorInvalidRequest"},
		{name: "XML without SOAP", doc: `<a/>`, status: 500, code: "ErrorInvalidRequest"},
		{name: "SOAP 1.2's envelope", doc: strings.Replace(good, "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope", 1), status: 500, code: "ErrorInvalidRequest"},
		{name: "an empty body", doc: envelope(""), status: 500, code: "ErrorInvalidRequest"},
		{name: "two operations", doc: envelope(getCalendar + getCalendar), status: 500, code: "ErrorInvalidRequest"},
		{name: "an unknown operation", doc: envelope(`<BrewCoffee/>`), status: 500, code: "ErrorInvalidRequest"},
		{name: "an operation of another namespace", doc: envelope(`<t:GetFolder/>`), status: 500, code: "ErrorInvalidRequest"},
		{name: "a missing element", doc: envelope(`<GetFolder/>`), status: 500, code: "ErrorSchemaValidation"},
		{name: "elements in the wrong order", doc: envelope(createAppointments(`<t:Location>x</t:Location><t:Subject>y</t:Subject>`)), status: 500, code: "ErrorSchemaValidation"},
		{name: "an unknown attribute", doc: envelope(strings.Replace(getCalendar, "<GetFolder>", `<GetFolder Colour="red">`, 1)), status: 500, code: "ErrorSchemaValidation"},
		{name: "an unknown server version", doc: strings.Replace(good, "Exchange2016", "Exchange1997", 1), status: 500, code: "ErrorInvalidServerVersion"},
		{name: "an unknown zone", doc: strings.Replace(viennaEnvelope(getCalendar), "W. Europe", "Middle Earth", 1), status: 500, code: "ErrorTimeZone"},
	} {
		t.Run(x.name, func(t *testing.T) {
			if x.method == "" {
				x.method = http.MethodPost
			}
			if x.contentType == "" {
				x.contentType = "text/xml; charset=utf-8"
			}
			req, err := http.NewRequestWithContext(t.Context(), x.method, c.sim.url, strings.NewReader(x.doc))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", x.contentType)
			for k, v := range x.headers {
				req.Header.Set(k, v)
			}
			req.SetBasicAuth("anna", "secret1")
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			data, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			r := &reply{raw: string(data)}
			soap := strings.HasPrefix(res.Header.Get("Content-Type"), "text/xml")
			if res.StatusCode != x.status || r.codes() != x.code || soap != (x.code != "") {
				t.Errorf("HTTP %d %s, SOAP %v: %s", res.StatusCode, r.codes(), soap, data)
			}
			if x.code == "ErrorSchemaValidation" && (r.find(`LineNumber>(\d+)<`) == "" || r.find(`Violation>([^<]+)<`) == "") {
				t.Errorf("where and why is missing: %s", data)
			}
		})
	}
	schemacheck.CheckReplies(t, dir)
}

// A view may expand two years, no more, and says when it was cut.
func TestACalendarViewHasLimits(t *testing.T) {
	c := basic(t, exchangesim.Options{FindCount: 10})
	view := func(from, to, more string) string {
		return `<FindItem Traversal="Shallow"><ItemShape><t:BaseShape>IdOnly</t:BaseShape></ItemShape><CalendarView ` + more + `StartDate="` + from + `" EndDate="` + to + `"/><ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></ParentFolderIds></FindItem>`
	}
	daily := `<t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence><t:NumberedRecurrence><t:StartDate>2026-11-23</t:StartDate><t:NumberOfOccurrences>20</t:NumberOfOccurrences></t:NumberedRecurrence></t:Recurrence>`
	c.want(c.do(createAppointments(times+daily)), "NoError")
	c.want(c.do(view("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z", "")), "ErrorExceededFindCountLimit")
	c.want(c.do(view("2026-01-01T00:00:00Z", "2028-01-05T00:00:00Z", "")), "ErrorCalendarViewRangeTooBig")
	c.want(c.do(view("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "")), "ErrorCalendarEndDateIsEarlierThanStartDate")
	r := c.want(c.do(view("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z", `MaxEntriesReturned="3" `)), "NoError")
	if n := strings.Count(r.raw, "<t:ItemId "); n != 3 {
		t.Errorf("%d items", n)
	}
	if last := r.find(`IncludesLastItemInRange="(\w+)"`); last != "false" {
		t.Errorf("a cut view says that it is whole (%s)", last)
	}
	if last := c.want(c.do(view("2026-11-23T00:00:00Z", "2026-11-25T00:00:00Z", "")), "NoError").find(`IncludesLastItemInRange="(\w+)"`); last != "true" {
		t.Errorf("a whole view says %s", last)
	}
}
