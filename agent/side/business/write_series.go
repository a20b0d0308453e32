package business

import (
	"context"
	"errors"
	"strings"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// updateSeries sets fields of an item that is a series or becomes one; false is
// neither of the two, and nothing was done. What is written is the difference to
// what stands there, column by column and occurrence by occurrence, so that fields
// not asked for keep their values even where an occurrence has them from the series.
func (b *batch) updateSeries(ctx context.Context, r row, fields pim.FieldSet, item pim.Item) (row, bool, error) {
	becomes := fields.Has(pim.FieldRecurrence) && item.Shared().Recurrence != nil
	if !r.series && !becomes {
		return row{}, false, nil
	}
	if !r.series {
		var err error
		if r, err = b.single(ctx, r.id); err != nil {
			return row{}, true, err
		}
	}
	if r.err != nil {
		return row{}, true, r.err
	}
	if err := b.carried(r.item); err != nil {
		// A rule that cannot be read stays as it is, and with it the times it stands on.
		if !(fields & pim.Fields(pim.FieldRecurrence, pim.FieldWhen, pim.FieldDates)).Empty() {
			return row{}, true, err
		}
		return row{}, false, nil
	}
	want := r.item.Clone()
	pim.Apply(want, item, fields)
	want = project(want)
	if err := b.carried(want); err != nil {
		return row{}, true, err
	}
	if err := b.guard(ctx); err != nil {
		return row{}, true, err
	}
	if err := b.difference(ctx, r, want); err != nil {
		return row{}, true, err
	}
	now, err := b.kept(ctx, r.id, want)
	return now, true, err
}

// single reads a single item that is to become a series, with exceptions that are
// left from when it was one.
func (b *batch) single(ctx context.Context, id any) (row, error) {
	found, err := b.f.load(ctx, b.s, []any{id}, true)
	if err != nil || b.f.kind != pim.KindAppointment {
		return found[itemID(id)], err
	}
	by, err := b.f.exceptions(ctx, b.tx, []any{id})
	r := found[itemID(id)]
	r.exceptions = by[itemID(id)]
	return r, err
}

// kept reads a series back: another program's triggers may have made something else
// of it, and half a series must not look like a person's change.
func (b *batch) kept(ctx context.Context, id any, want pim.Item) (row, error) {
	now, err := b.again(ctx, id)
	switch {
	case err != nil, !now.series && want.Shared().Recurrence == nil:
		return now, err
	case now.err != nil || pim.Diff(now.item, want) != 0:
		err = fault.New(fault.ItemRefused, b.op, b.f.kind.String()+" "+string(itemID(id)),
			errors.Join(errors.New("the database did not keep the series as it was written"), now.err))
	}
	return now, err
}

// difference writes what an item that is a series, was one or becomes one is to be.
func (b *batch) difference(ctx context.Context, r row, want pim.Item) error {
	was, err := encode(r.item)
	if err != nil {
		return fault.New(fault.ItemRefused, b.op, b.f.kind.String(), err)
	}
	v, err := encode(want)
	if err != nil {
		return fault.New(fault.ItemRefused, b.op, b.f.kind.String(), err)
	}
	var (
		sets []string
		args []any
	)
	for i := range v {
		if v[i] != was[i] {
			sets = append(sets, b.f.rel.columns[colSubject+i]+" = ?")
			args = append(args, v[i])
		}
	}
	if err := b.set(ctx, r.id, sets, args); err != nil || b.f.kind != pim.KindAppointment {
		return err
	}
	moved := !(pim.Diff(r.item, want) & pim.Fields(pim.FieldWhen, pim.FieldRecurrence)).Empty()
	return b.putExceptions(ctx, r.id, r.exceptions, seriesOf(want), moved)
}

// begin writes the exceptions of a new series. Another program's database may give
// an id again, with exceptions of the one who had it before.
func (b *batch) begin(ctx context.Context, id any, s *series) error {
	var old []exception
	if b.f.d.cfg.Foreign {
		by, err := b.f.exceptions(ctx, b.tx, []any{id})
		if err != nil {
			return err
		}
		old = by[itemID(id)]
	}
	if err := b.putExceptions(ctx, id, old, s, true); err != nil {
		return err
	}
	if r := s.master.Recurrence; !b.f.d.cfg.Foreign || len(r.Deleted)+len(r.Changed) == 0 {
		return nil
	}
	_, err := b.kept(ctx, id, s.master)
	return err
}

// putExceptions makes rows say what a series does (nil: a single item); rows that
// say it already stay as they are. Those that belong to no occurrence are another
// program's work in progress, unless the pattern is written too (all).
func (b *batch) putExceptions(ctx context.Context, id any, rows []exception, s *series, all bool) error {
	missing, err := s.wanted()
	if err != nil {
		return fault.New(fault.ItemRefused, b.op, b.f.kind.String(), err)
	}
	type rewrite struct {
		original string
		columns  [excColumns]any
	}
	var changed []rewrite
	for i := range rows {
		e := &rows[i]
		n, ok := 0, false
		if s != nil {
			n, ok, _ = e.number(s) // one that cannot be read belongs to none
		}
		w, there := missing[n]
		switch {
		case !ok && !all:
		case !ok || !there || w.columns[excOriginal] != e.original(s):
			if err := b.dropException(ctx, id, e); err != nil {
				return err
			}
		case w.is(e, s):
			delete(missing, n)
		default:
			w.columns[excOriginal] = e.column[excOriginal].String
			changed = append(changed, rewrite{e.column[excOriginal].String, w.columns})
			delete(missing, n)
		}
	}
	for _, c := range changed {
		if err := b.onException(ctx, `UPDATE `+exceptionRelation.name+` SET `+
			strings.Join(exceptionRelation.columns[excDeleted+1:], " = ?, ")+` = ? WHERE appointment_id = ? AND original_start = ?`,
			append(c.columns[excDeleted:], id, c.original)...); err != nil {
			return err
		}
	}
	for _, w := range missing {
		if err := b.onException(ctx, `INSERT INTO `+exceptionRelation.name+` (`+strings.Join(exceptionRelation.columns, ", ")+
			`) VALUES (?`+strings.Repeat(",?", excColumns)+`)`, append([]any{id}, w.columns[:]...)...); err != nil {
			return err
		}
	}
	return nil
}

// wanted is one exception as it is to stand in the database.
type wanted struct {
	columns [excColumns]any
	item    *pim.Appointment // nil: deleted
}

// wanted gives the exceptions of a series by the number of their occurrence.
func (s *series) wanted() (map[int]wanted, error) {
	all := map[int]wanted{}
	if s == nil {
		return all, nil
	}
	r := s.master.Recurrence
	for _, d := range r.Deleted {
		text, err := s.original(d)
		if err != nil {
			return nil, err
		}
		if n, ok := s.timing.Index(d); ok {
			all[n] = wanted{columns: deletion(text)}
		}
	}
	for _, e := range r.Changed {
		text, err := s.original(e.Original)
		if err != nil {
			return nil, err
		}
		n, ok := s.timing.Index(e.Original)
		plain, _, there := s.plain(n)
		if !ok || !there {
			continue
		}
		columns, err := change(text, plain, e.Item)
		if err != nil {
			return nil, err
		}
		all[n] = wanted{columns, e.Item}
	}
	return all, nil
}

// is tells that a row says it already, in whatever form.
func (w wanted) is(e *exception, s *series) bool {
	if w.item == nil || e.deleted() {
		return w.item == nil && e.deleted()
	}
	n, _, _ := e.number(s)
	plain, _, _ := s.plain(n)
	o, err := e.occurrence(plain)
	if err != nil {
		return false
	}
	if !o.When.AllDay && !s.master.When.AllDay {
		o.When.Zone = s.master.When.Zone
	}
	o = project(o).(*pim.Appointment)
	return pim.Diff(o, w.item) == 0
}

// original is the name of the row's occurrence as it would be written.
func (e *exception) original(s *series) string {
	t, err := parseInstant(e.text(excOriginal))
	if err != nil {
		d, err := parseDay(e.text(excOriginal))
		if err != nil {
			return ""
		}
		n, _ := s.master.Recurrence.Number(d)
		t, _ = s.timing.Start(n)
	}
	text, err := s.original(t)
	if err != nil {
		return ""
	}
	return text
}

// dropExceptions removes what a deleted series left behind in a database that does
// not do so itself.
func (b *batch) dropExceptions(ctx context.Context, r row) error {
	if len(r.exceptions) == 0 {
		return nil
	}
	left, err := b.f.exceptions(ctx, b.tx, []any{r.id})
	if err != nil {
		return err
	}
	for _, e := range left[itemID(r.id)] {
		if err := b.dropException(ctx, r.id, &e); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) dropException(ctx context.Context, id any, e *exception) error {
	return b.onException(ctx, `DELETE FROM `+exceptionRelation.name+` WHERE appointment_id = ? AND original_start = ?`,
		id, e.column[excOriginal].String)
}

// onException writes the exceptions' relation; a view that cannot be written is
// read-only.
func (b *batch) onException(ctx context.Context, text string, args ...any) error {
	_, err := b.exec(ctx, text, args...)
	if err != nil && b.f.d.views[exceptionRelation.name] && resultOf(err) == 1 {
		return fault.New(fault.ReadOnly, b.op, exceptionRelation.name, err)
	}
	return err
}
