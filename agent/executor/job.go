package executor

import (
	"time"

	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// half is one side of a job.
type half struct {
	engine.Half
	id      pim.ItemID
	version pim.Version
	// keyed tells that the item carries the job's key; text is pim.Marshal of the
	// item as it is now, nil if it must be made anew.
	keyed bool
	text  []byte
	row   *store.Row
	// fresh tells that Item or version are newer than the row, or there is no row.
	fresh bool
	// wrote tells that this job has written to the item.
	wrote bool
	// stamped tells that this job has written its key into the item.
	stamped bool
}

// step is what a job does next.
type step uint8

const (
	stepDecide step = iota
	stepRead        // read the item on side at again, then decide
	stepWrite       // write what the decision says
	stepDone        // everything is written: record it
	stepFailed      // put it off, with err
	stepLost        // the fate of a creation is unknown: the journal finds out
	stepIdle        // the decision needs no write
	stepQuit        // a whole call failed: leave everything as it is
)

// job is one unit on its way through a batch.
type job struct {
	pair  *store.Pair
	sides store.PerSide[half]
	d     engine.Decision
	step  step
	at    pim.SideID
	err   error
	// left tells that a person wants it left alone.
	left bool
	// key is the pair's key, or the new one of a creation.
	key pim.Key
}

func (j *job) half(s pim.SideID) *half { return j.sides.At(s) }

// newJob reads what the store knows of a unit.
func newJob(u store.Unit) (*job, error) {
	j := &job{pair: u.Pair}
	if u.Pair != nil {
		j.key = u.Pair.Key
	}
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		h := j.half(id)
		if u.Pair != nil {
			p := u.Pair.Sides.At(id)
			h.id, h.version, h.keyed, h.text = p.ID, p.Version, p.Keyed, p.Base
			base, err := pim.Unmarshal(p.Base)
			if err != nil {
				return nil, fault.New(fault.StoreCorrupt, "executor.newJob", string(u.Pair.Key), err)
			}
			h.Base, h.Origin = base, u.Pair.Origin == id
		}
		if h.row = *u.Rows.At(id); h.row == nil {
			continue
		}
		if err := h.load(j.key); err != nil {
			return nil, err
		}
	}
	return j, nil
}

// load takes over what the row says.
func (h *half) load(key pim.Key) error {
	r := h.row
	h.id, h.Seen = r.ID, r.Seen
	if r.Gone {
		h.Presence = presence(r)
		var err error
		if h.Left, err = pim.Unmarshal(r.Item); err != nil {
			return fault.New(fault.StoreCorrupt, "executor.newJob", string(r.ID), err)
		}
		return nil
	}
	h.version, h.text = r.Version, r.Item
	h.keyed = key != "" && r.Key == key
	if r.Item == nil {
		h.Presence = engine.Unknown
		return nil
	}
	item, err := pim.Unmarshal(r.Item)
	if err != nil {
		return fault.New(fault.StoreCorrupt, "executor.newJob", string(r.ID), err)
	}
	h.Item = item
	return nil
}

// presence reads a gone row.
func presence(r *store.Row) engine.Presence {
	switch r.Place {
	case side.PlaceDeleted:
		return engine.Deleted
	case side.PlaceElsewhere:
		return engine.Away
	case side.PlaceNowhere:
		if r.Broken {
			return engine.Lost
		}
		return engine.Deleted
	}
	return engine.Unknown
}

// now is the item as it is.
func (h *half) now() pim.Item {
	if h.Item != nil {
		return h.Item
	}
	return h.Base
}

// marshalled is the item as it is, for the store.
func (h *half) marshalled() ([]byte, error) {
	if h.text == nil && h.now() != nil {
		text, err := pim.Marshal(h.now())
		if err != nil {
			return nil, fault.New(fault.Internal, "executor.marshal", string(h.id), err)
		}
		h.text = text
	}
	return h.text, nil
}

// reread takes over what a side says of an item now.
func (h *half) reread(g side.Got, key pim.Key, now time.Time) {
	h.Item, h.version, h.keyed, h.text = g.Item, g.Version, g.Key == key, nil
	h.Seen, h.fresh, h.Presence = now, true, engine.Present
}

// wasWritten takes over the outcome of an update.
func (h *half) wasWritten(after pim.Item, v pim.Version, now time.Time) {
	h.Item, h.version, h.text = after, v, nil
	h.fresh, h.wrote = true, true
	if h.Seen.IsZero() {
		h.Seen = now
	}
}

// rows lists the job's rows.
func (j *job) rows() []*store.Row {
	var out []*store.Row
	for i := range j.sides {
		if r := j.sides[i].row; r != nil {
			out = append(out, r)
		}
	}
	return out
}

// ignored tells that a person wants the job left alone, and that nobody has edited
// either item since.
func (j *job) ignored() bool {
	ignored := false
	for i := range j.sides {
		h := &j.sides[i]
		switch {
		case h.row == nil:
		case h.row.Ignored:
			ignored = true
		case h.row.Gone || h.edited():
			return false
		}
	}
	return ignored
}

// edited tells that the item is another than when both sides last agreed.
func (h *half) edited() bool {
	return h.Item != nil && (h.Base == nil || pim.Diff(h.Base, h.Item) != 0)
}

// trouble is how the last attempt failed, "" if there was none.
func (j *job) trouble() fault.Code {
	for _, r := range j.rows() {
		if r.Attempts > 0 && r.Code != "" {
			return r.Code
		}
	}
	return ""
}

// longestPause is the most a failed attempt is put off.
const longestPause = 6 * time.Hour

// pause is when to try again after n failed attempts: a minute, doubling, at
// most six hours.
func (s *slice) pause(n int) time.Time {
	d := time.Minute << min(n, 9)
	return s.x.cfg.Now().Add(min(d, longestPause))
}

// problem makes a problem of an item. Its title is for its owner; a private
// item's stays empty.
func (s *slice) problem(id pim.SideID, item pim.ItemID, code fault.Code, content pim.Item, cause error) store.Problem {
	p := store.Problem{User: s.task.Account.User, Kind: s.task.Kind, Side: id, Item: item, Code: code}
	if content != nil {
		if c := content.Shared(); c.Sensitivity != pim.Private && c.Sensitivity != pim.Confidential {
			p.Title = store.Shorten(c.Subject)
		}
	}
	if cause != nil {
		p.Detail = cause.Error()
	}
	return p
}
