package exchangesim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/schemacheck"
)

// rich is an appointment with everything a client may write, in schema order.
const rich = `<t:ItemClass>IPM.Appointment</t:ItemClass><t:Subject>A &lt;b&gt; &amp; "c" – ü 😀</t:Subject><t:Sensitivity>Confidential</t:Sensitivity><t:Body BodyType="HTML">&lt;html&gt;&lt;body&gt;&lt;p&gt;Eins&lt;/p&gt;&lt;p&gt;Zwei &amp;amp; drei&lt;br&gt;vier&lt;/p&gt;&lt;/body&gt;&lt;/html&gt;</t:Body><t:Categories><t:String>Kunde</t:String><t:String>A;B</t:String></t:Categories><t:Importance>Low</t:Importance><t:ReminderIsSet>true</t:ReminderIsSet><t:ReminderMinutesBeforeStart>0</t:ReminderMinutesBeforeStart>` +
	`<t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="Name" PropertyType="String"/><t:Value>x</t:Value></t:ExtendedProperty>` +
	`<t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId="Common" PropertyId="34051" PropertyType="StringArray"/><t:Values><t:Value>a</t:Value><t:Value>b</t:Value></t:Values></t:ExtendedProperty>` +
	`<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x3FD9" PropertyType="Boolean"/><t:Value>1</t:Value></t:ExtendedProperty>` +
	`<t:Culture>de-AT</t:Culture><t:UID>foreign-uid@example</t:UID>` + times + `<t:IsAllDayEvent>false</t:IsAllDayEvent><t:LegacyFreeBusyStatus>OOF</t:LegacyFreeBusyStatus><t:Location>Wien</t:Location><t:IsResponseRequested>false</t:IsResponseRequested><t:RequiredAttendees><t:Attendee><t:Mailbox><t:Name>Bob</t:Name><t:EmailAddress>bob@lab.test</t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees><t:OptionalAttendees><t:Attendee><t:Mailbox><t:EmailAddress>eve@lab.test</t:EmailAddress></t:Mailbox></t:Attendee></t:OptionalAttendees>` +
	`<t:StartTimeZone Id="W. Europe Standard Time"/><t:EndTimeZone Id="Tokyo Standard Time"/><t:AllowNewTimeProposal>false</t:AllowNewTimeProposal><t:MeetingWorkspaceUrl>http://x/?a=1&amp;b=2</t:MeetingWorkspaceUrl>`

const richShape = `<t:BaseShape>AllProperties</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI="item:TextBody"/><t:FieldURI FieldURI="calendar:StartWallClock"/><t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="Name" PropertyType="String"/><t:ExtendedFieldURI DistinguishedPropertySetId="Common" PropertyId="34051" PropertyType="StringArray"/><t:ExtendedFieldURI PropertyTag="0x3FD9" PropertyType="Boolean"/><t:ExtendedFieldURI PropertySetId="6ED8DA90-450B-101B-98DA-00AA003F1305" PropertyId="35" PropertyType="Binary"/><t:ExtendedFieldURI PropertyTag="0x3008" PropertyType="SystemTime"/></t:AdditionalProperties>`

func TestEverythingWrittenComesBackInValidReplies(t *testing.T) {
	dir := recordDir(t)
	c := basic(t, exchangesim.Options{Record: dir})
	id := c.want(c.do(createAppointments(rich)), "NoError").find(`ItemId Id="([^"]*)"`)
	r := c.want(c.do(getItems(richShape, id)), "NoError")
	for _, want := range []string{
		`<t:Subject>A &lt;b&gt; &amp; &quot;c&quot; – ü 😀</t:Subject>`, `<t:Sensitivity>Confidential</t:Sensitivity>`, `<t:Body BodyType="HTML">&lt;html&gt;`,
		`<t:TextBody BodyType="Text">Eins&#xD;` + "\n" + `Zwei &amp; drei&#xD;` + "\n" + `vier</t:TextBody>`,
		`<t:Categories><t:String>Kunde</t:String><t:String>A;B</t:String></t:Categories>`, `<t:Importance>Low</t:Importance>`,
		`<t:ReminderIsSet>true</t:ReminderIsSet>`, `<t:ReminderMinutesBeforeStart>0<`, `PropertyName="Name" PropertyType="String"/><t:Value>x</t:Value>`,
		`<t:Values><t:Value>a</t:Value><t:Value>b</t:Value></t:Values>`, `PropertyTag="0x3FD9" PropertyType="Boolean"/><t:Value>true<`,
		`<t:Culture>de-AT</t:Culture>`, `<t:UID>foreign-uid@example</t:UID>`, `<t:Start>2026-11-23T09:00:00Z</t:Start><t:End>2026-11-23T10:00:00Z</t:End>`,
		`<t:LegacyFreeBusyStatus>OOF<`, `<t:Location>Wien<`, `<t:IsMeeting>true<`, `<t:IsResponseRequested>false<`, `<t:CalendarItemType>Single<`,
		`<t:Name>Bob</t:Name><t:EmailAddress>bob@lab.test</t:EmailAddress>`, `<t:DisplayTo>Bob</t:DisplayTo>`, `<t:Duration>PT1H</t:Duration>`,
		`<t:StartTimeZone Id="W. Europe Standard Time"`, `<t:EndTimeZone Id="Tokyo Standard Time"`, `<t:AllowNewTimeProposal>false<`, `http://x/?a=1&amp;b=2`,
		`PropertyId="35" PropertyType="Binary"/><t:Value>BAAAAIIA4AB0xbcQGoLgCA`, // the fixed head of a global object id
	} {
		if !strings.Contains(r.raw, want) {
			t.Errorf("missing %s", want)
		}
	}
	c.want(c.do(getItems(`<t:BaseShape>AllProperties</t:BaseShape><t:BodyType>Text</t:BodyType>`, id)), "NoError")
	c.want(c.doc(viennaEnvelope(getItems(`<t:BaseShape>Default</t:BaseShape>`, id))), "NoError")

	c.recurrences()
	c.tasks()
	c.folders()
	for _, body := range []string{
		`<GetServerTimeZones ReturnFullTimeZoneData="false"/>`,
		`<GetServerTimeZones><Ids><t:Id>W. Europe Standard Time</t:Id></Ids></GetServerTimeZones>`,
		`<ResolveNames ReturnFullContactData="true"><UnresolvedEntry>anna</UnresolvedEntry></ResolveNames>`,
		`<SyncFolderItems><ItemShape>` + richShape + `</ItemShape><SyncFolderId><t:DistinguishedFolderId Id="calendar"/></SyncFolderId><MaxChangesReturned>100</MaxChangesReturned></SyncFolderItems>`,
		`<FindItem Traversal="Shallow"><ItemShape>` + richShape + `</ItemShape><CalendarView StartDate="2026-11-01T00:00:00Z" EndDate="2026-12-01T00:00:00Z"/><ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></ParentFolderIds></FindItem>`,
		`<CopyItem><ToFolderId><t:DistinguishedFolderId Id="deleteditems"/></ToFolderId><ItemIds><t:ItemId Id="` + id + `"/></ItemIds></CopyItem>`,
		`<MoveItem><ToFolderId><t:DistinguishedFolderId Id="deleteditems"/></ToFolderId><ItemIds><t:ItemId Id="` + id + `"/></ItemIds><ReturnNewItemIds>false</ReturnNewItemIds></MoveItem>`,
	} {
		r := c.do(body)
		c.want(r, "NoError")
		if strings.Contains(r.raw, "<t:Body ") || strings.Contains(r.raw, "<t:TextBody") {
			t.Errorf("a list carries bodies: %s", body)
		}
	}
	if c.sim.Stats().Mailed != 0 {
		t.Error("somebody would have been mailed")
	}
	c.want(c.do(strings.Replace(createAppointments(times), "SendToNone", "SendToAllAndSaveCopy", 1)), "NoError")
	if c.sim.Stats().Mailed != 1 {
		t.Error("a mailing write was not counted")
	}
	c.mails()
	schemacheck.CheckSchema(t, dir)
}

func (c *client) recurrences() {
	c.t.Helper()
	for _, pattern := range []string{
		`<t:RelativeYearlyRecurrence><t:DaysOfWeek>Monday</t:DaysOfWeek><t:DayOfWeekIndex>Last</t:DayOfWeekIndex><t:Month>May</t:Month></t:RelativeYearlyRecurrence>`,
		`<t:AbsoluteYearlyRecurrence><t:DayOfMonth>29</t:DayOfMonth><t:Month>February</t:Month></t:AbsoluteYearlyRecurrence>`,
		`<t:RelativeMonthlyRecurrence><t:Interval>2</t:Interval><t:DaysOfWeek>Weekday</t:DaysOfWeek><t:DayOfWeekIndex>First</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence>`,
		`<t:AbsoluteMonthlyRecurrence><t:Interval>1</t:Interval><t:DayOfMonth>31</t:DayOfMonth></t:AbsoluteMonthlyRecurrence>`,
		`<t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday Friday</t:DaysOfWeek><t:FirstDayOfWeek>Monday</t:FirstDayOfWeek></t:WeeklyRecurrence>`,
		`<t:DailyRecurrence><t:Interval>3</t:Interval></t:DailyRecurrence>`,
	} {
		for _, span := range []string{
			`<t:NoEndRecurrence><t:StartDate>2026-11-23Z</t:StartDate></t:NoEndRecurrence>`,
			`<t:EndDateRecurrence><t:StartDate>2026-11-23Z</t:StartDate><t:EndDate>2027-11-23Z</t:EndDate></t:EndDateRecurrence>`,
			`<t:NumberedRecurrence><t:StartDate>2026-11-23Z</t:StartDate><t:NumberOfOccurrences>10</t:NumberOfOccurrences></t:NumberedRecurrence>`,
		} {
			rec := `<t:Recurrence>` + pattern + span + `</t:Recurrence>`
			id := c.want(c.do(createAppointments(times+rec)), "NoError").find(`ItemId Id="([^"]*)"`)
			r := c.want(c.do(getItems(everything, id)), "NoError")
			if !strings.Contains(r.raw, rec) || !strings.Contains(r.raw, "RecurringMaster") {
				c.t.Errorf("%s came back as %s", rec, r.find(`(<t:Recurrence>.*</t:Recurrence>)`))
			}
		}
	}
}

func (c *client) tasks() {
	c.t.Helper()
	const task = `<t:Subject>Angebot</t:Subject><t:Body BodyType="Text">a&#xD;
b</t:Body><t:ReminderDueBy>2026-11-24T08:00:00Z</t:ReminderDueBy><t:ReminderIsSet>true</t:ReminderIsSet><t:Companies><t:String>Firma</t:String></t:Companies><t:DueDate>2026-11-30T00:00:00Z</t:DueDate><t:Mileage>7</t:Mileage><t:PercentComplete>25</t:PercentComplete><t:Recurrence><t:DailyRegeneration><t:Interval>2</t:Interval></t:DailyRegeneration><t:NoEndRecurrence><t:StartDate>2026-11-23Z</t:StartDate></t:NoEndRecurrence></t:Recurrence><t:StartDate>2026-11-20T00:00:00Z</t:StartDate><t:TotalWork>90</t:TotalWork>`
	id := c.want(c.do(createTask(task)), "NoError").find(`ItemId Id="([^"]*)"`)
	r := c.want(c.do(getItems(everything, id)), "NoError")
	for _, want := range []string{`<t:ReminderDueBy>2026-11-24T08:00:00Z<`, `<t:DueDate>2026-11-30T00:00:00Z<`, `<t:StartDate>2026-11-20T00:00:00Z<`, `<t:PercentComplete>25<`, `<t:Status>InProgress<`, `<t:DailyRegeneration>`, `<t:Mileage>7<`, `<t:Companies><t:String>Firma<`, `<t:IsRecurring>true<`} {
		if !strings.Contains(r.raw, want) {
			c.t.Errorf("missing %s in %s", want, r.raw)
		}
	}
	if r = c.doc(viennaEnvelope(getItems(everything, id))); r.find(`DueDate>([^<]*)<`) != "2026-11-30T00:00:00+01:00" {
		c.t.Errorf("due in Vienna: %s", r.find(`DueDate>([^<]*)<`))
	}
	r = c.want(c.doc(viennaEnvelope(createTask(`<t:DueDate>2026-11-29T23:00:00Z</t:DueDate>`))), "NoError")
	it, _ := c.sim.Mailbox("anna@lab.test").Get(exchangesim.ItemID(r.find(`ItemId Id="([^"]*)"`)))
	if !it.Due.Equal(time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)) {
		c.t.Errorf("midnight in Vienna was stored as %v", it.Due)
	}
}

func (c *client) folders() {
	c.t.Helper()
	sync := func(state string) *reply {
		if state != "" {
			state = `<SyncState>` + state + `</SyncState>`
		}
		return c.want(c.do(`<SyncFolderHierarchy><FolderShape><t:BaseShape>AllProperties</t:BaseShape></FolderShape>`+state+`</SyncFolderHierarchy>`), "NoError")
	}
	state := sync("").find(`SyncState>([^<]*)<`)
	const make = `<CreateFolder><ParentFolderId><t:DistinguishedFolderId Id="calendar"/></ParentFolderId><Folders><t:CalendarFolder><t:DisplayName>Projekte</t:DisplayName></t:CalendarFolder></Folders></CreateFolder>`
	id := c.want(c.do(make), "NoError").find(`FolderId Id="([^"]*)"`)
	c.want(c.do(make), "ErrorFolderExists")
	const field = `<t:ExtendedFieldURI PropertySetId="2f9d0ac6-7f2e-4c3f-9a54-0d8a2f6d3d10" PropertyName="Installation" PropertyType="String"/>`
	c.want(c.do(`<UpdateFolder><FolderChanges><t:FolderChange><t:DistinguishedFolderId Id="calendar"/><t:Updates><t:SetFolderField>`+field+`<t:CalendarFolder><t:ExtendedProperty>`+field+`<t:Value>me</t:Value></t:ExtendedProperty></t:CalendarFolder></t:SetFolderField></t:Updates></t:FolderChange></FolderChanges></UpdateFolder>`), "NoError")
	if v, _ := c.sim.Mailbox("anna@lab.test").FolderProperty(exchangesim.Calendar, exchangesim.SetString("2F9D0AC6-7F2E-4C3F-9A54-0D8A2F6D3D10", "Installation")); v != "me" {
		c.t.Errorf("the folder's property is %q", v)
	}
	r := c.want(c.do(`<GetFolder><FolderShape><t:BaseShape>Default</t:BaseShape><t:AdditionalProperties>`+field+`</t:AdditionalProperties></FolderShape><FolderIds><t:DistinguishedFolderId Id="calendar"/><t:DistinguishedFolderId Id="recoverableitemsdeletions"/><t:DistinguishedFolderId Id="msgfolderroot"/></FolderIds></GetFolder>`), "NoError NoError NoError")
	if !strings.Contains(r.raw, "<t:Value>me</t:Value>") || r.find(`ChildFolderCount>(\d+)<`) != "1" {
		c.t.Error(r.raw)
	}
	r = sync(state)
	if strings.Count(r.raw, "<t:Create>") != 1 || strings.Count(r.raw, "<t:Update>") != 1 {
		c.t.Errorf("hierarchy: %s", r.raw)
	}
	state = r.find(`SyncState>([^<]*)<`)
	c.want(c.do(`<FindFolder Traversal="Deep"><FolderShape><t:BaseShape>Default</t:BaseShape></FolderShape><ParentFolderIds><t:DistinguishedFolderId Id="msgfolderroot"/></ParentFolderIds></FindFolder>`), "NoError")
	c.want(c.do(`<DeleteFolder DeleteType="HardDelete"><FolderIds><t:FolderId Id="`+id+`"/></FolderIds></DeleteFolder>`), "NoError")
	if r = sync(state); strings.Count(r.raw, "<t:Delete>") != 1 {
		c.t.Errorf("hierarchy: %s", r.raw)
	}
}

func TestAPersonsActionsKeepWhatExchangeKeeps(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	box := c.sim.Mailbox("anna@lab.test")
	key := exchangesim.PublicString("AbgleichId")
	it := exchangesim.Item{Subject: "x", Zone: "Europe/Vienna", AllDay: true,
		Start: time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC), End: time.Date(2026, 7, 1, 11, 0, 0, 0, time.UTC)}
	it.SetProperty(key, "k1")
	it, err := box.Create(it)
	if err != nil {
		t.Fatal(err)
	}
	if it.Zone != "W. Europe Standard Time" || it.Start.Hour() != 22 || it.End.Sub(it.Start) != 24*time.Hour || it.Busy != "Free" {
		t.Errorf("stored %+v", it)
	}
	twin, err := box.Copy(it.ID, exchangesim.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := box.Property(twin.ID, key); v != "k1" || twin.UID == it.UID || string(twin.GlobalID) == string(it.GlobalID) || twin.ID == it.ID {
		t.Errorf("the copy has key %q, UID equal %v", v, twin.UID == it.UID)
	}
	moved, err := box.Move(it.ID, exchangesim.Inbox)
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := moved.Property(key); v != "k1" || moved.UID != it.UID || moved.ID == it.ID {
		t.Errorf("moved: %+v", moved)
	}
	if _, ok := box.Get(it.ID); ok {
		t.Error("the old id still works")
	}
	if err := box.Delete(moved.ID); err != nil {
		t.Fatal(err)
	}
	deleted := box.List(exchangesim.DeletedItems)[0]
	if err := box.Delete(deleted.ID); err != nil {
		t.Fatal(err)
	}
	if n := box.Count(exchangesim.Recoverable); n != 1 || box.Count(exchangesim.DeletedItems) != 0 {
		t.Errorf("%d recoverable", n)
	}
	if err := box.HardDelete(box.List(exchangesim.Recoverable)[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := box.Delete(it.ID); err == nil {
		t.Error("a gone item was deleted")
	}
	touched, err := box.Touch(twin.ID)
	if err != nil || touched.ChangeKey == twin.ChangeKey {
		t.Errorf("touching gave %v", err)
	}
}

func TestContentXMLCannotHoldDoesNotBreakReplies(t *testing.T) {
	dir := recordDir(t)
	c := basic(t, exchangesim.Options{Record: dir})
	it, err := c.sim.Mailbox("anna@lab.test").Create(exchangesim.Item{Subject: "a\x00b\x0bc\xff\uFFFE]]>", Body: "\r\n\t<&>"})
	if err != nil {
		t.Fatal(err)
	}
	r := c.want(c.do(getItems(everything, string(it.ID))), "NoError")
	if got := r.find(`Subject>([^<]*)<`); got != "a?b?c??]]&gt;" {
		t.Errorf("subject %q", got)
	}
	schemacheck.Check(t, dir)
}

func TestManyClientsAtOnceLoseNothing(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	box := c.sim.Mailbox("anna@lab.test")
	const clients, batches = 8, 10
	done := make(chan error, clients)
	for n := range clients {
		go func() {
			for b := range batches {
				doc := envelope(createAppointments(appointment(n*1000+b), appointment(n*1000+500+b)))
				if r, err := c.try(doc); err != nil || r.codes() != "NoError NoError" {
					done <- fmt.Errorf("%v %v", err, r)
					return
				}
				if _, err := box.Create(exchangesim.Item{}); err != nil {
					done <- err
					return
				}
				if r, err := c.try(envelope(syncItems("calendar", "", 512))); err != nil || r.codes() != "NoError" {
					done <- fmt.Errorf("%v %v", err, r)
					return
				}
			}
			done <- nil
		}()
	}
	for range clients {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if n := box.Count(exchangesim.Calendar); n != clients*batches*3 {
		t.Errorf("%d items", n)
	}
	keys := map[string]bool{}
	for _, it := range box.List(exchangesim.Calendar) {
		keys[it.ChangeKey] = true
	}
	if len(keys) != clients*batches*3 {
		t.Errorf("%d different change keys", len(keys))
	}
}
