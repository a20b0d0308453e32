package store_test

import (
	"testing"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
)

func TestKeptCopiesGoWhenTheirTimeIsOverUnlessSomebodyWaitsForThem(t *testing.T) {
	c := &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	s := open(t, store.Options{Now: c.now})
	l := begin(t, s)
	must(t, l.Apply(t.Context(), &store.Batch{
		Trash: []store.Trash{
			{Side: pim.Business, Item: "old", Reason: store.TrashDeleted, Run: 1, Content: []byte("x"), Key: "k", Partner: "p", After: []byte("y"), Whole: []byte("w")},
			{Side: pim.Business, Item: "wanted", Reason: store.TrashDeleted, Run: 1, Content: []byte("x")},
		},
		Created: []store.Created{{Run: 1, Side: pim.Exchange, Item: "made", Partner: "from", Sum: []byte{1}}},
	}))
	list, err := s.ListTrash(t.Context(), store.TrashQuery{User: user, Run: 1})
	must(t, err)
	if len(list) != 2 || list[1].Key != "k" || list[1].Partner != "p" || string(list[1].After) != "y" || list[1].Whole != nil || !list[1].Gone() {
		t.Fatalf("%+v", list)
	}
	must(t, l.AskRestore(t.Context(), list[0].ID))
	if err := l.AskRestore(t.Context(), 999); !fault.Has(err, fault.NotFound) {
		t.Error(err)
	}
	c.t = c.t.Add(time.Hour)
	must(t, s.PruneTrash(t.Context(), c.t))
	list, err = s.ListTrash(t.Context(), store.TrashQuery{})
	must(t, err)
	if len(list) != 1 || list[0].Item != "wanted" || list[0].Wish != store.WishWanted || !list[0].Forced {
		t.Fatalf("%+v", list)
	}
	must(t, l.Apply(t.Context(), &store.Batch{Wishes: []store.WishChange{{Trash: list[0].ID, Wish: store.WishDone}}}))
	must(t, s.PruneTrash(t.Context(), c.t))
	if list, err = s.ListTrash(t.Context(), store.TrashQuery{}); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestUndoingEndsTheRunThatGoesOnAndAsksOnlyOnce(t *testing.T) {
	s := open(t, store.Options{})
	l := begin(t, s)
	run, err := l.OpenRun(t.Context(), "interval")
	must(t, err)
	must(t, l.Apply(t.Context(), &store.Batch{Created: []store.Created{
		{Run: run.ID, Side: pim.Exchange, Item: "made", Partner: "from", Sum: []byte{1}},
		{Run: run.ID + 100, Side: pim.Exchange, Item: "other", Partner: "f2", Sum: []byte{1}},
	}}))
	must(t, l.AskUndo(t.Context(), run.ID))
	next, err := l.OpenRun(t.Context(), "undo")
	must(t, err)
	if next.ID == run.ID || next.Cause != "undo" {
		t.Errorf("the undo goes on in run %d", next.ID)
	}
	got, err := s.RunOf(t.Context(), user, run.ID)
	must(t, err)
	if got.Undone.IsZero() || got.Ended.IsZero() {
		t.Errorf("%+v", got)
	}
	list, err := l.WantedRemovals(t.Context(), 0, 10)
	must(t, err)
	if len(list) != 1 || list[0].Item != "made" {
		t.Fatalf("%+v", list)
	}
	must(t, l.Apply(t.Context(), &store.Batch{Wishes: []store.WishChange{{Created: list[0].ID, Wish: store.WishDone, Version: "v", Other: []byte("o")}}}))
	must(t, l.AskUndo(t.Context(), run.ID))
	if any, err := l.Wishing(t.Context()); err != nil || any {
		t.Error("what is undone is undone again", err)
	}
	counts, err := s.WishesOf(t.Context(), run.ID)
	must(t, err)
	if len(counts) != 1 || !counts[0].Created || counts[0].Wish != store.WishDone || counts[0].N != 1 {
		t.Errorf("%+v", counts)
	}
	if err := l.AskUndo(t.Context(), 4711); !fault.Has(err, fault.NotFound) {
		t.Error(err)
	}
	if _, err := s.RunOf(t.Context(), "somebody", run.ID); !fault.Has(err, fault.NotFound) {
		t.Error(err)
	}
}
