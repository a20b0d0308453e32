package business

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// Record is one item for import and export.
type Record struct {
	// Item with its recurrence, which is nil or without pattern where nobody can carry
	// what Rule says.
	Item pim.Item
	// Rule is the RRULE of a series to the letter, without "RRULE:"; "" for a single
	// item, and where the item's recurrence says it all.
	Rule string
}

// Imported counts what [Database.Put] did.
type Imported struct {
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
}

// RecordError says which record of a Put was refused.
type RecordError struct {
	Index int // from 0
	Err   error
}

// Error names the record by its number from 1.
func (e *RecordError) Error() string { return fmt.Sprintf("record %d: %v", e.Index+1, e.Err) }

// Unwrap gives the reason.
func (e *RecordError) Unwrap() error { return e.Err }

// exportDomain ends the UIDs given to items that have none of their own.
const exportDomain = "@items.abgleich"

// Walk calls do for each item a user owns, in the order of ids, from one snapshot.
// An item without UID gets one that [Database.Put] recognises in the same database.
// Rows that cannot be read as items are errors.
func (d *Database) Walk(ctx context.Context, user pim.UserID, k pim.Kind, do func(Record) error) error {
	const op = "business.Walk"
	e, err := d.Employee(ctx, user)
	if err != nil {
		return err
	}
	f := d.folder(e.User, k)
	s, err := d.reading(ctx)
	if err != nil {
		return coded(op, f.user, err)
	}
	defer s.end()
	epoch, err := epochOf(ctx, s.ours)
	if err != nil {
		return coded(op, f.user, err)
	}
	err = f.walk(ctx, s, true, func(r row, raw []sql.RawBytes) error {
		item, err := decode(k, raw, r.exceptions)
		if err != nil {
			return err
		}
		if c := item.Shared(); c.UID == "" {
			c.UID = fmt.Sprintf("%s.%d.%s%s", epoch, k, itemID(r.id), exportDomain)
		}
		return do(Record{Item: item, Rule: string(raw[colRule])})
	})
	return coded(op, f.user, err)
}

func epochOf(ctx context.Context, t *tx) (epoch string, err error) {
	err = t.QueryRowContext(ctx, `SELECT epoch FROM feed_state`).Scan(&epoch)
	return epoch, err
}

// Put writes records into a user's appointments and tasks in one transaction: all
// or, with a [RecordError], none. A record whose UID the user has already is an
// update; meeting details are left alone.
func (d *Database) Put(ctx context.Context, user pim.UserID, records []Record) (Imported, error) {
	const op = "business.Put"
	e, err := d.Employee(ctx, user)
	if err != nil {
		return Imported{}, err
	}
	defer d.exclusive()()
	s, err := d.reading(ctx)
	if err != nil {
		return Imported{}, coded(op, string(user), err)
	}
	epoch, err := epochOf(ctx, s.ours)
	s.end()
	if err != nil {
		return Imported{}, coded(op, string(user), err)
	}
	t, err := d.begin(ctx, true)
	if err != nil {
		return Imported{}, coded(op, string(user), err)
	}
	defer t.Rollback()
	p := putter{d: d, t: t, epoch: epoch, folders: map[pim.Kind]*folder{}, insert: map[pim.Kind]inserting{}}
	for _, k := range pim.Kinds() {
		p.folders[k] = d.folder(e.User, k)
		p.insert[k] = p.folders[k].inserter()
	}
	for i, r := range records {
		if err := p.put(ctx, r); err != nil {
			if c := codeOf(err); c == fault.Internal {
				err = fault.New(fault.ItemRefused, op, e.Name, err)
			}
			return Imported{}, &RecordError{Index: i, Err: coded(op, string(user), err)}
		}
	}
	if err := t.Commit(); err != nil {
		return Imported{}, coded(op, string(user), err)
	}
	return p.done, nil
}

// inserting inserts an item and tells the id of its row.
type inserting = func(context.Context, *tx, pim.Item, string) (any, error)

type putter struct {
	d       *Database
	t       *tx
	epoch   string
	folders map[pim.Kind]*folder
	insert  map[pim.Kind]inserting
	done    Imported
}

func (p *putter) put(ctx context.Context, r Record) error {
	item := project(r.Item)
	if item == nil {
		return fault.New(fault.BadRequest, "business.Put", "", errors.New("no item"))
	}
	rule, err := settleRule(&item, r.Rule)
	if err != nil {
		return err
	}
	f := p.folders[item.Kind()]
	id, own, err := p.find(ctx, f, item.Shared().UID)
	if err != nil {
		return err
	}
	if id != nil {
		if own {
			item.Shared().UID = ""
		}
		return p.update(ctx, f, id, item, rule)
	}
	if id, err = p.insert[f.kind](ctx, p.t, item, rule); err != nil {
		return err
	}
	p.done.Created++
	if s := seriesOf(item); s != nil {
		return (&batch{f: f, tx: p.t, s: session{main: p.t}, op: "business.Put"}).begin(ctx, id, s)
	}
	return nil
}

// settleRule brings a record's rule and its item's recurrence together: the rule is
// kept to the letter where it says the same pattern, or one that nobody can carry;
// then the item has none.
func settleRule(item *pim.Item, rule string) (string, error) {
	i := *item
	if rule == "" {
		if err := pim.CheckSeries(i); err != nil {
			return "", fault.New(fault.SeriesNotSupported, "business.Put", i.Kind().String(), err)
		}
		return "", nil
	}
	told := i.Clone()
	told.Shared().Recurrence = recurrenceIn(i, rule)
	if r := i.Shared().Recurrence; r != nil && pim.CheckSeries(i) == nil {
		told.Shared().Recurrence.Deleted, told.Shared().Recurrence.Changed = r.Deleted, r.Changed
		if pim.Diff(i, project(told)) != 0 {
			return "", nil // it says something else: the item counts
		}
		return rule, nil
	}
	told = project(told)
	if pim.CheckSeries(told) != nil {
		told.Shared().Recurrence = nil
	}
	*item = told
	return rule, nil
}

// find looks for the item a UID names; own tells that the UID is one that Walk made.
func (p *putter) find(ctx context.Context, f *folder, uid string) (id any, own bool, err error) {
	if uid == "" {
		return nil, false, nil
	}
	err = queryRow(ctx, p.t, `SELECT id FROM `+f.rel.name+` WHERE uid = ? AND user_id = ? ORDER BY id LIMIT 1`, []any{uid, f.user}, &id)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return id, false, err
	}
	named, ours := strings.CutSuffix(uid, exportDomain)
	parts := strings.SplitN(named, ".", 3)
	if !ours || len(parts) != 3 || parts[0] != p.epoch || parts[1] != strconv.Itoa(int(f.kind)) {
		return nil, false, nil
	}
	err = queryRow(ctx, p.t, `SELECT id FROM `+f.rel.name+` WHERE id = ? AND user_id = ?`, []any{rowID(pim.ItemID(parts[2])), f.user}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return id, true, err
}

func (p *putter) update(ctx context.Context, f *folder, id any, item pim.Item, rule string) error {
	before, err := f.load(ctx, session{main: p.t}, []any{id}, false)
	if err != nil {
		return err
	}
	b := &batch{f: f, tx: p.t, s: session{main: p.t}, op: "business.Put"}
	if err := b.update(ctx, id, pim.FieldsOf(f.kind)&^pim.Fields(pim.FieldMeeting), item); err != nil {
		return err
	}
	if err := b.putRule(ctx, before[itemID(id)], item, rule); err != nil {
		return err
	}
	after, err := f.load(ctx, session{main: p.t}, []any{id}, false)
	if err != nil {
		return err
	}
	if after[itemID(id)].hash == before[itemID(id)].hash {
		p.done.Unchanged++
	} else {
		p.done.Updated++
	}
	return nil
}

// putRule writes the recurrence of an item: the rule given, or its own where that is
// "", and the exceptions. Those of a series that cannot be carried stay.
func (b *batch) putRule(ctx context.Context, was row, item pim.Item, rule string) error {
	v, err := encode(item)
	if err != nil {
		return fault.New(fault.ItemRefused, b.op, b.f.kind.String(), err)
	}
	if rule == "" {
		rule = v[colRule-colSubject].(string)
	}
	carried := item.Shared().Recurrence != nil || rule == ""
	sets, args := []string{"recurrence_rule = ?"}, []any{rule}
	if b.f.kind == pim.KindTask && carried {
		sets, args = append(sets, "recurrence_start = ?"), append(args, v[colFirst-colSubject])
	}
	if err := b.set(ctx, was.id, sets, args); err != nil {
		return err
	}
	if b.f.kind != pim.KindAppointment || !carried || rule == "" && !was.series {
		return nil
	}
	by, err := b.f.exceptions(ctx, b.tx, []any{was.id})
	if err != nil {
		return err
	}
	return b.putExceptions(ctx, was.id, by[itemID(was.id)], seriesOf(item), true)
}
