package exchangesim_test

import (
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/schemacheck"
)

const viennaRule = `<t:TimeZone><t:Bias>-60</t:Bias><t:StandardTime><t:Bias>0</t:Bias><t:Time>03:00:00</t:Time><t:DayOrder>5</t:DayOrder><t:Month>10</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:StandardTime><t:DaylightTime><t:Bias>-60</t:Bias><t:Time>02:00:00</t:Time><t:DayOrder>5</t:DayOrder><t:Month>3</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:DaylightTime></t:TimeZone>`

func freeBusy(zone, start, end, interval, view string, mails ...string) string {
	list := ""
	for _, m := range mails {
		list += `<t:MailboxData><t:Email><t:Address>` + m + `</t:Address></t:Email><t:AttendeeType>Required</t:AttendeeType></t:MailboxData>`
	}
	return `<GetUserAvailabilityRequest>` + zone + `<MailboxDataArray>` + list + `</MailboxDataArray><t:FreeBusyViewOptions><t:TimeWindow><t:StartTime>` + start + `</t:StartTime><t:EndTime>` + end +
		`</t:EndTime></t:TimeWindow><t:MergedFreeBusyIntervalInMinutes>` + interval + `</t:MergedFreeBusyIntervalInMinutes><t:RequestedView>` + view + `</t:RequestedView></t:FreeBusyViewOptions></GetUserAvailabilityRequest>`
}

func TestFreeBusyTimesAreTold(t *testing.T) {
	dir := recordDir(t)
	c := basic(t, exchangesim.Options{Record: dir})
	add := func(mail, subject, busy string, start, end time.Time) {
		t.Helper()
		if _, err := c.sim.Mailbox(mail).Create(exchangesim.Item{Subject: subject, Busy: busy, Start: start, End: end, Zone: "Europe/Vienna"}); err != nil {
			t.Fatal(err)
		}
	}
	at := func(h, m int) time.Time { return time.Date(2026, 10, 25, h, m, 0, 0, time.UTC) } // the clocks go back at 1 UTC
	add("anna@lab.test", "nachts", "Tentative", at(0, 30), at(1, 30))
	add("anna@lab.test", "früh", "Busy", at(7, 0), at(8, 0))
	add("anna@lab.test", "weg", "OOF", at(7, 30), at(7, 45))
	add("bob@lab.test", "geheim", "WorkingElsewhere", at(9, 0), at(9, 30))
	body := freeBusy(viennaRule, "2026-10-25T02:00:00", "2026-10-25T12:00:00", "60", "DetailedMerged", "anna@lab.test", "bob@lab.test", "nobody@lab.test")
	r := c.want(c.do(body), "NoError NoError ErrorMailRecipientNotFound")
	for _, want := range []string{
		// From two on the summer clock to noon on the winter one: eleven hours.
		`<t:MergedFreeBusy>11000003000<`, `<t:MergedFreeBusy>00000000040<`,
		`<t:StartTime>2026-10-25T02:30:00</t:StartTime><t:EndTime>2026-10-25T02:30:00</t:EndTime><t:BusyType>Tentative<`,
		`<t:StartTime>2026-10-25T08:00:00</t:StartTime>`, `<t:Subject>früh</t:Subject>`, `<t:FreeBusyViewType>FreeBusyMerged<`, `<t:FreeBusyViewType>DetailedMerged<`,
	} {
		if !strings.Contains(r.raw, want) {
			t.Errorf("missing %s in\n%s", want, r.raw)
		}
	}
	if strings.Contains(r.raw, "geheim") {
		t.Error("another's subject was told")
	}
	if err := c.sim.Mailbox("bob@lab.test").Grant("anna@lab.test", exchangesim.Calendar, exchangesim.Reader); err != nil {
		t.Fatal(err)
	}
	if r = c.do(body); !strings.Contains(r.raw, "geheim") {
		t.Error("a reader of the calendar doesn't get the details")
	}
	utc := strings.NewReplacer("T02:00:00", "T00:00:00Z", "T12:00:00", "T11:00:00Z").Replace(body)
	if got := c.want(c.do(utc), "NoError NoError ErrorMailRecipientNotFound").find(`MergedFreeBusy>(\d+)<`); got != "11000003000" {
		t.Errorf("with UTC times: %s", got)
	}
	c.want(c.doc(viennaEnvelope(strings.Replace(body, viennaRule, "", 1))), "NoError NoError ErrorMailRecipientNotFound")
	for _, x := range []struct{ name, body, code string }{
		{"no zone", freeBusy("", "2026-10-25T02:00:00", "2026-10-25T12:00:00", "60", "FreeBusy", "anna@lab.test"), "ErrorTimeZone"},
		{"an impossible zone", freeBusy(strings.Replace(viennaRule, "<t:Month>10<", "<t:Month>13<", 1), "2026-10-25T02:00:00", "2026-10-25T12:00:00", "60", "FreeBusy", "anna@lab.test"), "ErrorTimeZone"},
		{"end before start", freeBusy(viennaRule, "2026-10-25T12:00:00", "2026-10-25T02:00:00", "60", "FreeBusy", "anna@lab.test"), "ErrorInvalidTimeInterval"},
		{"63 days", freeBusy(viennaRule, "2026-01-01T00:00:00", "2026-03-05T00:00:00", "60", "FreeBusy", "anna@lab.test"), "ErrorTimeIntervalTooBig"},
		{"an interval of 4 minutes", freeBusy(viennaRule, "2026-10-25T02:00:00", "2026-10-25T12:00:00", "4", "FreeBusy", "anna@lab.test"), "ErrorInvalidMergedFreeBusyInterval"},
		{"no view", freeBusy(viennaRule, "2026-10-25T02:00:00", "2026-10-25T12:00:00", "60", "None", "anna@lab.test"), "ErrorInvalidFreeBusyViewType"},
		{"nobody", freeBusy(viennaRule, "2026-10-25T02:00:00", "2026-10-25T12:00:00", "60", "FreeBusy"), "ErrorMissingArgument"},
		{"a crowd", freeBusy(viennaRule, "2026-10-25T02:00:00", "2026-10-25T12:00:00", "60", "FreeBusy", strings.Split(strings.Repeat("anna@lab.test ", 101), " ")[:101]...), "ErrorIndividualMailboxLimitReached"},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := (&client{t, c.sim, c.user, c.pass}).want(c.do(x.body), x.code)
			if r.status != 500 {
				t.Errorf("HTTP %d", r.status)
			}
		})
	}
	c.sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.BusyResponse})
	c.want(c.do(body), "ErrorServerBusy ErrorServerBusy ErrorServerBusy")
	schemacheck.Check(t, dir)
}

func TestIDsAreConvertedThereAndBack(t *testing.T) {
	dir := recordDir(t)
	c := basic(t, exchangesim.Options{Record: dir})
	r := c.want(c.do(createAppointments(times)), "NoError")
	id := r.find(`ItemId Id="([^"]*)"`)
	folder := c.want(c.do(getCalendar), "NoError").find(`FolderId Id="([^"]*)"`)
	convert := func(to, format, id, mail string) *reply {
		return c.do(`<ConvertId DestinationFormat="` + to + `"><SourceIds><t:AlternateId Format="` + format + `" Id="` + id + `" Mailbox="` + mail + `"/></SourceIds></ConvertId>`)
	}
	seen := map[string]string{}
	for _, format := range []string{"EwsId", "EwsLegacyId", "EntryId", "HexEntryId", "StoreId", "OwaId"} {
		for _, one := range []string{id, folder} {
			there := c.want(convert(format, "EwsId", one, "anna@lab.test"), "NoError").find(` Id="([^"]*)" Mailbox`)
			if other, ok := seen[there]; ok && format != "OwaId" {
				t.Errorf("%s and %s look the same", format, other)
			}
			seen[there] = format
			if back := c.want(convert("EwsId", format, there, "anna@lab.test"), "NoError").find(` Id="([^"]*)" Mailbox`); back != one {
				t.Errorf("%s came back as %s through %s %s", one, back, format, there)
			}
			if format != "HexEntryId" && format != "EwsId" && format != "OwaId" {
				c.want(convert("EwsId", "HexEntryId", there, "anna@lab.test"), "ErrorInvalidIdMalformed")
			}
		}
	}
	c.want(convert("EntryId", "EwsId", id, "nobody@lab.test"), "ErrorNonExistentMailbox")
	c.want(convert("EntryId", "EwsId", id, "bob@lab.test"), "ErrorInvalidIdMalformed")
	c.want(convert("EntryId", "EwsLegacyId", "abc", "anna@lab.test"), "ErrorInvalidIdMalformedEwsLegacyIdFormat")
	c.want(convert("EntryId", "EwsId", "", "anna@lab.test"), "ErrorInvalidIdEmpty")
	c.want(convert("Nonsense", "EwsId", id, "anna@lab.test"), "ErrorSchemaValidation")
	c.want(c.do(`<ConvertId DestinationFormat="EwsId"><SourceIds><t:AlternatePublicFolderId Format="EwsId" FolderId="x"/></SourceIds></ConvertId>`), "ErrorUnsupportedTypeForConversion")
	schemacheck.CheckReplies(t, dir)
}

// The written rules of all zones give the offsets of the zone database.
func TestZonesAreToldWithTheirRules(t *testing.T) {
	dir := recordDir(t)
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	c := basic(t, exchangesim.Options{Record: dir, Now: func() time.Time { return now }})
	r := c.want(c.do(`<GetServerTimeZones ReturnFullTimeZoneData="true"><Ids><t:Id>W. Europe Standard Time</t:Id><t:Id>AUS Eastern Standard Time</t:Id><t:Id>Tokyo Standard Time</t:Id></Ids></GetServerTimeZones>`), "NoError")
	for _, want := range []string{
		`<t:Period Bias="-PT1H0M" Name="Standard" Id="trule:Microsoft/Registry/W. Europe Standard Time/2026-Standard"/><t:Period Bias="-PT2H0M" Name="Daylight"`,
		`<t:TimeOffset>PT2H0M</t:TimeOffset><t:Month>3</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek><t:Occurrence>-1</t:Occurrence>`,
		`<t:TimeOffset>PT3H0M</t:TimeOffset><t:Month>4</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek><t:Occurrence>1</t:Occurrence>`,
		`<t:Period Bias="-PT9H0M" Name="Standard"`,
	} {
		if !strings.Contains(r.raw, want) {
			t.Errorf("missing %s in\n%s", want, r.raw)
		}
	}
	c.want(c.do(`<GetServerTimeZones/>`), "NoError")
	if r := c.want(c.do(`<GetServerTimeZones ReturnFullTimeZoneData="false"/>`), "NoError"); strings.Contains(r.raw, "Period") {
		t.Error("only names were wanted")
	}
	schemacheck.Check(t, dir)
}
