package fake

import (
	"context"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// OpPutBack names [side.Keeper.PutBack].
const OpPutBack Op = "putback"

// Keep implements side.Keeper: a fake item holds nothing beyond its fields.
func (c *claimer) Keep(ctx context.Context, ids []pim.ItemID) ([][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fault.New(fault.Cancelled, "fake.Keep", string(c.owner.user), err)
	}
	return make([][]byte, len(ids)), nil
}

// PutBack implements side.Keeper.
func (c *claimer) PutBack(ctx context.Context, keys []pim.Key) ([]side.Outcome, error) {
	return write(ctx, c.folder, OpPutBack, keys, func(k pim.Key) intent {
		return intent{
			effect: Effect{Key: k},
			check:  func() bool { return k != "" },
			do:     func() (*entry, error) { return c.putBack(k) },
		}
	})
}

func (c *claimer) putBack(k pim.Key) (*entry, error) {
	var bin *entry
	for _, e := range c.s.box(c.owner).after(0) {
		switch {
		case e.Key != k:
		case e.here():
			return e, nil
		case e.Place == side.PlaceDeleted:
			bin = e
		}
	}
	if bin == nil {
		return nil, fault.New(fault.ItemGone, "fake.PutBack", string(k), nil)
	}
	n := c.s.add(c.owner, bin.Item, bin.Key)
	bin.Key = ""
	c.s.leave(c.owner, bin, side.PlaceNowhere)
	return n, nil
}
