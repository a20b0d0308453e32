package schedule

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"abgleich/agent/pim"
)

// BenchmarkHintToRun measures from a trigger to the beginning of the slice.
func BenchmarkHintToRun(b *testing.B) {
	began := make(chan time.Time, 16)
	s, err := Start(b.Context(), Config{Folder: filepath.Join(b.TempDir()), Observer: newRecord(), Now: time.Now, Interval: time.Hour,
		Users: &fakeUsers{list: []User{employee("anna", pim.KindTask)}},
		Runner: runnerFunc(func(context.Context, Slice) (Result, error) {
			began <- time.Now()
			return Result{}, nil
		})})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Stop(context.Background()) }()
	<-began
	var took []time.Duration
	for b.Loop() {
		asked := time.Now()
		if err := s.Trigger(b.Context(), "anna", ByHint); err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-began).Sub(asked))
		time.Sleep(30 * time.Millisecond) // let it come to rest: not part of what is measured
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(0, "ns/op")
}
