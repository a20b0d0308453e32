package main

import (
	"database/sql"
	"encoding/json"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // what another program does to the business database

	"abgleich/cmd/agent/internal/demo"
)

// asked runs command lines against the demo's agent.
type asked struct {
	*line
	k demo.Kept
}

func (a asked) on(code int, args ...string) outcome {
	a.t.Helper()
	return a.want(code, append(args, "--agent", a.k.Address)...)
}

// inDatabase does what another program would.
func (a asked) inDatabase(text string, args ...any) {
	a.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(a.k.Folder, "business.db")+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)")
	if err != nil {
		a.t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a test's own connection
	if _, err := db.ExecContext(a.t.Context(), text, args...); err != nil {
		a.t.Fatal(err)
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestOptionsAreForetoldChangedAndRecorded(t *testing.T) {
	withDemo(t, func(k demo.Kept) { // its administrator is Anna, too
		a := asked{newLine(t), k}
		show := func() userOptions {
			a.t.Helper()
			return decode[userOptions](t, a.on(exitFine, "options", "show", "bernd", "--json"))
		}
		at := show()
		if !at.Appointments.Standard || !at.Tasks.Standard || at.Appointments.Direction != "both" || at.Tasks.Policy != "standard" || at.User != "bernd" {
			t.Fatalf("at first %+v", at)
		}
		// Without a terminal nobody can be asked.
		a.on(exitUsage, "options", "set", "bernd", "tasks.open_only=yes")
		a.on(exitUsage, "options", "set", "bernd", "--yes")
		a.on(exitUsage, "options", "set", "bernd", "tasks.open_only=yes", "--standard", "--yes")
		a.on(exitUsage, "options", "set", "bernd", "tasks.open_only=yes", "--dry-run", "--yes")
		for _, wrong := range []string{"colour=red", "tasks.colour=red", "tasks.direction=up", "tasks.direction=unspecified", "tasks.past_days=never", "tasks.private=maybe",
			"appointments.open_only=yes", "tasks.policy=loudest", "tasks.policy_colour=newer", "tasks", "tasks.open_only=perhaps"} {
			a.on(exitUsage, "options", "set", "bernd", wrong, "--yes")
		}
		a.on(exitFailed, "options", "set", "nobody", "--standard", "--yes")
		if got := show(); got.Appointments.Direction != at.Appointments.Direction || !got.Tasks.Standard {
			t.Errorf("refusals changed something: %+v", got)
		}

		foretold := decode[optionsChange](t, a.on(exitFine, "options", "set", "bernd", "appointments.private=not", "appointments.past_days=10", "--dry-run", "--json"))
		if !foretold.DryRun || foretold.Tasks != nil || foretold.Options != nil || foretold.Appointments.Paired+foretold.Appointments.Resting != 6 {
			t.Errorf("foretold %+v %+v", foretold, foretold.Appointments)
		}
		if o := a.on(exitFine, "options", "set", "bernd", "tasks.direction=to_exchange", "--dry-run", "--lang", "en"); !strings.Contains(o.out, "goes on syncing") ||
			!strings.Contains(o.out, "Nothing is deleted") {
			t.Error(o.out)
		}
		if !show().Appointments.Standard {
			t.Error("a dry run changed something")
		}

		done := decode[optionsChange](t, a.on(exitFine, "options", "set", "bernd", "appointments.past_days=10", "appointments.future_days=all", "appointments.categories=Work, Home",
			"tasks.open_only=yes", "tasks.policy_time=exchange", "appointments.policy=business", "--yes", "--json"))
		want := show()
		ten := uint32(10)
		want.Appointments.Standard, want.Appointments.PastDays, want.Appointments.FutureDays, want.Appointments.Categories, want.Appointments.Policy = false, &ten, nil, []string{"Work", "Home"}, "business"
		want.Tasks.Standard, want.Tasks.OpenOnly, want.Tasks.Policies["time"] = false, true, "exchange"
		if got := encode(t, show()); got != encode(t, want) || encode(t, *done.Options) != got {
			t.Errorf("got %s, want %s", got, encode(t, want))
		}
		if o := a.on(exitFine, "options", "show", "bernd", "--lang", "en"); !strings.Contains(o.out, "appointments.categories") || !strings.Contains(o.out, "Work, Home") {
			t.Error(o.out)
		}
		// Leaving the filter deletes nothing: the appointments in neither category stay.
		a.on(exitFine, "sync", "bernd", "--wait")
		c := decode[comparison](t, a.on(exitFine, "compare", "bernd", "--all", "--json"))
		if c.Equal != 8 || c.Differing != 0 || len(c.Items) != 8 {
			t.Errorf("after leaving: %+v", c)
		}
		a.on(exitFine, "options", "set", "bernd", "tasks=standard", "--yes")
		if got := show(); !got.Tasks.Standard || got.Appointments.Standard {
			t.Errorf("one kind back: %+v", got)
		}
		a.on(exitFine, "options", "set", "bernd", "--standard", "--yes")
		if got := show(); encode(t, got) != encode(t, at) {
			t.Errorf("back: %+v", got)
		}
		looks := decode[[]look](t, a.on(exitFine, "looks", "--json"))
		for _, what := range []string{"changed-options", "looked-at-changing-options", "looked-at-comparison"} {
			if !slices.ContainsFunc(looks, func(l look) bool { return l.What == what && l.Subject == "bernd" && l.Who != "" && l.At != nil }) {
				t.Errorf("%s is not recorded: %+v", what, looks)
			}
		}
		if got := decode[[]look](t, a.on(exitFine, "looks", "--limit", "1", "--json")); len(got) != 1 || got[0] != looks[0] && *got[0].At != *looks[0].At {
			t.Errorf("the newest look: %+v", got)
		}
		if o := a.on(exitFine, "looks", "--lang", "en"); !strings.Contains(o.out, "WHOSE") {
			t.Error(o.out)
		}
	})
}

func TestAnItemThatIsAProblemIsComparedShownIgnoredAndTriedAgain(t *testing.T) {
	withDemo(t, func(k demo.Kept) {
		a := asked{newLine(t), k}
		a.inDatabase(`INSERT INTO appointments (user_id, subject, start_at, end_at, time_zone, recurrence_rule)
			VALUES ('anna', 'Every hour', '2027-02-01T09:00:00Z', '2027-02-01T09:30:00Z', 'Europe/Vienna', 'FREQ=HOURLY')`)
		a.inDatabase(`INSERT INTO appointments (user_id, subject, start_at, end_at, time_zone) VALUES ('anna', 'Fresh', '2027-02-02T09:00:00Z', '2027-02-02T09:30:00Z', 'Europe/Vienna')`)
		a.on(exitFine, "sync", "anna", "--wait")
		ps := decode[[]problem](t, a.on(exitFine, "problems", "anna", "--json"))
		if len(ps) != 1 || ps[0].Code != "series-not-supported" || ps[0].Side != "business" || ps[0].First == nil || ps[0].Attempts == 0 || ps[0].Hint == "" {
			t.Fatalf("%+v", ps)
		}
		id := strconv.FormatInt(ps[0].ID, 10)
		shown := decode[problemShown](t, a.on(exitFine, "problems", "show", id, "--json"))
		if !shown.Business || shown.Exchange || len(shown.Fields) == 0 || shown.Problem.ID != ps[0].ID {
			t.Errorf("%+v", shown)
		}
		if o := a.on(exitFine, "problems", "show", id, "--lang", "en"); !strings.Contains(o.out, "not there") || !strings.Contains(o.out, "?") || !strings.Contains(o.out, "since") {
			t.Error(o.out)
		}
		a.on(exitFailed, "problems", "show", "4711")
		c := decode[comparison](t, a.on(exitFine, "compare", "anna", "--kind", "appointment", "--json"))
		if c.Equal != 7 || c.Differing != 1 || len(c.Items) != 1 || c.Items[0].State != "problem" || c.Items[0].Code != "series-not-supported" || !c.Items[0].Business || c.Items[0].Exchange {
			t.Errorf("%+v", c)
		}
		if o := a.on(exitFine, "compare", "anna", "--lang", "en"); !strings.Contains(o.out, "1 different") || !strings.Contains(o.out, "series-not-supported") {
			t.Error(o.out)
		}
		a.on(exitUsage, "compare", "anna", "--kind", "mail")
		a.on(exitFine, "problems", "ignore", id)
		if ps := decode[[]problem](t, a.on(exitFine, "problems", "--json")); len(ps) != 1 || !ps[0].Ignored || ps[0].NeedsPerson {
			t.Errorf("ignored: %+v", ps)
		}
		if o := a.on(exitFine, "problems", "--lang", "en"); !strings.Contains(o.out, "left alone") {
			t.Error(o.out)
		}
		a.on(exitFine, "problems", "retry", id)
	})
}

func TestADryRunIsTold(t *testing.T) {
	withDemo(t, func(k demo.Kept) {
		a := asked{newLine(t), k}
		a.on(exitFine, "pause", "anna") // nobody is quicker than the dry run
		a.inDatabase(`INSERT INTO appointments (user_id, subject, start_at, end_at, time_zone) VALUES ('anna', 'Fresh', '2027-02-02T09:00:00Z', '2027-02-02T09:30:00Z', 'Europe/Vienna')`)
		type plan struct {
			Counts    counts
			Actions   []planned
			Truncated bool
		}
		p := decode[plan](t, a.on(exitFine, "sync", "anna", "--dry-run", "--json"))
		if len(p.Actions) != 1 || p.Actions[0].Action != "create" || p.Actions[0].Side != "exchange" || p.Actions[0].Start == nil || p.Counts.CreatedExchange != 1 {
			t.Errorf("%+v", p)
		}
		if o := a.on(exitFine, "sync", "anna", "--dry-run", "--lang", "en"); !strings.Contains(o.out, "create") || !strings.Contains(o.out, "Exchange") {
			t.Error(o.out)
		}
		c := decode[comparison](t, a.on(exitFine, "compare", "anna", "--json"))
		if c.Differing != 1 || c.Items[0].State != "pending" {
			t.Errorf("%+v", c)
		}
	})
}

func TestWhatARunOverwroteIsListedWithBothVersions(t *testing.T) {
	withDemo(t, func(k demo.Kept) { // its administrator is Anna, too
		a := asked{newLine(t), k}
		a.inDatabase(`INSERT INTO appointments (user_id, subject, location, start_at, end_at, time_zone)
			VALUES ('anna', 'Fresh', 'first place', '2027-02-02T09:00:00Z', '2027-02-02T09:30:00Z', 'Europe/Vienna')`)
		a.on(exitFine, "sync", "anna", "--wait")
		a.inDatabase(`UPDATE appointments SET location = 'second place' WHERE subject = 'Fresh'`)
		a.on(exitFine, "sync", "anna", "--wait")
		list := decode[[]trashed](t, a.on(exitFine, "trash", "list", "anna", "--json"))
		if len(list) == 0 || list[0].Reason != "overwritten" || len(list[0].Fields) != 1 || list[0].Fields[0].Field != "location" ||
			list[0].Side != "exchange" || list[0].Fields[0].Exchange != "first place" || list[0].Fields[0].Business != "second place" {
			t.Fatalf("%+v", list)
		}
		o := a.on(exitFine, "trash", "list", "anna", "--values", "--lang", "en")
		if was, is := strings.Index(o.out, "first place"), strings.Index(o.out, "second place"); was < 0 || is < was {
			t.Error(o.out)
		}
		if o := a.on(exitFine, "trash", "list", "anna", "--lang", "en"); strings.Contains(o.out, "first place") || !strings.Contains(o.out, "Location") {
			t.Error(o.out)
		}
	})
}

func TestAnEmployeeIsForgotten(t *testing.T) {
	withDemo(t, func(k demo.Kept) {
		a := asked{newLine(t), k}
		a.on(exitUsage, "employees", "forget", "anna")
		v := decode[forgotten](t, a.on(exitFine, "employees", "forget", "anna", "--yes", "--json"))
		if v.Pairs != 8 || v.Runs == 0 {
			t.Errorf("%+v", v)
		}
		if c := decode[credentials](t, a.on(exitFine, "credentials", "show", "anna", "--json")); c.HasPassword || c.Login != "" {
			t.Errorf("%+v", c)
		}
		if rs := decode[[]run](t, a.on(exitFine, "runs", "anna", "--json")); len(rs) != 0 {
			t.Errorf("%+v", rs)
		}
		a.on(exitFailed, "employees", "forget", "nobody", "--yes")
		for _, f := range []string{"sync-crm", "sync-credentials", "sync-content"} {
			a.on(exitFine, "employees", "grant", "Vertrieb", f)
		}
		if looks := decode[[]look](t, a.on(exitFine, "looks", "--json")); !slices.ContainsFunc(looks, func(l look) bool { return l.What == "forgot" && l.Subject == "anna" }) {
			t.Errorf("%+v", looks)
		}
	})
}
