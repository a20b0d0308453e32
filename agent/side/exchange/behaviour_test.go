package exchange_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/exchange"
	"abgleich/agent/side/sidetest"
)

func open(t testing.TB, w *world, k pim.Kind) side.Folder {
	t.Helper()
	f, err := w.side.Open(t.Context(), account(t, "anna"), k)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func read(t testing.TB, f side.Folder, id exchangesim.ItemID) (pim.Item, side.Got) {
	t.Helper()
	got, err := f.Get(t.Context(), []pim.ItemID{pim.ItemID(id)})
	if err != nil || got[0].Err != nil {
		t.Fatal(err, got)
	}
	return got[0].Item, got[0]
}

func meeting(day int) exchangesim.Item {
	start := time.Date(2026, 11, day, 9, 0, 0, 0, time.UTC)
	return exchangesim.Item{Kind: exchangesim.Appointment, Subject: "Besprechung", Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna"}
}

func TestAnHTMLBodyIsReadAsTextAndSurvivesEveryOtherWrite(t *testing.T) {
	w := newWorld(t, options{})
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	it := meeting(23)
	it.Body, it.BodyIsHTML = `<html><body><p>Guten Tag</p><p><a href="https://meet.example/1">Teilnehmen</a></p></body></html>`, true
	made, err := box.Create(it)
	if err != nil {
		t.Fatal(err)
	}
	item, got := read(t, f, made.ID)
	if body := item.Shared().Body; !strings.HasPrefix(body, "Guten Tag\n") || strings.Contains(body, "<p>") {
		t.Errorf("read as %q", body)
	}
	changed := item.Clone()
	changed.Shared().Subject = "Neu"
	out, err := f.Update(t.Context(), []side.Update{{ID: got.ID, Version: got.Version, Fields: pim.Fields(pim.FieldSubject, pim.FieldReminder), Item: changed}})
	if err != nil || out[0].Err != nil {
		t.Fatal(err, out)
	}
	if now, _ := box.Get(made.ID); now.Body != it.Body || !now.BodyIsHTML || now.Subject != "Neu" {
		t.Errorf("stored: %+v", now)
	}
}

func TestMeetingsAndSeriesAreReadForWhatTheyAre(t *testing.T) {
	w := newWorld(t, options{})
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	invited := meeting(23)
	invited.Meeting, invited.MyResponse = true, "Tentative"
	invited.Organizer = exchangesim.Attendee{Name: "Bert", Mail: "Bert@lab.test"}
	invited.Required = []exchangesim.Attendee{{Name: "Anna", Mail: "anna@lab.test", Response: "Tentative"}}
	invited.Optional = []exchangesim.Attendee{{Name: "Carl", Mail: "carl@else.test", Response: "Accept"}}
	mine := meeting(24)
	mine.Meeting, mine.MyResponse = true, "Organizer"
	mine.Required = []exchangesim.Attendee{{Name: "Bert", Mail: "bert@lab.test"}}
	series := meeting(25)
	series.Recurrence = &exchangesim.Recurrence{Pattern: "WeeklyRecurrence", Interval: 2, DaysOfWeek: "Monday Wednesday", FirstDayOfWeek: "Monday", Start: "2026-11-25", Count: 5}
	ids := box.Seed([]exchangesim.Item{invited, mine, series, meeting(26)})
	a := func(i int) *pim.Appointment {
		item, _ := read(t, f, ids[i])
		return item.(*pim.Appointment)
	}
	if m := a(0).Meeting; m == nil || m.Role != pim.RoleAttendee || m.Organizer != "bert@lab.test" || len(m.Attendees) != 2 ||
		m.Attendees[0].Response != pim.TentativeR || !m.Attendees[1].Optional {
		t.Errorf("invited: %+v", m)
	}
	if m := a(1).Meeting; m == nil || m.Role != pim.RoleOrganizer {
		t.Errorf("mine: %+v", m)
	}
	if r := a(2).Recurrence; r == nil || r.Pattern != pim.Weekly || r.Interval != 2 || len(r.Weekdays) != 2 || r.Count != 5 || r.First.Day != 25 {
		t.Errorf("series: %+v", r)
	}
	if x := a(3); x.Meeting != nil || x.Recurrence != nil || x.UID == "" {
		t.Errorf("plain: %+v", x)
	}
}

func TestAColleaguesAllDayItemIsOnTheDateHeMeant(t *testing.T) {
	w := newWorld(t, options{})
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	it := meeting(23)
	it.AllDay, it.Zone = true, "Asia/Tokyo"
	it.Start, it.End = time.Date(2026, 11, 23, 0, 0, 0, 0, tokyo), time.Date(2026, 11, 25, 0, 0, 0, 0, tokyo)
	item, _ := read(t, f, box.Seed([]exchangesim.Item{it})[0])
	if when := item.(*pim.Appointment).When; when.First.String() != "2026-11-23" || when.Last.String() != "2026-11-24" {
		t.Errorf("%+v", when)
	}
}

func many(n int) []side.Creation {
	in := make([]side.Creation, n)
	for i := range in {
		in[i] = side.Creation{Key: pim.Key(fmt.Sprintf("k.%d", i)), Item: pim.Canonical(&pim.Task{Common: pim.Common{Subject: fmt.Sprint("Nr. ", i)}})}
	}
	return in
}

func TestALostReplySpoilsItsOwnRequestAndSaysSo(t *testing.T) {
	for name, effect := range map[string]exchangesim.Effect{
		"dropped": exchangesim.DropReply, "truncated": exchangesim.TruncatedReply, "cut before": exchangesim.CutBefore,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options{})
			f := open(t, w, pim.KindTask)
			w.sim.Faults().Add(exchangesim.Fault{Effect: effect, Operation: "CreateItem", Skip: 1})
			out, err := f.Create(t.Context(), many(400))
			if err != nil {
				t.Fatal(err)
			}
			lost := 0
			for i, o := range out {
				switch {
				case o.Err == nil && o.ID == "":
					t.Fatalf("item %d has neither id nor error", i)
				case fault.Has(o.Err, fault.ReplyLost):
					lost++
				case o.Err != nil && o.ID != "":
					t.Fatal("an item both made and failed")
				}
			}
			made := w.sim.Mailbox("anna@lab.test").Count(exchangesim.Tasks)
			if lost != 100 {
				t.Errorf("%d items lost, %d made", lost, made)
			}
			// Whoever looks by key first finds what is there, and doubles nothing.
			var keys []pim.Key
			for i := range 400 {
				keys = append(keys, pim.Key(fmt.Sprintf("k.%d", i)))
			}
			found, err := f.FindByKey(t.Context(), keys)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, x := range found {
				n += len(x.Items)
			}
			if n != made {
				t.Errorf("%d found by key of %d", n, made)
			}
		})
	}
}

func TestAWholeFailureKeepsItsReason(t *testing.T) {
	w := newWorld(t, options{})
	f := open(t, w, pim.KindTask)
	w.sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.HTMLPage, Times: -1})
	if _, err := f.Create(t.Context(), many(10)); !fault.Has(err, fault.NotSOAP) {
		t.Errorf("got %v", err)
	}
	if _, err := f.Changes(t.Context(), ""); !fault.Has(err, fault.NotSOAP) {
		t.Errorf("got %v", err)
	}
	w.sim.Faults().Clear()
	if out, err := f.Create(t.Context(), many(10)); err != nil || out[0].Err != nil {
		t.Errorf("after it is over: %v %v", err, out)
	}
}

func TestABusyServerIsWaitedForAndNothingIsDoneTwice(t *testing.T) {
	for _, effect := range []exchangesim.Effect{exchangesim.BusyFault, exchangesim.Busy503, exchangesim.BusyResponse, exchangesim.ConnectionCount, exchangesim.Unavailable} {
		w := newWorld(t, options{})
		f := open(t, w, pim.KindTask)
		w.sim.Faults().Add(exchangesim.Fault{Effect: effect, Operation: "CreateItem", BackOff: 50 * time.Millisecond, Times: 2})
		out, err := f.Create(t.Context(), many(250))
		if err != nil {
			t.Fatalf("effect %d: %v", effect, err)
		}
		for _, o := range out {
			if o.Err != nil {
				t.Fatalf("effect %d: %v", effect, o.Err)
			}
		}
		if n := w.sim.Mailbox("anna@lab.test").Count(exchangesim.Tasks); n != 250 {
			t.Errorf("effect %d: %d items", effect, n)
		}
	}
}

func TestAWrongPasswordIsTriedOnceForAllUntilItChanges(t *testing.T) {
	password, id := "wrong", "1"
	w := newWorld(t, options{
		sim: func(o *exchangesim.Options) { o.LockAfter = 2 },
		side: func(o *exchange.Options) {
			o.Credentials = func(context.Context, pim.UserID) (exchange.Credential, error) {
				return exchange.Credential{ID: id, Logins: []ews.Login{ews.NTLM(`LAB\anna`, password)}}, nil
			}
		},
	})
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if _, err := w.side.Open(t.Context(), account(t, "anna"), pim.KindTask); !fault.Has(err, fault.LoginRejected) {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	password, id = "secret1", "2"
	if _, err := w.side.Open(t.Context(), account(t, "anna"), pim.KindTask); err != nil {
		t.Errorf("with the new password (a second failure would have locked the account): %v", err)
	}
}

func TestPushesReachTheWatcherAndStreamsReplaceThem(t *testing.T) {
	t.Run("push", func(t *testing.T) {
		w := newWorld(t, options{side: withEvents(t)})
		if err := w.side.ProvePush(t.Context(), account(t, "anna")); err != nil {
			t.Error(err)
		}
		sidetestWatch(t, w)
	})
	t.Run("the server cannot reach us", func(t *testing.T) {
		w := newWorld(t, options{side: func(o *exchange.Options) {
			o.Events = exchange.NewEventServer("http://127.0.0.1:1")
			o.FirstPush = 200 * time.Millisecond
		}})
		if err := w.side.ProvePush(t.Context(), account(t, "anna")); !fault.Has(err, fault.EventServerUnproven) {
			t.Errorf("got %v", err)
		}
		sidetestWatch(t, w)
	})
}

// sidetestWatch watches, edits as a person, and waits for the hint.
func sidetestWatch(t *testing.T, w *world) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ready, hints, done := make(chan struct{}), make(chan pim.Kind, 100), make(chan error, 1)
	go func() {
		done <- w.side.Watch(ctx, account(t, "anna"), func() { close(ready) }, func(k pim.Kind) { hints <- k })
	}()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	box := w.sim.Mailbox("anna@lab.test")
	if _, err := box.Create(exchangesim.Item{Kind: exchangesim.Task, Subject: "x"}); err != nil {
		t.Fatal(err)
	}
	if k := <-hints; k != pim.KindTask {
		t.Errorf("hint for %s", k)
	}
	made, err := box.Create(meeting(23))
	if err != nil {
		t.Fatal(err)
	}
	for k := range hints {
		if k == pim.KindAppointment {
			break
		}
	}
	if err := box.Delete(made.ID); err != nil {
		t.Fatal(err)
	}
	for k := range hints {
		if k == pim.KindAppointment {
			break
		}
	}
	cancel()
	if err := <-done; fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("ended with %v", err)
	}
}

func TestTheEventServerTrustsNobody(t *testing.T) {
	s := exchange.NewEventServer("http://agent:9090/")
	calls := 0
	url, end := s.Listen(func(ews.Notification) { calls++ })
	path := strings.TrimPrefix(url, "http://agent:9090")
	const note = `<s:Envelope xmlns:s="x"><s:Body><m:SendNotification xmlns:m="m"><m:ResponseMessages><m:SendNotificationResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:Notification><SubscriptionId>s</SubscriptionId></m:Notification></m:SendNotificationResponseMessage></m:ResponseMessages></m:SendNotification></s:Body></s:Envelope>`
	ask := func(method, path, body string) (int, string) {
		rec := httptest.NewRecorder()
		r, err := http.NewRequestWithContext(t.Context(), method, "http://agent:9090"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		s.ServeHTTP(rec, r)
		return rec.Code, rec.Body.String()
	}
	if code, body := ask("POST", path, note); code != 200 || !strings.Contains(body, ">OK<") || calls != 1 {
		t.Errorf("%d %s, %d calls", code, body, calls)
	}
	if code, body := ask("POST", path+"0", note); code != 200 || !strings.Contains(body, ">Unsubscribe<") || calls != 1 {
		t.Errorf("unknown: %d %s", code, body)
	}
	for name, x := range map[string][3]string{
		"GET": {"GET", path, ""}, "elsewhere": {"POST", "/", note}, "not XML": {"POST", path, "hello"}, "huge": {"POST", path, strings.Repeat("<a>", 1<<20)},
	} {
		if code, _ := ask(x[0], x[1], x[2]); code < 400 || calls != 1 {
			t.Errorf("%s: %d", name, code)
		}
	}
	end()
	if _, body := ask("POST", path, note); !strings.Contains(body, ">Unsubscribe<") || calls != 1 {
		t.Errorf("after the end: %s", body)
	}
}

func BenchmarkFirstSync(b *testing.B) {
	w := newWorld(b, options{sim: func(o *exchangesim.Options) { o.Latency = 20 * time.Millisecond }})
	f := open(b, w, pim.KindAppointment)
	var in []side.Creation
	for i := range 2000 {
		x := sidetest.Appointment().Example(i)
		in = append(in, side.Creation{Key: pim.Key(fmt.Sprint("b.", i)), Item: x})
	}
	var wrote, got time.Duration
	items := 0
	for b.Loop() {
		start := time.Now()
		var ids []pim.ItemID
		for at := 0; at < len(in); at += f.BatchSize() {
			out, err := f.Create(b.Context(), in[at:min(at+f.BatchSize(), len(in))])
			if err != nil {
				b.Fatal(err)
			}
			for _, o := range out {
				ids = append(ids, o.ID)
			}
		}
		wrote += time.Since(start)
		start = time.Now()
		if _, err := f.Get(b.Context(), ids); err != nil {
			b.Fatal(err)
		}
		got += time.Since(start)
		items += len(in)
	}
	b.ReportMetric(float64(items)/wrote.Seconds(), "created/s")
	b.ReportMetric(float64(items)/got.Seconds(), "read/s")
}
