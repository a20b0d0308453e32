package business

import (
	"context"
	"database/sql"
	"encoding/json"
	"strconv"
	"strings"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// An appointment has an owner (appointments.user_id) and participants. Each of them
// sees the one row; what is a person's own ([pim.ParticipantFields]) stands in the
// row for the owner, and for a participant beside his name: in an embedded database
// in appointment_participants, beside a foreign one in the key store, so that its
// owner need not offer anything for it (docs/adr/0015).

// participantRelation says who takes part. "appointment_id" and "user_id" are all the
// contract asks for.
var participantRelation = relation{"appointment_participants", []string{"appointment_id", "user_id"}}

// ownColumns are the columns of an appointment that are each participant's own, in
// the order of [personal].
var ownColumns = [...]struct {
	at    int
	field pim.Field
	name  string
}{
	{colBusy, pim.FieldBusy, "busy"},
	{colPrivate, pim.FieldSensitivity, "private"},
	{colCategories, pim.FieldCategories, "categories"},
	{colMinutes, pim.FieldReminder, "reminder_minutes"},
}

// personal is what a participant has of his own; what is not valid is as the owner
// has it. A reminder below zero is none.
type personal [len(ownColumns)]sql.NullString

// over puts the participant's own values in place of the owner's.
func (p *personal) over(raw []sql.RawBytes) {
	for i, c := range ownColumns {
		switch {
		case !p[i].Valid:
		case c.at == colMinutes && strings.HasPrefix(p[i].String, "-"):
			raw[c.at] = nil
		default:
			raw[c.at] = []byte(p[i].String)
		}
	}
}

// whole tells that nothing is the owner's any more.
func (p *personal) whole() bool {
	for _, c := range p {
		if !c.Valid {
			return false
		}
	}
	return true
}

// personalOf takes what would be a participant's own out of the raw columns.
func personalOf(raw []sql.RawBytes) (p personal) {
	for i, c := range ownColumns {
		p[i] = sql.NullString{String: string(raw[c.at]), Valid: true}
		if c.at == colMinutes && len(raw[c.at]) == 0 {
			p[i].String = "-1"
		}
	}
	return p
}

// tell sets fields to the values they have in the columns of an encoded item.
func (p *personal) tell(fields pim.FieldSet, columns []any) {
	for i, c := range ownColumns {
		if !fields.Has(c.field) {
			continue
		}
		text := "-1"
		switch x := columns[c.at-colSubject].(type) {
		case nil:
		case bool:
			if text = "0"; x {
				text = "1"
			}
		case int:
			text = strconv.Itoa(x)
		case string:
			text = x
		}
		p[i] = sql.NullString{String: text, Valid: true}
	}
}

// visible is the condition for rows found by id, and who for: the owner's, and those
// he takes part in.
func (f *folder) visible() (string, []any) {
	// The plus keeps SQLite from walking all items of the user instead of looking the
	// ids up.
	if f.kind != pim.KindAppointment {
		return "+user_id = ?", []any{f.user}
	}
	return `(+user_id = ? OR EXISTS (SELECT 1 FROM appointment_participants p WHERE p.appointment_id = ` + f.rel.name +
		`.id AND p.user_id = ?))`, []any{f.user, f.user}
}

// scope is the condition for all rows of the folder, or only those the user owns.
func (f *folder) scope(owned bool) (string, []any) {
	if owned || f.kind != pim.KindAppointment {
		return "user_id = ?", []any{f.user}
	}
	return `(user_id = ? OR id IN (SELECT appointment_id FROM appointment_participants WHERE user_id = ?))`, []any{f.user, f.user}
}

// owns tells whether a row is the user's own.
func (f *folder) owns(raw []sql.RawBytes) bool {
	return f.kind != pim.KindAppointment || strings.EqualFold(string(raw[colUser]), f.user)
}

// personals reads what the user has of his own in appointments, all or those with
// the given ids.
func (f *folder) personals(ctx context.Context, s session, ids []any) (map[pim.ItemID]personal, error) {
	if f.kind != pim.KindAppointment || s.ours == nil {
		return nil, nil
	}
	text := `SELECT appointment_id, busy, private, categories, reminder_minutes FROM ` + f.d.personalTable() + ` WHERE user_id = ?`
	args := []any{f.user}
	if ids != nil {
		list, err := json.Marshal(ids)
		if err != nil {
			return nil, err
		}
		text += ` AND appointment_id IN (SELECT value FROM json_each(?))`
		args = append(args, string(list))
	}
	rows, err := s.ours.query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[pim.ItemID]personal{}
	for rows.Next() {
		var (
			id any
			p  personal
		)
		if err := rows.Scan(&id, &p[0], &p[1], &p[2], &p[3]); err != nil {
			return nil, err
		}
		found[itemID(id)] = p
	}
	for at, p := range s.told {
		if at.user == f.user {
			found[at.id] = p
		}
	}
	return found, rows.Err()
}

// personalTable is where participants' own values stand.
func (d *Database) personalTable() string {
	if d.cfg.Foreign {
		return "participant_fields"
	}
	return participantRelation.name
}

// putPersonal writes a participant's own values, t being a transaction where
// [Database.personalTable] is.
func (d *Database) putPersonal(ctx context.Context, t *tx, user string, id any, p personal) error {
	args := make([]any, 0, len(p)+2)
	for _, c := range p {
		args = append(args, c)
	}
	args = append(args, id, user)
	text := `UPDATE appointment_participants SET busy = ?, private = ?, categories = ?, reminder_minutes = ?
		WHERE appointment_id = ? AND user_id = ?`
	if d.cfg.Foreign {
		text = `INSERT INTO participant_fields (busy, private, categories, reminder_minutes, appointment_id, user_id) VALUES (?,?,?,?,?,?)
			ON CONFLICT (appointment_id, user_id) DO UPDATE SET busy = excluded.busy, private = excluded.private,
				categories = excluded.categories, reminder_minutes = excluded.reminder_minutes`
	}
	_, err := t.exec(ctx, text, args...)
	return err
}

// updateOwn writes those of the fields that are the user's own, where that is apart
// from all others: r is then as it is after that. It gives the fields that are left,
// and whether exceptions of the series may follow: what an occurrence has of a person's
// own it has from the series, unless it says otherwise for all.
func (b *batch) updateOwn(ctx context.Context, r *row, fields pim.FieldSet, item pim.Item) (left pim.FieldSet, follows bool, err error) {
	own := fields & pim.ParticipantFields
	if own.Empty() || b.f.kind != pim.KindAppointment {
		return fields, false, nil
	}
	follows = r.series && !fields.Has(pim.FieldRecurrence)
	if !r.guest {
		if !follows {
			return fields, false, nil
		}
		var shared bool
		err := queryRow(ctx, b.tx, `SELECT EXISTS (SELECT 1 FROM appointment_participants WHERE appointment_id = ?)`, []any{r.id}, &shared)
		if err != nil || !shared {
			return fields, false, err
		}
	}
	if err := b.guard(ctx); err != nil {
		return 0, false, err
	}
	if r.guest {
		columns, err := encodeSingle(item)
		if err != nil {
			return 0, false, fault.New(fault.ItemRefused, b.op, b.f.kind.String(), err)
		}
		mine := r.own
		mine.tell(own, columns)
		err = b.tell(ctx, b.f.user, r.id, mine)
		if err != nil {
			return 0, false, err
		}
	} else if err := b.update(ctx, r.id, own, item); err != nil {
		return 0, false, err
	}
	if *r, err = b.again(ctx, r.id); err == nil {
		b.rows[itemID(r.id)] = *r
	}
	return fields &^ own, follows, err
}

// encodeSingle gives the columns of an item without its recurrence.
func encodeSingle(item pim.Item) ([]any, error) {
	if item.Shared().Recurrence != nil {
		item = item.Clone()
		item.Shared().Recurrence = nil
	}
	return encode(item)
}

// past is a version the item no longer has: the next feed is looked at.
func (r row) past() pim.Version { return r.version() + "?" }
