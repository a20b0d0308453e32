package business

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// batchSize is how many items a transaction should carry: enough that the cost of
// making it durable does not count, few enough that others get to write.
const batchSize = 500

// folder is one user's appointments or tasks. It has no state of its own: every
// method is a transaction.
type folder struct {
	d    *Database
	user string // as employees spells it
	kind pim.Kind
	rel  relation
}

// ID is the business side.
func (d *Database) ID() pim.SideID { return pim.Business }

// Open gives one user's items of one kind. Codes: [fault.EmployeeUnknown],
// [fault.EmployeeInactive], [fault.BadRequest] for no kind,
// [fault.DatabaseCopy].
func (d *Database) Open(ctx context.Context, a side.Account, k pim.Kind) (side.Folder, error) {
	const op = "business.Open"
	if pim.FieldsOf(k) == 0 {
		return nil, fault.New(fault.BadRequest, op, string(a.User), errors.New("no such kind"))
	}
	if err := d.CheckCopy(ctx); err != nil {
		return nil, err
	}
	e, err := d.Employee(ctx, a.User)
	if err != nil {
		return nil, err
	}
	if !e.Active {
		return nil, fault.New(fault.EmployeeInactive, op, string(a.User), nil)
	}
	return d.folder(e.User, k), nil
}

func (d *Database) folder(user pim.UserID, k pim.Kind) *folder {
	return &folder{d: d, user: string(user), kind: k, rel: relationOf(k)}
}

// BatchSize is how many items a write should carry.
func (f *folder) BatchSize() int { return batchSize }

// Close gives nothing back: a folder holds nothing.
func (f *folder) Close() error { return nil }

// row is one item as it stands in its table.
type row struct {
	id   any // as the database has it: int64 or string
	hash rowHash
	item pim.Item
	err  error // the row cannot be read as an item
	key  pim.Key

	owner string // as its row spells him
	guest bool   // the user takes part and isn't the owner
	// own is what the user as a guest has of his own, all of it; unset tells that it
	// isn't written down yet.
	own   personal
	unset bool

	series     bool // it has a rule, be it one we can read or not
	exceptions []exception
}

func (r row) version() pim.Version {
	const digits = "0123456789abcdef"
	var b [2 * hashSize]byte
	for i, x := range r.hash {
		b[2*i], b[2*i+1] = digits[x>>4], digits[x&15]
	}
	return pim.Version(b[:])
}

// itemID is an id as text; rowID is what to look for in the database.
func itemID(id any) pim.ItemID {
	switch x := id.(type) {
	case int64:
		return pim.ItemID(strconv.FormatInt(x, 10))
	case string:
		return pim.ItemID(x)
	case []byte:
		return pim.ItemID(x)
	}
	return ""
}

func rowID(id pim.ItemID) any {
	n, err := strconv.ParseInt(string(id), 10, 64)
	if err == nil && strconv.FormatInt(n, 10) == string(id) {
		return n
	}
	return string(id)
}

// session is what one method reads or writes in: for an embedded database one
// transaction in two places.
type session struct {
	main, ours *tx
	// told are values of participants still to be written beside a foreign database.
	told map[share]personal
}

// share names one participant's part in an appointment.
type share struct {
	user string
	id   pim.ItemID
}

func (d *Database) reading(ctx context.Context) (session, error) {
	m, err := d.begin(ctx, false)
	if err != nil {
		return session{}, err
	}
	if d.ours == nil {
		return session{main: m, ours: m}, nil
	}
	o, err := d.ours.begin(ctx, false)
	if err != nil {
		_ = m.Rollback()
		return session{}, err
	}
	return session{main: m, ours: o}, nil
}

func (s session) end() {
	_ = s.main.Rollback()
	if s.ours != s.main {
		_ = s.ours.Rollback()
	}
}

// load reads rows of this folder by id in one query, and the exceptions of series
// among them in a second one; ids that are not there are not in the map. Series are
// always decoded.
func (f *folder) load(ctx context.Context, s session, ids []any, decoded bool) (map[pim.ItemID]row, error) {
	found := make(map[pim.ItemID]row, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	own, err := f.personals(ctx, s, ids)
	if err != nil {
		return nil, err
	}
	condition, who := f.visible()
	rows, err := s.main.query(ctx, `SELECT `+f.rel.selection()+` FROM `+f.rel.name+
		` WHERE id IN (SELECT value FROM json_each(?)) AND `+condition, append([]any{string(list)}, who...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var (
		waiting []row // for their exceptions
		columns [][]sql.RawBytes
		owners  []any
	)
	err = f.each(rows, own, func(r row, raw []sql.RawBytes) error {
		if r.series {
			waiting, columns, owners = append(waiting, r), append(columns, copied(raw)), append(owners, r.id)
			return nil
		}
		if decoded {
			r.decode(f.kind, raw)
		}
		found[itemID(r.id)] = r
		return nil
	})
	if err != nil || len(waiting) == 0 {
		return found, err
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	var by map[pim.ItemID][]exception
	if f.kind == pim.KindAppointment {
		if by, err = f.exceptions(ctx, s.main, owners); err != nil {
			return nil, err
		}
	}
	for i, r := range waiting {
		r.with(by[itemID(r.id)])
		r.decode(f.kind, columns[i])
		found[itemID(r.id)] = r
	}
	return found, nil
}

// decode reads the item of a row.
func (r *row) decode(k pim.Kind, raw []sql.RawBytes) {
	r.item, r.err = decode(k, raw, r.exceptions)
	if a, ok := r.item.(*pim.Appointment); ok {
		a.Guest = r.guest
	}
}

func copied(raw []sql.RawBytes) []sql.RawBytes {
	c := make([]sql.RawBytes, len(raw))
	for i, b := range raw {
		c[i] = bytes.Clone(b)
	}
	return c
}

// with adds the exceptions of a series: they are part of its version.
func (r *row) with(exceptions []exception) {
	if r.exceptions = exceptions; len(exceptions) > 0 {
		r.hash = hashExceptions(r.hash, exceptions)
	}
}

// walk reads all rows of the folder, or those the user owns, in the order of ids, one
// at a time, with their exceptions; the columns are valid during the call only.
func (f *folder) walk(ctx context.Context, s session, owned bool, do func(row, []sql.RawBytes) error) error {
	own, err := f.personals(ctx, s, nil)
	if err != nil {
		return err
	}
	condition, who := f.scope(owned)
	rows, err := s.main.QueryContext(ctx, `SELECT `+f.rel.selection()+` FROM `+f.rel.name+
		` WHERE `+condition+` ORDER BY id COLLATE BINARY`, who...)
	if err != nil {
		return err
	}
	defer rows.Close()
	beside := exceptionWalk{f: f, t: s.main, owned: owned}
	defer beside.close()
	return f.each(rows, own, func(r row, raw []sql.RawBytes) error {
		if r.series && f.kind == pim.KindAppointment {
			all, err := beside.of(ctx, r.id)
			if err != nil {
				return err
			}
			r.with(all)
		}
		return do(r, raw)
	})
}

// each reads rows selected by relation.selection, one at a time; the columns are
// valid during the call only. own is what the user has of his own as a guest.
func (f *folder) each(rows *sql.Rows, own map[pim.ItemID]personal, do func(row, []sql.RawBytes) error) error {
	raw := make([]sql.RawBytes, len(f.rel.columns))
	var id any
	targets := make([]any, len(raw))
	targets[0] = &id
	for i := 1; i < len(raw); i++ {
		targets[i] = &raw[i]
	}
	var text []byte
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		r := row{id: id, series: len(raw[colRule]) > 0}
		text = append(text[:0], itemID(id)...)
		raw[colID] = text
		if r.owner = f.user; !f.owns(raw) {
			r.owner, r.guest = string(raw[colUser]), true
			mine := own[itemID(id)]
			mine.over(raw)
			r.own, r.unset = personalOf(raw), !mine.whole()
		}
		r.hash = hashRow(raw)
		if err := do(r, raw); err != nil {
			return err
		}
	}
	return rows.Err()
}

// keys reads our keys of items.
func (f *folder) keys(ctx context.Context, t *tx, ids []any, into map[pim.ItemID]row) error {
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	rows, err := t.query(ctx, `SELECT item_id, item_key FROM item_keys
		WHERE item_id IN (SELECT value FROM json_each(?)) AND kind = ? AND user_id = ?`, string(list), f.kind, f.user)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			id  any
			key pim.Key
		)
		if err := rows.Scan(&id, &key); err != nil {
			return err
		}
		if r, ok := into[itemID(id)]; ok {
			r.key = key
			into[itemID(id)] = r
		}
	}
	return rows.Err()
}

// Get reads items by id.
func (f *folder) Get(ctx context.Context, ids []pim.ItemID) ([]side.Got, error) {
	const op = "business.Get"
	if len(ids) == 0 {
		return nil, nil
	}
	s, err := f.d.reading(ctx)
	if err != nil {
		return nil, coded(op, f.user, err)
	}
	defer s.end()
	want := make([]any, len(ids))
	for i, id := range ids {
		want[i] = rowID(id)
	}
	found, err := f.load(ctx, s, want, true)
	if err == nil {
		err = f.keys(ctx, s.ours, want, found)
	}
	if err != nil {
		return nil, coded(op, f.user, err)
	}
	out := make([]side.Got, len(ids))
	for i, id := range ids {
		if r, ok := found[id]; ok {
			out[i] = r.got()
		} else {
			out[i] = side.Got{ID: id, Err: gone(op, f.kind, id)}
		}
	}
	return out, nil
}

func (r row) got() side.Got {
	return side.Got{ID: itemID(r.id), Version: r.version(), Key: r.key, Item: r.item, Err: r.err}
}

func gone(op string, k pim.Kind, id pim.ItemID) error {
	return fault.New(fault.ItemGone, op, k.String()+" "+strconv.Quote(string(id)), nil)
}
