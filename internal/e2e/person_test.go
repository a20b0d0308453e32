package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"connectrpc.com/connect"

	"abgleich/agent/exchangesim"
	"abgleich/ipc/contract"
)

// field is one that persons edit while the agent is killed.
type field string

const (
	subjectField  field = "subject"
	bodyField     field = "body"
	locationField field = "location"
	timeField     field = "time"
)

// mostDeleted is how many items of one kind a person deletes: fewer than the guard
// asks about.
const mostDeleted = 5

// person is somebody at work, at any moment of the agent's lives and between them:
// he edits a field of an item, or deletes an item, on either side on which it is.
//
// What the end must be is well defined for an item that was on one side at first:
// both sides have what was written last into each field, and nothing of what was
// deleted. Each field is therefore written once, and what was edited is not
// deleted: an edit beats a deletion. An item that was entered on both sides is two
// items until the agent has compared them (an edit may make them different
// appointments, a deletion leaves the other one): persons leave it alone until
// agent.db says that it was.
func (k *killer) person() {
	who := k.r.IntN(len(k.w.people))
	p := k.w.people[who]
	var of []*seeded
	for _, x := range k.all[who] {
		if !x.gone && (x.origin != onBoth || !x.twin) {
			of = append(of, x)
		}
	}
	x := pick(k.r, of...)
	pair := k.pair(x)
	if x.origin == onBoth && pair == nil {
		return
	}
	kind := 0
	if x.task {
		kind = 1
	}
	if len(x.touched) == 0 && k.r.IntN(3) == 0 {
		if k.deleted[kind] < mostDeleted*len(k.w.people) && k.gone(who, x.task) < mostDeleted && k.delete(p, x, pair) {
			k.deleted[kind]++
			x.gone = true
		}
		return
	}
	k.edit(p, x)
}

func (k *killer) gone(who int, task bool) (n int) {
	for _, x := range k.all[who] {
		if x.gone && x.task == task {
			n++
		}
	}
	return n
}

// ids are the two items of a pair.
type ids struct {
	row int64
	id  exchangesim.ItemID
}

// pair is what agent.db knows of a thing: nil unless both its items were compared.
func (k *killer) pair(x *seeded) *ids {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(k.w.data, "agent.db")+"?_pragma=busy_timeout(20000)")
	must(k.w.t, err)
	defer db.Close() //nolint:errcheck // read only
	kind := contract.Kind_KIND_APPOINTMENT
	if x.task {
		kind = contract.Kind_KIND_TASK
	}
	var out ids
	err = db.QueryRow(`SELECT b_id, e_id FROM pairs JOIN syncs ON syncs.id = sync WHERE b_base IS NOT NULL AND kind = ?
		AND (b_id = ? OR e_id = ?)`, int(kind), fmt.Sprint(x.row), string(x.id)).Scan(&out.row, &out.id)
	if err == sql.ErrNoRows {
		return nil
	}
	must(k.w.t, err)
	return &out
}

func (x *seeded) table() string {
	if x.task {
		return "tasks"
	}
	return "appointments"
}

// delete deletes where the item came from, or its copy. A copy in the business
// database of which the agent does not know yet is made again: nobody can tell
// there that it was its own.
func (k *killer) delete(p person, x *seeded, pair *ids) bool {
	k.n++
	home := k.r.IntN(2) == 0
	switch {
	case x.origin != onExchange && (home || x.twin):
		k.w.exec(`DELETE FROM `+x.table()+` WHERE id = ?`, x.row)
	case x.origin == onExchange && !home && pair != nil && !x.twin:
		k.w.exec(`DELETE FROM `+x.table()+` WHERE id = ?`, pair.row)
	case x.origin == onBusiness:
		f := k.copyInExchange(p, x)
		if f == nil {
			return false
		}
		must(k.w.t, k.w.box(p).Delete(f.id))
	default:
		must(k.w.t, k.w.box(p).Delete(x.id))
	}
	return true
}

// copyInExchange is what came there from the business database.
func (k *killer) copyInExchange(p person, x *seeded) *found {
	for _, f := range k.w.inExchange(p) {
		if f.subject == x.subject && f.task == x.task {
			return &f
		}
	}
	return nil
}

// edit writes one field that nobody has written yet.
func (k *killer) edit(p person, x *seeded) {
	fields := []field{subjectField, bodyField, locationField, timeField}
	f := pick(k.r, fields...)
	if x.task && f == locationField || x.touched[f] {
		return
	}
	k.n++
	before, y := x.subject, x.thing
	y.write(f, k.n)
	k.write(p, x, before, f, y)
	if x.touched == nil {
		x.touched = map[field]bool{}
	}
	x.thing, x.touched[f] = y, true
}

// write gives a field new content.
func (x *thing) write(f field, n int) {
	switch f {
	case subjectField:
		x.subject = fmt.Sprintf("neu %d: %s", n, x.subject)
	case bodyField:
		x.body = fmt.Sprintf("neuer Text %d", n)
	case locationField:
		x.location = fmt.Sprintf("neuer Ort %d", n)
	case timeField:
		x.start, x.end, x.due = x.start.AddDate(0, 0, 1), x.end.AddDate(0, 0, 1), x.due.AddDate(0, 0, 1)
	}
}

// write edits the item where it came from, or its copy if it has one by now.
func (k *killer) write(p person, x *seeded, subject string, f field, y thing) {
	w := k.w
	away := !x.twin && k.r.IntN(2) == 0
	inExchange := func(it *exchangesim.Item) {
		n := y.item()
		switch f {
		case subjectField:
			it.Subject = n.Subject
		case bodyField:
			it.Body = n.Body
		case locationField:
			it.Location = n.Location
		case timeField:
			it.Start, it.End, it.Due = n.Start, n.End, n.Due
		}
	}
	row := x.row
	if x.origin == onExchange && away {
		row = w.number(`SELECT COALESCE(max(id), 0) FROM `+x.table()+` WHERE user_id = ? AND subject = ?`, string(p.user), subject)
	}
	switch {
	case x.origin == onBusiness && away:
		if c := k.copyInExchange(p, x); c != nil {
			_, err := w.box(p).Update(c.id, inExchange)
			must(w.t, err)
			return
		}
	case x.origin == onBoth && away, x.origin == onExchange && row == 0:
		_, err := w.box(p).Update(x.id, inExchange)
		must(w.t, err)
		return
	}
	w.editRow(x, row, f, y)
}

// editRow edits an item in the business database.
func (w *world) editRow(x *seeded, row int64, f field, y thing) {
	set := func(columns string, args ...any) {
		w.exec(`UPDATE `+x.table()+` SET `+columns+` WHERE id = ?`, append(args, row)...)
	}
	switch {
	case f == subjectField:
		set(`subject = ?`, y.subject)
	case f == bodyField:
		set(`body = ?`, y.body)
	case f == locationField:
		set(`location = ?`, y.location)
	case y.task:
		set(`due_date = ?`, y.due.Format(time.DateOnly))
	case y.allDay:
		set(`start_date = ?, end_date = ?`, y.start.Format(time.DateOnly), y.end.Format(time.DateOnly))
	default:
		set(`start_at = ?, end_at = ?`, y.start.UTC().Format(time.RFC3339), y.end.UTC().Format(time.RFC3339))
	}
}

// confirm asks for runs until the agent has looked often enough for what left
// without a key, and confirms what it asks about: these items were deleted.
func (k *killer) confirm(t *testing.T, c *caller) {
	t.Helper()
	for range 5 {
		c.syncNow(len(k.w.people))
		r, err := c.ListHolds(context.Background(), connect.NewRequest(&contract.ListHoldsRequest{AllUsers: true}))
		must(t, err)
		for _, h := range r.Msg.GetHolds() {
			if h.GetCode() != "deletions-held" {
				t.Fatalf("held: %v", h)
			}
			t.Logf("%s: %d deletions of %s that nobody saw, confirmed", h.GetUser(), h.GetItems(), h.GetKind())
			_, err := c.ResolveHold(context.Background(), connect.NewRequest(&contract.ResolveHoldRequest{Id: h.GetId(), Confirm: true}))
			must(t, err)
		}
	}
}
