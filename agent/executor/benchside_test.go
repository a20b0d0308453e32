package executor_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/fake"
)

// flatSide is a side that costs next to nothing: a list. It knows what a first
// sync and the runs after it need.
type flatSide struct {
	id    pim.SideID
	items bool // in the feed
	proj  side.Projection
	batch int

	mu      sync.Mutex
	entries []flatEntry
	feed    []int // entry numbers in the order of their changes
}

type flatEntry struct {
	version int
	key     pim.Key
	item    pim.Item
}

func newFlat(id pim.SideID) *flatSide {
	f := &flatSide{id: id, items: id == pim.Business, batch: 50}
	o := fake.Exchange()
	if f.items {
		o, f.batch = fake.Business(), 250
	}
	f.proj = fake.New(id, o).Projection(kind)
	return f
}

func (f *flatSide) ID() pim.SideID                      { return f.id }
func (f *flatSide) Projection(pim.Kind) side.Projection { return f.proj }
func (f *flatSide) BatchSize() int                      { return f.batch }
func (f *flatSide) Close() error                        { return nil }
func (f *flatSide) itemID(n int) pim.ItemID {
	return pim.ItemID("AAMkAGI2TG93AAA" + f.id.String() + strconv.Itoa(n))
}
func (f *flatSide) version(n int) pim.Version                                         { return pim.Version("CQAAABYAAAD" + strconv.Itoa(n)) }
func (f *flatSide) Open(context.Context, side.Account, pim.Kind) (side.Folder, error) { return f, nil }

func (f *flatSide) number(id pim.ItemID) int {
	n, err := strconv.Atoi(string(id[len("AAMkAGI2TG93AAA"+f.id.String()):]))
	if err != nil {
		panic(err)
	}
	return n
}

func (f *flatSide) add(item pim.Item, key pim.Key) int {
	f.entries = append(f.entries, flatEntry{version: len(f.feed), key: key, item: item})
	f.feed = append(f.feed, len(f.entries)-1)
	return len(f.entries) - 1
}

func (f *flatSide) Changes(_ context.Context, c side.Cursor) (side.Page, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	from := 0
	if c != "" {
		var err error
		if from, err = strconv.Atoi(string(c)); err != nil {
			return side.Page{}, fault.New(fault.CursorLost, "flat", "", err)
		}
	}
	to := min(from+512, len(f.feed))
	p := side.Page{Next: side.Cursor(fmt.Sprint(to)), More: to < len(f.feed)}
	for _, n := range f.feed[from:to] {
		e := f.entries[n]
		ch := side.Change{ID: f.itemID(n), Version: f.version(e.version), Key: e.key}
		if f.items {
			ch.Item = e.item
		}
		p.Changes = append(p.Changes, ch)
	}
	return p, nil
}

func (f *flatSide) Get(_ context.Context, ids []pim.ItemID) ([]side.Got, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]side.Got, len(ids))
	for i, id := range ids {
		e := f.entries[f.number(id)]
		out[i] = side.Got{ID: id, Version: f.version(e.version), Key: e.key, Item: e.item}
	}
	return out, nil
}

func (f *flatSide) Create(_ context.Context, in []side.Creation) ([]side.Outcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]side.Outcome, len(in))
	for i, c := range in {
		n := f.add(c.Item, c.Key)
		out[i] = side.Outcome{ID: f.itemID(n), Version: f.version(f.entries[n].version)}
	}
	return out, nil
}

func (f *flatSide) SetKeys(_ context.Context, in []side.KeyAssignment) ([]side.Outcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]side.Outcome, len(in))
	for i, k := range in {
		n := f.number(k.ID)
		f.entries[n].key, f.entries[n].version = k.Key, len(f.feed)
		f.feed = append(f.feed, n)
		out[i] = side.Outcome{ID: k.ID, Version: f.version(f.entries[n].version)}
	}
	return out, nil
}

func unused(op string) error { return fault.New(fault.Internal, "flat."+op, "", nil) }

func (f *flatSide) Update(context.Context, []side.Update) ([]side.Outcome, error) {
	return nil, unused("update")
}
func (f *flatSide) Delete(context.Context, []side.Deletion) ([]side.Outcome, error) {
	return nil, unused("delete")
}
func (f *flatSide) FindByKey(context.Context, []pim.Key) ([]side.Found, error) {
	return nil, unused("find")
}
func (f *flatSide) Whereabouts(context.Context, []side.Lost) ([]side.Whereabouts, error) {
	return nil, unused("whereabouts")
}
