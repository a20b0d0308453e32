package executor

import (
	"context"
	"fmt"

	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
)

// ledger is what a batch of jobs leaves behind.
type ledger struct {
	s      *slice
	b      store.Batch
	hold   store.PerSide[[]store.RowID] // deletions on that side that a person must decide
	counts store.Counts
	done   int
}

// record writes down what became of the jobs.
func (s *slice) record(ctx context.Context, jobs []*job) error {
	l := &ledger{s: s, b: store.Batch{PairStates: make(map[store.PairID]store.PairState)}}
	for _, j := range jobs {
		if err := l.job(j); err != nil {
			return err
		}
	}
	if err := s.lease.Apply(ctx, &l.b); err != nil {
		return err
	}
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		if err := s.lease.HoldRows(ctx, fault.DeletionsHeld, id, *l.hold.At(id)); err != nil {
			return err
		}
	}
	s.report.change(func(p *Progress) {
		add(&p.Counts, &l.counts)
		p.Done += l.done
		p.Expected = max(p.Expected, p.Done)
	})
	return nil
}

func add(to, more *store.Counts) {
	for i := range to.Created {
		to.Created[i] += more.Created[i]
		to.Updated[i] += more.Updated[i]
		to.Deleted[i] += more.Deleted[i]
		to.Stamped[i] += more.Stamped[i]
	}
	to.Conflicts += more.Conflicts
	to.Failed += more.Failed
	to.Held += more.Held
}

func (l *ledger) job(j *job) error {
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		h := j.half(id)
		if h.stamped {
			*l.counts.Stamped.At(id)++
		}
		// It carries the key: because this job wrote it, or because a write arrived whose
		// reply was lost. That it could not be written is no problem any more.
		if j.pair != nil && (h.stamped || h.keyed && !j.pair.Sides.At(id).Keyed) {
			l.b.Clear = append(l.b.Clear, store.Ref{Side: id, Item: h.id})
		}
	}
	switch j.step {
	case stepQuit, stepDecide:
		return nil
	case stepLost:
		l.lost(j)
		return nil
	case stepRead:
		j.err = fault.New(fault.ItemChanged, "executor.carry", j.at.String(), nil)
		return l.postpone(j)
	case stepFailed:
		return l.postpone(j)
	}
	l.done++
	if j.left {
		return l.leave(j)
	}
	switch j.d.Verdict {
	case engine.Create, engine.Recreate:
		return l.created(j)
	case engine.Settle:
		return l.settled(j)
	case engine.Drop:
		l.b.DropPairs = append(l.b.DropPairs, j.pair.ID)
		l.clear(j)
	case engine.Unpair:
		return l.unpair(j)
	case engine.Delete, engine.Hold:
		return l.deleting(j)
	case engine.Rest:
		return l.rest(j)
	case engine.Filter:
		return l.filtered(j)
	case engine.Refuse:
		return l.refuse(j)
	case engine.Wait:
		l.wait(j)
	}
	return nil
}

// clear ends the problems of both items.
func (l *ledger) clear(j *job) {
	for _, r := range j.rows() {
		if r.Trouble || r.Code != "" || r.Attempts > 0 {
			l.b.Clear = append(l.b.Clear, store.Ref{Side: r.Side, Item: r.ID})
		}
	}
}

func (l *ledger) dropRows(j *job) {
	for _, r := range j.rows() {
		l.b.DropRows = append(l.b.DropRows, r.Seq)
	}
}

// created records the pair of an item and what was made of it.
func (l *ledger) created(j *job) error {
	target := j.d.Target
	src, dst := j.half(target.Other()), j.half(target)
	text, err := src.marshalled()
	if err != nil {
		return err
	}
	sent := l.s.outgoing(j, target)
	made := l.s.x.side(target).Projection(l.s.task.Kind).Project(sent)
	base := text
	if pim.Diff(made, src.now()) != 0 {
		if base, err = pim.Marshal(made); err != nil {
			return fault.New(fault.Internal, "executor.record", string(src.id), err)
		}
	}
	p := store.Pair{Key: j.key, State: store.PairLinked, Made: target, Origin: target.Other()}
	*p.Sides.At(target.Other()) = store.PairSide{ID: src.id, Version: src.version, Base: text, Keyed: src.keyed}
	*p.Sides.At(target) = store.PairSide{ID: dst.id, Version: dst.version, Base: base, Keyed: dst.keyed}
	if l.s.differs(target, made, src.now()) {
		// A copy without content had to be completed: the feed names the new item again,
		// and it is decided what its source gets of that.
		p.Sides.At(target).Version = ""
		l.again()
	}
	l.b.NewPairs = append(l.b.NewPairs, p)
	l.b.Created = append(l.b.Created, l.s.created(target, dst.id, src.id, made))
	if src.row != nil && src.row.Key != "" {
		l.b.Rekeyed = append(l.b.Rekeyed, store.Rekey{From: src.row.Key, To: j.key})
	}
	l.s.foretell(PlanItem{Action: PlanCreate, Side: target, Item: sent, Code: j.trouble()})
	l.b.DropIntents = append(l.b.DropIntents, j.key)
	l.dropRows(j)
	l.clear(j)
	*l.counts.Created.At(target)++
	return nil
}

// differs tells that an item made on a side is not what its source means, by the
// options in force.
func (s *slice) differs(target pim.SideID, made, source pim.Item) bool {
	b, e := source, made
	if target == pim.Business {
		b, e = made, source
	}
	return !s.rules.Equal(b, s.rules.Outgoing(pim.Business, e, nil))
}

// settled records what both items are now.
func (l *ledger) settled(j *job) error {
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		h, o := j.half(id), j.d.Of(id)
		if h.row == nil && !h.fresh && h.Base != nil {
			continue
		}
		if err := l.side(j, id, o.Base); err != nil {
			return err
		}
		if h.wrote {
			*l.counts.Updated.At(id)++
			l.s.foretell(PlanItem{Action: PlanUpdate, Side: id, Item: o.Write.Item, Fields: o.Write.Fields, Code: j.trouble()})
		}
		if o.Lost != 0 {
			l.counts.Conflicts++
		}
	}
	if j.pair.State != store.PairLinked {
		l.b.PairStates[j.pair.ID] = store.PairLinked
	}
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		if err := l.leftover(j, id); err != nil {
			return err
		}
	}
	if j.d.Code == "" {
		l.clear(j)
	}
	return nil
}

// leftover drops the row of a half that is settled, or keeps what waits in it: for
// Outlook, or for other options.
func (l *ledger) leftover(j *job, id pim.SideID) error {
	h := j.half(id)
	if j.d.Code == "" || id == pim.Exchange {
		waits, err := l.waits(j, id)
		if err == nil && !waits && h.row != nil {
			l.b.DropRows = append(l.b.DropRows, h.row.Seq)
		}
		return err
	}
	row, err := l.row(j, id)
	if err != nil {
		return err
	}
	row.State, row.Code, row.Trouble = store.RowBlocked, j.d.Code, true
	l.b.Rows = append(l.b.Rows, *row)
	l.problem(id, h.id, j.d.Code, h.now(), nil)
	return nil
}

// side records one half of a pair with its new base.
func (l *ledger) side(j *job, id pim.SideID, base pim.Item) error {
	h := j.half(id)
	r := store.SideRecord{Pair: j.pair.ID, Side: id, PairSide: store.PairSide{ID: h.id, Version: h.version, Keyed: h.keyed}}
	if base != nil && rebased(h.Base, base) {
		text, err := pim.Marshal(base)
		if err != nil {
			return fault.New(fault.Internal, "executor.record", string(h.id), err)
		}
		r.Base = text
	}
	l.b.Sides = append(l.b.Sides, r)
	return nil
}

// row is an inbox row that says what an item is now.
func (l *ledger) row(j *job, id pim.SideID) (*store.Row, error) {
	h := j.half(id)
	text, err := h.marshalled()
	if err != nil {
		return nil, err
	}
	row := store.Row{Side: id, ID: h.id, Version: h.version, Item: text, Seen: h.Seen}
	if j.pair != nil {
		row.Pair = j.pair.ID
	} else if h.row != nil {
		row.UID, row.Hint = h.row.UID, h.row.Hint
	}
	if h.keyed {
		row.Key = j.key
	}
	return &row, nil
}

// unchanged records a row that says nothing but a new version.
func (l *ledger) unchanged(j *job, id pim.SideID) error {
	h := j.half(id)
	if h.row == nil || h.row.Gone {
		return nil
	}
	l.b.DropRows = append(l.b.DropRows, h.row.Seq)
	return l.side(j, id, nil)
}

// deleting marks the decided deletion: it is carried out last and under the
// guard, or when a person has decided.
func (l *ledger) deleting(j *job) error {
	gone := j.half(j.d.Target.Other()).row
	if gone == nil {
		return nil
	}
	switch gone.State {
	case store.RowDeleting, store.RowHeld, store.RowConfirmed:
	default:
		// What could not be done with an item that is gone concerns nobody any more.
		l.b.Clear = append(l.b.Clear, store.Ref{Side: gone.Side, Item: gone.ID})
		if j.d.Verdict == engine.Hold {
			at := l.hold.At(j.d.Target)
			*at = append(*at, gone.Seq)
			l.counts.Held++
		} else {
			l.b.States = append(l.b.States, store.StateChange{Seq: gone.Seq, State: store.RowDeleting})
			l.done-- // it is done once it is deleted or held
		}
	}
	return l.unchanged(j, j.d.Target)
}

func (l *ledger) unpair(j *job) error {
	stays := j.d.Target.Other()
	l.b.DropPairs = append(l.b.DropPairs, j.pair.ID)
	l.clear(j)
	row, err := l.row(j, stays)
	if err != nil {
		return err
	}
	row.Pair, row.State, row.Code, row.Trouble = 0, store.RowBlocked, j.d.Code, true
	l.b.Rows = append(l.b.Rows, *row)
	l.problem(stays, row.ID, j.d.Code, j.half(stays).now(), nil)
	return nil
}

// rest leaves both items alone; what was read stays for when they wake.
func (l *ledger) rest(j *job) error {
	l.b.PairStates[j.pair.ID] = store.PairResting
	if j.d.Code == fault.OutsideOptions {
		return l.filtered(j)
	}
	for _, r := range j.rows() {
		l.b.States = append(l.b.States, store.StateChange{Seq: r.Seq, State: store.RowBlocked, Code: j.d.Code})
		h := j.half(r.Side)
		if j.d.Code != "" && h.now() != nil && h.now().Shared().Recurrence != nil {
			l.problem(r.Side, r.ID, j.d.Code, h.now(), nil)
		}
	}
	return nil
}

// refuse makes a row a problem that only a change or a person ends.
func (l *ledger) refuse(j *job) error {
	for _, r := range j.rows() {
		if j.pair != nil && !r.Gone {
			if err := l.unchanged(j, r.Side); err != nil {
				return err
			}
			continue
		}
		l.b.States = append(l.b.States, store.StateChange{Seq: r.Seq, State: store.RowBlocked, Code: j.d.Code})
		content := j.half(r.Side).now()
		if r.Gone {
			content = j.half(r.Side.Other()).now()
		}
		l.problem(r.Side, r.ID, j.d.Code, content, nil)
	}
	return nil
}

// leave keeps what a person wants left alone; of the other item it records what is
// no more than a new version.
func (l *ledger) leave(j *job) error {
	for _, r := range j.rows() {
		if !r.Ignored {
			if err := l.unchanged(j, r.Side); err != nil {
				return err
			}
		}
	}
	return nil
}

// wait puts ready rows off until the pair's other row is tried again.
func (l *ledger) wait(j *job) {
	next := l.s.pause(0)
	for _, r := range j.rows() {
		if r.State == store.RowWaiting {
			next = r.NextTry
		}
	}
	for _, r := range j.rows() {
		if r.State == store.RowReady {
			l.b.States = append(l.b.States, store.StateChange{Seq: r.Seq, State: store.RowWaiting, Attempts: r.Attempts, NextTry: next})
		}
	}
}

// lost is for a creation whose reply was lost: the next slice looks it up. The
// first time it does so at once.
func (l *ledger) lost(j *job) {
	for _, r := range j.rows() {
		next := l.s.x.cfg.Now()
		if r.Attempts > 0 {
			next = l.s.pause(r.Attempts)
		} else {
			l.again()
		}
		l.b.States = append(l.b.States, store.StateChange{Seq: r.Seq, State: store.RowWaiting, Code: fault.ReplyLost,
			Attempts: r.Attempts + 1, NextTry: next})
	}
}

// fleeting are failures that mend themselves with the next feed; they become
// problems only when they do not.
func fleeting(c fault.Code) bool {
	return c == fault.ItemGone || c == fault.ItemChanged || c == fault.ReplyLost
}

// postpone keeps a failed job's rows for a later run, with growing pauses.
func (l *ledger) postpone(j *job) error {
	code := fault.CodeOf(j.err)
	attempts := 0
	for _, r := range j.rows() {
		attempts = max(attempts, r.Attempts)
	}
	next := l.s.pause(attempts)
	if j.d.Verdict == engine.Create || j.d.Verdict == engine.Recreate {
		l.b.DropIntents = append(l.b.DropIntents, j.key)
	}
	raised := false
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		h := j.half(id)
		if h.row == nil && !h.fresh {
			continue
		}
		if h.fresh {
			row, err := l.row(j, id)
			if err != nil {
				return err
			}
			row.State, row.Code, row.Attempts, row.NextTry, row.Trouble = store.RowWaiting, code, attempts+1, next, true
			l.b.Rows = append(l.b.Rows, *row)
		} else {
			l.b.States = append(l.b.States, store.StateChange{Seq: h.row.Seq, State: store.RowWaiting, Code: code, Attempts: attempts + 1, NextTry: next})
		}
		if raised || fleeting(code) && attempts < 2 {
			continue
		}
		raised = true
		l.problem(id, h.id, code, h.now(), fmt.Errorf("on %s: %w", j.at, j.err))
		l.b.Problems[len(l.b.Problems)-1].NextTry = next
	}
	return nil
}

func (l *ledger) problem(id pim.SideID, item pim.ItemID, code fault.Code, content pim.Item, cause error) {
	l.b.Problems = append(l.b.Problems, l.s.problem(id, item, code, content, cause))
	l.counts.Failed++
}

// again asks for another slice.
func (l *ledger) again() {
	l.s.mu.Lock()
	l.s.again = true
	l.s.mu.Unlock()
}
