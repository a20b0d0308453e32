package e2e

import (
	"fmt"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
)

// TestSeriesTravelWithTheirExceptions lets both sides make exceptions of one
// series, over real sockets and with a crash in between.
func TestSeriesTravelWithTheirExceptions(t *testing.T) {
	t.Parallel()
	a := newAlive(t)
	it := a.meet("Jour fixe").item()
	it.Recurrence = &exchangesim.Recurrence{Pattern: "DailyRecurrence", Interval: 1, Start: it.Start.In(vienna()).Format(time.DateOnly), Count: 10}
	made, err := a.box.Create(it)
	must(t, err)
	row := a.arrived("Jour fixe").row
	if n := a.number(`SELECT count(*) FROM appointments WHERE id = ? AND recurrence_rule LIKE 'FREQ=DAILY%COUNT=10'`, row); n != 1 {
		t.Fatal("the series came without its rule")
	}
	// By the wall clock of the zone, whatever the clocks do meanwhile.
	local := made.Start.In(vienna())
	nth := func(n int) time.Time { return local.AddDate(0, 0, n-1).UTC() }
	text := func(n int) string { return nth(n).Format(time.RFC3339) }

	must(t, a.box.DeleteOccurrence(made.ID, nth(2)))
	_, err = a.box.ChangeOccurrence(made.ID, nth(3), func(o *exchangesim.Item) { o.Location = "Dachboden" })
	must(t, err)
	until(t, "both exceptions in the business database", func() bool {
		return a.number(`SELECT count(*) FROM appointment_exceptions WHERE appointment_id = ? AND
			(original_start = ? AND deleted = 1 OR original_start = ? AND location = 'Dachboden')`, row, text(2), text(3)) == 2
	})

	// All of it recorded: what was not would rightly be a conflict with the edits below.
	a.c.syncNow(1)
	a.kill()
	a.exec(`INSERT INTO appointment_exceptions (appointment_id, original_start, deleted) VALUES (?, ?, 1)`, row, text(5))
	a.exec(`INSERT INTO appointment_exceptions (appointment_id, original_start, subject) VALUES (?, ?, 'Feier')`, row, text(6))
	a.start()
	a.c = a.call()
	eventually(t, "all exceptions in the mailbox", func() string {
		got := ""
		list, err := a.box.Occurrences(made.ID, nth(1), nth(11))
		if err != nil {
			return err.Error()
		}
		for _, o := range list {
			got += fmt.Sprintf("%d:%s/%s ", int(o.Start.Sub(nth(1)).Hours()+2)/24+1, o.Subject, o.Location)
		}
		want := ""
		for n := 1; n <= 10; n++ {
			subject, location := it.Subject, it.Location
			switch n {
			case 2, 5:
				continue
			case 3:
				location = "Dachboden"
			case 6:
				subject = "Feier"
			}
			want += fmt.Sprintf("%d:%s/%s ", n, subject, location)
		}
		if got != want {
			return got
		}
		return ""
	})
	a.noProblems()
	a.quiet(t, a.c)
	a.judge(t)
}
