package executor

import (
	"context"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
)

// recover looks up every creation the journal says was begun: one that happened
// becomes a pair, one that did not is forgotten and may be begun again. Until
// this is done nothing is read: a feed could name an item whose origin is not
// known yet.
func (s *slice) recover(ctx context.Context) error {
	var after pim.Key
	for {
		intents, err := s.lease.Intents(ctx, after, 200)
		if err != nil || len(intents) == 0 {
			return err
		}
		after = intents[len(intents)-1].Key
		for _, target := range []pim.SideID{pim.Business, pim.Exchange} {
			if err := s.recoverSide(ctx, target, intents); err != nil {
				return err
			}
		}
	}
}

func (s *slice) recoverSide(ctx context.Context, target pim.SideID, all []store.Intent) error {
	var intents []store.Intent
	var keys []pim.Key
	for _, i := range all {
		if i.Target == target {
			intents, keys = append(intents, i), append(keys, i.Key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	found, err := s.folder(target).FindByKey(ctx, keys)
	if err != nil {
		return s.blame(target, err)
	}
	if len(found) != len(keys) {
		return broken("recover", target, len(found), len(keys))
	}
	var b store.Batch
	for n, i := range intents {
		b.DropIntents = append(b.DropIntents, i.Key)
		if len(found[n].Items) == 0 {
			continue
		}
		item, err := pim.Unmarshal(i.Item)
		if err != nil {
			return fault.New(fault.StoreCorrupt, "executor.recover", string(i.Source), err)
		}
		base, err := pim.Marshal(s.x.side(target).Projection(s.task.Kind).Project(item))
		if err != nil {
			return fault.New(fault.Internal, "executor.recover", string(i.Source), err)
		}
		p := store.Pair{Key: i.Key, State: store.PairLinked}
		*p.Sides.At(target.Other()) = store.PairSide{ID: i.Source, Version: i.Version, Base: i.Item}
		// The version stays unknown: the feed will name the item, and what a person
		// has changed in it since shows against the base.
		*p.Sides.At(target) = store.PairSide{ID: found[n].Items[0].ID, Base: base, Keyed: true}
		b.Adopted = append(b.Adopted, store.Adoption{Pair: p, Source: target.Other()})
	}
	if err := s.lease.Apply(ctx, &b); err != nil {
		return err
	}
	s.report.change(func(p *Progress) {
		*p.Counts.Created.At(target) += len(b.Adopted)
		p.Done += len(b.Adopted)
	})
	return nil
}
