package executor_test

import (
	"context"
	"sync"
	"testing"

	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/fake"
)

// quietly is a side whose feed is silent about what came and went between two
// readings, as that of Exchange is: it reports no deletion of what it never named
// (MS-OXCFXICS 3.2.5.3, deletions are of items in the client's IdsetGiven).
type quietly struct {
	*fake.Side
	mu    sync.Mutex // guards named
	named map[pim.ItemID]bool
}

// silent makes Exchange's feed so.
func (w *world) silent() { w.through(&quietly{Side: w.exchange, named: map[pim.ItemID]bool{}}) }

// through is a new process that sees Exchange through q, as all after it.
func (w *world) through(q *quietly) {
	w.seen = q
	w.restart()
}

func (q *quietly) Open(ctx context.Context, a side.Account, k pim.Kind) (side.Folder, error) {
	f, err := q.Side.Open(ctx, a, k)
	if err != nil {
		return nil, err
	}
	return quietFolder{f.(mailbox), q}, nil
}

// mailbox is all that a folder of Exchange can do.
type mailbox interface {
	side.Folder
	side.Claimer
	side.Looker
	side.Keeper
}

type quietFolder struct {
	mailbox
	q *quietly
}

func (f quietFolder) Changes(ctx context.Context, c side.Cursor) (side.Page, error) {
	p, err := f.mailbox.Changes(ctx, c)
	f.q.mu.Lock()
	defer f.q.mu.Unlock()
	var told []side.Change
	for _, ch := range p.Changes {
		if !ch.Gone || f.q.named[ch.ID] {
			told = append(told, ch)
		}
		if !ch.Gone { // a page may be read again
			f.q.named[ch.ID] = true
		}
	}
	p.Changes = told
	return p, err
}

func TestWhatWeMadeAndAPersonTookAwayBeforeTheFeedNamedItIsNotForgotten(t *testing.T) {
	begin := func(t *testing.T) (*world, pim.ItemID) {
		w := newWorld(t, true)
		w.silent()
		w.put(pim.Business, appointment("a", 8))
		w.put(pim.Business, appointment("b", 10))
		w.run()
		w.want("a b")
		return w, w.only(pim.Exchange, "a").ID
	}
	t.Run("deleted: it ends on the other side too", func(t *testing.T) {
		w, id := begin(t)
		w.exchange.Delete(w.user, kind, id)
		w.run()
		w.want("b")
		w.quiet()
	})
	t.Run("deleted for good", func(t *testing.T) {
		w, id := begin(t)
		w.exchange.HardDelete(w.user, kind, id)
		w.run()
		w.want("b")
		w.quiet()
	})
	t.Run("deleted, and edited on the other side: the edit wins", func(t *testing.T) {
		w, id := begin(t)
		w.exchange.Delete(w.user, kind, id)
		w.body(pim.Business, "new")
		w.settle()
		w.want("a b")
		w.equal()
		w.quiet()
	})
	t.Run("moved: the pair rests until it comes back", func(t *testing.T) {
		w, id := begin(t)
		now := w.exchange.Move(w.user, kind, id)
		w.run()
		if got := w.subjects(pim.Business); got != "a b" {
			t.Error("business has", got)
		}
		w.exchange.MoveBack(w.user, kind, now)
		w.settle()
		w.want("a b")
		w.equal()
	})
	t.Run("still there: nothing happens", func(t *testing.T) {
		w, _ := begin(t)
		w.quiet()
		w.exchange.Delete(w.user, kind, w.only(pim.Exchange, "b").ID)
		w.run()
		w.want("a")
	})
	t.Run("its reply was lost too", func(t *testing.T) {
		w := newWorld(t, true)
		w.silent()
		w.put(pim.Business, appointment("b", 8))
		w.run() // the next reading of the feed has a cursor
		w.put(pim.Business, appointment("a", 10))
		w.faults.Decide(func(e fake.Effect) fake.Trouble {
			if e.Side == pim.Exchange && e.Op == fake.OpCreate {
				return fake.LoseItemReply
			}
			return fake.None
		})
		if _, err := w.exec.Slice(t.Context(), w.task()); err != nil {
			t.Fatal(err)
		}
		w.faults.Decide(nil)
		w.exchange.Delete(w.user, kind, w.only(pim.Exchange, "a").ID)
		w.settle()
		w.want("b")
		w.quiet()
	})
}
