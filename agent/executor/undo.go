package executor

import (
	"bytes"
	"context"
	"errors"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// What a person wants undone is first written into the store, as a wish beside each
// kept copy and each item a run made; the next slice carries the wishes out, before
// it reads any feed, and every step of it leaves a mark that says what to look up
// after a kill (docs/adr/0016). What is brought back is from then on an item, or an
// edit, like one a person made: the engine carries it to the other side.

// CauseUndo is the cause of a run that undoes.
const CauseUndo = "undo"

// undoSlice is how long one slice of an undo is at the most, a soft limit.
const undoSlice = 30 * time.Second

// Undone is what became of an undo.
type Undone struct {
	// Restored are items brought back and values written back, Removed items deleted
	// that the run had made.
	Restored, Removed int
	// Kept are those left as they are because somebody edited them since, or they are
	// there already.
	Kept int
	// Failed are those that could not be undone, or not yet.
	Failed int
}

// Undo undoes a run of the task's user and kind: what it deleted comes back, what it
// overwrote is written back, what it made is deleted, all of it unless somebody
// edited it since. It is a run of its own, and can be undone too. With preview
// nothing is written anywhere. [fault.NotFound] for a run the store does not have.
func (x *Executor) Undo(ctx context.Context, t Task, run store.RunID, preview bool) (Undone, error) {
	if _, err := x.cfg.Store.RunOf(ctx, t.Account.User, run); err != nil {
		return Undone{}, err
	}
	if preview {
		return x.foretellUndo(ctx, t, run)
	}
	return x.undoRun(ctx, t, run)
}

func (x *Executor) undoRun(ctx context.Context, t Task, run store.RunID) (Undone, error) {
	before, err := x.undone(ctx, run)
	if err != nil {
		return Undone{}, err
	}
	failure := x.wish(ctx, t, func(l *store.Lease) error { return l.AskUndo(ctx, run) })
	now, err := x.undone(context.WithoutCancel(ctx), run)
	now.Restored -= before.Restored
	now.Removed -= before.Removed
	return now, errors.Join(failure, err)
}

// Restore brings one kept copy back: a deleted item is made again, an overwritten one
// gets its old values, and newer ones go to the trash. The code says why nothing was
// done, "" if it is back. [fault.NotFound] for a copy the store does not have.
func (x *Executor) Restore(ctx context.Context, t Task, id store.TrashID) (fault.Code, error) {
	failure := x.wish(ctx, t, func(l *store.Lease) error { return l.AskRestore(ctx, id) })
	list, err := x.cfg.Store.ListTrash(context.WithoutCancel(ctx), store.TrashQuery{User: t.Account.User, ID: id})
	if failure != nil || err != nil || len(list) == 0 {
		return "", errors.Join(failure, err)
	}
	switch list[0].Wish {
	case store.WishDone:
		return "", nil
	case store.WishLeft:
		return list[0].Code, nil
	}
	return fault.AlreadyRunning, nil // asked for, and carried out by the next run
}

// foretellUndo undoes a copy of what the store knows, between sides that only imagine
// what they are asked to write.
func (x *Executor) foretellUndo(ctx context.Context, t Task, run store.RunID) (_ Undone, err error) {
	copied, err := x.cfg.Store.Copy(ctx, t.Account.User, t.Kind)
	if err != nil {
		return Undone{}, err
	}
	defer func() { err = errors.Join(err, copied.Close()) }()
	if err := x.cfg.Store.LendTrash(ctx, copied, run); err != nil {
		return Undone{}, err
	}
	c := x.cfg
	c.Store, c.Progress = copied, nil
	c.Business = newRehearsal(c.Business, x.cfg.Store.Installation(), t.TakeOver)
	c.Exchange = newRehearsal(c.Exchange, x.cfg.Store.Installation(), t.TakeOver)
	return New(c).undoRun(ctx, t, run)
}

// undone counts what became of a run so far.
func (x *Executor) undone(ctx context.Context, run store.RunID) (Undone, error) {
	var u Undone
	list, err := x.cfg.Store.WishesOf(ctx, run)
	for _, c := range list {
		switch {
		case c.Wish == store.WishDone && c.Created:
			u.Removed += c.N
		case c.Wish == store.WishDone:
			u.Restored += c.N
		case c.Wish == store.WishLeft && (c.Code == fault.EditedSince || c.Code == fault.AlreadyThere):
			u.Kept += c.N
		case c.Wish != store.WishNone:
			u.Failed += c.N
		}
	}
	return u, err
}

// undoSlices is how many slices an undo takes at the most before it is left to the
// runs that follow.
const undoSlices = 100

// takeovers is how often an undo begins again after another slice of the same user
// and kind took its lease.
const takeovers = 3

// wish asks for something, and runs until all that was asked for is done.
func (x *Executor) wish(ctx context.Context, t Task, ask func(*store.Lease) error) error {
	lease, err := x.asked(ctx, t, ask)
	if err != nil {
		return err
	}
	t.Cause, t.Asked = CauseUndo, true
	taken := 0
	for range undoSlices {
		t.Until = x.cfg.Now().Add(undoSlice)
		res, err := x.Slice(ctx, t)
		if fault.CodeOf(err) == fault.AlreadyRunning && taken < takeovers {
			taken++
			continue
		}
		if err != nil || !res.More {
			return err
		}
		open, err := lease.Wishing(ctx)
		if err != nil || !open {
			return err // what else there is to do belongs to whoever runs next
		}
		t.Asked = false
	}
	return nil
}

// asked writes into the store what somebody asks for, once no slice is at work.
func (x *Executor) asked(ctx context.Context, t Task, ask func(*store.Lease) error) (*store.Lease, error) {
	w, err := x.take(ctx, t)
	if err != nil {
		return nil, err
	}
	defer w.giveBack()
	lease, err := x.cfg.Store.Begin(ctx, t.Account.User, t.Kind)
	if err != nil {
		return nil, err
	}
	return lease, ask(lease)
}

// undo carries out what persons want undone. While the fate of anything is unknown
// nothing is read: a feed could name an item whose origin nobody has noted.
func (s *slice) undo(ctx context.Context) error {
	for range rounds {
		if open, err := s.lease.Wishing(ctx); err != nil || !open {
			return err
		}
		s.report.stage(StageWriting)
		if err := s.removeCreated(ctx); err != nil {
			return err
		}
		if err := s.bringBack(ctx); err != nil {
			return err
		}
		if err := s.writeBack(ctx); err != nil {
			return err
		}
	}
	open, err := s.lease.Wishing(ctx)
	if err == nil && open {
		err = fault.New(fault.ReplyLost, "executor.undo", string(s.task.Account.User), nil)
	}
	return err
}

// created is the record of an item that this run made.
func (s *slice) created(id pim.SideID, item, from pim.ItemID, made pim.Item) store.Created {
	return store.Created{Run: s.report.run().ID, Side: id, Item: item, Partner: from, Sum: sum(made)}
}

// adoptedAs is the record of an item that was made though nobody could record it.
func (s *slice) adoptedAs(a *store.Adoption, target pim.SideID) (store.Created, error) {
	half := a.Pair.Sides.At(target)
	made, err := pim.Unmarshal(half.Base)
	if err != nil {
		return store.Created{}, fault.New(fault.StoreCorrupt, "executor.recover", string(half.ID), err)
	}
	return s.created(target, half.ID, a.Pair.Sides.At(target.Other()).ID, made), nil
}

// sum tells an item from any other state of it.
func sum(i pim.Item) []byte {
	h := pim.Fingerprint(i)
	return h[:16]
}

func sameSum(i pim.Item, want []byte) bool { return bytes.Equal(sum(i), want) }

// reserved are the fields of a meeting in a mailbox that only its organiser may
// change, from Outlook.
func reserved(id pim.SideID, i pim.Item) pim.FieldSet {
	a, ok := i.(*pim.Appointment)
	if !ok || id != pim.Exchange || a.Meeting == nil {
		return 0
	}
	switch {
	case a.Meeting.Role == pim.RoleAttendee:
		return pim.FieldsOf(pim.KindAppointment) &^ pim.ParticipantFields
	case a.Meeting.Role == pim.RoleOrganizer && len(a.Meeting.Attendees) > 0:
		return pim.Fields(pim.FieldWhen, pim.FieldLocation, pim.FieldRecurrence)
	}
	return 0
}

// keepWhole keeps with copies what their items hold beyond their fields, where it
// would get lost.
func (s *slice) keepWhole(ctx context.Context, list []store.Trash) error {
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		k, ok := s.folder(id).(side.Keeper)
		if !ok {
			continue
		}
		var of []*store.Trash
		var ids []pim.ItemID
		for i := range list {
			if t := &list[i]; t.Side == id && (t.After == nil || t.Fields.Has(pim.FieldBody)) {
				of, ids = append(of, t), append(ids, t.Item)
			}
		}
		if len(ids) == 0 {
			continue
		}
		kept, err := k.Keep(ctx, ids)
		if err == nil && len(kept) != len(ids) {
			err = broken("keep", id, len(kept), len(ids))
		}
		if err != nil {
			return s.blame(id, err)
		}
		for n, t := range of {
			t.Whole = kept[n]
		}
	}
	return nil
}

// wished is what a step of bringing things back leaves behind.
type wished struct{ b store.Batch }

func (w *wished) back(t *store.Trash) {
	w.b.Wishes = append(w.b.Wishes, store.WishChange{Trash: t.ID, Wish: store.WishDone})
}

func (w *wished) left(t *store.Trash, code fault.Code) {
	w.b.Wishes = append(w.b.Wishes, store.WishChange{Trash: t.ID, Wish: store.WishLeft, Code: code})
}
