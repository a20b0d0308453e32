package agent_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/ipc/contract"
)

// broughtOver is how many appointments an earlier product has on both sides.
const broughtOver = 5000

// former is an appointment an earlier product brought to both sides: as the business
// database has it, and as Exchange does, whichever of them often.
type former struct {
	subject, body, location, uid string
	copies                       int
	exchange                     []exchangesim.Item
}

// inExchange is the same appointment there.
func inExchange(n int, subject, body string) exchangesim.Item {
	start := movedIn(n)
	return exchangesim.Item{Kind: exchangesim.Appointment, Subject: subject, Body: body, Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna"}
}

// movedIn is when the nth appointment begins.
func movedIn(n int) time.Time { return monday.Add(time.Duration(n) * 90 * time.Minute) }

// shapes are the ways in which earlier products leave one appointment on two sides.
func shapes() map[string]func(n int) former {
	whole := func(n int, subject, body string) former {
		return former{subject: subject, body: body, copies: 1, exchange: []exchangesim.Item{inExchange(n, subject, body)}}
	}
	return map[string]func(n int) former{
		"equal UID": func(n int) former {
			f := whole(n, fmt.Sprintf("Meeting %d", n), "")
			f.uid = fmt.Sprintf("former-%d@example.com", n)
			f.exchange[0].UID, f.exchange[0].Location = f.uid, "Room 1"
			return f
		},
		"no UID": func(n int) former { return whole(n, fmt.Sprintf("Visit %d", n), "at the customer's") },
		"shifted zones": func(n int) former {
			f := whole(n, fmt.Sprintf("Call %d", n), "")
			f.exchange[0].Zone = []string{"UTC", "Europe/Berlin", "America/New_York", "W. Europe Standard Time"}[n/7%4]
			return f
		},
		"HTML bodies": func(n int) former {
			f := whole(n, fmt.Sprintf("Workshop %d", n), "Please bring:\n\nplan & pattern")
			f.exchange[0].Body, f.exchange[0].BodyIsHTML = "<html><body><p>Please bring:</p>\r\n<p>plan &amp; pattern</p></body></html>", true
			return f
		},
		"cut subjects": func(n int) former {
			f := whole(n, fmt.Sprintf("Inspection %d of the plant in Steyr with the works council", n), "")
			f.subject = f.subject[:30] + "..."
			return f
		},
		"two of each": func(n int) former {
			f := whole(n, fmt.Sprintf("Twice %d", n), "")
			f.copies, f.exchange = 2, append(f.exchange, f.exchange[0])
			return f
		},
		"more blanks": func(n int) former {
			f := whole(n, fmt.Sprintf("Trade  fair %d ", n), "")
			f.subject = fmt.Sprintf("Trade fair %d", n)
			return f
		},
	}
}

// moveIn fills both sides. A person has copied some in Exchange since; and of some
// nobody can tell which belong together.
func (w *world) moveIn(people, unclear int) (business, exchange int) {
	w.t.Helper()
	db, err := sql.Open("sqlite", w.database+"?_pragma=busy_timeout(5000)")
	must(w.t, err)
	defer db.Close() //nolint:errcheck // a test's own connection
	tx, err := db.BeginTx(context.Background(), nil)
	must(w.t, err)
	stamp := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
	var items []exchangesim.Item
	put := func(n int, f former) {
		for range f.copies {
			_, err := tx.Exec(`INSERT INTO appointments (user_id, subject, body, location, uid, start_at, end_at, time_zone) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
				anna, f.subject, f.body, f.location, f.uid, stamp(movedIn(n)), stamp(movedIn(n).Add(time.Hour)), "Europe/Vienna")
			must(w.t, err)
			business++
		}
		items = append(items, f.exchange...)
	}
	byName := shapes()
	var names []string
	for name := range byName {
		names = append(names, name)
	}
	slices.Sort(names)
	for n := range broughtOver {
		f := byName[names[n%len(names)]](n)
		if n < people*len(names) && names[n%len(names)] == "no UID" {
			f.exchange = append(f.exchange, f.exchange[0]) // copied and pasted
		}
		put(n, f)
	}
	for i := range unclear {
		n := broughtOver + i
		put(n, former{subject: "Unclear", body: "as entered", copies: 1, exchange: []exchangesim.Item{
			inExchange(n, "Unclear", "first version"), inExchange(n, "Unclear", "second version")}})
	}
	must(w.t, tx.Commit())
	w.sim.Mailbox(annaMail).Seed(items)
	return business, len(items)
}

// countAppointments are all in the business database.
func (w *world) countAppointments() (n int) {
	w.t.Helper()
	db, err := sql.Open("sqlite", w.database+"?mode=ro&_pragma=busy_timeout(5000)")
	must(w.t, err)
	defer db.Close() //nolint:errcheck // a test's own connection
	must(w.t, db.QueryRow(`SELECT count(*) FROM appointments`).Scan(&n))
	return n
}

func TestWhatAnEarlierProductBroughtToBothSidesIsPairedAndNotDoubled(t *testing.T) {
	if testing.Short() {
		t.Skip("5,000 appointments")
	}
	w := newWorld(t)
	w.patience = 5 * time.Minute
	const people, unclear = 15, 3
	business, exchange := w.moveIn(people, unclear)
	w.start()
	w.login(annaPassword)
	// Each of a person's copies is one on the other side too; three of each unclear
	// group stay alone.
	pairs := uint64(exchange - 2*unclear)
	u := w.await("the pairing", func(u *contract.UserStatus) bool { return synced(u) && u.GetProblems() == 3*unclear })
	if got := u.GetKinds()[0].GetPairs(); got != pairs || u.GetHolds() != 0 {
		t.Errorf("%d pairs, want %d; %d holds", got, pairs, u.GetHolds())
	}
	if n := w.sim.Stats().Items["CreateItem"] + w.sim.Stats().Items["DeleteItem"]; n != 0 {
		t.Errorf("%d items were made or deleted in Exchange", n)
	}
	if n := w.sim.Mailbox(annaMail).Count(exchangesim.Calendar); n != exchange {
		t.Errorf("%d in Exchange, there were %d", n, exchange)
	}
	if n := w.countAppointments(); n != business+people {
		t.Errorf("%d in the business database, there were %d, and %d copies of a person's", n, business, people)
	}
	var codes []string
	ps, err := w.client.ListProblems(t.Context(), connect.NewRequest(&contract.ListProblemsRequest{AllUsers: true}))
	must(t, err)
	for _, p := range ps.Msg.GetProblems() {
		codes = append(codes, p.GetCode())
	}
	if n := strings.Count(strings.Join(codes, " "), string(fault.ItemAmbiguous)); n != 3*unclear {
		t.Errorf("problems %v", codes)
	}
	// What was found on both sides is the same on both now.
	s, err := w.client.Compare(t.Context(), connect.NewRequest(&contract.CompareRequest{User: anna, DifferingOnly: true}))
	must(t, err)
	defer s.Close() //nolint:errcheck // read only
	equal := uint64(0)
	for s.Receive() {
		for _, x := range s.Msg().GetItems() {
			if x.GetState() != contract.CompareState_COMPARE_STATE_PROBLEM {
				t.Errorf("%v", x)
			}
		}
		equal = s.Msg().GetEqual()
	}
	must(t, s.Err())
	if equal != pairs {
		t.Errorf("%d are equal, want %d", equal, pairs)
	}
}
