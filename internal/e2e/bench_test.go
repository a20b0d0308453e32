package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
)

// BenchmarkALiveEditArrives tells how long an edit takes to be on the other side:
// p50-ms and p99-ms of forty a round, one after the other, in each direction.
func BenchmarkALiveEditArrives(b *testing.B) {
	for _, toExchange := range []bool{true, false} {
		name := map[bool]string{true: "from business to Exchange", false: "from Exchange to business"}[toExchange]
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, options{people: 1, latency: 5 * time.Millisecond, unjudged: true})
			p := w.people[0]
			x := thing{subject: "live", start: firstDay, end: firstDay.Add(time.Hour), busy: "busy", importance: "normal"}
			row := w.insert(p, x)
			w.start()
			c := w.call()
			c.login(w.people)
			c.await("the first sync", rest(1))
			id := w.inExchange(p)[0].id
			var took []time.Duration
			edit := func(n int) {
				place := fmt.Sprint("Ort ", n)
				begun := time.Now()
				if toExchange {
					w.exec(`UPDATE appointments SET location = ? WHERE id = ?`, place, row)
					until(b, "the edit", func() bool { it, _ := w.box(p).Get(id); return it.Location == place })
				} else {
					_, err := w.box(p).Update(id, func(it *exchangesim.Item) { it.Location = place })
					must(b, err)
					until(b, "the edit", func() bool {
						return w.number(`SELECT count(*) FROM appointments WHERE id = ? AND location = ?`, row, place) == 1
					})
				}
				took = append(took, time.Since(begun))
			}
			edit(-1) // watching has begun
			took = nil
			b.ResetTimer()
			for i := range 40 * b.N {
				edit(i)
			}
			b.StopTimer()
			slices.Sort(took)
			ms := func(p int) float64 { return float64(took[(len(took)*p+99)/100-1].Microseconds()) / 1000 }
			b.ReportMetric(ms(50), "p50-ms")
			b.ReportMetric(ms(99), "p99-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}
