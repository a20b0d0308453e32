package demo_test

import (
	"testing"
	"time"

	"abgleich/cmd/agent/internal/demo"
	"abgleich/ipc/contract"
)

// BenchmarkFirstSync is the whole job at full size, agent and simulated Exchange
// in one process: go test -run '^$' -bench FirstSync -benchtime 1x -cpuprofile cpu.out
func BenchmarkFirstSync(b *testing.B) {
	for name, from := range map[string]demo.Direction{"to Exchange": demo.Business, "to business": demo.Exchange} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r, err := demo.Run(b.Context(), demo.Options{
					Users: 1, Appointments: 10_000, Tasks: 2_000, Edits: 40, Latency: 20 * time.Millisecond, Direction: from, Version: "bench",
				}, silent{})
				if err != nil || !r.OK {
					b.Fatalf("%+v, %v", r, err)
				}
				b.ReportMetric(r.FirstSync.ItemsPerSecond, "items/s")
				b.ReportMetric(r.Live.P50, "p50-ms")
				b.ReportMetric(r.Live.P99, "p99-ms")
			}
		})
	}
}

// silent shows nothing.
type silent struct{}

func (silent) Chapter(demo.Chapter, ...any)                       {}
func (silent) Stage(*contract.Stage)                              {}
func (silent) Verified(string, bool)                              {}
func (silent) Progress(*contract.UserStatus)                      {}
func (silent) ProgressEnds()                                      {}
func (silent) Edit(demo.Direction, string, string, time.Duration) {}
func (silent) Finding(string)                                     {}
