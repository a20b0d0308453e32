package executor_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"abgleich/agent/executor"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// BenchmarkFirstSync measures our own share of a first sync of 10,000
// appointments, either way, with sides that answer at once and a store that is
// as durable as in service.
func BenchmarkFirstSync(b *testing.B) {
	for _, source := range both {
		b.Run("from "+source.String(), func(b *testing.B) {
			const items = 10000
			for n := range b.N {
				b.StopTimer()
				sides := map[pim.SideID]*flatSide{pim.Business: newFlat(pim.Business), pim.Exchange: newFlat(pim.Exchange)}
				for i := range items {
					a := appointment(fmt.Sprintf("Besprechung mit Kunde %d", i), i%24)
					a.Body = "Unterlagen mitnehmen.\nTreffpunkt beim Empfang, Parkplatz ist reserviert."
					a.Location, a.Categories = "Besprechungszimmer 2", []string{"Kunde", "Wien"}
					a.Reminder = &pim.Reminder{Before: 15}
					sides[source].add(a, "")
				}
				s, err := store.Open(b.Context(), filepath.Join(b.TempDir(), fmt.Sprint(n, ".db")), store.Options{})
				if err != nil {
					b.Fatal(err)
				}
				x := executor.New(executor.Config{Store: s, Business: sides[pim.Business], Exchange: sides[pim.Exchange]})
				task := executor.Task{Account: side.Account{User: "anna", Mail: "anna@lab.test", Zone: time.UTC}, Kind: kind}
				b.StartTimer()
				for {
					res, err := x.Slice(b.Context(), task)
					if err != nil {
						b.Fatal(err)
					}
					if !res.More {
						break
					}
				}
				b.StopTimer()
				b.ReportMetric(float64(items)*float64(b.N)/b.Elapsed().Seconds(), "items/s")
				if got := len(sides[source.Other()].entries); got != items {
					b.Fatalf("%d items", got)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
