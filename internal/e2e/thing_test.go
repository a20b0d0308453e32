package e2e

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"abgleich/agent/exchangesim"
)

// thing is an appointment or a task as a person means it, whichever side it is on.
type thing struct {
	task                    bool
	subject, body, location string
	start, end              time.Time // of an appointment; midnights in UTC for whole days
	allDay                  bool
	busy                    string // business words
	private                 bool
	importance              string
	categories              []string
	reminder                int       // minutes, 0 for none
	due                     time.Time // of a task, midnight UTC
	status                  string
}

// line is the thing as one comparable text.
func (x thing) line() string {
	cats := slices.Clone(x.categories)
	slices.Sort(cats)
	if x.task {
		return strings.Join([]string{"T", x.subject, x.body, x.due.Format(time.DateOnly), x.status,
			fmt.Sprint(x.private), x.importance, strings.Join(cats, ",")}, " | ")
	}
	start, end := x.start.UTC().Format(time.RFC3339), x.end.UTC().Format(time.RFC3339)
	if x.allDay {
		start, end = x.start.Format(time.DateOnly), x.end.Format(time.DateOnly)
	}
	return strings.Join([]string{"A", x.subject, x.body, x.location, start, end, x.busy,
		fmt.Sprint(x.private), x.importance, strings.Join(cats, ","), fmt.Sprint(x.reminder)}, " | ")
}

var busyWords = map[string]string{"busy": "Busy", "free": "Free", "tentative": "Tentative", "away": "OOF"}
var statusWords = map[string]string{"not-started": "NotStarted", "in-progress": "InProgress", "waiting": "WaitingOnOthers"}

// capital turns our words for importance into those of the schema.
func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// insert puts the thing into the business database.
func (w *world) insert(p person, x thing) int64 {
	w.t.Helper()
	cats := strings.Join(x.categories, "\n")
	if x.task {
		return w.exec(`INSERT INTO tasks (user_id, subject, body, due_date, status, private, importance, categories)
			VALUES (?,?,?,?,?,?,?,?)`, string(p.user), x.subject, x.body, x.due.Format(time.DateOnly), x.status, x.private, x.importance, cats)
	}
	start, end, first, last, in := x.start.UTC().Format(time.RFC3339), x.end.UTC().Format(time.RFC3339), "", "", zone
	if x.allDay {
		start, end, first, last, in = "", "", x.start.Format(time.DateOnly), x.end.Format(time.DateOnly), ""
	}
	var reminder any
	if x.reminder > 0 {
		reminder = x.reminder
	}
	return w.exec(`INSERT INTO appointments (user_id, subject, body, location, start_at, end_at, time_zone, all_day, start_date,
		end_date, busy, private, importance, categories, reminder_minutes) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		string(p.user), x.subject, x.body, x.location, start, end, in, x.allDay, first, last, x.busy, x.private, x.importance, cats, reminder)
}

// item is the thing as Exchange has it.
func (x thing) item() exchangesim.Item {
	it := exchangesim.Item{Kind: exchangesim.Appointment, Subject: x.subject, Body: x.body, Importance: capital(x.importance),
		Categories: x.categories, Sensitivity: "Normal"}
	if x.private {
		it.Sensitivity = "Private"
	}
	if x.task {
		it.Kind, it.Due, it.Status = exchangesim.Task, x.due, statusWords[x.status]
		return it
	}
	it.Location, it.Busy, it.Zone, it.AllDay = x.location, busyWords[x.busy], zone, x.allDay
	it.ReminderSet, it.ReminderMinutes = x.reminder > 0, x.reminder
	it.Start, it.End = x.start, x.end
	if x.allDay {
		loc := vienna()
		it.Start = time.Date(x.start.Year(), x.start.Month(), x.start.Day(), 0, 0, 0, 0, loc)
		it.End = time.Date(x.end.Year(), x.end.Month(), x.end.Day()+1, 0, 0, 0, 0, loc)
	}
	return it
}

func vienna() *time.Location {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		panic(err) // the tests carry no time zones: the machine must have them
	}
	return loc
}

// found is a thing as it was found on a side.
type found struct {
	thing
	key  string
	id   exchangesim.ItemID // on Exchange
	row  int64              // in the business database
	keys int                // how many keys it carries
}

var keyName = exchangesim.SetString("b3c1a0de-6a5e-4f0b-9d57-2f6c41a7e8d0", "AbgleichId")

// inExchange reads calendar and tasks of a person.
func (w *world) inExchange(p person) []found {
	var out []found
	for _, in := range []exchangesim.Folder{exchangesim.Calendar, exchangesim.Tasks} {
		for _, it := range w.box(p).List(in) {
			out = append(out, understood(it))
		}
	}
	return out
}

func understood(it exchangesim.Item) found {
	f := found{id: it.ID, thing: thing{task: it.Kind == exchangesim.Task, subject: it.Subject, body: plain(it.Body),
		private: it.Sensitivity != "" && it.Sensitivity != "Normal", importance: strings.ToLower(it.Importance), categories: it.Categories}}
	if f.importance == "" {
		f.importance = "normal"
	}
	for _, prop := range it.Properties {
		if prop.Name == keyName {
			f.keys += len(prop.Values)
			f.key = prop.Values[0]
		}
	}
	if f.task {
		f.due, f.status = it.Due.UTC(), back(statusWords, it.Status)
		return f
	}
	f.location, f.busy, f.allDay, f.start, f.end = it.Location, back(busyWords, it.Busy), it.AllDay, it.Start, it.End
	if it.AllDay {
		f.start, f.end = it.Start.In(vienna()), it.End.In(vienna()).AddDate(0, 0, -1)
	}
	if it.ReminderSet {
		f.reminder = it.ReminderMinutes
	}
	return f
}

// plain is a text without what a side may add to it.
func plain(body string) string { return strings.TrimSpace(strings.ReplaceAll(body, "\r\n", "\n")) }

func back(words map[string]string, w string) string {
	for k, v := range words {
		if v == w {
			return k
		}
	}
	return "unknown word " + w
}

// inBusiness reads both tables of a person, with the keys beside them.
func (w *world) inBusiness(p person) []found {
	w.t.Helper()
	const keys = `(SELECT count(*) FROM item_keys k WHERE k.item_id = x.id AND k.kind = %[1]d AND k.user_id = x.user_id),
		COALESCE((SELECT item_key FROM item_keys k WHERE k.item_id = x.id AND k.kind = %[1]d AND k.user_id = x.user_id), '')`
	var out []found
	read := func(query string, scan func(func(...any) error) (found, error)) {
		rows, err := w.erp.Query(query, string(p.user))
		must(w.t, err)
		defer rows.Close() //nolint:errcheck // read only
		for rows.Next() {
			f, err := scan(rows.Scan)
			must(w.t, err)
			out = append(out, f)
		}
		must(w.t, rows.Err())
	}
	read(`SELECT id, subject, body, location, all_day, CASE all_day WHEN 1 THEN start_date ELSE start_at END,
		CASE all_day WHEN 1 THEN end_date ELSE end_at END, busy, private, importance, categories, COALESCE(reminder_minutes, 0), `+
		fmt.Sprintf(keys, 1)+` FROM appointments x WHERE user_id = ?`, func(scan func(...any) error) (found, error) {
		var f found
		var start, end, cats string
		err := scan(&f.row, &f.subject, &f.body, &f.location, &f.allDay, &start, &end, &f.busy, &f.private, &f.importance, &cats,
			&f.reminder, &f.keys, &f.key)
		layout := time.RFC3339
		if f.allDay {
			layout = time.DateOnly
		}
		if err == nil {
			f.start, err = time.Parse(layout, start)
		}
		if err == nil {
			f.end, err = time.Parse(layout, end)
		}
		f.body, f.categories = plain(f.body), words(cats)
		return f, err
	})
	read(`SELECT id, subject, body, due_date, status, private, importance, categories, `+fmt.Sprintf(keys, 2)+
		` FROM tasks x WHERE user_id = ?`, func(scan func(...any) error) (found, error) {
		f := found{thing: thing{task: true}}
		var due, cats string
		err := scan(&f.row, &f.subject, &f.body, &due, &f.status, &f.private, &f.importance, &cats, &f.keys, &f.key)
		if err == nil {
			f.due, err = time.Parse(time.DateOnly, due)
		}
		f.body, f.categories = plain(f.body), words(cats)
		return f, err
	})
	return out
}

func words(s string) []string {
	return slices.DeleteFunc(strings.Split(s, "\n"), func(w string) bool { return w == "" })
}

// same compares both sides of a person with what they should be: nothing more,
// nothing less, and each thing under one key on both sides.
func (w *world) same(p person, want []thing) (complaints []string) {
	w.t.Helper()
	e, b := w.inExchange(p), w.inBusiness(p)
	complaints = append(different("Exchange", e, want), different("business", b, want)...)
	lines := map[string]string{}
	for _, f := range e {
		switch _, twice := lines[f.key]; {
		case f.keys != 1:
			complaints = append(complaints, fmt.Sprintf("Exchange: %d keys on %s", f.keys, f.line()))
		case twice:
			complaints = append(complaints, "Exchange: the same key a second time on "+f.line())
		}
		lines[f.key] = f.line()
	}
	for _, f := range b {
		line, ok := lines[f.key]
		delete(lines, f.key)
		switch {
		case f.keys != 1:
			complaints = append(complaints, fmt.Sprintf("business: %d keys on %s", f.keys, f.line()))
		case !ok:
			complaints = append(complaints, "business: a key nobody else has on "+f.line())
		case line != f.line():
			complaints = append(complaints, fmt.Sprintf("one key, two things: %s and %s", f.line(), line))
		}
	}
	for i, c := range complaints {
		complaints[i] = string(p.user) + ": " + c
	}
	return complaints
}

// different compares as multisets.
func different(side string, got []found, want []thing) (complaints []string) {
	n := map[string]int{}
	for _, x := range want {
		n[x.line()]++
	}
	for _, f := range got {
		n[f.line()]--
	}
	for line, n := range n {
		if n != 0 {
			complaints = append(complaints, fmt.Sprintf("%s: %d missing (negative: too many) of %s", side, n, line))
		}
	}
	slices.Sort(complaints)
	return complaints
}
