package executor

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// CompareState is how the two sides of an item stand to each other. The values go
// over the wire: fixed.
type CompareState uint8

// Compare states.
const (
	CompareEqual     CompareState = 1
	ComparePending   CompareState = 2 // the next run sees to it
	CompareProblem   CompareState = 3
	CompareHeld      CompareState = 4
	CompareFiltered  CompareState = 5 // outside the user's filters or direction
	CompareOneSide   CompareState = 6 // on one side only, and nothing waits
	CompareDifferent CompareState = 7 // differs, and nothing waits
)

// Compared is one item of a user on both sides.
type Compared struct {
	State CompareState
	// Business and Exchange are the item as it is there now, nil where it isn't.
	Business, Exchange pim.Item
	// Differ are the fields in which they mean different things, as far as both
	// sides can hold them.
	Differ pim.FieldSet
	// Code is the problem's or the hold's.
	Code fault.Code
}

// Compare reads both sides and tells of every item of a user how they stand. It
// writes nothing, and disturbs no run. Of both sides' items only those are in
// memory that wait for their other half. yield may end it by returning false.
func (x *Executor) Compare(ctx context.Context, t Task, yield func(Compared) bool) (err error) {
	c := &comparison{x: x, task: t, yield: yield}
	if c.rules, err = x.rulesFor(ctx, t); err != nil {
		return err
	}
	if err := c.know(ctx); err != nil {
		return err
	}
	var folders store.PerSide[side.Folder]
	defer func() {
		for _, f := range folders {
			if f != nil {
				err = errors.Join(err, f.Close())
			}
		}
	}()
	var looks store.PerSide[side.Folder]
	for _, sd := range []side.Side{x.cfg.Business, x.cfg.Exchange} {
		f, err := sd.Open(ctx, t.Account, t.Kind)
		if err != nil {
			return err
		}
		*folders.At(sd.ID()), *looks.At(sd.ID()) = f, looking(f)
	}
	return c.read(ctx, looks)
}

// looking is a folder that only reads.
func looking(f side.Folder) side.Folder {
	if l, ok := f.(side.Looker); ok {
		return l.Look()
	}
	return f
}

// comparison is one Compare at work.
type comparison struct {
	x     *Executor
	task  Task
	rules engine.Rules
	lease *store.Lease // nil for a user who was never synced
	// of names the pair of each paired item, marks what keeps an item from going on.
	of    store.PerSide[map[pim.ItemID]store.PairID]
	marks map[store.Ref]store.Mark
	// waits are the halves read so far whose other half wasn't, alone the unpaired
	// items, told the pairs that are done.
	waits store.PerSide[map[store.PairID]seen]
	alone store.PerSide[map[pim.ItemID]pim.Item]
	told  map[store.PairID]bool
	yield func(Compared) bool
	ended bool
}

// seen is one half as it was read.
type seen struct {
	id   pim.ItemID
	item pim.Item
}

// know reads from the store who belongs together, and what keeps whom.
func (c *comparison) know(ctx context.Context) error {
	c.told = make(map[store.PairID]bool)
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		*c.of.At(id) = make(map[pim.ItemID]store.PairID)
		*c.waits.At(id) = make(map[store.PairID]seen)
		*c.alone.At(id) = make(map[pim.ItemID]pim.Item)
	}
	var err error
	c.lease, err = c.x.cfg.Store.Look(ctx, c.task.Account.User, c.task.Kind)
	if fault.Has(err, fault.NotFound) {
		c.lease = nil
		return nil
	}
	if err != nil {
		return err
	}
	partners, err := c.lease.Partners(ctx)
	if err != nil {
		return err
	}
	for _, p := range partners {
		(*c.of.At(pim.Business))[p.Business] = p.Pair
		(*c.of.At(pim.Exchange))[p.Exchange] = p.Pair
	}
	c.marks, err = c.lease.Marks(ctx)
	return err
}

// batchRead is some items of one side.
type batchRead struct {
	side  pim.SideID
	items []seen
}

// read reads both sides at the same pace and judges what is complete.
func (c *comparison) read(ctx context.Context, folders store.PerSide[side.Folder]) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	var feeds store.PerSide[chan batchRead]
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		ch := make(chan batchRead, 2)
		*feeds.At(id) = ch
		g.Go(func() error {
			defer close(ch)
			return c.readSide(ctx, id, *folders.At(id), ch)
		})
	}
	g.Go(func() error {
		defer cancel() // ends the readers too
		var n store.PerSide[int]
		open := feeds
		for open[0] != nil || open[1] != nil {
			id := pim.Business
			if open[0] == nil || open[1] != nil && n[1] < n[0] {
				id = pim.Exchange
			}
			b, more := <-*open.At(id)
			if !more {
				*open.At(id) = nil
				continue
			}
			*n.At(id) += len(b.items)
			if err := c.take(ctx, b); err != nil || c.ended {
				return err
			}
		}
		if ctx.Err() != nil {
			return nil // a reader failed, and says so
		}
		return c.rest(ctx)
	})
	err := g.Wait()
	if c.ended {
		return nil
	}
	return err
}

// readSide reads a side from its beginning.
func (c *comparison) readSide(ctx context.Context, id pim.SideID, f side.Folder, out chan<- batchRead) error {
	for cursor := side.Cursor(""); ; {
		p, err := f.Changes(ctx, cursor)
		if err != nil {
			return err
		}
		b := batchRead{side: id}
		var want []pim.ItemID
		for _, ch := range p.Changes {
			switch {
			case ch.Gone:
			case ch.Item != nil:
				b.items = append(b.items, seen{ch.ID, ch.Item})
			default:
				want = append(want, ch.ID)
			}
		}
		got, err := getAll(ctx, id, f, want)
		if err != nil {
			return err
		}
		for _, g := range got {
			if !fault.Has(g.Err, fault.ItemGone) {
				b.items = append(b.items, seen{g.ID, g.Item}) // nil for one that can't be read
			}
		}
		select {
		case out <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
		if !p.More {
			return nil
		}
		cursor = p.Next
	}
}

// getAll reads items in batches, several at once.
func getAll(ctx context.Context, id pim.SideID, f side.Folder, ids []pim.ItemID) ([]side.Got, error) {
	size := max(f.BatchSize(), 1)
	out := make([]side.Got, len(ids))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for from := 0; from < len(ids); from += size {
		part := ids[from:min(from+size, len(ids))]
		g.Go(func() error {
			got, err := f.Get(ctx, part)
			if err != nil {
				return err
			}
			if len(got) != len(part) {
				return broken("get", id, len(got), len(part))
			}
			copy(out[from:], got)
			return nil
		})
	}
	return out, g.Wait()
}

// take puts halves together.
func (c *comparison) take(ctx context.Context, b batchRead) error {
	other := b.side.Other()
	for _, s := range b.items {
		pair := (*c.of.At(b.side))[s.id]
		if pair == 0 {
			(*c.alone.At(b.side))[s.id] = s.item
			continue
		}
		if c.told[pair] {
			continue // a feed may name an item twice
		}
		half, there := (*c.waits.At(other))[pair]
		if !there {
			(*c.waits.At(b.side))[pair] = s
			continue
		}
		delete(*c.waits.At(other), pair)
		delete(*c.waits.At(b.side), pair)
		c.told[pair] = true
		var both store.PerSide[seen]
		*both.At(b.side), *both.At(other) = s, half
		if err := c.both(ctx, pair, both); err != nil || c.ended {
			return err
		}
	}
	return nil
}

func (c *comparison) tell(v Compared) {
	if !c.ended && !c.yield(v) {
		c.ended = true
	}
}

// mark is what keeps one of two items, the first one's first.
func (c *comparison) mark(refs ...store.Ref) store.Mark {
	var found store.Mark
	for _, r := range refs {
		if m := c.marks[r]; m.Weight() > found.Weight() {
			found = m
		}
	}
	return found
}

// kept is the state that a mark gives an item; 0 for none.
func (c *comparison) kept(m store.Mark) (CompareState, fault.Code) {
	switch {
	case m.Held:
		return CompareHeld, m.Code
	case m.Problem:
		return CompareProblem, m.Code
	}
	if m.Outside {
		return CompareFiltered, fault.OutsideOptions
	}
	if m.Resting {
		return CompareOneSide, m.Code
	}
	return 0, ""
}

// both judges a pair whose items are both there.
func (c *comparison) both(ctx context.Context, pair store.PairID, s store.PerSide[seen]) error {
	b, e := s.At(pim.Business), s.At(pim.Exchange)
	v := Compared{Business: b.item, Exchange: e.item}
	m := c.mark(store.Ref{Side: pim.Business, Item: b.id}, store.Ref{Side: pim.Exchange, Item: e.id})
	if b.item == nil || e.item == nil { // unreadable
		if v.State, v.Code = c.kept(m); v.State == 0 {
			v.State, v.Code = CompareProblem, fault.ItemUnreadable
		}
		c.tell(v)
		return nil
	}
	same := c.rules.Same(b.item, e.item)
	v.Differ = pim.FieldsOf(c.task.Kind) &^ same & (c.rules.Business.Writable() | c.rules.Exchange.Writable())
	if v.Differ == 0 {
		v.State = CompareEqual
		c.tell(v)
		return nil
	}
	v.State, v.Code = c.kept(m)
	if v.State != CompareHeld && v.State != CompareProblem {
		u, err := c.lease.UnitOf(ctx, store.Ref{Side: pim.Business, Item: b.id})
		if err != nil {
			return err
		}
		if u.Pair != nil && u.Pair.ID != pair {
			u.Pair = nil
		}
		if v.State, v.Code, err = c.next(u, b.item, e.item); err != nil {
			return err
		}
	}
	c.tell(v)
	return nil
}

// next tells whether a run would do something about two items that differ.
func (c *comparison) next(u store.Unit, b, e pim.Item) (CompareState, fault.Code, error) {
	if u.Pair == nil { // it was dealt with this very moment
		return ComparePending, "", nil
	}
	j, err := newJob(u)
	if err != nil {
		return 0, "", err
	}
	for id, item := range map[pim.SideID]pim.Item{pim.Business: b, pim.Exchange: e} {
		h := j.half(id)
		if h.Item == nil || pim.Diff(h.Item, item) != 0 { // else it was seen before, and has waited since
			h.Seen = c.x.cfg.Now()
		}
		h.Item, h.Presence = item, engine.Present
	}
	d := c.rules.Decide(j.half(pim.Business).Half, j.half(pim.Exchange).Half)
	switch {
	case d.Code == fault.OutsideOptions:
		return CompareFiltered, d.Code, nil
	case d.Code != "":
		return CompareProblem, d.Code, nil
	case d.Business.Write.Fields != 0 || d.Exchange.Write.Fields != 0:
		return ComparePending, "", nil
	case d.Waits != 0 || c.rules.Equal(b, c.rules.Outgoing(pim.Business, e, nil)):
		return CompareFiltered, fault.OutsideOptions, nil
	}
	return CompareDifferent, "", nil
}

// rest judges what has no other half.
func (c *comparison) rest(ctx context.Context) error {
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		for pair, s := range *c.waits.At(id) {
			p, err := c.lease.PairByID(ctx, pair)
			if err != nil {
				return err
			}
			refs := []store.Ref{{Side: id, Item: s.id}}
			if p != nil {
				refs = append(refs, store.Ref{Side: id.Other(), Item: p.Sides.At(id.Other()).ID})
			}
			c.one(id, s, c.mark(refs...), true)
			if c.ended {
				return nil
			}
		}
	}
	c.counterparts()
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		for item, i := range *c.alone.At(id) {
			c.one(id, seen{item, i}, c.mark(store.Ref{Side: id, Item: item}), false)
		}
	}
	return nil
}

// one judges an item that is on one side only.
func (c *comparison) one(id pim.SideID, s seen, m store.Mark, paired bool) {
	v := Compared{}
	if id == pim.Business {
		v.Business = s.item
	} else {
		v.Exchange = s.item
	}
	v.State, v.Code = c.kept(m)
	if v.State == 0 && !paired && s.item != nil && !c.rules.Travels(id, s.item) {
		v.State, v.Code = CompareFiltered, fault.OutsideOptions
	}
	if v.State == 0 {
		if v.State = ComparePending; s.item == nil {
			v.State, v.Code = CompareProblem, fault.ItemUnreadable
		}
	}
	c.tell(v)
}

// counterparts puts unpaired items of both sides together that the next run would
// pair: those that alone look like each other.
func (c *comparison) counterparts() {
	var by store.PerSide[map[int64][]pim.ItemID]
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		*by.At(id) = make(map[int64][]pim.ItemID)
		for item, i := range *c.alone.At(id) {
			if h := c.rules.Hint(i); i != nil && h != 0 && c.marks[store.Ref{Side: id, Item: item}].Weight() == 0 {
				(*by.At(id))[h] = append((*by.At(id))[h], item)
			}
		}
	}
	for h, bs := range *by.At(pim.Business) {
		es := (*by.At(pim.Exchange))[h]
		if len(bs) != 1 || len(es) != 1 || c.ended {
			continue
		}
		b, e := (*c.alone.At(pim.Business))[bs[0]], (*c.alone.At(pim.Exchange))[es[0]]
		delete(*c.alone.At(pim.Business), bs[0])
		delete(*c.alone.At(pim.Exchange), es[0])
		v := Compared{State: ComparePending, Business: b, Exchange: e,
			Differ: pim.FieldsOf(c.task.Kind) &^ c.rules.Same(b, e) & (c.rules.Business.Writable() | c.rules.Exchange.Writable())}
		c.tell(v)
	}
}
