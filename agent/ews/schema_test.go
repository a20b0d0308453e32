package ews

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// judge checks a request against Exchange's own schema, the judge neither we nor
// the simulator wrote.
func judge(t *testing.T) func(name string, request []byte) {
	t.Helper()
	xsd, err := filepath.Abs("../../../shared/ews-schema/soap-ews.xsd")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(xsd); err != nil {
		t.Log("no EWS schema beside the project (../shared/ews-schema): requests are not judged by it")
		return func(string, []byte) {}
	}
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Log("no xmllint: requests are not judged by the schema")
		return func(string, []byte) {}
	}
	dir := t.TempDir()
	var files, names []string
	t.Cleanup(func() {
		if len(files) == 0 {
			return
		}
		out, err := exec.Command(lint, append([]string{"--noout", "--nonet", "--schema", xsd}, files...)...).CombinedOutput()
		if err != nil {
			t.Errorf("%v: %s\n%s", names, out, read(files[0]))
		}
	})
	return func(name string, request []byte) {
		f := filepath.Join(dir, name+".xml")
		if err := os.WriteFile(f, request, 0o600); err != nil {
			t.Fatal(err)
		}
		files, names = append(files, f), append(names, name)
	}
}

func read(f string) string {
	b, _ := os.ReadFile(f)
	return string(b)
}

func fullAppointment() NewItem {
	return NewItem{Set: commonWritable&^Fields(FieldReminderDueBy) | calendarWritable, Item: Item{
		Element: CalendarElement, Subject: "A & B <c> \"d\" \x01\x0b\ufffe😀", Sensitivity: "Private", Importance: "High",
		Body: Body{Value: "first\r\nsecond\x00"}, Categories: []string{"Rot", "Blau & Grün"}, ReminderIsSet: true, ReminderMinutes: 15,
		Properties: []Property{
			{Path: testProperty(), Value: `x"y'z<&>`},
			{Path: PropertyPath{Tag: "0x1234", Type: "StringArray"}, Values: []string{"a", "b"}},
			{Path: CleanGlobalObjectID(), Value: "BAAAAIIA4AB0xbcQGoLgCA=="},
		},
		Calendar: &CalendarFields{Start: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), End: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC),
			AllDay: true, FreeBusy: "OOF", Location: "Wien", StartTimeZone: "W. Europe Standard Time", EndTimeZone: "W. Europe Standard Time",
			Recurrence: &patterns()[1]},
	}}
}

// patterns are one of each, with each range.
func patterns() []Recurrence {
	all := []Recurrence{
		{Pattern: "DailyRecurrence", Interval: 3},
		{Pattern: "WeeklyRecurrence", Interval: 2, DaysOfWeek: "Monday Sunday", FirstDayOfWeek: "Monday"},
		{Pattern: "AbsoluteMonthlyRecurrence", Interval: 1, DayOfMonth: 31},
		{Pattern: "RelativeMonthlyRecurrence", Interval: 99, DaysOfWeek: "WeekendDay", WeekIndex: "Last"},
		{Pattern: "AbsoluteYearlyRecurrence", DayOfMonth: 29, Month: "February"},
		{Pattern: "RelativeYearlyRecurrence", DaysOfWeek: "Thursday", WeekIndex: "Fourth", Month: "November"},
	}
	for i := range all {
		r := &all[i]
		r.StartDate = "2026-11-23"
		switch i % 3 {
		case 0:
			r.Range = "NoEndRecurrence"
		case 1:
			r.Range, r.EndDate = "EndDateRecurrence", "2027-11-23"
		case 2:
			r.Range, r.Count = "NumberedRecurrence", 7
		}
	}
	return all
}

func fullTask() NewItem {
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	return NewItem{Set: commonWritable&^Fields(FieldReminderMinutes) | taskWritable, Item: Item{
		Element: TaskElement, Subject: "t", Sensitivity: "Normal", Importance: "Low", Body: Body{HTML: true, Value: "<p>x</p>"},
		Categories: []string{"x"}, ReminderIsSet: true, ReminderDueBy: day,
		Task: &TaskFields{Start: day, Due: day, Completed: day, Percent: 33.5, Status: "InProgress", Recurrence: &patterns()[0]},
	}}
}

func testProperty() PropertyPath {
	return PropertyPath{SetGUID: "c11ff724-aa03-4555-9952-8fa248a11c3e", Name: "Test", Type: StringProperty}
}

func TestEveryRequestFollowsTheSchemaAndSendsNoMail(t *testing.T) {
	check := judge(t)
	var name string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		check(name, b)
		text := string(b)
		for _, op := range []string{"CreateItem", "UpdateItem", "DeleteItem"} {
			if strings.Contains(text, "<m:"+op+" ") && strings.Count(text, `"SendToNone"`) != 1 {
				t.Errorf("%s without SendToNone", op)
			}
		}
		if strings.Contains(text, "SendAnd") || strings.Contains(text, "SendTo") && !strings.Contains(text, "SendToNone") {
			t.Errorf("%s sends mail: %s", name, text)
		}
		status(500, "text/xml", soapFault("ErrorAccessDenied", 0))(w, r)
	}))
	defer s.Close()
	folders := []FolderID{Folder(Calendar), {ID: "abc&", ChangeKey: "k"}, {Distinguished: Tasks, Mailbox: "bert@lab.test"}}
	ids := []ItemID{{ID: "a\"b"}, {ID: "c", ChangeKey: "d"}, {ID: "e&", ChangeKey: "f", Instance: 12}, {ID: "g", Instance: 1}}
	prop := []PropertyPath{testProperty(), TaskDeadOccurrence()}
	where := AnyOf(PropertyEquals(testProperty(), "a<&\""), PropertyEquals(testProperty(), "b"), PropertyExists(testProperty()))
	calls := map[string]func(context.Context, *Client) error{
		"GetFolder": func(ctx context.Context, c *Client) error { _, err := c.GetFolder(ctx, folders, prop); return err },
		"FindFolder": func(ctx context.Context, c *Client) error {
			_, err := c.FindFolder(ctx, FindFolderRequest{Parent: folders[0], Deep: true, Where: where, Properties: prop, Offset: 5})
			return err
		},
		"FindItem": func(ctx context.Context, c *Client) error {
			_, err := c.FindItem(ctx, FindItemRequest{Folders: folders, Where: where, Shape: Shape{Fields: Fields(FieldSubject), Properties: prop}})
			return err
		},
		"FindItem plain": func(ctx context.Context, c *Client) error {
			_, err := c.FindItem(ctx, FindItemRequest{Folders: folders[:1], Where: AnyOf(PropertyEquals(testProperty(), "b")), Max: 5, Offset: 7})
			return err
		},
		"SyncFolderItems": func(ctx context.Context, c *Client) error {
			_, err := c.SyncFolderItems(ctx, SyncItemsRequest{Folder: folders[0], State: "H4sI+/=", Max: 5, Shape: Shape{Properties: prop}})
			return err
		},
		"SyncFolderHierarchy": func(ctx context.Context, c *Client) error {
			_, err := c.SyncFolderHierarchy(ctx, Folder(MessageRoot), "x")
			return err
		},
		"GetItem all of an appointment": func(ctx context.Context, c *Client) error {
			_, err := c.GetItem(ctx, ids, Shape{Fields: CalendarFieldSet(), Properties: prop})
			return err
		},
		"GetItem all of a task": func(ctx context.Context, c *Client) error {
			_, err := c.GetItem(ctx, ids, Shape{Fields: TaskFieldSet(), Properties: prop, PlainBody: true})
			return err
		},
		"CreateItem": func(ctx context.Context, c *Client) error {
			_, err := c.CreateItem(ctx, folders[0], []NewItem{fullAppointment(), fullTask()})
			return err
		},
		"CreateItem of each pattern": func(ctx context.Context, c *Client) error {
			var items []NewItem
			for _, r := range patterns() {
				a, b := fullAppointment(), fullTask()
				a.Item.Calendar.Recurrence, b.Item.Task.Recurrence = &r, &r
				items = append(items, a, b)
			}
			_, err := c.CreateItem(ctx, folders[0], items)
			return err
		},
		"UpdateItem of an occurrence": func(ctx context.Context, c *Client) error {
			a := fullAppointment()
			_, err := c.UpdateItem(ctx, AlwaysOverwrite, []ItemChange{{ID: ids[2], Item: a.Item, Set: a.Set &^ Fields(FieldRecurrence)}})
			return err
		},
		"UpdateItem": func(ctx context.Context, c *Client) error {
			a, b := fullAppointment(), fullTask()
			_, err := c.UpdateItem(ctx, NeverOverwrite, []ItemChange{
				{ID: ids[1], Item: a.Item, Set: a.Set &^ Fields(FieldLocation), Clear: Fields(FieldLocation), ClearProperties: prop},
				{ID: ids[1], Item: b.Item, Set: b.Set, Clear: Fields(FieldDue, FieldTaskStart)},
			})
			return err
		},
		"DeleteItem": func(ctx context.Context, c *Client) error { _, err := c.DeleteItem(ctx, ids); return err },
		"MoveItem":   func(ctx context.Context, c *Client) error { _, err := c.MoveItem(ctx, folders[2], ids); return err },
		"UpdateFolder": func(ctx context.Context, c *Client) error {
			return c.UpdateFolder(ctx, folders[0], []Property{{Path: testProperty(), Value: "x"}}, prop)
		},
		"ResolveNames": func(ctx context.Context, c *Client) error { _, err := c.ResolveNames(ctx, "anna <x>"); return err },
		"Subscribe push": func(ctx context.Context, c *Client) error {
			_, err := c.SubscribePush(ctx, folders, "http://agent:9090/a?b=c&d", time.Second)
			return err
		},
		"Subscribe pull": func(ctx context.Context, c *Client) error {
			_, err := c.SubscribePull(ctx, folders, 48*time.Hour)
			return err
		},
		"Subscribe streaming": func(ctx context.Context, c *Client) error { _, err := c.SubscribeStreaming(ctx, folders); return err },
		"Unsubscribe":         func(ctx context.Context, c *Client) error { return c.Unsubscribe(ctx, "s<1") },
		"GetEvents": func(ctx context.Context, c *Client) error {
			_, err := c.GetEvents(ctx, Subscription{"s", "w"})
			return err
		},
		"GetStreamingEvents": func(ctx context.Context, c *Client) error {
			return c.Stream(ctx, []string{"a", "b"}, time.Hour, func() {}, func(Notification) {})
		},
	}
	for _, impersonate := range []bool{false, true} {
		c := newTestClient(t, setup{url: s.URL, options: func(_ *ServerOptions, o *ClientOptions) { o.Impersonate = impersonate }})
		for call, f := range calls {
			if name = call; impersonate {
				name += " impersonated"
			}
			if err := f(t.Context(), c); Detail(err) == nil || Detail(err).ResponseCode != "ErrorAccessDenied" {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestPushRepliesFollowTheSchema(t *testing.T) {
	check := judge(t)
	check("keep", PushReply(true))
	check("end", PushReply(false))
}

func TestReadOnlyFieldsAndForeignElementsAreNeverWritten(t *testing.T) {
	c := newTestClient(t, setup{url: "http://127.0.0.1:1"})
	for name, it := range map[string]NewItem{
		"a read-only field":  {Item: Item{Element: CalendarElement, Calendar: &CalendarFields{}}, Set: Fields(FieldOrganizer)},
		"a message":          {Item: Item{Element: "Message"}, Set: Fields(FieldSubject)},
		"a task's field":     {Item: Item{Element: CalendarElement, Calendar: &CalendarFields{}}, Set: Fields(FieldDue)},
		"no calendar fields": {Item: Item{Element: CalendarElement}, Set: Fields(FieldStart)},
	} {
		if _, err := c.CreateItem(t.Context(), Folder(Calendar), []NewItem{it}); err == nil || OutcomeUnknown(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnyTextSurvivesWriterAndReader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		attr := rapid.String().Draw(t, "attr")
		w := &writer{}
		w.raw("<a")
		w.attr("b", attr)
		w.raw(">")
		w.escape(text, false)
		w.raw("</a>")
		r := newReader(&slowReader{data: w.b, step: rapid.IntRange(1, 50).Draw(t, "step")}, 1<<20)
		if _, ok := r.document(); !ok {
			t.Fatal(r.err)
		}
		want := func(s string) string {
			return strings.Map(func(c rune) rune {
				if !allowed(c) {
					return -1
				}
				return c
			}, s)
		}
		if got := r.attr("b"); got != want(attr) {
			t.Fatalf("attribute: %q, want %q", got, want(attr))
		}
		if got := r.text(); got != want(text) || r.err != nil {
			t.Fatalf("%q, want %q, %v", got, want(text), r.err)
		}
	})
}

// slowReader gives a few bytes at a time, so that every boundary is met.
type slowReader struct {
	data []byte
	step int
}

func (s *slowReader) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.data[:min(s.step, len(s.data))])
	s.data = s.data[n:]
	return n, nil
}

func TestFieldsBelongToOneKindOnly(t *testing.T) {
	for f := range fieldCount {
		prefix, _, _ := strings.Cut(f.uri(), ":")
		want := map[string]FieldSet{"item": commonFields, "calendar": calendarFields, "task": taskFields}[prefix]
		n := 0
		for _, s := range []FieldSet{commonFields, calendarFields, taskFields} {
			if s.Has(f) {
				n++
			}
		}
		if n != 1 || !want.Has(f) {
			t.Errorf("%s is in %d sets", f.uri(), n)
		}
		e := CalendarElement
		if prefix == "task" {
			e = TaskElement
		}
		if !writable(e).Has(f) {
			continue
		}
		w := &writer{}
		w.field(&Item{Calendar: &CalendarFields{Recurrence: &patterns()[0]}, Task: &TaskFields{Recurrence: &patterns()[0]}}, f)
		if len(w.b) == 0 {
			t.Errorf("%s is writable and writes nothing", f.uri())
		}
	}
}
