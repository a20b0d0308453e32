package executor

import (
	"context"

	"golang.org/x/sync/errgroup"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// readers is how many reads of one side are under way at once.
const readers = 4

// ingest reads both feeds, side by side. It tells whether both were read to
// their ends.
func (s *slice) ingest(ctx context.Context) (bool, error) {
	s.report.stage(StageReading)
	var done store.PerSide[bool]
	g, ctx := errgroup.WithContext(ctx)
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		g.Go(func() (err error) {
			*done.At(id), err = s.ingestSide(ctx, id)
			return err
		})
	}
	err := g.Wait()
	return err == nil && done[0] && done[1], err
}

func (s *slice) ingestSide(ctx context.Context, id pim.SideID) (bool, error) {
	for range 3 {
		feed, err := s.lease.Feed(ctx, id)
		if err != nil {
			return false, err
		}
		done, err := s.readFeed(ctx, id, feed)
		if fault.CodeOf(err) != fault.CursorLost {
			return done, err
		}
		if err := s.lease.Relist(ctx, id); err != nil {
			return false, err
		}
	}
	// A side that loses its cursor while it is being listed: next time.
	return false, s.blame(id, fault.New(fault.CursorLost, "executor.ingest", id.String(), nil))
}

// fetched is a page on its way from the feed to the inbox.
type fetched struct {
	page  side.Page
	known map[pim.ItemID]store.Known
	got   map[pim.ItemID]side.Got
}

// readFeed reads from a cursor to the end, or until the slice's time is over.
// Reading the next page, getting the items of this one and writing the one
// before overlap.
func (s *slice) readFeed(ctx context.Context, id pim.SideID, feed store.FeedState) (bool, error) {
	g, ctx := errgroup.WithContext(ctx)
	pages, full := make(chan side.Page, 1), make(chan fetched, 1)
	g.Go(func() error {
		defer close(pages)
		for cursor := feed.Cursor; ; {
			page, err := s.folder(id).Changes(ctx, cursor)
			if err != nil {
				return s.blame(id, err)
			}
			select {
			case pages <- page:
			case <-ctx.Done():
				return ctx.Err()
			}
			if !page.More || s.expired() {
				return nil
			}
			cursor = page.Next
		}
	})
	g.Go(func() error {
		defer close(full)
		var last, before map[pim.ItemID]bool
		for page := range pages {
			f, err := s.fetch(ctx, id, page, func(i pim.ItemID) bool { return last[i] || before[i] })
			if err != nil {
				return err
			}
			select {
			case full <- f:
			case <-ctx.Done():
				return ctx.Err()
			}
			last, before = f.names(), last
		}
		return nil
	})
	done, at := false, feed.Cursor
	g.Go(func() error {
		for f := range full {
			if len(f.page.Changes) != 0 || f.page.Next != at || feed.Relisting || feed.Unnamed {
				if err := s.arrive(ctx, id, f, feed.Relisting); err != nil {
					return err
				}
			}
			at, done = f.page.Next, !f.page.More
		}
		return nil
	})
	err := g.Wait()
	return done && err == nil, err
}

// names are the items a page speaks of.
func (f fetched) names() map[pim.ItemID]bool {
	ids := make(map[pim.ItemID]bool, len(f.page.Changes))
	for _, c := range f.page.Changes {
		ids[c.ID] = true
	}
	return ids
}

// fetch gets the items a page names without giving them, unless they are echoes.
// The two pages before it may not be written yet: what the store knows of the
// items they named, which onItsWay tells, is not to be relied on.
func (s *slice) fetch(ctx context.Context, id pim.SideID, page side.Page, onItsWay func(pim.ItemID) bool) (fetched, error) {
	f := fetched{page: page}
	if len(page.Changes) == 0 {
		return f, nil
	}
	ids := make([]pim.ItemID, len(page.Changes))
	for i, c := range page.Changes {
		ids[i] = c.ID
	}
	var err error
	if f.known, err = s.lease.Known(ctx, id, ids); err != nil {
		return f, err
	}
	for i, k := range f.known {
		if onItsWay(i) {
			f.known[i] = store.Known{Pair: k.Pair}
		}
	}
	var want []pim.ItemID
	for _, c := range page.Changes {
		if c.Item == nil && !c.Gone && !skip(f.known[c.ID], c) {
			want = append(want, c.ID)
		}
	}
	got, err := s.get(ctx, id, want)
	if err != nil {
		return f, err
	}
	f.got = make(map[pim.ItemID]side.Got, len(got))
	for _, g := range got {
		f.got[g.ID] = g
	}
	return f, nil
}

// skip tells that a change says nothing new: an echo of our own write, or what
// the inbox holds already.
func skip(k store.Known, c side.Change) bool {
	if c.Gone {
		return k.Located
	}
	if k.Waiting { // one that was missed, and is there again as it was, is news
		return k.RowVersion == c.Version && k.HasItem && !k.Gone
	}
	return k.Pair != 0 && k.Version == c.Version && c.Version != ""
}

// get reads items in batches, several at once.
func (s *slice) get(ctx context.Context, id pim.SideID, ids []pim.ItemID) ([]side.Got, error) {
	out, err := getAll(ctx, id, s.folder(id), ids)
	return out, s.blame(id, err)
}

// arrive puts a page into the inbox.
func (s *slice) arrive(ctx context.Context, id pim.SideID, f fetched, relisting bool) error {
	a := store.Arrival{Side: id, Next: f.page.Next, Last: !f.page.More}
	now := s.x.cfg.Now()
	seen := 0
	for _, c := range f.page.Changes {
		k := f.known[c.ID]
		if k.Pair != 0 {
			a.Named = append(a.Named, k.Pair)
		}
		if relisting && !c.Gone && k.Pair != 0 {
			a.Seen = append(a.Seen, k.Pair)
		}
		if skip(k, c) {
			continue
		}
		if c.Gone && k.Pair == 0 {
			// Perhaps our own deletion, perhaps of an item an earlier page named.
			a.Drop = append(a.Drop, c.ID)
			continue
		}
		seen++
		row := store.Row{Side: id, ID: c.ID, Version: c.Version, Key: c.Key, Pair: k.Pair, Seen: now}
		switch g, read := f.got[c.ID]; {
		case c.Gone:
			row.Gone, row.Broken, row.Version, row.Key = true, relisting, "", ""
		case read && fault.CodeOf(g.Err) == fault.ItemGone:
			// The feed will tell what became of it.
			continue
		case read && g.Err != nil:
			// Unreadable: the row asks to be read later.
		default:
			item := c.Item
			if read {
				item, row.Version, row.Key = g.Item, g.Version, g.Key
			}
			if err := s.fill(&row, item); err != nil {
				return err
			}
		}
		a.Rows = append(a.Rows, row)
	}
	if err := s.lease.Arrive(ctx, a); err != nil {
		return err
	}
	s.report.change(func(p *Progress) {
		*p.Read.At(id) += len(f.page.Changes)
		*p.Counts.Seen.At(id) += seen
		p.Expected += seen
	})
	return nil
}

// fill puts an item into a row, with what pairing goes by.
func (s *slice) fill(row *store.Row, item pim.Item) error {
	if item == nil {
		return nil
	}
	text, err := pim.Marshal(item)
	if err != nil {
		return fault.New(fault.Internal, "executor.fill", string(row.ID), err)
	}
	row.Item = text
	if row.Pair == 0 || row.Broken {
		row.Hint = s.rules.Hint(item)
		if row.Hint != 0 {
			row.UID = item.Shared().UID
		}
	}
	return nil
}
