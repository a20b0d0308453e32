package fake_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/fake"
)

const anna = pim.UserID("anna")

func open(t *testing.T, s *fake.Side) side.Folder {
	t.Helper()
	f, err := s.Open(t.Context(), accounts(anna)[0], pim.KindTask)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func task(subject string) pim.Item { return &pim.Task{Common: pim.Common{Subject: subject}} }

func three() []side.Creation {
	return []side.Creation{{Key: "k1", Item: task("1")}, {Key: "k2", Item: task("2")}, {Key: "k3", Item: task("3")}}
}

func TestTroubleMeetsTheEffectItWasPlannedFor(t *testing.T) {
	for name, c := range map[string]struct {
		trouble fake.Trouble
		made    int        // items in the folder afterwards
		call    fault.Code // of the whole call
		second  fault.Code // of the second result
		crashed bool
	}{
		"none":                      {fake.None, 3, "", "", false},
		"crash before":              {fake.CrashBefore, 1, fault.Internal, "", true},
		"crash after":               {fake.CrashAfter, 2, fault.Internal, "", true},
		"an item's reply lost":      {fake.LoseItemReply, 3, "", fault.ReplyLost, false},
		"an item's request lost":    {fake.LoseItemRequest, 2, "", fault.ReplyLost, false},
		"the reply lost":            {fake.LoseReply, 3, fault.ReplyLost, "", false},
		"the rest of it never came": {fake.LoseRequest, 1, fault.ReplyLost, "", false},
		"refused":                   {fake.Refuse, 2, "", fault.ItemRefused, false},
		"stale is none to create":   {fake.Stale, 3, "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := fake.New(pim.Exchange, fake.Exchange())
			f := open(t, s)
			s.Faults().At(2, c.trouble)
			out, err := f.Create(t.Context(), three())
			if fault.CodeOf(err) != c.call || errors.Is(err, fake.ErrCrash) != c.crashed {
				t.Fatalf("the call: %v", err)
			}
			if err == nil && (len(out) != 3 || out[0].Err != nil || out[2].Err != nil || fault.CodeOf(out[1].Err) != c.second) {
				t.Errorf("results: %+v", out)
			}
			if n := len(s.Items(anna, pim.KindTask)); n != c.made || s.Faults().Writes() != n || s.Faults().Writes(fake.OpUpdate) != 0 {
				t.Errorf("%d items and %d writes, want %d", n, s.Faults().Writes(), c.made)
			}
			_, err = f.Changes(t.Context(), "")
			if errors.Is(err, fake.ErrCrash) != c.crashed || s.Faults().Crashed() != c.crashed {
				t.Errorf("the next call: %v", err)
			}
			s.Faults().Revive()
			if _, err = f.Changes(t.Context(), ""); err != nil {
				t.Errorf("after revival: %v", err)
			}
		})
	}
}

func TestAStaleVersionIsMadeJustBeforeTheWrite(t *testing.T) {
	s := fake.New(pim.Business, fake.Business())
	f := open(t, s)
	id := s.Put(anna, task("alt"))
	e, _ := s.Item(anna, pim.KindTask, id)
	s.Faults().At(1, fake.Stale)
	up := side.Update{ID: id, Version: e.Version, Fields: pim.Fields(pim.FieldSubject), Item: task("neu")}
	out, err := f.Update(t.Context(), []side.Update{up})
	now, _ := s.Item(anna, pim.KindTask, id)
	if err != nil || !fault.Has(out[0].Err, fault.ItemChanged) || out[0].Version != now.Version || now.Version == e.Version {
		t.Fatalf("%+v, %v; now %+v", out, err, now)
	}
	if pim.Diff(e.Item, now.Item) != 0 {
		t.Errorf("the content changed")
	}
	up.Version = now.Version
	if out, err = f.Update(t.Context(), []side.Update{up}); err != nil || out[0].Err != nil {
		t.Errorf("with the new version: %+v, %v", out, err)
	}
}

func TestOneNumberingForBothSidesAndTheStore(t *testing.T) {
	faults := fake.NewFaults()
	b, x := fake.Business(), fake.Exchange()
	b.Faults, x.Faults = faults, faults
	business, exchange := fake.New(pim.Business, b), fake.New(pim.Exchange, x)
	fb, fx := open(t, business), open(t, exchange)
	faults.At(5, fake.CrashAfter)
	if _, err := fb.Create(t.Context(), three()); err != nil {
		t.Fatal(err)
	}
	steps := 0
	step := func() error { return faults.Step("record", func() error { steps++; return nil }) }
	if err := step(); err != nil {
		t.Fatal(err)
	}
	if _, err := fx.Create(t.Context(), three()); !errors.Is(err, fake.ErrCrash) {
		t.Fatalf("the fifth effect: %v", err)
	}
	if err := step(); !errors.Is(err, fake.ErrCrash) || steps != 1 {
		t.Errorf("a step after the crash: %v, %d steps done", err, steps)
	}
	if _, err := fb.Get(t.Context(), nil); !errors.Is(err, fake.ErrCrash) {
		t.Errorf("the other side after the crash: %v", err)
	}
	if faults.Effects() != 5 || faults.Writes() != 4 || len(exchange.Items(anna, pim.KindTask)) != 1 {
		t.Errorf("%d effects, %d writes, log %+v", faults.Effects(), faults.Writes(), faults.Log())
	}
	faults.Revive()
	faults.At(1, fake.CrashBefore)
	if err := step(); !errors.Is(err, fake.ErrCrash) || steps != 1 {
		t.Errorf("a crash before a step: %v, %d steps done", err, steps)
	}
	faults.Revive()
	faults.Decide(func(e fake.Effect) fake.Trouble {
		if e.Op == fake.OpCreate && e.Side == pim.Exchange && e.Key == "k5" {
			return fake.Refuse
		}
		return fake.None
	})
	out, err := fx.Create(t.Context(), []side.Creation{{Key: "k4", Item: task("4")}, {Key: "k5", Item: task("5")}})
	if err != nil || out[0].Err != nil || !fault.Has(out[1].Err, fault.ItemRefused) {
		t.Errorf("decided: %+v, %v", out, err)
	}
}

func TestAPersonActsAtExactlyThatMoment(t *testing.T) {
	s := fake.New(pim.Exchange, fake.Exchange())
	f := open(t, s)
	id := s.Put(anna, task("alt"))
	e, _ := s.Item(anna, pim.KindTask, id)
	s.Faults().BeforeCall(func(c fake.Call) error {
		if c.Op == fake.OpDelete && c.Items == 1 && c.User == anna && c.Kind == pim.KindTask && c.Side == pim.Exchange {
			s.Edit(anna, pim.KindTask, id, func(i pim.Item) { i.Shared().Subject = "dazwischen" })
		}
		return nil
	})
	out, err := f.Delete(t.Context(), []side.Deletion{{ID: id, Version: e.Version}})
	if err != nil || !fault.Has(out[0].Err, fault.ItemChanged) {
		t.Fatalf("%+v, %v", out, err)
	}
	s.Faults().BeforeCall(func(fake.Call) error { return fault.New(fault.ServerStalled, "test", "", nil) })
	if _, err := f.Get(t.Context(), nil); !fault.Has(err, fault.ServerStalled) {
		t.Errorf("the hook's error: %v", err)
	}
	s.Faults().BeforeCall(nil)
	s.Faults().Busy(2)
	for i := range 3 {
		if _, err := f.Get(t.Context(), nil); fault.Has(err, fault.ServerBusy) != (i < 2) {
			t.Errorf("call %d of two busy ones: %v", i, err)
		}
	}
}

func TestWrongUseIsWrittenDown(t *testing.T) {
	for name, c := range map[string]struct {
		want string
		do   func(ctx context.Context, f side.Folder, id pim.ItemID, v pim.Version) error
	}{
		"a creation without key": {"empty key", func(ctx context.Context, f side.Folder, _ pim.ItemID, _ pim.Version) error {
			_, err := f.Create(ctx, []side.Creation{{Item: task("x")}})
			return err
		}},
		"a second item with a key": {"a double", func(ctx context.Context, f side.Folder, _ pim.ItemID, _ pim.Version) error {
			_, err := f.Create(ctx, []side.Creation{{Key: "k", Item: task("x")}, {Key: "k", Item: task("x")}})
			return err
		}},
		"an item of another kind": {"not a task", func(ctx context.Context, f side.Folder, _ pim.ItemID, _ pim.Version) error {
			_, err := f.Create(ctx, []side.Creation{{Key: "k", Item: &pim.Appointment{}}})
			return err
		}},
		"an item that is not canonical": {"not canonical", func(ctx context.Context, f side.Folder, _ pim.ItemID, _ pim.Version) error {
			_, err := f.Create(ctx, []side.Creation{{Key: "k", Item: task("x ")}})
			return err
		}},
		"a series where there are none": {"flatten", func(ctx context.Context, f side.Folder, _ pim.ItemID, _ pim.Version) error {
			i := task("x")
			i.Shared().Recurrence = &pim.Recurrence{Pattern: pim.Daily}
			_, err := f.Create(ctx, []side.Creation{{Key: "k", Item: pim.Canonical(i)}})
			return err
		}},
		"an update of nothing": {"without fields", func(ctx context.Context, f side.Folder, id pim.ItemID, v pim.Version) error {
			_, err := f.Update(ctx, []side.Update{{ID: id, Version: v, Item: task("x")}})
			return err
		}},
		"an update of a field the kind does not have": {"cannot be written", func(ctx context.Context, f side.Folder, id pim.ItemID, v pim.Version) error {
			_, err := f.Update(ctx, []side.Update{{ID: id, Version: v, Fields: pim.Fields(pim.FieldWhen), Item: task("x")}})
			return err
		}},
		"a deletion without version": {"with version", func(ctx context.Context, f side.Folder, id pim.ItemID, _ pim.Version) error {
			_, err := f.Delete(ctx, []side.Deletion{{ID: id}})
			return err
		}},
		"an empty key set": {"empty key", func(ctx context.Context, f side.Folder, id pim.ItemID, v pim.Version) error {
			_, err := f.SetKeys(ctx, []side.KeyAssignment{{ID: id, Version: v}})
			return err
		}},
		"a closed folder": {"is closed", func(ctx context.Context, f side.Folder, _ pim.ItemID, _ pim.Version) error {
			if err := f.Close(); err != nil {
				return err
			}
			_, err := f.Get(ctx, nil)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			o := fake.Exchange()
			o.Loss.ReadOnly |= pim.Fields(pim.FieldRecurrence)
			s := fake.New(pim.Exchange, o)
			f := open(t, s)
			id := s.Put(anna, task("da"))
			e, _ := s.Item(anna, pim.KindTask, id)
			if err := c.do(t.Context(), f, id, e.Version); err != nil {
				t.Fatal(err)
			}
			if v := s.Violations(); len(v) != 1 || !strings.Contains(v[0], c.want) {
				t.Errorf("written down: %q, want %q", v, c.want)
			}
		})
	}
}

func TestARestoredBackupIsTheOldStateWithLostCursors(t *testing.T) {
	s := fake.New(pim.Business, fake.Business())
	f := open(t, s)
	kept := s.Put(anna, task("alt"))
	first, err := f.Changes(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	backup := s.Snapshot()
	before, _ := s.Item(anna, pim.KindTask, kept)
	s.Edit(anna, pim.KindTask, kept, func(i pim.Item) { i.Shared().Subject = "neu" })
	edited, _ := s.Item(anna, pim.KindTask, kept)
	s.Put(anna, task("danach"))
	for range 2 { // a backup can be restored more than once
		s.Restore(backup)
		if l := s.Items(anna, pim.KindTask); len(l) != 1 || l[0].Version != before.Version || l[0].Item.Shared().Subject != "alt" {
			t.Fatalf("restored: %+v", l)
		}
		if _, err := f.Changes(t.Context(), first.Next); !fault.Has(err, fault.CursorLost) {
			t.Errorf("an old cursor: %v", err)
		}
		s.Edit(anna, pim.KindTask, kept, func(i pim.Item) { i.Shared().Subject = "anders" })
		if now, _ := s.Item(anna, pim.KindTask, kept); now.Version == edited.Version || now.Version == before.Version {
			t.Errorf("the version %q was given twice", now.Version)
		}
	}
}

func TestUnreadableItemsAreListedButNotGiven(t *testing.T) {
	s := fake.New(pim.Business, fake.Business())
	f := open(t, s)
	id := s.Put(anna, task("kaputt"))
	s.Unreadable(anna, pim.KindTask, id, true)
	p, err := f.Changes(t.Context(), "")
	if err != nil || len(p.Changes) != 1 || p.Changes[0].Item != nil || p.Changes[0].Gone {
		t.Errorf("the feed: %+v, %v", p, err)
	}
	got, err := f.Get(t.Context(), []pim.ItemID{id})
	if err != nil || got[0].Item != nil || !fault.Has(got[0].Err, fault.ItemUnreadable) {
		t.Errorf("Get: %+v, %v", got, err)
	}
	s.Unreadable(anna, pim.KindTask, id, false)
	if got, err = f.Get(t.Context(), []pim.ItemID{id}); err != nil || got[0].Err != nil {
		t.Errorf("Get when readable again: %+v, %v", got, err)
	}
}

func TestMovesAndDeletionsAsTheRoleDoesThem(t *testing.T) {
	for _, c := range []struct {
		id      pim.SideID
		opt     fake.Options
		newID   bool
		copyKey pim.Key
	}{
		{pim.Business, fake.Business(), false, ""},
		{pim.Exchange, fake.Exchange(), true, "k1"},
	} {
		t.Run(c.id.String(), func(t *testing.T) {
			clock := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
			c.opt.Now = func() time.Time { return clock }
			s := fake.New(c.id, c.opt)
			f := open(t, s)
			out, err := f.Create(t.Context(), three()[:1])
			if err != nil {
				t.Fatal(err)
			}
			id := out[0].ID
			away := s.Move(anna, pim.KindTask, id)
			if (away != id) != c.newID || len(s.Items(anna, pim.KindTask)) != 0 || len(s.Elsewhere(anna, pim.KindTask)) != 1 {
				t.Fatalf("moved from %s to %s", id, away)
			}
			back := s.MoveBack(anna, pim.KindTask, away)
			copied := s.Copy(anna, pim.KindTask, back)
			e, ok := s.Item(anna, pim.KindTask, copied)
			if !ok || e.Key != c.copyKey || !e.Changed.Equal(clock) {
				t.Errorf("the copy: %+v", e)
			}
			s.Delete(anna, pim.KindTask, back)
			if l := s.Trash(anna, pim.KindTask); len(l) != 1 || l[0].Key != "k1" {
				t.Errorf("the trash: %+v", l)
			}
			again := s.Undelete(anna, pim.KindTask, back)
			s.HardDelete(anna, pim.KindTask, again)
			if _, ok := s.Item(anna, pim.KindTask, again); ok || len(s.Trash(anna, pim.KindTask)) != 0 || len(s.Items(anna, pim.KindTask)) != 1 {
				t.Errorf("a trace is left of %s", again)
			}
			if s.Faults().Writes() != 1 {
				t.Errorf("%d writes were counted, a person's among them", s.Faults().Writes())
			}
		})
	}
}
