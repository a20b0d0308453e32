package store

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// Batch is what one step of the work leaves behind, applied as a whole.
type Batch struct {
	// Intents are creations about to be asked for.
	Intents []Intent
	// NewPairs are inserted. One that names an id another pair holds replaces that
	// pair; inbox rows of the replaced pair and of both items are dealt with by
	// the caller (DropRows, Rows).
	NewPairs []Pair
	// Adopted are inserted like NewPairs, each for an intent whose creation was
	// found: the inbox keeps what it knows of the source item and is told the
	// pair; rows of the item that the created one replaces go.
	Adopted []Adoption
	// Sides changes halves of existing pairs.
	Sides []SideRecord
	// PairStates changes the state of pairs.
	PairStates map[PairID]PairState
	// DropPairs ends pairs and removes all inbox rows and problems of theirs.
	DropPairs []PairID
	// DropRows removes rows.
	DropRows []RowID
	// Rows are put in, replacing what the inbox held of the same items.
	Rows []Row
	// States changes rows.
	States []StateChange
	// Places tells where gone items are.
	Places []PlaceChange
	// DropIntents ends creations.
	DropIntents []pim.Key
	// Problems are raised, Clear ends all problems (not notices) of items.
	Problems []Problem
	Clear    []Ref
	// Trash is kept.
	Trash []Trash
	// DropTrash are copies of items that were not deleted after all.
	DropTrash []Copy
	// Created are items a run made.
	Created []Created
	// Wishes tells how far bringing back, or removing, has come.
	Wishes []WishChange
	// Rekeyed are items that carried a key when they were found, and got another: what
	// the trash keeps of them is known by that one from now on.
	Rekeyed []Rekey
}

// Empty tells that there is nothing to apply.
func (b *Batch) Empty() bool {
	return len(b.Intents) == 0 && len(b.Adopted) == 0 && len(b.Places) == 0 && len(b.NewPairs) == 0 && len(b.Sides) == 0 && len(b.PairStates) == 0 && len(b.DropPairs) == 0 &&
		len(b.DropRows) == 0 && len(b.Rows) == 0 && len(b.States) == 0 && len(b.DropIntents) == 0 &&
		len(b.Problems) == 0 && len(b.Clear) == 0 && len(b.Trash) == 0 && len(b.DropTrash) == 0 && len(b.Created) == 0 && len(b.Wishes) == 0 && len(b.Rekeyed) == 0
}

// SideRecord is one half of a pair after a comparison or a write. The half's base
// is replaced if Base is not nil.
type SideRecord struct {
	Pair PairID
	Side pim.SideID
	PairSide
}

// StateChange is a row's new state. Attempts, NextTry, Code and Hold are replaced too.
type StateChange struct {
	Seq      RowID
	State    RowState
	Code     fault.Code
	Attempts int
	NextTry  time.Time
	Hold     HoldID
}

// PlaceChange is where a gone row's item was found to be.
type PlaceChange struct {
	Seq   RowID
	Place side.Place
	// Broken says that nobody can tell whether it was deleted.
	Broken bool
	// UID and Hint are those of the item as it was, where it may be found again by
	// them ([Lease.Returned], [Lease.Comebacks]); "" and 0 otherwise.
	UID  string
	Hint int64
}

// Adoption is a pair made of an intent.
type Adoption struct {
	Pair   Pair
	Source pim.SideID
	// Missing is the row of the created item where it is not in its folder.
	Missing *Row
}

// Ref names one item of the lease's user and kind on one side.
type Ref struct {
	Side pim.SideID
	Item pim.ItemID
}

// Apply applies a batch in one transaction. Trash and problems come first in it,
// rows are dropped before others are put in.
func (l *Lease) Apply(ctx context.Context, b *Batch) error {
	if b.Empty() {
		return nil
	}
	return l.write(ctx, "store.Apply", func(t *tx) error { return l.apply(t, b) })
}

func (l *Lease) apply(t *tx, b *Batch) error {
	for i := range b.Trash {
		if err := l.putTrash(t, &b.Trash[i]); err != nil {
			return err
		}
	}
	for i := range b.DropTrash {
		if err := l.dropTrash(t, &b.DropTrash[i]); err != nil {
			return err
		}
	}
	for i := range b.Created {
		if err := l.putCreated(t, &b.Created[i]); err != nil {
			return err
		}
	}
	for _, r := range b.Rekeyed {
		if err := t.do(`UPDATE trash SET key = ? WHERE sync = ? AND key = ?`, string(r.To), l.sync, string(r.From)); err != nil {
			return err
		}
	}
	for i := range b.Wishes {
		if err := l.putWish(t, &b.Wishes[i]); err != nil {
			return err
		}
	}
	for _, r := range b.Clear {
		if err := l.clear(t, r); err != nil {
			return err
		}
	}
	for i := range b.Problems {
		if err := putProblem(t, &b.Problems[i], l.s.now()); err != nil {
			return err
		}
	}
	for i := range b.Intents {
		if err := l.putIntent(t, &b.Intents[i]); err != nil {
			return err
		}
	}
	if err := l.applyPairs(t, b); err != nil {
		return err
	}
	if len(b.DropRows) > 0 {
		list, err := json.Marshal(b.DropRows)
		if err != nil {
			return err
		}
		if err := t.do(`DELETE FROM inbox WHERE seq IN (SELECT value FROM json_each(?)) AND sync = ?`, string(list), l.sync); err != nil {
			return err
		}
	}
	for i := range b.Rows {
		if err := l.putRow(t, &b.Rows[i]); err != nil {
			return err
		}
	}
	for _, c := range b.States {
		if err := t.do(`UPDATE inbox SET state = ?, code = ?, attempts = ?, next_try = ?, hold = ?, ignored = 0, trouble = trouble OR ? <> ''
			WHERE seq = ? AND sync = ?`, int64(c.State), string(c.Code), c.Attempts, millis(c.NextTry), int64(c.Hold),
			string(c.Code), int64(c.Seq), l.sync); err != nil {
			return err
		}
	}
	for _, c := range b.Places {
		if err := t.do(`UPDATE inbox SET place = ?, broken = broken OR ?, uid = ?, hint = ? WHERE seq = ? AND sync = ?`,
			int64(c.Place), flag(c.Broken), c.UID, c.Hint, int64(c.Seq), l.sync); err != nil {
			return err
		}
	}
	if len(b.DropIntents) == 0 {
		return nil
	}
	list, err := json.Marshal(b.DropIntents)
	if err != nil {
		return err
	}
	return t.do(`DELETE FROM journal WHERE key IN (SELECT value FROM json_each(?))`, string(list))
}

func (l *Lease) applyPairs(t *tx, b *Batch) error {
	for _, id := range b.DropPairs {
		if err := t.do(`DELETE FROM problems WHERE user = ?1 AND kind = ?2 AND NOT notice AND item <> ''
			AND (side, item) IN (SELECT 1, b_id FROM pairs WHERE id = ?3 UNION ALL SELECT 2, e_id FROM pairs WHERE id = ?3)`,
			string(l.user), int64(l.kind), int64(id)); err != nil {
			return err
		}
		if err := t.do(`DELETE FROM inbox WHERE pair = ?`, int64(id)); err != nil {
			return err
		}
		if err := t.do(`DELETE FROM pairs WHERE id = ? AND sync = ?`, int64(id), l.sync); err != nil {
			return err
		}
	}
	for i := range b.NewPairs {
		if err := l.putPair(t, &b.NewPairs[i]); err != nil {
			return err
		}
	}
	for i := range b.Adopted {
		if err := l.adopt(t, &b.Adopted[i]); err != nil {
			return err
		}
	}
	for i := range b.Sides {
		if err := l.putSide(t, &b.Sides[i]); err != nil {
			return err
		}
	}
	for id, st := range b.PairStates {
		if err := t.do(`UPDATE pairs SET state = ? WHERE id = ? AND sync = ?`, int64(st), int64(id), l.sync); err != nil {
			return err
		}
	}
	return nil
}

// putPair inserts a pair, replacing those that hold one of its ids or its key,
// and gives its number back in p.ID.
func (l *Lease) putPair(t *tx, p *Pair) error {
	x, y := p.Sides.At(pim.Business), p.Sides.At(pim.Exchange)
	for _, lost := range []pim.SideID{pim.Business, pim.Exchange} {
		if err := l.remember(t, lost, p.Sides.At(lost.Other()).ID); err != nil {
			return err
		}
	}
	same := x.Base != nil && bytes.Equal(x.Base, y.Base)
	second := y.Base
	if same {
		second = nil
	}
	res, err := t.exec(`INSERT OR REPLACE INTO pairs (sync, key, state, keyed, b_id, b_ver, e_id, e_ver, same, b_base, e_base, made, origin)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		l.sync, string(p.Key), int64(p.State), flag(x.Keyed)|flag(y.Keyed)<<1, string(x.ID), string(x.Version),
		string(y.ID), string(y.Version), flag(same), x.Base, second, int64(p.Made), int64(p.Origin))
	if err != nil {
		return err
	}
	id, err := res.LastInsertId()
	p.ID = PairID(id)
	return err
}

func (l *Lease) adopt(t *tx, a *Adoption) error {
	source := a.Pair.Sides.At(a.Source).ID
	if err := l.remember(t, a.Source.Other(), source); err != nil {
		return err
	}
	if err := t.do(sideColumn(`DELETE FROM inbox WHERE side = ? AND pair = (SELECT id FROM pairs WHERE sync = ? AND $X_id = ?)`, a.Source),
		int64(a.Source.Other()), l.sync, string(source)); err != nil {
		return err
	}
	if err := l.putPair(t, &a.Pair); err != nil {
		return err
	}
	if m := a.Missing; m != nil {
		m.Pair = a.Pair.ID
		if err := l.putRow(t, m); err != nil {
			return err
		}
	}
	return t.do(`UPDATE inbox SET pair = ?, state = 0, next_try = 0 WHERE sync = ? AND side = ? AND id = ?`,
		int64(a.Pair.ID), l.sync, int64(a.Source), string(source))
}

// putSide records one half. A shared base is taken apart first.
func (l *Lease) putSide(t *tx, r *SideRecord) error {
	bit := int64(1)
	if r.Side == pim.Exchange {
		bit = 2
	}
	if r.Base == nil {
		return t.do(sideColumn(`UPDATE pairs SET $X_id = ?, $X_ver = ?, keyed = CASE WHEN ? THEN keyed | ? ELSE keyed & ~? END
			WHERE id = ? AND sync = ?`, r.Side), string(r.ID), string(r.Version), flag(r.Keyed), bit, bit, int64(r.Pair), l.sync)
	}
	if err := t.do(`UPDATE pairs SET e_base = b_base, same = 0 WHERE id = ? AND sync = ? AND same`, int64(r.Pair), l.sync); err != nil {
		return err
	}
	return t.do(sideColumn(`UPDATE pairs SET $X_id = ?, $X_ver = ?, $X_base = ?, keyed = CASE WHEN ? THEN keyed | ? ELSE keyed & ~? END
		WHERE id = ? AND sync = ?`, r.Side), string(r.ID), string(r.Version), r.Base, flag(r.Keyed), bit, bit, int64(r.Pair), l.sync)
}
