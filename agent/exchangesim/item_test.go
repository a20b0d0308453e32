package exchangesim_test

import (
	"strings"
	"testing"

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/schemacheck"
)

const times = `<t:Start>2026-11-23T09:00:00Z</t:Start><t:End>2026-11-23T10:00:00Z</t:End>`

func TestRequestsAreRefusedAsExchangeRefusesThem(t *testing.T) {
	dir := recordDir(t)
	c := basic(t, exchangesim.Options{Record: dir})
	box := c.sim.Mailbox("anna@lab.test")
	bobs, err := c.sim.Mailbox("bob@lab.test").Create(exchangesim.Item{Subject: "Bob's"})
	if err != nil {
		t.Fatal(err)
	}
	appt, err := box.Create(exchangesim.Item{Subject: "x"})
	if err != nil {
		t.Fatal(err)
	}
	task, err := box.Create(exchangesim.Item{Kind: exchangesim.Task, Subject: "t"})
	if err != nil {
		t.Fatal(err)
	}
	gone, err := box.Create(exchangesim.Item{Subject: "gone"})
	if err != nil {
		t.Fatal(err)
	}
	if err := box.HardDelete(gone.ID); err != nil {
		t.Fatal(err)
	}
	id, key := string(appt.ID), appt.ChangeKey
	for _, x := range []struct{ name, body, want string }{
		{"no word on invitations", strings.Replace(createAppointments(times), ` SendMeetingInvitations="SendToNone"`, "", 1), "ErrorSendMeetingInvitationsRequired"},
		{"wrong element order", createAppointments(`<t:End>2026-11-23T10:00:00Z</t:End><t:Start>2026-11-23T09:00:00Z</t:Start>`), "ErrorSchemaValidation"},
		{"an unknown element", createAppointments(`<t:Colour>red</t:Colour>`), "ErrorSchemaValidation"},
		{"an unknown operation", `<BrewCoffee/>`, "ErrorInvalidRequest"},
		{"a control character", createAppointments("<t:Subject>a\x0bb</t:Subject>"), "ErrorInvalidRequest"},
		{"a written control character", createAppointments("<t:Subject>a&#x1;b</t:Subject>"), "ErrorInvalidRequest"},
		{"end before start", createAppointments(`<t:Start>2026-11-23T09:00:00Z</t:Start><t:End>2026-11-23T08:59:00Z</t:End>`), "ErrorCalendarEndDateIsEarlierThanStartDate"},
		{"a read-only field", createAppointments(`<t:LastModifiedTime>2026-11-23T09:00:00Z</t:LastModifiedTime>`), "ErrorInvalidPropertySet"},
		{"an unknown zone", createAppointments(times + `<t:StartTimeZone Id="Mars Standard Time"/>`), "ErrorTimeZone"},
		{"a bad property value", createAppointments(`<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x3001" PropertyType="Integer"/><t:Value>many</t:Value></t:ExtendedProperty>`), "ErrorInvalidExtendedPropertyValue"},
		{"a property with two names", createAppointments(`<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x3001" PropertyName="x" PropertyType="String"/><t:Value>many</t:Value></t:ExtendedProperty>`), "ErrorInvalidExtendedProperty"},
		{"one bad item among good ones", createAppointments(times, `<t:Start>2026-11-23T09:00:00Z</t:Start><t:End>2025-01-01T00:00:00Z</t:End>`, times), "NoError ErrorCalendarEndDateIsEarlierThanStartDate NoError"},
		{"a message without disposition", `<CreateItem><Items><t:Message><t:Subject>x</t:Subject></t:Message></Items></CreateItem>`, "ErrorMessageDispositionRequired"},
		{"a task in the calendar", `<CreateItem><SavedItemFolderId><t:DistinguishedFolderId Id="calendar"/></SavedItemFolderId><Items><t:Task/></Items></CreateItem>`, "ErrorCannotCreateTaskInNonTaskFolder"},
		{"an appointment among tasks", strings.Replace(createAppointments(times), `Id="calendar"`, `Id="tasks"`, 1), "ErrorCannotCreateCalendarItemInNonCalendarFolder"},
		{"more than all of a task", createTask(`<t:PercentComplete>101</t:PercentComplete>`), "ErrorInvalidPercentCompleteValue"},

		{"a malformed id", getItems(everything, "nonsense"), "ErrorInvalidIdMalformed"},
		{"an id in other case", getItems(everything, strings.ToLower(id)), "ErrorInvalidIdMalformed"},
		{"an empty id", getItems(everything, ""), "ErrorInvalidIdEmpty"},
		{"an item that is gone, one that is there", getItems(everything, string(gone.ID), id), "ErrorItemNotFound NoError"},
		{"somebody else's item", getItems(everything, string(bobs.ID)), "ErrorAccessDenied"},
		{"somebody else's folder", `<GetFolder><FolderShape><t:BaseShape>IdOnly</t:BaseShape></FolderShape><FolderIds><t:DistinguishedFolderId Id="calendar"><t:Mailbox><t:EmailAddress>bob@lab.test</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId></FolderIds></GetFolder>`, "ErrorAccessDenied"},
		{"nobody's folder", `<GetFolder><FolderShape><t:BaseShape>IdOnly</t:BaseShape></FolderShape><FolderIds><t:DistinguishedFolderId Id="calendar"><t:Mailbox><t:EmailAddress>eve@lab.test</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId></FolderIds></GetFolder>`, "ErrorNonExistentMailbox"},

		{"an update without a word on invitations", strings.Replace(update(id, key, "AutoResolve", setField("item:Subject", "CalendarItem", `<t:Subject>y</t:Subject>`)), ` SendMeetingInvitationsOrCancellations="SendToNone"`, "", 1), "ErrorSendMeetingInvitationsOrCancellationsRequired"},
		{"an update without a change key", update(id, "", "NeverOverwrite", setField("item:Subject", "CalendarItem", `<t:Subject>y</t:Subject>`)), "ErrorChangeKeyRequired"},
		{"a malformed change key", update(id, "DwAAAA==", "AutoResolve", setField("item:Subject", "CalendarItem", `<t:Subject>y</t:Subject>`)), "ErrorInvalidChangeKey"},
		{"two fields in one update", update(id, key, "AutoResolve", setField("item:Subject", "CalendarItem", `<t:Subject>y</t:Subject><t:Location>z</t:Location>`)), "ErrorIncorrectUpdatePropertyCount"},
		{"another field than named", update(id, key, "AutoResolve", setField("item:Subject", "CalendarItem", `<t:Location>z</t:Location>`)), "ErrorUpdatePropertyMismatch"},
		{"a start behind the end", update(id, key, "AutoResolve", setField("calendar:Start", "CalendarItem", `<t:Start>2999-01-01T00:00:00Z</t:Start>`)), "ErrorCalendarEndDateIsEarlierThanStartDate"},
		{"a start that is deleted", update(id, key, "AutoResolve", `<t:DeleteItemField><t:FieldURI FieldURI="calendar:Start"/></t:DeleteItemField>`), "ErrorInvalidPropertyDelete"},
		{"a subject that is appended to", update(id, key, "AutoResolve", `<t:AppendToItemField><t:FieldURI FieldURI="item:Subject"/><t:CalendarItem><t:Subject>y</t:Subject></t:CalendarItem></t:AppendToItemField>`), "ErrorInvalidPropertyAppend"},

		{"a deletion without a word on cancellations", `<DeleteItem DeleteType="HardDelete"><ItemIds><t:ItemId Id="` + id + `"/></ItemIds></DeleteItem>`, "ErrorSendMeetingCancellationsRequired"},
		{"a task deletion without occurrences", `<DeleteItem DeleteType="HardDelete"><ItemIds><t:ItemId Id="` + string(task.ID) + `"/></ItemIds></DeleteItem>`, "ErrorAffectedTaskOccurrencesRequired"},
		{"a forged sync state", syncItems("calendar", "H4sIAAAAAAAEAA==", 10), "ErrorInvalidSyncStateData"},
		{"a move into nowhere", `<MoveItem><ToFolderId><t:DistinguishedFolderId Id="voicemail"/></ToFolderId><ItemIds><t:ItemId Id="` + id + `"/></ItemIds></MoveItem>`, "ErrorFolderNotFound"},
		{"a name nobody has", `<ResolveNames ReturnFullContactData="false"><UnresolvedEntry>zoe</UnresolvedEntry></ResolveNames>`, "ErrorNameResolutionNoResults"},
		{"a subscription to nothing", `<Subscribe><StreamingSubscriptionRequest><t:EventTypes><t:EventType>CreatedEvent</t:EventType></t:EventTypes></StreamingSubscriptionRequest></Subscribe>`, "ErrorInvalidSubscriptionRequest"},
		{"a push to nowhere", `<Subscribe><PushSubscriptionRequest SubscribeToAllFolders="true"><t:EventTypes><t:EventType>CreatedEvent</t:EventType></t:EventTypes><t:StatusFrequency>1</t:StatusFrequency><t:URL>ftp://x</t:URL></PushSubscriptionRequest></Subscribe>`, "ErrorInvalidPushSubscriptionUrl"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := &client{t, c.sim, c.user, c.pass}
			r := c.want(c.do(x.body), x.want)
			if fault := strings.Contains(r.raw, "s:Fault"); fault != (r.status == 500) {
				t.Errorf("HTTP %d with fault=%v", r.status, fault)
			}
		})
	}
	if got, _ := box.Get(appt.ID); got.Subject != "x" {
		t.Errorf("a refused update changed the item to %+v", got)
	}
	schemacheck.CheckReplies(t, dir)
}

func TestASchemaViolationNamesTheLine(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	r := c.do("<GetItem>\n<ItemIds/></GetItem>")
	if r.find(`LineNumber>(\d+)<`) != "2" || !strings.Contains(r.find(`Violation>([^<]*)<`), "List of possible elements expected: 'ItemShape'") {
		t.Fatal(r.raw)
	}
}

func TestConflictsAreResolvedAsAsked(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	box := c.sim.Mailbox("anna@lab.test")
	subject := setField("item:Subject", "CalendarItem", `<t:Subject>ours</t:Subject>`)
	for _, x := range []struct {
		name, resolution string
		meanwhile        func(*exchangesim.Item)
		want             string
	}{
		{"never overwrite, nothing happened", "NeverOverwrite", nil, "NoError"},
		{"never overwrite, another field changed", "NeverOverwrite", func(i *exchangesim.Item) { i.Location = "theirs" }, "ErrorIrresolvableConflict"},
		{"never overwrite, saved unchanged", "NeverOverwrite", func(*exchangesim.Item) {}, "ErrorIrresolvableConflict"},
		{"auto resolve, another field changed", "AutoResolve", func(i *exchangesim.Item) { i.Location = "theirs" }, "NoError"},
		{"auto resolve, the same field changed", "AutoResolve", func(i *exchangesim.Item) { i.Subject = "theirs" }, "ErrorIrresolvableConflict"},
		{"always overwrite, the same field changed", "AlwaysOverwrite", func(i *exchangesim.Item) { i.Subject = "theirs" }, "NoError"},
	} {
		t.Run(x.name, func(t *testing.T) {
			it, err := box.Create(exchangesim.Item{Subject: "first"})
			if err != nil {
				t.Fatal(err)
			}
			if x.meanwhile != nil {
				if _, err := box.Update(it.ID, x.meanwhile); err != nil {
					t.Fatal(err)
				}
			}
			before, _ := box.Get(it.ID)
			r := c.want(c.do(update(string(it.ID), it.ChangeKey, x.resolution, subject)), x.want)
			after, _ := box.Get(it.ID)
			if ok := x.want == "NoError"; ok != (after.Subject == "ours") || ok != (after.ChangeKey != before.ChangeKey) {
				t.Fatalf("after: %+v", after)
			}
			if x.want == "NoError" && r.find(`ChangeKey="([^"]*)"`) != after.ChangeKey {
				t.Error("the reply has another change key than the item")
			}
			if x.want == "NoError" && after.Location != before.Location {
				t.Error("a field nobody named was overwritten")
			}
		})
	}
}

func TestPercentStatusAndCompletionAreOneThingAndTheLastWins(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	box := c.sim.Mailbox("anna@lab.test")
	percent := func(s string) string {
		return setField("task:PercentComplete", "Task", `<t:PercentComplete>`+s+`</t:PercentComplete>`)
	}
	status := func(s string) string { return setField("task:Status", "Task", `<t:Status>`+s+`</t:Status>`) }
	day := setField("task:CompleteDate", "Task", `<t:CompleteDate>2026-11-20T00:00:00Z</t:CompleteDate>`)
	for _, x := range []struct {
		name, change, status string
		percent              float64
		completed            string
	}{
		{"all of it", percent("100"), "Completed", 100, "some"},
		{"a part of it", percent("40"), "InProgress", 40, ""},
		{"completed", status("Completed"), "Completed", 100, "some"},
		{"the day it was completed", day, "Completed", 100, "2026-11-20"},
		{"completed, then waiting", status("Completed") + status("WaitingOnOthers"), "WaitingOnOthers", 0, ""},
		{"completed, then a part", status("Completed") + percent("30"), "InProgress", 30, ""},
		{"a part, then completed", percent("30") + status("Completed"), "Completed", 100, "some"},
		{"waiting with a part done", status("WaitingOnOthers") + percent("30"), "WaitingOnOthers", 30, ""},
		{"the day, then nothing of it", day + percent("0"), "NotStarted", 0, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			it, err := box.Create(exchangesim.Item{Kind: exchangesim.Task})
			if err != nil {
				t.Fatal(err)
			}
			c.want(c.do(update(string(it.ID), it.ChangeKey, "AutoResolve", x.change)), "NoError")
			got, _ := box.Get(it.ID)
			if got.Status != x.status || got.Percent != x.percent || got.Completed.IsZero() != (x.completed == "") {
				t.Fatalf("%s %v %v", got.Status, got.Percent, got.Completed)
			}
			if x.completed != "" && x.completed != "some" && got.Completed.Format("2006-01-02") != x.completed {
				t.Fatal(got.Completed)
			}
		})
	}
}

func TestTimesAreReadInTheirZone(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	const vienna = `<t:StartTimeZone Id="W. Europe Standard Time"/>`
	for _, x := range []struct {
		name    string
		wrap    func(string) string
		item    string
		utc     string // start and end as stored
		written string // start as answered in the same context
	}{
		{"with an offset", envelope, `<t:Start>2026-07-01T09:00:00+05:00</t:Start><t:End>2026-07-01T10:00:00+05:00</t:End>` + vienna, "2026-07-01T04:00:00Z 2026-07-01T05:00:00Z", "2026-07-01T04:00:00Z"},
		{"without, in StartTimeZone", envelope, `<t:Start>2026-07-01T09:00:00</t:Start><t:End>2026-07-01T10:00:00</t:End>` + vienna, "2026-07-01T07:00:00Z 2026-07-01T08:00:00Z", "2026-07-01T07:00:00Z"},
		{"without, in TimeZoneContext", viennaEnvelope, `<t:Start>2026-07-01T09:00:00</t:Start><t:End>2026-07-01T10:00:00</t:End>`, "2026-07-01T07:00:00Z 2026-07-01T08:00:00Z", "2026-07-01T09:00:00+02:00"},
		{"without anything, in UTC", envelope, `<t:Start>2026-07-01T09:00:00</t:Start><t:End>2026-07-01T10:00:00</t:End>`, "2026-07-01T09:00:00Z 2026-07-01T10:00:00Z", "2026-07-01T09:00:00Z"},
		{"all-day snaps to midnight of its zone", envelope, `<t:Start>2026-07-01T09:00:00Z</t:Start><t:End>2026-07-01T10:00:00Z</t:End><t:IsAllDayEvent>true</t:IsAllDayEvent>` + vienna, "2026-06-30T22:00:00Z 2026-07-01T22:00:00Z", "2026-06-30T22:00:00Z"},
		{"all-day over a clock change", envelope, `<t:Start>2026-10-24T22:00:00Z</t:Start><t:End>2026-10-25T23:00:00Z</t:End><t:IsAllDayEvent>true</t:IsAllDayEvent>` + vienna, "2026-10-24T22:00:00Z 2026-10-25T23:00:00Z", "2026-10-24T22:00:00Z"},
		{"all-day in another zone becomes two days", envelope, `<t:Start>2026-06-30T22:00:00Z</t:Start><t:End>2026-07-01T22:00:00Z</t:End><t:IsAllDayEvent>true</t:IsAllDayEvent>`, "2026-06-30T00:00:00Z 2026-07-02T00:00:00Z", "2026-06-30T00:00:00Z"},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := c.want(c.doc(x.wrap(createAppointments(x.item))), "NoError")
			id := r.find(`ItemId Id="([^"]*)"`)
			it, ok := c.sim.Mailbox("anna@lab.test").Get(exchangesim.ItemID(id))
			if got := it.Start.Format("2006-01-02T15:04:05Z07:00") + " " + it.End.Format("2006-01-02T15:04:05Z07:00"); !ok || got != x.utc {
				t.Errorf("stored %s, want %s", got, x.utc)
			}
			r = c.want(c.doc(x.wrap(getItems(everything, id))), "NoError")
			if got := r.find(`<t:Start>([^<]*)<`); got != x.written {
				t.Errorf("answered %s, want %s", got, x.written)
			}
		})
	}
}
