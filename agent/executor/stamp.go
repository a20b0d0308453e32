package executor

import (
	"context"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// stamp writes keys into items of pairs that should carry them and do not,
// because it failed when the pair was made.
func (s *slice) stamp(ctx context.Context) error {
	var after store.PairID
	for {
		pairs, err := s.lease.Unkeyed(ctx, s.x.cfg.Now(), after, batchSize)
		if err != nil || len(pairs) == 0 {
			return err
		}
		after = pairs[len(pairs)-1].ID
		jobs := make([]*job, len(pairs))
		for i := range pairs {
			if jobs[i], err = newJob(store.Unit{Pair: &pairs[i]}); err != nil {
				return err
			}
			jobs[i].step = stepWrite
		}
		for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
			if err := s.stampSide(ctx, id, jobs); err != nil {
				return err
			}
		}
		if s.expired() && len(pairs) == batchSize {
			s.again = true
			return nil
		}
	}
}

func (s *slice) stampSide(ctx context.Context, id pim.SideID, jobs []*job) error {
	list := pick(jobs, func(j *job) bool { return !j.half(id).keyed && j.half(id).version != "" })
	if len(list) == 0 {
		return nil
	}
	err := inChunks(ctx, s, id, list,
		func(j *job) side.KeyAssignment {
			return side.KeyAssignment{ID: j.half(id).id, Version: j.half(id).version, Key: j.key}
		},
		s.folder(id).SetKeys,
		func(j *job, o side.Outcome) {
			j.err = o.Err
			if o.Err == nil {
				h := j.half(id)
				h.version, h.keyed, h.stamped = o.Version, true, true
			}
		}, quit)
	var b store.Batch
	n := 0
	for _, j := range list {
		h := j.half(id)
		switch {
		case h.stamped:
			n++
			b.Sides = append(b.Sides, store.SideRecord{Pair: j.pair.ID, Side: id,
				PairSide: store.PairSide{ID: h.id, Version: h.version, Keyed: true}})
			b.Clear = append(b.Clear, store.Ref{Side: id, Item: h.id})
		case j.step != stepQuit && j.err != nil && !fleeting(fault.CodeOf(j.err)):
			p := s.problem(id, h.id, fault.CodeOf(j.err), h.now(), j.err)
			p.NextTry = s.pause(4)
			b.Problems = append(b.Problems, p)
		}
	}
	if e := s.lease.Apply(context.WithoutCancel(ctx), &b); e != nil {
		return e
	}
	s.report.change(func(p *Progress) { *p.Counts.Stamped.At(id) += n })
	return err
}
