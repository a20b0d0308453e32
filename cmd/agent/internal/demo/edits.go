package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"abgleich/agent/exchangesim"
)

// round is how many kinds of edit there are; each user gets one of each in turn.
const round = 5

// sqlTime is how the business program writes an instant.
const sqlTime = time.RFC3339

// slot is a time of day for the nth live item, days ahead, so that none is like
// another.
func slot(n int) (start, end time.Time) {
	start = time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 200+n).Add(9 * time.Hour)
	return start, start.Add(time.Hour)
}

// businessEditor edits by plain SQL over a connection of its own, as the business
// program would, and looks for the outcome in the mailbox.
type businessEditor struct {
	w                 *world
	appointment, task int64 // of the present round
	inBox, taskInBox  exchangesim.ItemID
	deleted           map[*user]int
}

func newBusinessEditor(w *world) *businessEditor {
	return &businessEditor{w: w, deleted: map[*user]int{}}
}

func (e *businessEditor) next(_ context.Context, n int, u *user) (edit, error) {
	box := e.w.box(u)
	exec := func(id *int64, text string, args ...any) func(context.Context) error {
		return func(ctx context.Context) error {
			r, err := e.w.erp.ExecContext(ctx, text, args...)
			if err == nil && id != nil {
				*id, err = r.LastInsertId()
			}
			return err
		}
	}
	title, task := fmt.Sprintf("Live-Termin %d aus der Datenbank", n/round+1), fmt.Sprintf("Live-Aufgabe %d aus der Datenbank", n/round+1)
	start, end := slot(n)
	switch n % round {
	case 0:
		return edit{"new-appointment", title, exec(&e.appointment, `INSERT INTO appointments (user_id, subject, start_at, end_at, time_zone)
			VALUES (?,?,?,?,?)`, string(u.id), title, start.Format(sqlTime), end.Format(sqlTime), zone),
			comesIn(box, exchangesim.Calendar, title, &e.inBox)}, nil
	case 1:
		return edit{"new-task", task, exec(&e.task, `INSERT INTO tasks (user_id, subject, due_date) VALUES (?,?,?)`,
			string(u.id), task, start.Format(time.DateOnly)), comesIn(box, exchangesim.Tasks, task, &e.taskInBox)}, nil
	case 2:
		later := start.Add(3 * time.Hour)
		return edit{"moved", title, exec(nil, `UPDATE appointments SET start_at = ?, end_at = ? WHERE id = ?`,
			later.Format(sqlTime), later.Add(time.Hour).Format(sqlTime), e.appointment),
			becomes(box, &e.inBox, func(it *exchangesim.Item) bool { return it.Start.Equal(later) })}, nil
	case 3:
		return edit{"done", task, exec(nil, `UPDATE tasks SET status = 'completed', percent = 100, completed_on = ? WHERE id = ?`,
			start.Format(time.DateOnly), e.task),
			becomes(box, &e.taskInBox, func(it *exchangesim.Item) bool { return it.Status == "Completed" })}, nil
	}
	if e.deleted[u]++; e.deleted[u] > fewDeletions {
		place := fmt.Sprintf("Zimmer %d", n)
		return edit{"changed", place, exec(nil, `UPDATE appointments SET location = ? WHERE id = ?`, place, e.appointment),
			becomes(box, &e.inBox, func(it *exchangesim.Item) bool { return it.Location == place })}, nil
	}
	return edit{"deleted", title, exec(nil, `DELETE FROM appointments WHERE id = ?`, e.appointment),
		func(context.Context) (bool, error) {
			it, there := box.Get(e.inBox)
			return !there || it.Folder != exchangesim.Calendar, nil
		}}, nil
}

// comesIn looks for a new item of this subject, and remembers its id. The folder is
// only gone through when its number of items changed.
func comesIn(box *exchangesim.Mailbox, in exchangesim.Folder, subject string, id *exchangesim.ItemID) func(context.Context) (bool, error) {
	seen := box.Count(in)
	return func(context.Context) (bool, error) {
		n := box.Count(in)
		if n == seen {
			return false, nil
		}
		seen = n
		for _, it := range box.List(in) {
			if it.Subject == subject {
				*id = it.ID
				return true, nil
			}
		}
		return false, nil
	}
}

// becomes looks at one item until it is as wanted.
func becomes(box *exchangesim.Mailbox, id *exchangesim.ItemID, as func(*exchangesim.Item) bool) func(context.Context) (bool, error) {
	return func(context.Context) (bool, error) {
		it, ok := box.Get(*id)
		return ok && as(&it), nil
	}
}

// exchangeEditor edits as a person in Outlook would, and looks for the outcome in
// the business database.
type exchangeEditor struct {
	w                 *world
	inBox, taskInBox  exchangesim.ItemID
	appointment, task int64
	deleted           map[*user]int
}

func newExchangeEditor(w *world) *exchangeEditor {
	return &exchangeEditor{w: w, deleted: map[*user]int{}}
}

func (e *exchangeEditor) next(ctx context.Context, n int, u *user) (edit, error) {
	box := e.w.box(u)
	create := func(it exchangesim.Item, id *exchangesim.ItemID) func(context.Context) error {
		return func(context.Context) error {
			made, err := box.Create(it)
			*id = made.ID
			return err
		}
	}
	change := func(id *exchangesim.ItemID, f func(*exchangesim.Item)) func(context.Context) error {
		return func(context.Context) error { _, err := box.Update(*id, f); return err }
	}
	title, task := fmt.Sprintf("Live-Termin %d aus Exchange", n/round+1), fmt.Sprintf("Live-Aufgabe %d aus Exchange", n/round+1)
	start, end := slot(n)
	switch n % round {
	case 0:
		seen, err := e.arrives(ctx, "appointments", title, &e.appointment)
		return edit{"new-appointment", title, create(exchangesim.Item{Kind: exchangesim.Appointment, Subject: title, Start: start, End: end,
			Zone: zone, EndZone: zone, Busy: "Busy"}, &e.inBox), seen}, err
	case 1:
		seen, err := e.arrives(ctx, "tasks", task, &e.task)
		return edit{"new-task", task, create(exchangesim.Item{Kind: exchangesim.Task, Subject: task,
			Due: start.Truncate(24 * time.Hour), Status: "NotStarted"}, &e.taskInBox), seen}, err
	case 2:
		later := start.Add(4 * time.Hour)
		return edit{"moved", title, change(&e.inBox, func(it *exchangesim.Item) { it.Start, it.End = later, later.Add(time.Hour) }),
			e.holds(`SELECT count(*) FROM appointments WHERE id = ? AND start_at = ?`, &e.appointment, later.Format(sqlTime))}, nil
	case 3:
		return edit{"done", task, change(&e.taskInBox, func(it *exchangesim.Item) {
			it.Status, it.Percent, it.Completed = "Completed", 100, start.Truncate(24*time.Hour)
		}), e.holds(`SELECT count(*) FROM tasks WHERE id = ? AND status = ?`, &e.task, "completed")}, nil
	}
	if e.deleted[u]++; e.deleted[u] > fewDeletions {
		place := fmt.Sprintf("Zimmer %d", n)
		return edit{"changed", place, change(&e.inBox, func(it *exchangesim.Item) { it.Location = place }),
			e.holds(`SELECT count(*) FROM appointments WHERE id = ? AND location = ?`, &e.appointment, place)}, nil
	}
	return edit{"deleted", title, func(context.Context) error { return box.Delete(e.inBox) },
		e.holds(`SELECT count(*) = 0 FROM appointments WHERE id = ?`, &e.appointment)}, nil
}

// arrives looks for a row newer than those there are now, and remembers its id.
func (e *exchangeEditor) arrives(ctx context.Context, table, subject string, id *int64) (func(context.Context) (bool, error), error) {
	var newest int64
	err := e.w.erp.QueryRowContext(ctx, `SELECT COALESCE(max(id), 0) FROM `+table).Scan(&newest)
	return func(ctx context.Context) (bool, error) {
		err := e.w.erp.QueryRowContext(ctx, `SELECT id FROM `+table+` WHERE id > ? AND subject = ?`, newest, subject).Scan(id)
		if errors.Is(err, sql.ErrNoRows) {
			return false, nil
		}
		return err == nil, err
	}, err
}

// holds asks a question about one row; it has the row's id and further values.
func (e *exchangeEditor) holds(question string, id *int64, values ...any) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		var n int
		err := e.w.erp.QueryRowContext(ctx, question, append([]any{*id}, values...)...).Scan(&n)
		return n > 0, err
	}
}
