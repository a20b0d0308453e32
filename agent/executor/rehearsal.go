package executor

import (
	"context"
	"fmt"
	"sync"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// rehearsal is a side that is read as it is and never written: what it is asked to
// write it imagines, and shows from then on.
type rehearsal struct {
	side.Side
	installation string
	takeOver     bool

	mu    sync.Mutex // guards boxes
	boxes map[pim.Kind]*imagination
}

func newRehearsal(s side.Side, installation string, takeOver bool) *rehearsal {
	return &rehearsal{Side: s, installation: installation, takeOver: takeOver, boxes: make(map[pim.Kind]*imagination)}
}

// Open implements side.Side. It is for one account only.
func (r *rehearsal) Open(ctx context.Context, a side.Account, k pim.Kind) (side.Folder, error) {
	f, err := r.Side.Open(ctx, a, k)
	if err != nil {
		return nil, err
	}
	out := &rehearsed{real: f, close: f.Close, id: r.ID(), proj: r.Projection(k)}
	if l, ok := f.(side.Looker); ok {
		out.real = l.Look()
		owner, err := l.Claimed(ctx)
		if err == nil && owner != "" && owner != r.installation && !r.takeOver {
			err = fault.New(fault.MailboxClaimed, "executor.Plan", owner, nil)
		}
		if err != nil {
			_ = f.Close()
			return nil, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.boxes[k] == nil {
		r.boxes[k] = &imagination{items: make(map[pim.ItemID]*imagined)}
	}
	out.box = r.boxes[k]
	if p, ok := f.(side.Placed); ok {
		return &placedRehearsal{out, p}, nil
	}
	return out, nil
}

// placedRehearsal is one of a folder that knows which it is.
type placedRehearsal struct {
	*rehearsed
	side.Placed
}

// imagination is what would be different by now.
type imagination struct {
	mu     sync.Mutex
	serial int
	items  map[pim.ItemID]*imagined
	// untold are those the feed has not named yet.
	untold []pim.ItemID
}

// imagined is one item after a write.
type imagined struct {
	version pim.Version
	key     pim.Key
	item    pim.Item // nil where only the key was written
	gone    bool
}

// rehearsed is one folder of a rehearsal.
type rehearsed struct {
	real  side.Folder
	close func() error
	id    pim.SideID
	proj  side.Projection
	box   *imagination
}

// BatchSize implements side.Folder.
func (r *rehearsed) BatchSize() int { return r.real.BatchSize() }

// Close implements side.Folder.
func (r *rehearsed) Close() error { return r.close() }

// put imagines an item; the box is locked.
func (b *imagination) put(id pim.ItemID, i imagined) pim.Version {
	b.serial++
	i.version = pim.Version(fmt.Sprintf("imagined-%d", b.serial))
	b.items[id] = &i
	b.untold = append(b.untold, id)
	return i.version
}

// Changes reads the real feed; behind its end comes what was imagined.
func (r *rehearsed) Changes(ctx context.Context, c side.Cursor) (side.Page, error) {
	p, err := r.real.Changes(ctx, c)
	if err != nil {
		return p, err
	}
	b := r.box
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := make([]side.Change, 0, len(p.Changes))
	for _, ch := range p.Changes {
		if b.items[ch.ID] == nil {
			kept = append(kept, ch)
		} else if c == "" {
			b.untold = append(b.untold, ch.ID)
		}
	}
	p.Changes = kept
	if p.More {
		return p, nil
	}
	told := make(map[pim.ItemID]bool)
	for _, id := range b.untold {
		if i := b.items[id]; !told[id] {
			told[id] = true
			if i.gone {
				p.Changes = append(p.Changes, side.Change{ID: id, Gone: true})
			} else {
				p.Changes = append(p.Changes, side.Change{ID: id, Version: i.version, Key: i.key})
			}
		}
	}
	b.untold = nil
	return p, nil
}

// Get reads what is imagined, and what isn't from the side.
func (r *rehearsed) Get(ctx context.Context, ids []pim.ItemID) ([]side.Got, error) {
	out := make([]side.Got, len(ids))
	var real []pim.ItemID
	var at []int
	r.box.mu.Lock()
	for n, id := range ids {
		switch i := r.box.items[id]; {
		case i == nil || !i.gone && i.item == nil:
			real, at = append(real, id), append(at, n)
		case i.gone:
			out[n] = side.Got{ID: id, Err: fault.New(fault.ItemGone, "executor.Plan", string(id), nil)}
		default:
			out[n] = side.Got{ID: id, Version: i.version, Key: i.key, Item: i.item.Clone()}
		}
	}
	r.box.mu.Unlock()
	if len(real) == 0 {
		return out, nil
	}
	got, err := r.real.Get(ctx, real)
	if err != nil {
		return nil, err
	}
	if len(got) != len(real) {
		return nil, broken("plan", r.id, len(got), len(real))
	}
	r.box.mu.Lock()
	defer r.box.mu.Unlock()
	for n, g := range got {
		if i := r.box.items[real[n]]; i != nil && g.Err == nil {
			g.Version, g.Key = i.version, i.key
		}
		out[at[n]] = g
	}
	return out, nil
}

// Create implements side.Folder.
func (r *rehearsed) Create(_ context.Context, in []side.Creation) ([]side.Outcome, error) {
	b := r.box
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]side.Outcome, len(in))
	for n, c := range in {
		id := pim.ItemID(fmt.Sprintf("imagined-%s-%d", r.id, b.serial+1))
		out[n] = side.Outcome{ID: id, Version: b.put(id, imagined{key: c.Key, item: r.proj.Project(c.Item)})}
	}
	return out, nil
}

// Update implements side.Folder. Versions are judged as the side would.
func (r *rehearsed) Update(ctx context.Context, in []side.Update) ([]side.Outcome, error) {
	return rewrite(ctx, r, in, func(u side.Update) (pim.ItemID, pim.Version) { return u.ID, u.Version },
		func(u side.Update, g side.Got) imagined {
			item := g.Item.Clone()
			pim.Apply(item, pim.Canonical(u.Item), u.Fields&r.proj.Writable())
			return imagined{key: g.Key, item: r.proj.Project(item)}
		})
}

// Delete implements side.Folder.
func (r *rehearsed) Delete(ctx context.Context, in []side.Deletion) ([]side.Outcome, error) {
	return rewrite(ctx, r, in, func(d side.Deletion) (pim.ItemID, pim.Version) { return d.ID, d.Version },
		func(_ side.Deletion, g side.Got) imagined { return imagined{key: g.Key, gone: true} })
}

// rewrite changes items as they are now.
func rewrite[T any](ctx context.Context, r *rehearsed, in []T, what func(T) (pim.ItemID, pim.Version), to func(T, side.Got) imagined) ([]side.Outcome, error) {
	ids := make([]pim.ItemID, len(in))
	for n, x := range in {
		ids[n], _ = what(x)
	}
	got, err := r.Get(ctx, ids)
	if err != nil {
		return nil, err
	}
	r.box.mu.Lock()
	defer r.box.mu.Unlock()
	out := make([]side.Outcome, len(in))
	for n, x := range in {
		id, version := what(x)
		out[n] = side.Outcome{ID: id}
		switch g := got[n]; {
		case g.Err != nil:
			out[n].Err = g.Err
		case g.Version != version:
			out[n].Err = fault.New(fault.ItemChanged, "executor.Plan", string(id), nil)
		default:
			out[n].Version = r.box.put(id, to(x, g))
		}
	}
	return out, nil
}

// SetKeys implements side.Folder. Nothing is read for it: a first sync stamps
// thousands.
func (r *rehearsed) SetKeys(_ context.Context, in []side.KeyAssignment) ([]side.Outcome, error) {
	b := r.box
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]side.Outcome, len(in))
	for n, k := range in {
		i := imagined{key: k.Key}
		if old := b.items[k.ID]; old != nil {
			i.item, i.gone = old.item, old.gone
		}
		if i.gone {
			out[n] = side.Outcome{ID: k.ID, Err: fault.New(fault.ItemGone, "executor.Plan", string(k.ID), nil)}
			continue
		}
		out[n] = side.Outcome{ID: k.ID, Version: b.put(k.ID, i)}
	}
	return out, nil
}

// FindByKey implements side.Folder.
func (r *rehearsed) FindByKey(ctx context.Context, keys []pim.Key) ([]side.Found, error) {
	found, err := r.real.FindByKey(ctx, keys)
	if err != nil {
		return nil, err
	}
	if len(found) != len(keys) {
		return nil, broken("plan", r.id, len(found), len(keys))
	}
	ours := make(map[pim.Key][]pim.ItemID)
	out := make([]side.Found, len(keys))
	r.box.mu.Lock()
	for id, i := range r.box.items {
		if !i.gone {
			ours[i.key] = append(ours[i.key], id)
		}
	}
	for n, f := range found {
		out[n].Key = keys[n]
		for _, g := range f.Items {
			if r.box.items[g.ID] == nil {
				out[n].Items = append(out[n].Items, g)
			}
		}
	}
	r.box.mu.Unlock()
	for n, k := range keys {
		if len(ours[k]) == 0 {
			continue
		}
		got, err := r.Get(ctx, ours[k])
		if err != nil {
			return nil, err
		}
		out[n].Items = append(out[n].Items, got...)
	}
	return out, nil
}

// Whereabouts implements side.Folder.
func (r *rehearsed) Whereabouts(ctx context.Context, lost []side.Lost) ([]side.Whereabouts, error) {
	out := make([]side.Whereabouts, len(lost))
	var ask []side.Lost
	var at []int
	r.box.mu.Lock()
	for n, l := range lost {
		i := r.box.items[l.ID]
		switch {
		case i == nil:
			ask, at = append(ask, l), append(at, n)
		case i.gone:
			out[n] = side.Whereabouts{ID: l.ID, Place: side.PlaceDeleted}
		default:
			out[n] = side.Whereabouts{ID: l.ID, Place: side.PlaceHere}
		}
	}
	r.box.mu.Unlock()
	if len(ask) == 0 {
		return out, nil
	}
	where, err := r.real.Whereabouts(ctx, ask)
	if err != nil {
		return nil, err
	}
	if len(where) != len(ask) {
		return nil, broken("plan", r.id, len(where), len(ask))
	}
	for n, w := range where {
		out[at[n]] = w
	}
	return out, nil
}
