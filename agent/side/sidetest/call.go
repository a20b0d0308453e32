package sidetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

func callCases() []testCase {
	return []testCase{
		{"a call whose context has ended does nothing and says cancelled", testCancelled},
		{"methods may be called side by side", testSideBySide},
		{"a folder may be closed twice", func(t *testing.T, e *env) {
			f := e.open(t, e.acc) // closed once more at the end of the test
			if err := f.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}},
		{"the mark of an installation keeps others away until taken over", func(t *testing.T, e *env) {
			c, ok := e.Folder.(side.Claimer)
			if !ok {
				t.Skip("skipped: the side carries no mark")
			}
			for _, s := range []struct {
				installation string
				takeOver     bool
				want         fault.Code
			}{
				{"inst-a", false, ""}, {"inst-a", false, ""}, {"inst-b", false, fault.MailboxClaimed},
				{"inst-b", true, ""}, {"inst-b", false, ""}, {"inst-a", false, fault.MailboxClaimed},
			} {
				if got := fault.CodeOf(c.Claim(e.ctx, s.installation, s.takeOver)); got != s.want {
					t.Errorf("claim by %s (take over: %v) gave %q instead of %q", s.installation, s.takeOver, got, s.want)
				}
			}
			if last, _ := e.read(t, e, ""); len(present(last)) != 0 {
				t.Errorf("the mark shows as an item: %+v", last)
			}
		}},
	}
}

func testCancelled(t *testing.T, e *env) {
	m := e.one(t, e.item("bleibt", 0))
	ctx, cancel := context.WithCancel(e.ctx)
	cancel()
	k := e.key()
	for name, call := range map[string]func() error{
		"Open": func() error {
			f, err := e.Side.Open(ctx, e.acc, e.kind)
			if err == nil {
				err = fmt.Errorf("opened; close: %v", f.Close())
			}
			return err
		},
		"Changes":     func() error { _, err := e.Changes(ctx, ""); return err },
		"Get":         func() error { _, err := e.Get(ctx, []pim.ItemID{m.id}); return err },
		"FindByKey":   func() error { _, err := e.FindByKey(ctx, []pim.Key{m.key}); return err },
		"Whereabouts": func() error { _, err := e.Whereabouts(ctx, []side.Lost{{ID: "x", Key: "y"}}); return err },
		"Create": func() error {
			_, err := e.Create(ctx, []side.Creation{{Key: k, Item: e.item("nie", 0)}})
			return err
		},
		"Update": func() error {
			_, err := e.Update(ctx, []side.Update{{ID: m.id, Version: m.version, Fields: pim.Fields(pim.FieldSubject), Item: e.item("nie", 0)}})
			return err
		},
		"Delete": func() error {
			_, err := e.Delete(ctx, []side.Deletion{{ID: m.id, Version: m.version}})
			return err
		},
		"SetKeys": func() error {
			_, err := e.SetKeys(ctx, []side.KeyAssignment{{ID: m.id, Version: m.version, Key: k}})
			return err
		},
	} {
		if c := fault.CodeOf(call()); c != fault.Cancelled {
			t.Errorf("%s gave the code %q", name, c)
		}
	}
	if g := e.get(t, m.id)[0]; g.Version != m.version || g.Key != m.key {
		t.Errorf("a cancelled write happened: %+v", g)
	}
	if f := e.find(t, k); len(f[0].Items) != 0 {
		t.Errorf("a cancelled creation happened: %+v", f)
	}
}

func testSideBySide(t *testing.T, e *env) {
	const workers, rounds = 6, 4
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for r := range rounds {
				if err := e.round(w, r); err != nil {
					t.Errorf("worker %d, round %d: %v", w, r, err)
				}
			}
		})
	}
	wg.Wait()
	last, _ := e.read(t, e, "")
	if n := len(present(last)); n != workers*rounds {
		t.Errorf("%d items are left of %d", n, workers*rounds)
	}
	for id, c := range present(last) {
		if g := e.get(t, id)[0]; g.Version != c.Version || g.Key != c.Key {
			t.Errorf("listed %+v, read %+v", c, g)
		}
	}
}

// round makes two items, changes one, deletes the other, and looks around.
func (e *env) round(w, r int) error {
	keys := [2]pim.Key{pim.Key(fmt.Sprintf("side.%d.%d.a", w, r)), pim.Key(fmt.Sprintf("side.%d.%d.b", w, r))}
	subject := fmt.Sprintf("Arbeiter %d, Runde %d", w, r)
	made, err := e.Create(e.ctx, []side.Creation{{Key: keys[0], Item: e.item(subject, w)}, {Key: keys[1], Item: e.item(subject, r)}})
	if err = first(err, made); err != nil {
		return fmt.Errorf("calling Create: %w", err)
	}
	up, err := e.Update(e.ctx, []side.Update{{ID: made[0].ID, Version: made[0].Version, Fields: pim.Fields(pim.FieldBody), Item: e.item(subject, w)}})
	if err = first(err, up); err != nil {
		return fmt.Errorf("calling Update: %w", err)
	}
	del, err := e.Delete(e.ctx, []side.Deletion{{ID: made[1].ID, Version: made[1].Version}})
	if err = first(err, del); err != nil {
		return fmt.Errorf("calling Delete: %w", err)
	}
	if _, err := e.Changes(e.ctx, ""); err != nil {
		return fmt.Errorf("calling Changes: %w", err)
	}
	found, err := e.FindByKey(e.ctx, keys[:])
	if err != nil || len(found) != 2 || len(found[0].Items) != 1 || len(found[1].Items) != 0 {
		return fmt.Errorf("calling FindByKey: %+v, %w", found, err)
	}
	got, err := e.Get(e.ctx, []pim.ItemID{made[0].ID})
	if err != nil || len(got) != 1 || got[0].Err != nil || got[0].Item.Shared().Subject != subject {
		return fmt.Errorf("calling Get: %+v, %w", got, err)
	}
	return nil
}

// first gives the first error of a write.
func first(err error, out []side.Outcome) error {
	if err != nil {
		return err
	}
	for _, o := range out {
		if o.Err != nil {
			return o.Err
		}
	}
	return nil
}

// testWatch checks that a change is hinted at, and that watching ends when asked.
func testWatch(t *testing.T, fx Fixture, kinds []pim.Kind) {
	w, ok := fx.Side.(side.Watcher)
	if !ok {
		t.Skip("skipped: the side tells nobody")
	}
	if fx.Person.Put == nil {
		t.Skip("skipped: no person who puts")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ready, hints, done := make(chan struct{}), make(chan pim.Kind, 1000), make(chan error, 1)
	go func() {
		done <- w.Watch(ctx, fx.Accounts[0], sync.OnceFunc(func() { close(ready) }), func(k pim.Kind) {
			select {
			case hints <- k:
			default: // too many hints are allowed
			}
		})
	}()
	limit := time.After(30 * time.Second)
	select {
	case <-ready:
	case err := <-done:
		t.Fatalf("Watch ended before it was ready: %v", err)
	case <-limit:
		t.Fatal("Watch does not get ready")
	}
	for i, k := range kinds {
		e := &env{kind: k}
		fx.Person.Put(t, fx.Accounts[0], e.item("beobachtet", i))
		for hinted := false; !hinted; {
			select {
			case h := <-hints:
				hinted = h == k
			case err := <-done:
				t.Fatalf("Watch ended: %v", err)
			case <-limit:
				t.Fatalf("no hint at a new %s", k)
			}
		}
	}
	cancel()
	select {
	case err := <-done:
		if c := fault.CodeOf(err); err != nil && c != fault.Cancelled {
			t.Errorf("Watch ended with %v", err)
		}
	case <-limit:
		t.Fatal("Watch does not end with its context")
	}
}
