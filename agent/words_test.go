package agent_test

import (
	"database/sql"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/ipc/contract"
	"abgleich/ipc/diagnosis"
)

// word stands in every subject, body, place, category and attendee of this test.
const word = "Zwetschkenknoedel"

func words(what string, n int) string { return fmt.Sprintf("%s %s %d", word, what, n) }

// wordy is an appointment full of words, with the guests named.
func wordy(n int, guests ...string) exchangesim.Item {
	it := inExchange(n, words("subject", n), words("body", n))
	it.Location, it.Categories = words("place", n), []string{words("category", n)}
	for _, g := range guests {
		it.Required = append(it.Required, exchangesim.Attendee{Name: word + " " + g, Mail: word + "." + g + "@lab.test", Response: "Accept"})
	}
	if len(guests) > 0 {
		it.Meeting, it.MyResponse = true, "Organizer"
		it.Organizer = exchangesim.Attendee{Name: word, Mail: annaMail}
	}
	return it
}

// sql does what another program would in the business database.
func (w *world) sql(text string, args ...any) {
	w.t.Helper()
	db, err := sql.Open("sqlite", w.database+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)")
	must(w.t, err)
	defer db.Close() //nolint:errcheck // a test's own connection
	_, err = db.Exec(text, args...)
	must(w.t, err)
}

// awaitProblem waits until a problem has a code.
func (w *world) awaitProblem(code fault.Code) {
	w.t.Helper()
	w.await("the problem "+string(code), func(*contract.UserStatus) bool { return w.problemCodes()[string(code)] })
}

// readable undoes what mail puts around text.
func readable(mail string) string {
	mail = strings.ReplaceAll(mail, "=\r\n", "")
	for part := range strings.SplitSeq(mail, "\r\n\r\n") {
		if b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(part, "\r\n", "")); err == nil {
			mail += string(b)
		}
	}
	return mail
}

// TestNoLogMailOrDiagnosisHoldsWhatAnItemIsAbout lets all go wrong that can, to items
// full of a word, and looks for the word in everything that is written for others
// than their owner.
func TestNoLogMailOrDiagnosisHoldsWhatAnItemIsAbout(t *testing.T) {
	t.Parallel()
	w, mails := withMail(t)
	_, _, err := w.file.Change("", params.Change{Key: "log.level", Value: "debug"})
	must(t, err)
	box := w.sim.Mailbox(annaMail)
	const many = 30
	for n := range many {
		_, err := box.Create(wordy(n))
		must(t, err)
	}
	box.Seed([]exchangesim.Item{wordy(100, "guest", "other"), wordy(101), wordy(101)})
	insert := `INSERT INTO appointments (user_id, subject, body, location, start_at, end_at, time_zone, recurrence_rule, meeting_role, meeting_organizer, meeting_attendees)
		VALUES ('ANNA', ?, ?, ?, ?, ?, 'Europe/Vienna', ?, ?, ?, ?)`
	at := func(n int) (string, string) {
		return movedIn(n).Format(time.RFC3339), movedIn(n).Add(time.Hour).Format(time.RFC3339)
	}
	add := func(n int, rule, role, attendees string) {
		from, to := at(n)
		w.sql(insert, words("subject", n), words("other body", n), words("place", n), from, to, rule, role, word, attendees)
	}
	add(101, "", "", "")               // which of the two?
	add(200, "FREQ=HOURLY", "", "")    // nobody can carry it
	add(201, "FREQ="+word, "", "")     // nor read it
	add(202, "", word, `[{"`+word+`"`) // damaged
	w.sql(insert, words("subject", 203), word, word, word, word, "", "", "", "")

	w.sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.TruncatedReply, Operation: "GetItem"})
	w.sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.DropReply, Operation: "UpdateItem"})
	w.sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.InternalError, Operation: "CreateItem"})
	w.start()
	w.login("wrong")
	refused := mailed(t, mails)
	w.login(annaPassword)
	w.awaitProblem(fault.ItemAmbiguous)
	w.awaitProblem(fault.SeriesNotSupported)
	w.awaitProblem(fault.ItemUnreadable)
	w.await("the first sync", synced)

	// A conflict, and a meeting moved where its guests can't be told.
	w.stop()
	for _, it := range box.List(exchangesim.Calendar) {
		if it.Subject == words("subject", 0) {
			_, err := box.Update(it.ID, func(it *exchangesim.Item) { it.Location = words("here", 0) })
			must(t, err)
		}
	}
	w.sql(`UPDATE appointments SET location = ? WHERE subject = ?`, words("there", 0), words("subject", 0))
	from, to := at(150)
	w.sql(`UPDATE appointments SET start_at = ?, end_at = ? WHERE subject = ?`, from, to, words("subject", 100))
	w.start()
	w.awaitProblem(fault.ConflictSettled)
	w.awaitProblem(fault.MeetingNeedsOutlook)

	// Deletions by the dozen.
	for n := 1; n < many; n++ {
		w.sql(`DELETE FROM appointments WHERE subject = ?`, words("subject", n))
	}
	w.await("the hold", func(u *contract.UserStatus) bool { return u.GetHolds() == 1 })
	held := mailed(t, mails)
	for !strings.Contains(readable(held.Data), "delet") {
		held = mailed(t, mails) // first that the password is right again
	}
	// Administrators look, and what they get stands nowhere.
	for _, f := range []func() error{
		func() error {
			_, err := w.client.ListHolds(t.Context(), connect.NewRequest(&contract.ListHoldsRequest{User: anna}))
			return err
		},
		func() error {
			_, err := w.client.PlanRun(t.Context(), connect.NewRequest(&contract.PlanRunRequest{User: anna}))
			return err
		},
		func() error {
			_, err := w.client.ListTrash(t.Context(), connect.NewRequest(&contract.ListTrashRequest{User: anna, Limit: 100}))
			return err
		},
	} {
		must(t, f())
	}

	written := map[string]string{"the mail of the password": readable(refused.Data), "the mail of the hold": readable(held.Data)}
	bundle, err := diagnosis.Collect(t.Context(), w.client, true, time.Now())
	must(t, err)
	for _, f := range bundle.Files {
		written["the diagnosis, "+f.Name] = string(f.Content)
	}
	problems, err := w.client.ListProblems(t.Context(), connect.NewRequest(&contract.ListProblemsRequest{AllUsers: true}))
	must(t, err)
	written["the problems an administrator sees"] = fmt.Sprint(problems.Msg)
	looks, err := w.client.ListLooks(t.Context(), connect.NewRequest(&contract.ListLooksRequest{Limit: 1000}))
	must(t, err)
	written["the record of looks"] = fmt.Sprint(looks.Msg)
	w.stop()
	p, _, err := w.file.Load()
	must(t, err)
	files, err := filepath.Glob(filepath.Join(p.Log.Folder, "*"))
	must(t, err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		must(t, err)
		written[filepath.Base(f)] = string(b)
	}
	for what, text := range written {
		if n := strings.Index(text, word); n >= 0 {
			t.Errorf("%s tells: %s", what, text[max(0, n-200):min(len(text), n+80)])
		}
		if text == "" {
			t.Errorf("%s is empty", what)
		}
	}
	// What was looked through told of it all.
	all := written["Abgleich.log"] + written["Err-ANNA.log"] + written["the problems an administrator sees"]
	for _, code := range []fault.Code{fault.LoginRejected, fault.ItemAmbiguous, fault.ItemUnreadable, fault.SeriesNotSupported, fault.MeetingNeedsOutlook, fault.ConflictSettled} {
		if !strings.Contains(all, string(code)) {
			t.Errorf("nothing tells of %s", code)
		}
	}
	if len(files) < 2 || len(bundle.Files) < 4 {
		t.Errorf("only %v and %d parts of a diagnosis", files, len(bundle.Files))
	}
}
