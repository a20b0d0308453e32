package executor_test

import (
	"sync/atomic"
	"testing"

	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
)

// A person deletes an item while the feed that has just named it is being read.
// The page with the removal is looked up before the page that named the item is in
// the store.
func TestAnItemDeletedWhileItsFeedIsReadIsNotMadeOnTheOtherSide(t *testing.T) {
	e := fake.Exchange()
	e.PageSize = 2
	w := newWorldWith(t, true, fake.Business(), e)
	for _, s := range []string{"a", "b", "c", "d", "e"} {
		w.put(pim.Exchange, appointment(s, 8))
	}
	var pages, gets, commits atomic.Int32
	named, lookedUp := make(chan struct{}), make(chan struct{})
	w.faults.BeforeCall(func(c fake.Call) error {
		switch {
		case c.Side != pim.Exchange:
		case c.Op == fake.OpChanges && pages.Add(1) == 3:
			<-named
			w.delete(pim.Exchange, "a")
		case c.Op == fake.OpGet:
			switch gets.Add(1) {
			case 2: // the first page is read, with "a" on it
				close(named)
			case 3: // the page that tells that "a" is gone
				close(lookedUp)
			}
		}
		return nil
	})
	w.faults.Decide(func(e fake.Effect) fake.Trouble {
		if e.Op == "commit" && pages.Load() > 0 && commits.Add(1) == 1 {
			<-lookedUp
		}
		return fake.None
	})
	w.run()
	w.want("b c d e")
	w.quiet()
	w.violations()
}
