package fake

import (
	"context"
	"fmt"
	"strings"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

type folder struct {
	s      *Side
	owner  ownerOf
	closed bool // guarded by s.mu
}

func (f *folder) enter(ctx context.Context, op Op, items int) error {
	f.s.mu.Lock()
	if f.closed {
		f.s.violate("%s: the folder of %s is closed", op, f.owner.user)
	}
	f.s.mu.Unlock()
	return f.s.enter(ctx, Call{User: f.owner.user, Kind: f.owner.kind, Op: op, Items: items})
}

// BatchSize tells how many items a write should carry.
func (f *folder) BatchSize() int { return f.s.opt.BatchSize }

// Close may be called twice.
func (f *folder) Close() error {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	if !f.closed {
		f.closed = true
		f.s.open--
	}
	return nil
}

// Changes reads one page.
func (f *folder) Changes(ctx context.Context, c side.Cursor) (side.Page, error) {
	if err := f.enter(ctx, OpChanges, 0); err != nil {
		return side.Page{}, err
	}
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	revision, err := f.s.parse(f.owner, c)
	if err != nil {
		return side.Page{}, err
	}
	if c != "" {
		revision, f.s.repeat = max(0, revision-f.s.repeat), 0
	}
	p := side.Page{Next: f.s.cursor(f.owner, revision)}
	for _, e := range f.s.box(f.owner).after(revision) {
		if len(p.Changes) == f.s.opt.PageSize {
			p.More = true
			break
		}
		p.Next = f.s.cursor(f.owner, e.revision)
		if !e.here() {
			if c != "" && !e.outside { // who has seen nothing can miss nothing
				p.Changes = append(p.Changes, side.Change{ID: e.ID, Gone: true})
			}
			continue
		}
		ch := side.Change{ID: e.ID, Version: e.Version, Key: e.Key}
		if f.s.opt.FeedWithItems && !e.unreadable {
			ch.Item = e.Item.Clone()
		}
		p.Changes = append(p.Changes, ch)
	}
	return p, nil
}

func (s *Side) cursor(o ownerOf, revision int) side.Cursor {
	return side.Cursor(fmt.Sprintf("%d/%d/%s", s.epoch, revision, o.kind))
}

func (s *Side) parse(o ownerOf, c side.Cursor) (int, error) {
	if c == "" {
		return 0, nil
	}
	var epoch, revision int
	var kind string
	n, err := fmt.Sscanf(strings.ReplaceAll(string(c), "/", " "), "%d %d %s", &epoch, &revision, &kind)
	if err != nil || n != 3 || epoch != s.epoch || revision > s.revision ||
		kind != o.kind.String() || s.cursor(o, revision) != c {
		return 0, fault.New(fault.CursorLost, "fake.changes", string(o.user), err)
	}
	return revision, nil
}

// Get reads items.
func (f *folder) Get(ctx context.Context, ids []pim.ItemID) ([]side.Got, error) {
	if err := f.enter(ctx, OpGet, len(ids)); err != nil {
		return nil, err
	}
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	out := make([]side.Got, len(ids))
	for i, id := range ids {
		if id == "" {
			f.s.violate("get: empty id")
		}
		e, err := f.s.box(f.owner).find(id, OpGet)
		if err != nil {
			out[i] = side.Got{ID: id, Err: err}
			continue
		}
		out[i] = e.got()
	}
	return out, nil
}

func (e *entry) got() side.Got {
	if e.unreadable {
		return side.Got{ID: e.ID, Version: e.Version, Key: e.Key,
			Err: fault.New(fault.ItemUnreadable, "fake.get", string(e.ID), nil)}
	}
	return side.Got{ID: e.ID, Version: e.Version, Key: e.Key, Item: e.Item.Clone()}
}

// FindByKey finds what is in the folder.
func (f *folder) FindByKey(ctx context.Context, keys []pim.Key) ([]side.Found, error) {
	if err := f.enter(ctx, OpFindByKey, len(keys)); err != nil {
		return nil, err
	}
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	out := make([]side.Found, len(keys))
	all := f.s.box(f.owner).after(0)
	for i, k := range keys {
		out[i].Key = k
		if k == "" {
			f.s.violate("findbykey: empty key")
			continue
		}
		for _, e := range all {
			if e.here() && e.Key == k {
				out[i].Items = append(out[i].Items, e.got())
			}
		}
	}
	return out, nil
}

// Whereabouts looks by id, then by key. As on Exchange, an item that left and has
// no key leaves no trace to follow.
func (f *folder) Whereabouts(ctx context.Context, lost []side.Lost) ([]side.Whereabouts, error) {
	if err := f.enter(ctx, OpWhereabouts, len(lost)); err != nil {
		return nil, err
	}
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	out := make([]side.Whereabouts, len(lost))
	for i, l := range lost {
		if l.ID == "" {
			f.s.violate("whereabouts: empty id")
		}
		out[i] = side.Whereabouts{ID: l.ID, Place: f.place(l)}
	}
	return out, nil
}

func (f *folder) place(l side.Lost) side.Place {
	b := f.s.box(f.owner)
	e := b.entries[l.ID]
	if e != nil && e.here() {
		return side.PlaceHere
	}
	if e != nil && f.s.id == pim.Business {
		return e.Place
	}
	if l.Key == "" {
		return side.PlaceUnknown
	}
	places := map[side.Place]bool{}
	for _, e := range b.entries {
		if e.Key == l.Key {
			places[e.Place] = true
		}
	}
	for _, p := range []side.Place{side.PlaceHere, side.PlaceDeleted, side.PlaceElsewhere} {
		if places[p] {
			return p
		}
	}
	return side.PlaceNowhere
}
