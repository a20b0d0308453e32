package store_test

import (
	"testing"

	"abgleich/agent/pim"
	"abgleich/agent/store"
)

// Somebody gave the pair's item another key, as an older store does that a person put
// back, and its copy still carries the pair's: the copy takes the pair, and the item is
// one of its own.
func TestAnItemWhosePairGoesToItsCopyIsNotForgotten(t *testing.T) {
	s := open(t, store.Options{})
	l := begin(t, s)
	b := store.Batch{NewPairs: []store.Pair{{Key: "k", State: store.PairLinked,
		Sides: store.PerSide[store.PairSide]{{ID: "b1", Version: "1", Keyed: true}, {ID: "e1", Version: "1", Keyed: true}}}}}
	must(t, l.Apply(t.Context(), &b))
	old, copied := row("e1", 0), row("e2", 7)
	old.Side, old.Pair, old.Key = pim.Exchange, b.NewPairs[0].ID, "other"
	copied.Side, copied.Key = pim.Exchange, "k"
	must(t, l.Apply(t.Context(), &store.Batch{Rows: []store.Row{old, copied}}))
	hits, err := l.KeyHits(t.Context(), 0, 10)
	must(t, err)
	if len(hits) != 1 || hits[0].Row.ID != "e2" {
		t.Fatalf("%+v", hits)
	}
	must(t, l.Relink(t.Context(), &hits[0].Pair, &hits[0].Row))
	unread, err := l.Unread(t.Context(), 0, 10)
	must(t, err)
	if len(unread) != 1 || unread[0].ID != "e1" || unread[0].Pair != 0 {
		t.Errorf("to be read: %+v, want the item the copy was made from", unread)
	}
}
