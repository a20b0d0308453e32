package business

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// Copies of one meeting in several mailboxes are one appointment here. Which belong
// together their UID tells, which stays the same in every mailbox (MS-OXOCAL
// 2.2.1.28, PidLidCleanGlobalObjectId).

// meeting is an appointment of somebody else that a new item may be a copy of.
type meeting struct {
	row
	when      pim.When
	organised bool // its owner is the organiser
	taken     bool // the user has a copy of it already
}

// meetings are those there are, by UID.
type meetings map[string][]*meeting

// meetingOf gives an appointment that other people are involved in, as Exchange
// knows it; nil for everything else.
func meetingOf(i pim.Item) *pim.Appointment {
	a, ok := i.(*pim.Appointment)
	if !ok || a == nil || a.UID == "" || a.Meeting == nil {
		return nil
	}
	if r := a.Meeting.Role; r != pim.RoleAttendee && r != pim.RoleOrganizer {
		return nil
	}
	return a
}

// meetings looks for the meetings that new items may be copies of. The write lock is
// ours: of two copies that come at the same instant the second one sees the first.
func (b *batch) meetings(ctx context.Context, in []side.Creation) (meetings, error) {
	var uids []string
	for _, c := range in {
		if a := meetingOf(project(c.Item)); a != nil && b.f.kind == pim.KindAppointment {
			uids = append(uids, a.UID)
		}
	}
	if len(uids) == 0 {
		return nil, nil
	}
	list, err := json.Marshal(uids)
	if err != nil {
		return nil, err
	}
	// The second condition is the index's own.
	rows, err := b.query(ctx, `SELECT `+b.f.rel.selection()+` FROM `+b.f.rel.name+
		` WHERE uid IN (SELECT value FROM json_each(?)) AND uid <> '' AND user_id <> ? ORDER BY id`, string(list), b.f.user)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := meetings{}
	all := map[pim.ItemID]row{}
	err = b.f.each(rows, nil, func(r row, raw []sql.RawBytes) error {
		if len(raw[colRole])+len(raw[colOrganizer])+len(raw[colAttendees]) == 0 {
			return nil // a person's own entry that bears the same UID
		}
		item, err := decode(b.f.kind, raw, nil)
		if err != nil {
			return nil //nolint:nilerr // nobody can join what nobody can read
		}
		m := &meeting{row: r, when: item.(*pim.Appointment).When, organised: string(raw[colRole]) == string(pim.RoleOrganizer)}
		uid := string(raw[colUID])
		found[uid] = append(found[uid], m)
		all[itemID(r.id)] = row{}
		return nil
	})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return found, b.taken(ctx, found, all)
}

// taken finds out which of the meetings the user has a copy of.
func (b *batch) taken(ctx context.Context, found meetings, all map[pim.ItemID]row) error {
	ids := make([]any, 0, len(all))
	for id := range all {
		ids = append(ids, rowID(id))
	}
	mine, err := b.f.load(ctx, b.s, ids, false)
	if err != nil {
		return err
	}
	if err := b.f.keys(ctx, b.s.ours, ids, mine); err != nil {
		return err
	}
	for _, l := range found {
		for _, m := range l {
			m.taken = mine[itemID(m.id)].key != ""
		}
	}
	return nil
}

// of gives the meeting an item is a copy of, nil if it is none. A single occurrence
// that somebody was invited to bears its series' UID and is no copy of it; two of
// them differ in their time.
func (all meetings) of(i pim.Item) *meeting {
	a := meetingOf(i)
	if a == nil {
		return nil
	}
	var other *meeting
	for _, m := range all[a.UID] {
		if m.taken || m.series != (a.Recurrence != nil) {
			continue
		}
		if m.when == a.When {
			return m
		}
		other = m
	}
	if len(all[a.UID]) == 1 {
		return other // one of the two has been moved
	}
	return nil
}

// join makes the user a participant of a meeting that is there, or its owner if he
// is the one who organises it.
func (b *batch) join(ctx context.Context, m *meeting, item pim.Item) error {
	columns, err := encodeSingle(item)
	if err != nil {
		return fault.New(fault.ItemRefused, b.op, b.f.kind.String(), err)
	}
	if item.(*pim.Appointment).Meeting.Role == pim.RoleOrganizer && !m.organised {
		if took, err := b.takeOver(ctx, m, item); err != nil || took {
			m.taken = took
			return err
		}
	}
	if err := b.enter(ctx, m.id, b.f.user); err != nil {
		return err
	}
	var own personal
	own.tell(pim.ParticipantFields, columns)
	m.taken = true
	return b.tell(ctx, b.f.user, m.id, own)
}

// takeOver makes the user the owner of a meeting, and the former owner a participant.
// Another program's database may not let us: false, and nothing was done.
func (b *batch) takeOver(ctx context.Context, m *meeting, item pim.Item) (bool, error) {
	if _, err := b.exec(ctx, "SAVEPOINT owner"); err != nil {
		return false, err
	}
	failure := b.changeOwner(ctx, m, item)
	if failure == nil {
		_, err := b.exec(ctx, "RELEASE owner")
		return true, err
	}
	if _, own := errors.AsType[*fault.Error](failure); !own && spoilsBatch(failure) {
		return false, failure
	}
	delete(b.rows, itemID(m.id))
	delete(b.s.told, share{m.owner, itemID(m.id)})
	if _, err := b.exec(ctx, "ROLLBACK TO owner"); err != nil {
		return false, err
	}
	_, err := b.exec(ctx, "RELEASE owner")
	return false, err
}

func (b *batch) changeOwner(ctx context.Context, m *meeting, item pim.Item) error {
	if err := b.enter(ctx, m.id, m.owner); err != nil {
		return err
	}
	if err := b.tell(ctx, m.owner, m.id, m.own); err != nil {
		return err
	}
	if _, err := b.exec(ctx, `UPDATE `+b.f.rel.name+` SET user_id = ? WHERE id = ? AND user_id = ?`, b.f.user, m.id, m.owner); err != nil {
		return err
	}
	r, err := b.again(ctx, m.id)
	if err != nil {
		return err
	}
	if r.guest {
		return fault.New(fault.ItemRefused, b.op, b.f.kind.String()+" "+string(itemID(m.id)), nil)
	}
	b.rows[itemID(m.id)] = r
	_, series, err := b.updateSeries(ctx, r, pim.AppointmentFields, item)
	if err == nil && !series {
		err = b.update(ctx, r.id, pim.AppointmentFields, item)
	}
	return err
}

// enter makes a user a participant, unless he is one.
func (b *batch) enter(ctx context.Context, id any, user string) error {
	var there bool
	err := queryRow(ctx, b.tx, `SELECT EXISTS (SELECT 1 FROM appointment_participants WHERE appointment_id = ? AND user_id = ?)`,
		[]any{id, user}, &there)
	if err != nil || there {
		return err
	}
	return b.onParticipants(ctx, `INSERT INTO appointment_participants (appointment_id, user_id) VALUES (?,?)`, id, user)
}

// leave ends the user's part in an appointment.
func (b *batch) leave(ctx context.Context, id any) error {
	return b.onParticipants(ctx, `DELETE FROM appointment_participants WHERE appointment_id = ? AND user_id = ?`, id, b.f.user)
}

// dropParticipants removes those a deleted appointment left behind in a database that
// does not do so itself: its id may be used again.
func (b *batch) dropParticipants(ctx context.Context, id any) error {
	var left bool
	err := queryRow(ctx, b.tx, `SELECT EXISTS (SELECT 1 FROM appointment_participants WHERE appointment_id = ?)`, []any{id}, &left)
	if err != nil || !left || b.f.kind != pim.KindAppointment {
		return err
	}
	err = b.onParticipants(ctx, `DELETE FROM appointment_participants WHERE appointment_id = ?`, id)
	if fault.Has(err, fault.ReadOnly) {
		return nil // then it is its owner's to tidy up
	}
	return err
}

// onParticipants writes the participants' relation; a view that cannot be written is
// read-only.
func (b *batch) onParticipants(ctx context.Context, text string, args ...any) error {
	_, err := b.exec(ctx, text, args...)
	if err != nil && b.f.d.views[participantRelation.name] && resultOf(err) == 1 {
		return fault.New(fault.ReadOnly, b.op, participantRelation.name, err)
	}
	return err
}
