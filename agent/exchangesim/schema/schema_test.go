package schema

import (
	"strings"
	"testing"

	"abgleich/agent/exchangesim/xmltree"
)

func TestRequestsAreJudgedAsExchangeJudgesThem(t *testing.T) {
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	head := ` xmlns="` + Messages + `" xmlns:t="` + Types + `"`
	item := func(inner string) string {
		return `<CreateItem` + head + ` SendMeetingInvitations="SendToNone"><Items><t:CalendarItem>` + inner + `</t:CalendarItem></Items></CreateItem>`
	}
	for _, c := range []struct{ name, doc, want string }{
		{"a valid appointment", item(`<t:Subject>x</t:Subject><t:Start>2026-01-02T03:04:05Z</t:Start><t:Location/>`), ""},
		{"wrong order", item(`<t:Start>2026-01-02T03:04:05Z</t:Start><t:Subject>x</t:Subject>`), "invalid child element 'Subject'"},
		{"an unknown element", item(`<t:Colour>x</t:Colour>`), "invalid child element 'Colour'"},
		{"a known element in the wrong namespace", item(`<Subject>x</Subject>`), "invalid child element 'Subject'"},
		{"an unknown word of an enumeration", item(`<t:Sensitivity>Secret</t:Sensitivity>`), "Enumeration constraint"},
		{"a bad date", item(`<t:Start>yesterday</t:Start>`), "not a valid DateTime"},
		{"a bad boolean", item(`<t:IsAllDayEvent>yes</t:IsAllDayEvent>`), "not a valid Boolean"},
		{"text between elements", item(`hello`), "cannot contain text"},
		{"an unknown attribute", `<DeleteItem` + head + ` DeleteType="HardDelete" Force="true"><ItemIds><t:ItemId Id="a"/></ItemIds></DeleteItem>`, "'Force' attribute is not declared"},
		{"a missing attribute", `<DeleteItem` + head + `><ItemIds><t:ItemId Id="a"/></ItemIds></DeleteItem>`, "required attribute 'DeleteType'"},
		{"too many changes at once", `<SyncFolderItems` + head + `><ItemShape><t:BaseShape>IdOnly</t:BaseShape></ItemShape><SyncFolderId><t:DistinguishedFolderId Id="calendar"/></SyncFolderId><MaxChangesReturned>513</MaxChangesReturned></SyncFolderItems>`, "MaxInclusive"},
		{"no ids", `<GetItem` + head + `><ItemShape><t:BaseShape>IdOnly</t:BaseShape></ItemShape><ItemIds/></GetItem>`, "incomplete content"},
		{"a weekly series", item(`<t:Recurrence><t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday Friday</t:DaysOfWeek></t:WeeklyRecurrence><t:NoEndRecurrence><t:StartDate>2026-01-01</t:StartDate></t:NoEndRecurrence></t:Recurrence>`), ""},
		{"a series on a day that does not exist", item(`<t:Recurrence><t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday Fryday</t:DaysOfWeek></t:WeeklyRecurrence><t:NoEndRecurrence><t:StartDate>2026-01-01</t:StartDate></t:NoEndRecurrence></t:Recurrence>`), "Enumeration"},
		{"a series without range", item(`<t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence></t:Recurrence>`), "incomplete content"},
		{"an unknown field", `<GetItem` + head + `><ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI="item:Colour"/></t:AdditionalProperties></ItemShape><ItemIds><t:ItemId Id="a"/></ItemIds></GetItem>`, "Enumeration"},
		{"a bad property tag", `<GetItem` + head + `><ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:ExtendedFieldURI PropertyTag="0xfffff" PropertyType="String"/></t:AdditionalProperties></ItemShape><ItemIds><t:ItemId Id="a"/></ItemIds></GetItem>`, "union"},
		{"an element nobody knows", `<MakeCoffee` + head + `/>`, "not declared"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, err := xmltree.Parse(c.doc)
			if err != nil {
				t.Fatal(err)
			}
			v := s.Check(n)
			switch {
			case c.want == "" && v != nil:
				t.Fatalf("refused: %s", v.Reason)
			case c.want != "" && v == nil:
				t.Fatalf("accepted, want %q", c.want)
			case c.want != "" && !strings.Contains(v.Reason, c.want):
				t.Fatalf("refused with %q, want %q", v.Reason, c.want)
			}
		})
	}
}
