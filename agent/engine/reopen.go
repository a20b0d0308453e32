package engine

import "abgleich/agent/pim"

// reappear lets a pattern flow that Exchange could not show while its item was as it
// was: of a recurring task that is done it holds only that it is done. When somebody
// reopens it, on either side, nobody changed the pattern, and yet it is to be written.
func (r *Rules) reappear(f *flow, b, e *Half) {
	pattern := pim.Fields(pim.FieldRecurrence)
	bi, ei := b.now(), e.now()
	if (f.toBusiness|f.toExchange)&pattern != 0 || bi.Shared().Recurrence == nil || ei.Shared().Recurrence != nil ||
		r.Exchange.Project(b.Base).Shared().Recurrence != nil {
		return
	}
	merged := bi.Clone()
	pim.Apply(merged, ei, f.toBusiness)
	if r.Exchange.Project(merged).Shared().Recurrence != nil {
		f.toExchange |= pattern & r.Exchange.Writable()
	}
}
