package exchangesim_test

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/schemacheck"
	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"
)

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02T15:04Z07:00", s)
	if err != nil {
		panic(err)
	}
	return t
}

// weekly is a series of five Mondays at nine in Vienna, across the end of summer time.
func weekly() exchangesim.Item {
	return exchangesim.Item{Subject: "Serie", Start: at("2026-10-12T09:00+02:00"), End: at("2026-10-12T10:00+02:00"), Zone: "Europe/Vienna",
		Recurrence: &exchangesim.Recurrence{Pattern: "WeeklyRecurrence", Interval: 1, DaysOfWeek: "Monday", FirstDayOfWeek: "Monday", Start: "2026-10-12", Count: 5}}
}

func starts(t *testing.T, box *exchangesim.Mailbox, id exchangesim.ItemID) (list []string) {
	t.Helper()
	all, err := box.Occurrences(id, at("2000-01-01T00:00Z"), at("2100-01-01T00:00Z"))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		list = append(list, o.Start.UTC().Format("2006-01-02T15:04"))
	}
	return list
}

func TestPatternsFallOnTheDaysExchangeGivesThem(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	box := c.sim.Mailbox("anna@lab.test")
	for _, x := range []struct {
		name string
		rec  exchangesim.Recurrence
		want string // days
	}{
		{"every third day", exchangesim.Recurrence{Pattern: "DailyRecurrence", Interval: 3, Start: "2026-02-26", Count: 3}, "2026-02-26 2026-03-01 2026-03-04"},
		{"two weeks that begin on Monday", exchangesim.Recurrence{Pattern: "WeeklyRecurrence", Interval: 2, DaysOfWeek: "Sunday Monday", FirstDayOfWeek: "Monday", Start: "2026-03-01", Count: 4}, "2026-03-01 2026-03-09 2026-03-15 2026-03-23"},
		{"two weeks that begin on Sunday", exchangesim.Recurrence{Pattern: "WeeklyRecurrence", Interval: 2, DaysOfWeek: "Sunday Monday", FirstDayOfWeek: "Sunday", Start: "2026-03-01", Count: 4}, "2026-03-01 2026-03-02 2026-03-15 2026-03-16"},
		{"the 31st of every month", exchangesim.Recurrence{Pattern: "AbsoluteMonthlyRecurrence", Interval: 1, DayOfMonth: 31, Start: "2026-01-31", Count: 4}, "2026-01-31 2026-02-28 2026-03-31 2026-04-30"},
		{"29 February every year", exchangesim.Recurrence{Pattern: "AbsoluteYearlyRecurrence", DayOfMonth: 29, Month: "February", Start: "2024-02-29", Count: 5}, "2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-29"},
		{"the last weekday", exchangesim.Recurrence{Pattern: "RelativeMonthlyRecurrence", Interval: 1, DaysOfWeek: "Weekday", WeekIndex: "Last", Start: "2026-01-01", Count: 3}, "2026-01-30 2026-02-27 2026-03-31"},
		{"the second weekend day", exchangesim.Recurrence{Pattern: "RelativeMonthlyRecurrence", Interval: 2, DaysOfWeek: "WeekendDay", WeekIndex: "Second", Start: "2026-01-01", Count: 2}, "2026-01-04 2026-03-07"},
		{"the third day", exchangesim.Recurrence{Pattern: "RelativeMonthlyRecurrence", Interval: 1, DaysOfWeek: "Day", WeekIndex: "Third", Start: "2026-01-04", Count: 2}, "2026-02-03 2026-03-03"},
		{"the last Thursday of May", exchangesim.Recurrence{Pattern: "RelativeYearlyRecurrence", DaysOfWeek: "Thursday", WeekIndex: "Last", Month: "May", Start: "2026-05-28", Count: 2}, "2026-05-28 2027-05-27"},
		{"until a day, which counts", exchangesim.Recurrence{Pattern: "DailyRecurrence", Interval: 1, Start: "2026-02-27", End: "2026-03-01"}, "2026-02-27 2026-02-28 2026-03-01"},
	} {
		t.Run(x.name, func(t *testing.T) {
			it, err := box.Create(exchangesim.Item{Start: at("2020-01-01T09:00Z"), End: at("2020-01-01T10:00Z"), Zone: "UTC", Recurrence: &x.rec})
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(starts(t, box, it.ID), " ")
			if want := strings.ReplaceAll(x.want+" ", " ", "T09:00 "); got != strings.TrimSpace(want) {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// orLast says to RFC 5545 what Exchange means by a day that shorter months lack.
func orLast(opt *rrule.ROption, day int) {
	if day <= 28 {
		return
	}
	opt.Bymonthday, opt.Bysetpos = nil, []int{-1}
	for d := 28; d <= day; d++ {
		opt.Bymonthday = append(opt.Bymonthday, d)
	}
}

// TestPatternsAgreeWithAnIndependentExpansion compares random patterns that mean the
// same in RFC 5545 with rrule-go.
func TestPatternsAgreeWithAnIndependentExpansion(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	box := c.sim.Mailbox("anna@lab.test")
	zones := []string{"Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu", "UTC"} // the oracle stumbles over midnights that clocks skip
	week := []rrule.Weekday{rrule.SU, rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA}
	check := func(rt *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(rt, "zone")
		loc, err := time.LoadLocation(zone)
		if err != nil {
			rt.Fatal(err)
		}
		day := rapid.IntRange(0, 4000).Draw(rt, "day")
		start := time.Date(2020, 1, 1+day, 9, 30, 0, 0, loc)
		count := rapid.IntRange(1, 40).Draw(rt, "count")
		interval := rapid.IntRange(1, 5).Draw(rt, "interval")
		rec := exchangesim.Recurrence{Start: start.Format(time.DateOnly), Count: count, Interval: interval}
		opt := rrule.ROption{Dtstart: start, Count: count, Interval: interval}
		dayOf := rapid.IntRange(1, 31).Draw(rt, "day of month")
		month := time.Month(rapid.IntRange(1, 12).Draw(rt, "month"))
		which := rapid.IntRange(0, 6).Draw(rt, "weekday")
		index := rapid.SampledFrom([]string{"First", "Second", "Third", "Fourth", "Last"}).Draw(rt, "index")
		nth := map[string]int{"First": 1, "Second": 2, "Third": 3, "Fourth": 4, "Last": -1}[index]
		set := rapid.SampledFrom([]string{"", "Day", "Weekday", "WeekendDay"}).Draw(rt, "set")
		relative := func() {
			rec.WeekIndex, rec.DaysOfWeek = index, set
			opt.Bysetpos = []int{nth}
			switch set {
			case "Day":
				opt.Byweekday = week
			case "Weekday":
				opt.Byweekday = week[1:6]
			case "WeekendDay":
				opt.Byweekday = []rrule.Weekday{rrule.SA, rrule.SU}
			default:
				rec.DaysOfWeek, opt.Byweekday = time.Weekday(which).String(), []rrule.Weekday{week[which]}
			}
		}
		switch rapid.IntRange(0, 5).Draw(rt, "pattern") {
		case 0:
			rec.Pattern, opt.Freq = "DailyRecurrence", rrule.DAILY
		case 1:
			first := rapid.IntRange(0, 6).Draw(rt, "first day")
			rec.Pattern, opt.Freq, opt.Wkst = "WeeklyRecurrence", rrule.WEEKLY, week[first]
			rec.FirstDayOfWeek = time.Weekday(first).String()
			mask := rapid.IntRange(1, 127).Draw(rt, "days")
			for i := range 7 {
				if mask&(1<<i) != 0 {
					rec.DaysOfWeek += time.Weekday(i).String() + " "
					opt.Byweekday = append(opt.Byweekday, week[i])
				}
			}
		case 2:
			rec.Pattern, rec.DayOfMonth, opt.Freq, opt.Bymonthday = "AbsoluteMonthlyRecurrence", dayOf, rrule.MONTHLY, []int{dayOf}
			orLast(&opt, dayOf)
		case 3:
			rec.Pattern, opt.Freq = "RelativeMonthlyRecurrence", rrule.MONTHLY
			relative()
		case 4:
			rec.Pattern, rec.DayOfMonth, rec.Month = "AbsoluteYearlyRecurrence", dayOf, month.String()
			rec.Interval, opt.Interval = 0, 1
			opt.Freq, opt.Bymonth, opt.Bymonthday = rrule.YEARLY, []int{int(month)}, []int{dayOf}
			orLast(&opt, dayOf)
		default:
			rec.Pattern, rec.Month = "RelativeYearlyRecurrence", month.String()
			rec.Interval, opt.Interval = 0, 1
			opt.Freq, opt.Bymonth = rrule.YEARLY, []int{int(month)}
			relative()
		}
		rule, err := rrule.NewRRule(opt)
		if err != nil {
			rt.Fatal(err)
		}
		it, err := box.Create(exchangesim.Item{Start: start, End: start.Add(time.Hour), Zone: zone, Recurrence: &rec})
		if err != nil {
			rt.Fatal(err)
		}
		got, err := box.Occurrences(it.ID, at("2000-01-01T00:00Z"), at("2400-01-01T00:00Z"))
		if err != nil {
			rt.Fatal(err)
		}
		want := rule.All()
		if len(got) != len(want) {
			rt.Fatalf("%+v: %d occurrences, want %d", rec, len(got), len(want))
		}
		for i := range want {
			if !got[i].Start.Equal(want[i]) {
				rt.Fatalf("%+v: occurrence %d at %v, want %v", rec, i+1, got[i].Start, want[i])
			}
		}
		_ = box.HardDelete(it.ID)
	}
	for range 20 { // each is a hundred
		if rapid.Check(t, check); t.Failed() {
			return
		}
	}
}

func TestASeriesKeepsItsWallTimeAcrossClockChanges(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	box := c.sim.Mailbox("anna@lab.test")
	for _, x := range []struct{ name, zone, start, end, day, want string }{
		{"nine in Vienna", "Europe/Vienna", "2026-10-23T09:00+02:00", "2026-10-23T10:00+02:00", "2026-10-23", "2026-10-23T07:00 2026-10-24T07:00 2026-10-25T08:00 2026-10-26T08:00"},
		{"a time Vienna skips", "Europe/Vienna", "2026-03-27T02:30+01:00", "2026-03-27T03:30+01:00", "2026-03-27", "2026-03-27T01:30 2026-03-28T01:30 2026-03-29T01:30 2026-03-30T00:30"},
		{"a time New York skips", "America/New_York", "2026-03-06T02:30-05:00", "2026-03-06T03:30-05:00", "2026-03-06", "2026-03-06T07:30 2026-03-07T07:30 2026-03-08T07:30 2026-03-09T06:30"},
		{"a time New York shows twice", "America/New_York", "2026-10-30T01:30-04:00", "2026-10-30T01:45-04:00", "2026-10-30", "2026-10-30T05:30 2026-10-31T05:30 2026-11-01T05:30 2026-11-02T06:30"},
		{"over midnight", "Asia/Tokyo", "2026-10-23T23:30+09:00", "2026-10-24T00:30+09:00", "2026-10-23", "2026-10-23T14:30 2026-10-24T14:30 2026-10-25T14:30 2026-10-26T14:30"},
	} {
		t.Run(x.name, func(t *testing.T) {
			it, err := box.Create(exchangesim.Item{Start: at(x.start), End: at(x.end), Zone: x.zone, Recurrence: &exchangesim.Recurrence{Pattern: "DailyRecurrence", Interval: 1, Start: x.day, Count: 4}})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(starts(t, box, it.ID), " "); got != x.want {
				t.Errorf("got %s, want %s", got, x.want)
			}
		})
	}
}

func occurrenceID(master exchangesim.ItemID, index int) string {
	return fmt.Sprintf(`<t:OccurrenceItemId RecurringMasterId="%s" InstanceIndex="%d"/>`, master, index)
}

func getByID(id string) string {
	return `<GetItem><ItemShape>` + everything + `</ItemShape><ItemIds>` + id + `</ItemIds></GetItem>`
}

func updateByID(id, change string) string {
	return `<UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone"><ItemChanges><t:ItemChange>` + id + `<t:Updates>` + change + `</t:Updates></t:ItemChange></ItemChanges></UpdateItem>`
}

func deleteByID(id string) string {
	return `<DeleteItem DeleteType="MoveToDeletedItems" SendMeetingCancellations="SendToNone"><ItemIds>` + id + `</ItemIds></DeleteItem>`
}

func TestOccurrencesAreReadChangedAndDeletedByTheirIndex(t *testing.T) {
	dir := recordDir(t)
	c := basic(t, exchangesim.Options{Record: dir})
	box := c.sim.Mailbox("anna@lab.test")
	it, err := box.Create(weekly())
	if err != nil {
		t.Fatal(err)
	}
	_, _, _ = c.page(map[string]string{}, "", 512)
	r := c.want(c.do(getByID(occurrenceID(it.ID, 4))), "NoError")
	if r.find(`<t:Start>([^<]*)<`) != "2026-11-02T08:00:00Z" || r.find(`CalendarItemType>([^<]*)<`) != "Occurrence" {
		t.Error(r.raw)
	}
	id := r.find(`<t:ItemId Id="([^"]*)"`)
	r = c.want(c.do(getByID(`<t:RecurringMasterItemId OccurrenceId="`+id+`"/>`)), "NoError")
	if r.find(`<t:ItemId Id="([^"]*)"`) != string(it.ID) || r.find(`CalendarItemType>([^<]*)<`) != "RecurringMaster" {
		t.Error(r.raw)
	}
	mirror := map[string]string{}
	state, _, _ := c.page(mirror, "", 512)
	// Change the second by its index, delete the third, move the fourth by its id.
	c.want(c.do(updateByID(occurrenceID(it.ID, 2), setField("item:Subject", "CalendarItem", `<t:Subject>anders</t:Subject>`))), "NoError")
	c.want(c.do(deleteByID(occurrenceID(it.ID, 3))), "NoError")
	c.want(c.do(updateByID(`<t:ItemId Id="`+id+`"/>`, setField("calendar:Start", "CalendarItem", `<t:Start>2026-11-03T11:00:00Z</t:Start>`)+setField("calendar:End", "CalendarItem", `<t:End>2026-11-03T12:00:00Z</t:End>`))), "NoError")
	_, _, changes := c.page(mirror, state, 512)
	if len(mirror) != 1 || len(changes) != 1 || changes[0] != "Update" {
		t.Errorf("the feed tells %v of %d items", changes, len(mirror))
	}
	if box.Count(exchangesim.DeletedItems) != 0 {
		t.Error("a deleted occurrence came into Deleted Items")
	}
	got, _ := box.Get(it.ID)
	if e := got.Exceptions(); len(e) != 2 || e[0].Subject != "anders" || !e[1].Start.Equal(at("2026-11-03T11:00Z")) || !e[1].OriginalStart.Equal(at("2026-11-02T08:00Z")) {
		t.Errorf("%+v", e)
	}
	if d := got.DeletedOccurrences(); len(d) != 1 || !d[0].Equal(at("2026-10-26T08:00Z")) {
		t.Error(d)
	}
	r = c.want(c.do(getByID(`<t:ItemId Id="`+string(it.ID)+`"/>`)), "NoError")
	for _, want := range []string{
		`<t:FirstOccurrence><t:ItemId [^>]*/><t:Start>2026-10-12T07:00:00Z`, `<t:LastOccurrence><t:ItemId [^>]*/><t:Start>2026-11-09T08:00:00Z`,
		`<t:DeletedOccurrence><t:Start>2026-10-26T08:00:00Z`, `<t:Start>2026-11-03T11:00:00Z</t:Start><t:End>2026-11-03T12:00:00Z</t:End><t:OriginalStart>2026-11-02T08:00:00Z`,
	} {
		if r.find("("+want+")") == "" {
			t.Errorf("no %s in %s", want, r.raw)
		}
	}
	for _, x := range []struct{ name, body, want string }{
		{"a deleted occurrence", getByID(occurrenceID(it.ID, 3)), "ErrorCalendarOccurrenceIsDeletedFromRecurrence"},
		{"one after the last", getByID(occurrenceID(it.ID, 6)), "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange"},
		{"one before the first", getByID(occurrenceID(it.ID, 0)), "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange"},
		{"an index beyond all", getByID(occurrenceID(it.ID, 1<<31-1)), "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange"},
		{"an exception after a deleted one", getByID(occurrenceID(it.ID, 4)), "NoError"},
		{"the master of a master", getByID(`<t:RecurringMasterItemId OccurrenceId="` + string(it.ID) + `"/>`), "ErrorCalendarCannotUseIdForRecurringMasterId"},
		{"an occurrence of an occurrence", getByID(occurrenceID(exchangesim.ItemID(id), 1)), "ErrorCalendarCannotUseIdForOccurrenceId"},
		{"a move onto the next one's day", updateByID(occurrenceID(it.ID, 1), setField("calendar:End", "CalendarItem", `<t:End>2026-10-19T12:00:00Z</t:End>`)+setField("calendar:Start", "CalendarItem", `<t:Start>2026-10-19T11:00:00Z</t:Start>`)), "ErrorOccurrenceCrossingBoundary"},
		{"a move before the previous one", updateByID(occurrenceID(it.ID, 2), setField("calendar:Start", "CalendarItem", `<t:Start>2026-10-11T06:00:00Z</t:Start>`)+setField("calendar:End", "CalendarItem", `<t:End>2026-10-11T07:00:00Z</t:End>`)), "ErrorOccurrenceCrossingBoundary"},
		{"a pattern for an occurrence", updateByID(occurrenceID(it.ID, 2), setField("calendar:Recurrence", "CalendarItem", `<t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence><t:NoEndRecurrence><t:StartDate>2026-11-23</t:StartDate></t:NoEndRecurrence></t:Recurrence>`)), "ErrorInvalidPropertySet"},
		{"an occurrence that is moved away", `<MoveItem><ToFolderId><t:DistinguishedFolderId Id="inbox"/></ToFolderId><ItemIds>` + occurrenceID(it.ID, 1) + `</ItemIds></MoveItem>`, "ErrorCalendarCannotMoveOrCopyOccurrence"},
		{"an occurrence that is copied", `<CopyItem><ToFolderId><t:DistinguishedFolderId Id="inbox"/></ToFolderId><ItemIds>` + occurrenceID(it.ID, 1) + `</ItemIds></CopyItem>`, "ErrorCalendarCannotMoveOrCopyOccurrence"},
	} {
		t.Run(x.name, func(t *testing.T) { (&client{t, c.sim, c.user, c.pass}).want(c.do(x.body), x.want) })
	}
	schemacheck.CheckReplies(t, dir)
}

func TestExceptionsKeepTheirOwnFieldsAndTakeTheRestFromTheMaster(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	box := c.sim.Mailbox("anna@lab.test")
	it, err := box.Create(weekly())
	if err != nil {
		t.Fatal(err)
	}
	second := at("2026-10-19T07:00Z")
	if _, err := box.ChangeOccurrence(it.ID, second, func(o *exchangesim.Item) { o.Subject = "eigen" }); err != nil {
		t.Fatal(err)
	}
	if _, err := box.Update(it.ID, func(m *exchangesim.Item) { m.Subject, m.Location = "neu", "Raum 7" }); err != nil {
		t.Fatal(err)
	}
	all, err := box.Occurrences(it.ID, at("2026-10-01T00:00Z"), at("2026-12-01T00:00Z"))
	if err != nil || len(all) != 5 {
		t.Fatal(all, err)
	}
	for _, o := range all {
		want := "neu"
		if o.OriginalStart.Equal(second) {
			want = "eigen"
		}
		if o.Subject != want || o.Location != "Raum 7" || o.MasterID != it.ID {
			t.Errorf("%s %s %s", o.OriginalStart, o.Subject, o.Location)
		}
	}
	if _, err := box.ChangeOccurrence(it.ID, second.Add(time.Hour), func(*exchangesim.Item) {}); err == nil {
		t.Error("an occurrence was found where the pattern puts none")
	}
}

func TestAnotherPatternErasesExceptionsAnotherEndDoesNot(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	box := c.sim.Mailbox("anna@lab.test")
	for _, x := range []struct {
		name          string
		change        func(*exchangesim.Item)
		kept, deleted int
	}{
		{"another subject", func(i *exchangesim.Item) { i.Subject = "x" }, 2, 1},
		{"the same pattern again", func(i *exchangesim.Item) { r := *i.Recurrence; i.Recurrence = &r }, 2, 1},
		{"more of them", func(i *exchangesim.Item) { r := *i.Recurrence; r.Count = 9; i.Recurrence = &r }, 2, 1},
		{"fewer of them", func(i *exchangesim.Item) { r := *i.Recurrence; r.Count = 3; i.Recurrence = &r }, 1, 1},
		{"another interval", func(i *exchangesim.Item) { r := *i.Recurrence; r.Interval = 2; i.Recurrence = &r }, 0, 0},
		{"another hour", func(i *exchangesim.Item) { i.Start, i.End = i.Start.Add(time.Hour), i.End.Add(time.Hour) }, 0, 0},
		{"another length", func(i *exchangesim.Item) { i.End = i.End.Add(time.Hour) }, 0, 0},
		{"another zone", func(i *exchangesim.Item) { i.Zone, i.EndZone = "Europe/London", "Europe/London" }, 0, 0},
		{"no series any more", func(i *exchangesim.Item) { i.Recurrence = nil }, 0, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			it, err := box.Create(weekly())
			if err != nil {
				t.Fatal(err)
			}
			for _, day := range []string{"2026-10-19T07:00Z", "2026-11-09T08:00Z"} {
				if _, err := box.ChangeOccurrence(it.ID, at(day), func(o *exchangesim.Item) { o.Busy = "Free" }); err != nil {
					t.Fatal(err)
				}
			}
			if err := box.DeleteOccurrence(it.ID, at("2026-10-26T08:00Z")); err != nil {
				t.Fatal(err)
			}
			got, err := box.Update(it.ID, x.change)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Exceptions()) != x.kept || len(got.DeletedOccurrences()) != x.deleted {
				t.Errorf("%d exceptions and %d deleted ones are left", len(got.Exceptions()), len(got.DeletedOccurrences()))
			}
		})
	}
}

func TestTheLastOccurrenceCannotBeDeleted(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	box := c.sim.Mailbox("anna@lab.test")
	it, err := box.Create(weekly())
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 4; i++ {
		c.want(c.do(deleteByID(occurrenceID(it.ID, i))), "NoError")
	}
	c.want(c.do(deleteByID(occurrenceID(it.ID, 5))), "ErrorRecurrenceHasNoOccurrence")
	if got := starts(t, box, it.ID); len(got) != 1 {
		t.Error(got)
	}
}

func TestAnOccurrenceThatCameAloneBearsItsSeriesIds(t *testing.T) {
	dir := recordDir(t)
	c := basic(t, exchangesim.Options{Record: dir})
	start := time.Date(2026, 11, 23, 23, 30, 0, 0, time.UTC) // the 24th in Vienna
	it, err := c.sim.Mailbox("anna@lab.test").Create(exchangesim.Item{Subject: "allein", Start: start, End: start.Add(time.Hour), OriginalStart: start, Zone: "Europe/Vienna", Meeting: true, MyResponse: "Accept"})
	if err != nil {
		t.Fatal(err)
	}
	ids := `<t:BaseShape>AllProperties</t:BaseShape><t:AdditionalProperties>` +
		`<t:ExtendedFieldURI DistinguishedPropertySetId="Meeting" PropertyId="3" PropertyType="Binary"/>` +
		`<t:ExtendedFieldURI DistinguishedPropertySetId="Meeting" PropertyId="35" PropertyType="Binary"/></t:AdditionalProperties>`
	r := c.want(c.do(getItems(ids, string(it.ID))), "NoError")
	if r.find(`CalendarItemType>(\w+)<`) != "Exception" || r.find(`IsRecurring>(\w+)<`) != "true" || r.find(`OriginalStart>([^<]+)<`) != "2026-11-23T23:30:00Z" {
		t.Error(r.raw)
	}
	var global [2]string
	for i, m := range regexp.MustCompile(`<t:Value>([^<]+)</t:Value>`).FindAllStringSubmatch(r.raw, -1) {
		b, err := base64.StdEncoding.DecodeString(m[1])
		if err != nil || len(b) < 40 {
			t.Fatal(err, m)
		}
		global[i] = fmt.Sprintf("%x", b[16:20])
	}
	if global != [2]string{"07ea0b18", "00000000"} {
		t.Errorf("the ids hold the dates %s", global)
	}
	schemacheck.Check(t, dir)
}
