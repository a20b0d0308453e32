package demo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/pim"
	"abgleich/agent/side/business"
	"abgleich/agent/side/business/sample"
)

// divide gives user i of n his share of a total.
func divide(total, i, n int) int { return total*(i+1)/n - total*i/n }

// spread decides where a user's items are at the start: of 100, six on both sides,
// the others half here, half there.
func (w *world) spread(i int, u *user) {
	put := func(n int, business, exchange, both *int) {
		switch w.o.Direction {
		case Business:
			*business = n
		case Exchange:
			*exchange = n
		default:
			*both = (n*6 + 99) / 100
			*exchange = (n - *both) / 2
			*business = n - *both - *exchange
		}
	}
	n := len(w.users)
	put(divide(w.o.Appointments, i, n), &u.business.appointments, &u.exch.appointments, &u.onBoth.appointments)
	put(divide(w.o.Tasks, i, n), &u.business.tasks, &u.exch.tasks, &u.onBoth.tasks)
}

// seed writes the items. Those for Exchange are made in a database of their own
// and read back.
func (w *world) seed(ctx context.Context, db *business.Database) error {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return err
	}
	path := filepath.Join(w.folder, "sample.db")
	scratch, err := business.Open(ctx, business.Config{DSN: path})
	if err != nil {
		return err
	}
	err = w.masterData(ctx, scratch)
	now := time.Now()
	for i, u := range w.users {
		if err != nil {
			break
		}
		w.spread(i, u)
		amount := sample.Amount{User: u.id, Around: now, Zone: loc, SeriesPercent: w.o.Series, Exceptions: w.o.Exceptions}
		amount.Seed = uint64(2*i + 1)
		amount.Appointments, amount.Tasks = u.business.appointments+u.onBoth.appointments, u.business.tasks+u.onBoth.tasks
		if err = sample.Seed(ctx, db.Path(), amount); err != nil {
			break
		}
		amount.Seed++
		amount.Appointments, amount.Tasks = u.exch.appointments, u.exch.tasks
		if err = sample.Seed(ctx, path, amount); err != nil {
			break
		}
		err = errors.Join(
			w.intoMailbox(ctx, u, db, pim.KindAppointment, u.onBoth.appointments, loc),
			w.intoMailbox(ctx, u, db, pim.KindTask, u.onBoth.tasks, loc),
			w.intoMailbox(ctx, u, scratch, pim.KindAppointment, u.exch.appointments, loc),
			w.intoMailbox(ctx, u, scratch, pim.KindTask, u.exch.tasks, loc))
	}
	err = errors.Join(err, scratch.Close())
	for _, f := range []string{path, path + "-wal", path + "-shm"} {
		if e := os.Remove(f); e != nil && !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// errFull ends a walk.
var errFull = errors.New("enough")

// intoMailbox puts a user's first n items of a database into his mailbox, in chunks.
func (w *world) intoMailbox(ctx context.Context, u *user, from *business.Database, k pim.Kind, n int, loc *time.Location) error {
	const chunk = 500
	items := make([]exchangesim.Item, 0, min(n, chunk))
	var series []*pim.Appointment // of the chunk, nil for what is none
	flush := func() error {
		ids := w.box(u).Seed(items)
		for i, a := range series {
			if a == nil {
				continue
			}
			if err := except(w.box(u), ids[i], a, loc); err != nil {
				return err
			}
		}
		items, series = items[:0], series[:0]
		return nil
	}
	if n == 0 {
		return nil
	}
	err := from.Walk(ctx, u.id, k, func(r business.Record) error {
		items = append(items, mailboxItem(r.Item, loc))
		a, _ := r.Item.(*pim.Appointment)
		if a != nil && a.Recurrence == nil {
			a = nil
		}
		series = append(series, a)
		if n--; n == 0 {
			return errFull
		}
		if len(items) == chunk {
			return flush()
		}
		return nil
	})
	if errors.Is(err, errFull) {
		err = nil
	}
	return errors.Join(err, flush())
}

// mailboxItem is an item as a person would enter it in Outlook.
func mailboxItem(i pim.Item, loc *time.Location) exchangesim.Item {
	c := i.Shared()
	x := exchangesim.Item{
		Subject: c.Subject, Body: c.Body, Categories: c.Categories,
		Sensitivity: map[pim.Sensitivity]string{pim.Normal: "Normal", pim.Personal: "Personal", pim.Private: "Private",
			pim.Confidential: "Confidential"}[c.Sensitivity],
		Importance: map[pim.Importance]string{pim.ImportanceNormal: "Normal", pim.ImportanceLow: "Low", pim.ImportanceHigh: "High"}[c.Importance],
	}
	switch v := i.(type) {
	case *pim.Appointment:
		x.Kind, x.Location = exchangesim.Appointment, v.Location
		x.Busy = map[pim.Busy]string{pim.BusyBusy: "Busy", pim.BusyFree: "Free", pim.BusyTentative: "Tentative", pim.BusyAway: "OOF",
			pim.BusyElsewhere: "WorkingElsewhere"}[v.Busy]
		x.Start, x.End, x.Zone, x.EndZone = v.When.Start, v.When.End, v.When.Zone, v.When.Zone
		if x.AllDay = v.When.AllDay; x.AllDay {
			x.Start, x.End = v.When.First.In(loc), v.When.Last.AddDays(1).In(loc)
			x.Zone, x.EndZone = loc.String(), loc.String()
		}
		x.Recurrence = mailboxRecurrence(v.Recurrence)
		if v.Reminder != nil {
			x.ReminderSet, x.ReminderMinutes = true, v.Reminder.Before
		}
	case *pim.Task:
		x.Kind = exchangesim.Task
		x.TaskStart, x.Due, x.Completed = midnight(v.Start), midnight(v.Due), midnight(v.Completed)
		x.Status = map[pim.TaskStatus]string{pim.NotStarted: "NotStarted", pim.InProgress: "InProgress", pim.Completed: "Completed",
			pim.Waiting: "WaitingOnOthers", pim.Deferred: "Deferred"}[v.Status]
		x.Percent = float64(v.Percent)
		if v.Reminder != nil {
			x.ReminderSet, x.ReminderDue = true, v.Reminder.At
		}
	}
	return x
}

func midnight(d pim.Date) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return d.In(time.UTC)
}
