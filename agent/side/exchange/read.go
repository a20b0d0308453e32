package exchange

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// loaded is an item as it was read.
type loaded struct {
	got side.Got
	// series is set for a recurring appointment whose pattern is understood.
	series *series
	// pending is what is still to be written of it.
	pending string
}

// rereads is how often a series is read that changes while it is.
const rereads = 3

var errUnsteady = errors.New("the series kept changing while it was read")

// load reads items: the masters of series first, then all their changed occurrences
// together.
func (f *folder) load(ctx context.Context, ids []pim.ItemID) ([]loaded, error) {
	return f.loadTimes(ctx, ids, nil, rereads)
}

// loadTimes is load; along are the numbers of occurrences that are likely to be
// changed ones, for each item: they are read with their masters.
func (f *folder) loadTimes(ctx context.Context, ids []pim.ItemID, along [][]int, times int) ([]loaded, error) {
	masters, near, err := f.readMasters(ctx, ids, along)
	if err != nil {
		return nil, err
	}
	out := make([]loaded, len(ids))
	var far []pim.ItemID
	var of []place
	for i := range masters {
		it := &masters[i].Item
		if out[i] = f.got(ids[i], &masters[i]); out[i].series == nil {
			continue
		}
		for k, n := range f.m.numbered(it, out[i].series) {
			if r, there := near[i][n]; there && r.Err == nil {
				out[i].series.listed[n] = f.m.readOccurrence(&r.Item, out[i].series.master)
				continue
			}
			far, of = append(far, pim.ItemID(it.Calendar.Modifications[k].ID.ID)), append(of, place{i, n})
		}
	}
	occurrences, err := batch(ctx, far, f.getter(occurrenceShape()), failedItem[pim.ItemID])
	if err != nil {
		return nil, err
	}
	var again []int
	for k := range occurrences {
		r, at := &occurrences[k], of[k]
		l := &out[at.item]
		switch {
		case r.Err == nil:
			if at.number > 0 && l.series != nil {
				l.series.listed[at.number] = f.m.readOccurrence(&r.Item, l.series.master)
			}
		case !itemError(r.Err):
			l.got.Err = r.Err
		case !slices.Contains(again, at.item):
			again = append(again, at.item) // it changed since its master was read
		}
	}
	for i := range out {
		if s := out[i].series; s != nil && out[i].got.Err == nil && len(s.listed) > 0 {
			out[i].got.Item = s.whole()
		}
	}
	return out, f.loadAgain(ctx, ids, out, again, times-1)
}

// place is where a changed occurrence belongs.
type place struct{ item, number int }

// readMasters reads items, and with each the occurrences along of it: in the same
// request and behind their master, so that none is older than it.
func (f *folder) readMasters(ctx context.Context, ids []pim.ItemID, along [][]int) ([]ews.ItemResult, []map[int]ews.ItemResult, error) {
	near := make([]map[int]ews.ItemResult, len(ids))
	if along == nil {
		masters, err := batch(ctx, ids, f.getter(f.shape), failedItem[pim.ItemID])
		if err != nil {
			return nil, nil, err
		}
		return masters, near, f.findZones(ctx, ids, masters)
	}
	masters := make([]ews.ItemResult, len(ids))
	var packs [][]int // of places in ids
	room := 0
	for i := range ids {
		need := 1 + len(along[i])
		if need > room {
			packs, room = append(packs, nil), chunk
		}
		packs[len(packs)-1], room = append(packs[len(packs)-1], i), room-need
	}
	_, err := batchBy(ctx, 1, packs, func(ctx context.Context, in [][]int) ([]struct{}, error) {
		return []struct{}{{}}, f.readPack(ctx, in[0], ids, along, masters, near)
	}, func(pack []int, err error) struct{} {
		for _, i := range pack {
			masters[i] = ews.ItemResult{Err: err}
		}
		return struct{}{}
	})
	if err != nil {
		return nil, nil, err
	}
	return masters, near, f.findZones(ctx, ids, masters)
}

func (f *folder) readPack(ctx context.Context, pack []int, ids []pim.ItemID, along [][]int, masters []ews.ItemResult, near []map[int]ews.ItemResult) error {
	var ask []ews.ItemID
	for _, i := range pack {
		ask = append(ask, ews.ItemID{ID: ews.ID(ids[i])})
		if 1+len(along[i]) <= chunk {
			for _, n := range along[i] {
				ask = append(ask, ews.ItemID{ID: ews.ID(ids[i]), Instance: n})
			}
		}
	}
	results, err := f.client.GetItem(ctx, ask, f.shape)
	if divisible(err) { // one of them is to blame: the masters alone tell which
		part := make([]pim.ItemID, len(pack))
		for n, i := range pack {
			part[n] = ids[i]
		}
		results, err = batch(ctx, part, f.getter(f.shape), failedItem[pim.ItemID])
		ask = itemIDs(part)
	}
	if err != nil {
		return err
	}
	at := -1
	for k, r := range results {
		if ask[k].Instance == 0 {
			at++
			masters[pack[at]], near[pack[at]] = r, map[int]ews.ItemResult{}
			continue
		}
		near[pack[at]][ask[k].Instance] = r
	}
	return nil
}

func (f *folder) loadAgain(ctx context.Context, ids []pim.ItemID, out []loaded, again []int, times int) error {
	if len(again) == 0 {
		return nil
	}
	part := make([]pim.ItemID, len(again))
	for n, i := range again {
		part[n] = ids[i]
		out[i] = loaded{got: side.Got{ID: ids[i], Err: fault.New(fault.ItemUnreadable, "exchange.Get", "", errUnsteady)}}
	}
	if times <= 0 {
		return nil
	}
	fresh, err := f.loadTimes(ctx, part, nil, times)
	if err != nil {
		return err
	}
	for n, i := range again {
		out[i] = fresh[n]
	}
	return nil
}

func (f *folder) getter(shape ews.Shape) func(context.Context, []pim.ItemID) ([]ews.ItemResult, error) {
	return func(ctx context.Context, ids []pim.ItemID) ([]ews.ItemResult, error) {
		results, err := f.client.GetItem(ctx, itemIDs(ids), shape)
		return damaged(results), err
	}
}

// damaged tells items that a server can't read from a server in trouble: Exchange
// answers ErrorInternalServerError for an item it keeps damaged, and reads the others
// of the same request. Taken for the server's trouble, it would stop its whole folder.
func damaged(results []ews.ItemResult) []ews.ItemResult {
	var at []int
	for i, r := range results {
		if d := ews.Detail(r.Err); d != nil && d.ResponseCode == "ErrorInternalServerError" && d.Status == http.StatusOK {
			at = append(at, i)
		}
	}
	if len(at) > 1 && len(at) == len(results) {
		return results
	}
	for _, i := range at {
		results[i].Err = fault.New(fault.ItemUnreadable, "exchange.Get", "", results[i].Err)
	}
	return results
}

func failedItem[In any](_ In, err error) ews.ItemResult { return ews.ItemResult{Err: err} }

// itemError tells an answer about the item itself.
func itemError(err error) bool {
	return fault.Has(err, fault.ItemGone, fault.ItemRefused, fault.AccessDenied, fault.ReplyInvalid, fault.ItemUnreadable)
}

func (f *folder) got(id pim.ItemID, r *ews.ItemResult) loaded {
	const op = "exchange.Get"
	l := loaded{got: side.Got{ID: id}}
	g := &l.got
	switch {
	case fault.Has(r.Err, fault.ItemRefused, fault.AccessDenied, fault.ReplyInvalid):
		g.Err = fault.New(fault.ItemUnreadable, op, "", r.Err)
	case r.Err != nil:
		g.Err = r.Err
	case r.Item.Parent.ID != "" && r.Item.Parent.ID != f.id.ID:
		g.Err = fault.New(fault.ItemGone, op, "", nil)
	case r.Item.Element != f.m.element():
		g.Err = fault.New(fault.ItemUnreadable, op, "", nil)
	default:
		g.Version, g.Key = pim.Version(r.Item.ID.ChangeKey), keyOf(&r.Item)
		l.pending, _ = r.Item.Property(pendingProperty())
		switch {
		case f.m.kind == pim.KindTask:
			if g.Item = f.m.read(&r.Item); g.Item.Shared().Recurrence != nil {
				g.Item = project(g.Item)
			}
		default: // its changed occurrences are read behind it
			g.Item, l.series = f.m.readSeries(&r.Item)
		}
	}
	return l
}

// Get reads items. What is in another folder now is gone: its id is no longer one
// of ours, though some servers still answer to it. A series found half-written is
// completed first: nobody meant it as it is.
func (f *folder) Get(ctx context.Context, ids []pim.ItemID) ([]side.Got, error) {
	all, err := f.load(ctx, ids)
	if err != nil {
		return nil, err
	}
	if err := f.complete(ctx, ids, all); err != nil {
		return nil, err
	}
	out := make([]side.Got, len(all))
	for i := range all {
		out[i] = all[i].got
		// What says nothing about the item itself is no answer for it.
		if err := out[i].Err; err != nil && !fault.Has(err, fault.ItemGone, fault.ItemUnreadable) {
			return nil, err
		}
	}
	return out, nil
}

// complete finishes the half-written series among items that were read, and reads
// those again. One that cannot be finished is unreadable.
func (f *folder) complete(ctx context.Context, ids []pim.ItemID, all []loaded) error {
	var jobs []*seriesJob
	var at []int
	for i := range all {
		if all[i].got.Err != nil || all[i].pending == "" {
			continue
		}
		if f.looking {
			all[i].shown()
			continue
		}
		j := &seriesJob{id: ids[i]}
		f.resume(j, &all[i])
		jobs, at = append(jobs, j), append(at, i)
	}
	if len(jobs) == 0 {
		return nil
	}
	f.finish(ctx, jobs)
	part := make([]pim.ItemID, len(at))
	for n, i := range at {
		part[n] = ids[i]
	}
	fresh, err := f.load(ctx, part)
	if err != nil {
		return err
	}
	for n, i := range at {
		all[i] = fresh[n]
		if all[i].pending != "" && all[i].got.Err == nil {
			all[i].got = side.Got{ID: ids[i], Err: fault.New(fault.ItemUnreadable, "exchange.Get", "half-written series", jobs[n].err)}
		}
	}
	return nil
}

// resume makes the job of a half-written series from what it carries.
func (f *folder) resume(j *seriesJob, l *loaded) {
	a, ok := l.got.Item.(*pim.Appointment)
	if !ok {
		j.fail(fault.New(fault.ItemUnreadable, "exchange.Get", "", nil))
		return
	}
	target, p, err := intended(a, l.pending)
	if err != nil {
		j.fail(fault.New(fault.ItemUnreadable, "exchange.Get", "", err))
		return
	}
	j.target, j.is, j.known, j.formats = target, l.series, p.Known, p.formats()
}
