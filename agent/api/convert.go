package api

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/agent/pim"
	"abgleich/agent/store"
	"abgleich/ipc/contract"
)

// stamp is a time on the wire; absent for the zero time.
func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// timeOf reads what stamp wrote.
func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

// kindsOf is the kind a request names; none for both.
func kindsOf(k contract.Kind) []pim.Kind {
	switch k {
	case contract.Kind_KIND_APPOINTMENT:
		return []pim.Kind{pim.KindAppointment}
	case contract.Kind_KIND_TASK:
		return []pim.Kind{pim.KindTask}
	}
	return nil
}

// countsMessage puts a run's counts on the wire. Kinds and sides have the same
// numbers there as in pim.
func countsMessage(c store.Counts) *contract.Counts {
	b, e := pim.Business, pim.Exchange
	n := func(v int) uint64 { return uint64(max(v, 0)) }
	return &contract.Counts{
		CreatedBusiness: n(*c.Created.At(b)), CreatedExchange: n(*c.Created.At(e)),
		UpdatedBusiness: n(*c.Updated.At(b)), UpdatedExchange: n(*c.Updated.At(e)),
		DeletedBusiness: n(*c.Deleted.At(b)), DeletedExchange: n(*c.Deleted.At(e)),
		Paired: n(c.Paired), Problems: n(c.Failed), Conflicts: n(c.Conflicts), Held: n(c.Held),
	}
}
