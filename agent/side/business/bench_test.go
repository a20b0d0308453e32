package business_test

import (
	"fmt"
	"testing"
	"time"

	"abgleich/agent/pim"
	"abgleich/agent/side"
)

func benchItems(n int) []side.Creation {
	in := make([]side.Creation, n)
	for i := range in {
		start := time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Hour)
		in[i] = side.Creation{Key: pim.Key(fmt.Sprintf("inst.%032d", i)), Item: &pim.Appointment{
			Common: pim.Common{Subject: fmt.Sprintf("Besprechung mit Kunde %d", i), Categories: []string{"Kunde"},
				Body: "Tagesordnung:\n1. Angebot\n2. Termine\n3. Allfälliges", Reminder: &pim.Reminder{Before: 15}},
			When:     pim.When{Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna"},
			Location: "Besprechungszimmer 2",
		}}
	}
	return in
}

func must(b *testing.B, out []side.Outcome, err error) []side.Outcome {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	for _, o := range out {
		if o.Err != nil {
			b.Fatal(o.Err)
		}
	}
	return out
}

func benchCreate(b *testing.B, l *lab) {
	f := l.folder(b, 0, pim.KindAppointment)
	in := benchItems(f.BatchSize())
	n := 0
	for b.Loop() {
		out, err := f.Create(b.Context(), in)
		must(b, out, err)
		n += len(in)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "items/s")
}

func benchPages(b *testing.B, l *lab) {
	f := l.folder(b, 0, pim.KindAppointment)
	for range 10 {
		out, err := f.Create(b.Context(), benchItems(f.BatchSize()))
		must(b, out, err)
	}
	n := 0
	for b.Loop() {
		for c, more := side.Cursor(""), true; more; {
			p, err := f.Changes(b.Context(), c)
			if err != nil {
				b.Fatal(err)
			}
			c, more = p.Next, p.More
			n += len(p.Changes)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "items/s")
}

func benchUpdate(b *testing.B, l *lab) {
	f := l.folder(b, 0, pim.KindAppointment)
	in := benchItems(f.BatchSize())
	made, err := f.Create(b.Context(), in)
	must(b, made, err)
	n := 0
	ups := make([]side.Update, len(made))
	for b.Loop() {
		for i, o := range made {
			item := in[i].Item.Clone()
			item.Shared().Subject = fmt.Sprint(n, i)
			ups[i] = side.Update{ID: o.ID, Version: o.Version, Fields: pim.Fields(pim.FieldSubject), Item: item}
		}
		made, err = f.Update(b.Context(), ups)
		must(b, made, err)
		n += len(made)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "items/s")
}

func BenchmarkEmbedded(b *testing.B) {
	b.Run("create", func(b *testing.B) { benchCreate(b, embedded(b)) })
	b.Run("update", func(b *testing.B) { benchUpdate(b, embedded(b)) })
	b.Run("pages", func(b *testing.B) { benchPages(b, embedded(b)) })
}

func BenchmarkForeignViews(b *testing.B) {
	b.Run("create", func(b *testing.B) { benchCreate(b, foreign(b, "views.sql")) })
	b.Run("update", func(b *testing.B) { benchUpdate(b, foreign(b, "views.sql")) })
	b.Run("pages", func(b *testing.B) { benchPages(b, foreign(b, "views.sql")) })
}
