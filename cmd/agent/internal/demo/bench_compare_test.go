package demo_test

import (
	"context"
	"testing"
	"time"

	"connectrpc.com/connect"

	"abgleich/cmd/agent/internal/client"
	"abgleich/cmd/agent/internal/demo"
	"abgleich/ipc/contract"
)

// mostComparing is what is asked of a comparison of 10,000 items.
const mostComparing = 5 * time.Second

// BenchmarkCompare compares a mailbox of 10,000 appointments with the business
// database, item by item, as a window asks the running agent for it; and foretells
// a run and a change of options of the same user.
func BenchmarkCompare(b *testing.B) {
	const items = 10_000
	for b.Loop() {
		keep := func(ctx context.Context, k demo.Kept, _ demo.Result) {
			a := client.New(k.Address, "bench")
			defer a.Close()
			took := func(what string, most time.Duration, f func() error) {
				begun := time.Now()
				if err := f(); err != nil {
					b.Fatal(err)
				}
				d := time.Since(begun)
				b.ReportMetric(d.Seconds(), what)
				if most > 0 && d > most {
					b.Logf("%s: %s, asked for is %s: is the machine quiet?", what, d, most)
				}
			}
			took("compare-s", mostComparing, func() error {
				s, err := a.Compare(ctx, connect.NewRequest(&contract.CompareRequest{User: "anna"}))
				if err != nil {
					return err
				}
				defer s.Close() //nolint:errcheck // read only
				equal, listed := uint64(0), 0
				for s.Receive() {
					equal, listed = s.Msg().GetEqual(), listed+len(s.Msg().GetItems())
				}
				if s.Err() == nil && (equal != items || listed != items) {
					b.Fatalf("%d equal of %d listed", equal, listed)
				}
				return s.Err()
			})
			took("dry-run-s", 0, func() error {
				r, err := a.PlanRun(ctx, connect.NewRequest(&contract.PlanRunRequest{User: "anna"}))
				if err == nil && len(r.Msg.GetActions()) != 0 {
					b.Fatal(r.Msg)
				}
				return err
			})
			took("options-preview-s", 0, func() error {
				r, err := a.SetOptions(ctx, connect.NewRequest(&contract.SetOptionsRequest{User: "anna", Preview: true, Options: &contract.Options{
					Appointments: &contract.KindOptions{Direction: contract.Direction_DIRECTION_TO_EXCHANGE}}}))
				if err == nil && r.Msg.GetAppointments().GetStay() != items {
					b.Fatal(r.Msg)
				}
				return err
			})
		}
		// What the edits of the demo make and delete evens out.
		r, err := demo.Run(b.Context(), demo.Options{Users: 1, Appointments: items, Latency: 20 * time.Millisecond, Direction: demo.Business,
			Version: "bench", Keep: keep}, silent{})
		if err != nil || !r.OK {
			b.Fatalf("%+v, %v", r, err)
		}
	}
}
