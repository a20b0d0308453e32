package executor

import (
	"context"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
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
	left, err := s.createdAndLeft(ctx, target, found)
	if err != nil {
		return err
	}
	var b store.Batch
	for n, i := range intents {
		b.DropIntents = append(b.DropIntents, i.Key)
		var made store.PairSide
		switch {
		case len(found[n].Items) > 0:
			// The version stays unknown: the feed will name the item, and what a person
			// has changed in it since shows against the base.
			made = store.PairSide{ID: found[n].Items[0].ID, Keyed: true}
		case left[i.Key] != side.PlaceUnknown:
			made = store.PairSide{ID: nameless(i.Key), Keyed: true}
		default:
			continue
		}
		a, err := s.adoption(i, made)
		if err != nil {
			return err
		}
		if p := left[i.Key]; p == side.PlaceUnknown {
			a.Pair.Made = target
		} else {
			a.Missing = &store.Row{Side: target, ID: made.ID, Gone: true, Place: p, Seen: s.x.cfg.Now()}
			if p == side.PlaceElsewhere {
				a.Missing.State = store.RowBlocked
			}
		}
		b.Adopted = append(b.Adopted, a)
		c, err := s.adoptedAs(&a, target)
		if err != nil {
			return err
		}
		b.Created = append(b.Created, c)
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

// nameless stands for the id of an item of which only the key is known.
func nameless(k pim.Key) pim.ItemID { return pim.ItemID(k) }

// createdAndLeft looks for creations that are not in the folder: a person may have
// moved or deleted the new item before its reply was recorded. Such a pair rests
// until the item comes back, or ends, and nothing is made a second time. Keys of
// which there is no trace are not in the answer.
func (s *slice) createdAndLeft(ctx context.Context, target pim.SideID, found []side.Found) (map[pim.Key]side.Place, error) {
	var lost []side.Lost
	for _, f := range found {
		if len(f.Items) == 0 {
			lost = append(lost, side.Lost{ID: nameless(f.Key), Key: f.Key})
		}
	}
	if len(lost) == 0 {
		return nil, nil
	}
	where, err := s.folder(target).Whereabouts(ctx, lost)
	if err != nil {
		return nil, s.blame(target, err)
	}
	if len(where) != len(lost) {
		return nil, broken("recover", target, len(where), len(lost))
	}
	left := make(map[pim.Key]side.Place)
	for n, w := range where {
		switch w.Place {
		case side.PlaceElsewhere, side.PlaceDeleted:
			left[lost[n].Key] = w.Place
		case side.PlaceHere: // it came this instant: look again
			return nil, s.blame(target, fault.New(fault.ItemChanged, "executor.recover", target.String(), nil))
		}
	}
	return left, nil
}

// adoption makes a pair of an intent and what became of it.
func (s *slice) adoption(i store.Intent, made store.PairSide) (store.Adoption, error) {
	source := i.Target.Other()
	item, err := pim.Unmarshal(i.Item)
	if err != nil {
		return store.Adoption{}, fault.New(fault.StoreCorrupt, "executor.recover", string(i.Source), err)
	}
	if made.Base, err = pim.Marshal(s.x.side(i.Target).Projection(s.task.Kind).Project(s.rules.Outgoing(i.Target, item, nil))); err != nil {
		return store.Adoption{}, fault.New(fault.Internal, "executor.recover", string(i.Source), err)
	}
	a := store.Adoption{Source: source, Pair: store.Pair{Key: i.Key, State: store.PairLinked, Origin: source}}
	*a.Pair.Sides.At(source) = store.PairSide{ID: i.Source, Version: i.Version, Base: i.Item}
	*a.Pair.Sides.At(i.Target) = made
	return a, nil
}
