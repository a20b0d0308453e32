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
					Users: 1, Appointments: 10_000, Tasks: 2_000, Series: 5, Edits: 40, Latency: 20 * time.Millisecond, Direction: from, Version: "bench",
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

// BenchmarkSeries is a mailbox of 10,000 appointments, 500 of them series with five
// exceptions each, and for comparison the same without series.
func BenchmarkSeries(b *testing.B) {
	for name, from := range map[string]demo.Direction{"to Exchange": demo.Business, "to business": demo.Exchange} {
		for what, percent := range map[string]int{"none": 0, "500 with 5 exceptions": 5} {
			b.Run(name+"/"+what, func(b *testing.B) {
				for b.Loop() {
					r, err := demo.Run(b.Context(), demo.Options{Users: 1, Appointments: 10_000, Series: percent, Exceptions: 5,
						Latency: 20 * time.Millisecond, Direction: from, Version: "bench"}, silent{})
					if err != nil || !r.OK || r.Series != 100*percent || r.Exceptions != 500*percent {
						b.Fatalf("%+v, %v", r, err)
					}
					b.ReportMetric(r.FirstSync.ItemsPerSecond, "items/s")
				}
			})
		}
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
