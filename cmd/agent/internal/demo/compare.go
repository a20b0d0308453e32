package demo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"abgleich/agent/exchangesim"
)

// mostFindings is how many differences are shown; all are counted.
const mostFindings = 10

// compare counts the items that are not the same on both sides: subject, text,
// place, time and the like, read by plain SQL here and from the mailbox there.
func (w *world) compare(ctx context.Context) (int, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return 0, err
	}
	differences := 0
	from, to := time.Now().AddDate(-1, 0, 0), time.Now().AddDate(2, 0, 0)
	for _, u := range w.users {
		for _, k := range []struct {
			in   exchangesim.Folder
			rows string
			line func(exchangesim.Item) []string
			// series adds every single occurrence of both sides.
			series bool
		}{
			{exchangesim.Calendar, `SELECT subject, body, location, CASE WHEN all_day THEN start_date ELSE start_at END,
				CASE WHEN all_day THEN end_date ELSE end_at END, busy, private, importance, COALESCE(reminder_minutes, ''), categories
				FROM appointments WHERE user_id = ?`, func(it exchangesim.Item) []string { return appointmentLine(it, loc) }, true},
			{exchangesim.Tasks, `SELECT subject, body, '', start_date, due_date, status, private, importance, reminder_at, categories
				FROM tasks WHERE user_id = ?`, taskLine, false},
		} {
			there, err := w.rows(ctx, k.rows, string(u.id))
			if err != nil {
				return 0, err
			}
			for _, it := range w.box(u).List(k.in) {
				there[strings.Join(k.line(it), "\x1f")]--
			}
			if k.series {
				if err := w.businessOccurrences(ctx, u, from, to, there); err != nil {
					return 0, err
				}
				if err := mailboxOccurrences(w.box(u), loc, from, to, there); err != nil {
					return 0, err
				}
			}
			for line, n := range there {
				if n == 0 {
					continue
				}
				differences += max(n, -n)
				if differences <= mostFindings {
					side := "business"
					if n < 0 {
						side = "exchange"
					}
					w.screen.Finding(fmt.Sprintf("%s, only in %s: %s", u.id, side, strings.ReplaceAll(line, "\x1f", " | ")))
				}
			}
		}
	}
	return differences, nil
}

// rows reads the business side, each row as one line.
func (w *world) rows(ctx context.Context, query, user string) (map[string]int, error) {
	rows, err := w.erp.QueryContext(ctx, query, user)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]int{}
	for rows.Next() {
		v := make([]string, columns)
		to := make([]any, len(v))
		for i := range v {
			to[i] = &v[i]
		}
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		all[rowLine(v)]++
	}
	return all, rows.Err()
}

// columns is how many fields a line has.
const columns = 10

// rowLine is a row of the business side as one line.
func rowLine(v []string) string {
	v[1] = plainBody(v[1])
	v[9] = sortedWords(strings.Split(v[9], "\n"))
	return strings.Join(v, "\x1f")
}

func plainBody(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }

func sortedWords(words []string) string {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" })
	slices.Sort(words)
	return strings.Join(slices.Compact(words), ",")
}

func common(it exchangesim.Item) (private, importance, categories string) {
	private = "0"
	if it.Sensitivity != "" && it.Sensitivity != "Normal" {
		private = "1"
	}
	importance = strings.ToLower(it.Importance)
	if importance == "" {
		importance = "normal"
	}
	return private, importance, sortedWords(it.Categories)
}

func appointmentLine(it exchangesim.Item, loc *time.Location) []string {
	private, importance, categories := common(it)
	start, end := it.Start.UTC().Format(sqlTime), it.End.UTC().Format(sqlTime)
	if it.AllDay {
		start, end = it.Start.In(loc).Format(time.DateOnly), it.End.In(loc).AddDate(0, 0, -1).Format(time.DateOnly)
	}
	busy := map[string]string{"": "busy", "Busy": "busy", "Free": "free", "Tentative": "tentative", "OOF": "away", "WorkingElsewhere": "elsewhere"}[it.Busy]
	reminder := ""
	if it.ReminderSet {
		reminder = strconv.Itoa(it.ReminderMinutes)
	}
	return []string{it.Subject, plainBody(it.Body), it.Location, start, end, busy, private, importance, reminder, categories}
}

func taskLine(it exchangesim.Item) []string {
	private, importance, categories := common(it)
	day := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.DateOnly)
	}
	status := map[string]string{"": "not-started", "NotStarted": "not-started", "InProgress": "in-progress", "Completed": "completed",
		"WaitingOnOthers": "waiting", "Deferred": "deferred"}[it.Status]
	reminder := ""
	if it.ReminderSet {
		reminder = it.ReminderDue.UTC().Format(sqlTime)
	}
	return []string{it.Subject, plainBody(it.Body), "", day(it.TaskStart), day(it.Due), status, private, importance, reminder, categories}
}
