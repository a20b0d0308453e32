package exchangesim_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/schemacheck"
)

const allEvents = `<t:EventTypes><t:EventType>CreatedEvent</t:EventType><t:EventType>ModifiedEvent</t:EventType><t:EventType>MovedEvent</t:EventType><t:EventType>DeletedEvent</t:EventType><t:EventType>CopiedEvent</t:EventType></t:EventTypes>`
const onCalendar = `<t:FolderIds><t:DistinguishedFolderId Id="calendar"/></t:FolderIds>` + allEvents

func (c *client) subscribePush(url string) {
	c.t.Helper()
	c.want(c.do(`<Subscribe><PushSubscriptionRequest>`+onCalendar+`<t:StatusFrequency>1</t:StatusFrequency><t:URL>`+url+`</t:URL></PushSubscriptionRequest></Subscribe>`), "NoError")
}

const (
	sayOK          = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><SendNotificationResult xmlns="http://schemas.microsoft.com/exchange/services/2006/messages"><SubscriptionStatus>OK</SubscriptionStatus></SendNotificationResult></s:Body></s:Envelope>`
	sayUnsubscribe = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><SendNotificationResult xmlns="http://schemas.microsoft.com/exchange/services/2006/messages"><SubscriptionStatus>Unsubscribe</SubscriptionStatus></SendNotificationResult></s:Body></s:Envelope>`
)

// listener answers pushes with what answer gives, and hands out what came.
func listener(t *testing.T, answer func(n int, body string) (int, string)) (string, chan string) {
	got := make(chan string, 1000)
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		n++
		status, text := answer(n, string(body))
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
		got <- string(body)
	}))
	t.Cleanup(s.Close)
	return s.URL, got
}

// waitFor reads until something matches.
func waitFor(t *testing.T, from chan string, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for {
		select {
		case s, ok := <-from:
			if !ok {
				t.Fatalf("ended before %s", pattern)
			}
			if re.MatchString(s) {
				return s
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s did not come", pattern)
		}
	}
}

// until waits for something another goroutine brings about.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	end, look := time.After(20*time.Second), time.NewTicker(time.Millisecond)
	defer look.Stop()
	for !f() {
		select {
		case <-end:
			t.Fatalf("never: %s", what)
		case <-look.C:
		}
	}
}

func TestPushTellsOfChangesAndOfSilence(t *testing.T) {
	dir := recordDir(t)
	c := basic(t, exchangesim.Options{Minute: 50 * time.Millisecond, Record: dir})
	url, got := listener(t, func(int, string) (int, string) { return 200, sayOK })
	c.subscribePush(url)
	waitFor(t, got, "StatusEvent") // at once
	waitFor(t, got, "StatusEvent") // after the frequency
	box := c.sim.Mailbox("anna@lab.test")
	it, err := box.Create(exchangesim.Item{Subject: "x"})
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, got, `CreatedEvent.*ItemId Id="`+regexp.QuoteMeta(string(it.ID)))
	moved, err := box.Move(it.ID, exchangesim.DeletedItems)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, got, `MovedEvent.*`+regexp.QuoteMeta(string(moved.ID))+`.*OldItemId Id="`+regexp.QuoteMeta(string(it.ID)))
	// A task is not in the calendar: what comes next is silence.
	if _, err := box.Create(exchangesim.Item{Kind: exchangesim.Task}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, got, "StatusEvent")
	if err := c.sim.Close(); err != nil {
		t.Fatal(err)
	}
	schemacheck.Check(t, dir)
}

func TestAListenerEndsItsPushSubscription(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	url, _ := listener(t, func(int, string) (int, string) { return 200, sayUnsubscribe })
	c.subscribePush(url)
	until(t, "the subscription ends", func() bool { return c.sim.Mailbox("anna@lab.test").Subscriptions() == 0 })
}

func TestAFailedPushIsTriedAgainUntilTheFrequencyIsOver(t *testing.T) {
	for _, x := range []struct {
		name   string
		answer func(n int, body string) (int, string)
		lives  bool
		fails  int64
	}{
		// 10 + 20 + 40 + 80 ms fit into a frequency of 200 ms, 160 more don't.
		{"a dead listener", func(int, string) (int, string) { return 500, "" }, false, 5},
		{"HTML", func(int, string) (int, string) { return 200, "<html><body>Hello</body></html>" }, false, 5},
		{"an unknown status", func(int, string) (int, string) { return 200, strings.Replace(sayOK, ">OK<", ">Maybe<", 1) }, false, 5},
		{"a listener that comes back", func(n int, _ string) (int, string) {
			if n < 3 {
				return 503, ""
			}
			return 200, sayOK
		}, true, 2},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := basic(t, exchangesim.Options{Minute: 200 * time.Millisecond, PushRetry: 10 * time.Millisecond})
			url, _ := listener(t, x.answer)
			c.subscribePush(url)
			if x.lives {
				until(t, "a push is accepted", func() bool { return c.sim.Stats().Pushed > 0 })
			} else {
				until(t, "the subscription ends", func() bool { return c.sim.Mailbox("anna@lab.test").Subscriptions() == 0 })
			}
			if st := c.sim.Stats(); st.PushFailed != x.fails {
				t.Errorf("%d pushes failed, want %d", st.PushFailed, x.fails)
			}
		})
	}
}

// stream opens a streaming connection and hands out its envelopes; the channel is
// closed with the connection.
func (c *client) stream(ctx context.Context, minutes string, ids ...string) chan string {
	body := `<GetStreamingEvents><SubscriptionIds>`
	for _, id := range ids {
		body += `<t:SubscriptionId>` + id + `</t:SubscriptionId>`
	}
	body += `</SubscriptionIds><ConnectionTimeout>` + minutes + `</ConnectionTimeout></GetStreamingEvents>`
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.sim.url, strings.NewReader(envelope(body)))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	req.SetBasicAuth(c.user, c.pass)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	out := make(chan string, 1000)
	go func() {
		defer close(out)
		defer res.Body.Close()
		sc := bufio.NewScanner(res.Body)
		sc.Buffer(nil, 1<<20)
		sc.Split(func(data []byte, eof bool) (int, []byte, error) {
			if i := strings.Index(string(data), "</s:Envelope>"); i >= 0 {
				return i + 13, data[:i+13], nil
			}
			return 0, nil, nil
		})
		for sc.Scan() {
			out <- sc.Text()
		}
	}()
	return out
}

func (c *client) subscribeStream() string {
	r := c.want(c.do(`<Subscribe><StreamingSubscriptionRequest>`+onCalendar+`</StreamingSubscriptionRequest></Subscribe>`), "NoError")
	return r.find(`SubscriptionId>([^<]*)<`)
}

func TestAStreamLivesAndEnds(t *testing.T) {
	dir := recordDir(t)
	c := basic(t, exchangesim.Options{Record: dir})
	box := c.sim.Mailbox("anna@lab.test")
	id := c.subscribeStream()
	first := c.stream(t.Context(), "30", id)
	waitFor(t, first, "ConnectionStatus>OK")
	it, err := box.Create(exchangesim.Item{})
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, first, `CreatedEvent.*`+regexp.QuoteMeta(string(it.ID)))

	second := c.stream(t.Context(), "30", id)
	waitFor(t, first, "ErrorNewEventStreamConnectionOpened")
	waitFor(t, second, "ConnectionStatus>OK")
	c.sim.CutStreams()
	for range second { // ends
	}
	if _, err := box.Touch(it.ID); err != nil {
		t.Fatal(err)
	}
	third := c.stream(t.Context(), "30", id)
	waitFor(t, third, "ModifiedEvent") // kept while nobody listened
	box.LoseSubscriptions()
	waitFor(t, third, "ErrorSubscriptionNotFound.*"+regexp.QuoteMeta(id))
	fourth := c.stream(t.Context(), "30", id)
	waitFor(t, fourth, "ErrorSubscriptionNotFound")
	schemacheck.Check(t, dir)
}

func TestAStreamShowsThatItLivesAndClosesInTime(t *testing.T) {
	c := basic(t, exchangesim.Options{Minute: 100 * time.Millisecond})
	s := c.stream(t.Context(), "1", c.subscribeStream())
	waitFor(t, s, "StatusEvent")
	waitFor(t, s, "ConnectionStatus>Closed")
	for range s { // ends
	}
}

func TestPullAcknowledgesByWatermark(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	c := basic(t, exchangesim.Options{Now: func() time.Time { return now }})
	box := c.sim.Mailbox("anna@lab.test")
	r := c.want(c.do(`<Subscribe><PullSubscriptionRequest>`+onCalendar+`<t:Timeout>10</t:Timeout></PullSubscriptionRequest></Subscribe>`), "NoError")
	id, mark := r.find(`SubscriptionId>([^<]*)<`), r.find(`Watermark>([^<]*)<`)
	get := func(mark string) *reply {
		return c.do(`<GetEvents><SubscriptionId>` + id + `</SubscriptionId><Watermark>` + mark + `</Watermark></GetEvents>`)
	}
	if _, err := box.Create(exchangesim.Item{}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // not acknowledged, told again
		if r = get(mark); strings.Count(r.raw, "<t:CreatedEvent>") != 1 {
			t.Fatal(r.raw)
		}
	}
	mark = r.find(`CreatedEvent><t:Watermark>([^<]*)<`)
	if r = get(mark); !strings.Contains(r.raw, "StatusEvent") {
		t.Fatal(r.raw)
	}
	now = now.Add(11 * time.Minute)
	c.want(get(mark), "ErrorSubscriptionNotFound")
}
