package ews_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"abgleich/agent/ews"
	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
)

// startSim runs a simulated Exchange whose exchanges are kept and judged by the
// official schema at the end of the test.
func startSim(t *testing.T, o exchangesim.Options) (*exchangesim.Server, string) {
	t.Helper()
	o.Users = []exchangesim.User{
		{Name: "anna", Password: "secret1", Mail: "anna@lab.test", DisplayName: "Anna Muster"},
		{Name: "bert", Password: "secret2", Mail: "bert@lab.test", DisplayName: "Bert Beispiel"},
		{Name: "service", Password: "secret3", Mail: "service@lab.test", Impersonator: true},
	}
	o.Record = t.TempDir()
	s, err := exchangesim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		judgeFolder(t, o.Record)
	})
	scheme := "http"
	if o.TLS {
		scheme = "https"
	}
	return s, scheme + "://" + l.Addr().String()
}

func judgeFolder(t *testing.T, dir string) {
	xsd, err := filepath.Abs("../../../shared/ews-schema/soap-ews.xsd")
	if err != nil {
		t.Fatal(err)
	}
	lint, err := exec.LookPath("xmllint")
	if _, missing := os.Stat(xsd); missing != nil || err != nil {
		t.Log("not judged: no xmllint, or no EWS schema beside the project (../shared/ews-schema)")
		return
	}
	requests, err := filepath.Glob(filepath.Join(dir, "*-request.xml"))
	if err != nil || len(requests) == 0 {
		t.Logf("nothing was recorded: %v", err)
		return
	}
	if out, err := exec.Command(lint, append([]string{"--noout", "--nonet", "--schema", xsd}, requests...)...).CombinedOutput(); err != nil {
		t.Errorf("the schema refuses requests: %s", out)
	}
}

func newID() string {
	var b [16]byte
	rand.Read(b[:])
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func client(t *testing.T, url, login, password string, view ews.View, config *tls.Config) *ews.Client {
	t.Helper()
	s, err := ews.NewServer(ews.ServerOptions{URL: url, TLS: config})
	if err != nil {
		t.Fatal(err)
	}
	c := ews.NewClient(s, ews.ClientOptions{Logins: []ews.Login{ews.NTLM(login, password)}, View: view, NewRequestID: newID})
	t.Cleanup(c.Close)
	return c
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func only(t *testing.T, r []ews.ItemResult, err error) ews.Item {
	t.Helper()
	noError(t, err)
	if len(r) != 1 || r[0].Err != nil {
		t.Fatalf("%+v", r)
	}
	return r[0].Item
}

func TestALifeOfAnAppointment(t *testing.T) {
	sim, url := startSim(t, exchangesim.Options{})
	ctx := t.Context()
	c := client(t, url, `LAB\anna`, "secret1", ews.View{Mailbox: "anna@lab.test", TimeZone: "W. Europe Standard Time"}, nil)
	key := ews.PropertyPath{SetGUID: "c11ff724-aa03-4555-9952-8fa248a11c3e", Name: "Test", Type: ews.StringProperty}
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

	empty, err := c.SyncFolderItems(ctx, ews.SyncItemsRequest{Folder: ews.Folder(ews.Calendar)})
	noError(t, err)
	item := ews.Item{Element: ews.CalendarElement, Subject: "Besprechung <&>", Properties: []ews.Property{{Path: key, Value: "k-1"}},
		Calendar: &ews.CalendarFields{Start: start, End: start.Add(time.Hour), StartTimeZone: "W. Europe Standard Time", EndTimeZone: "W. Europe Standard Time", FreeBusy: "OOF"}}
	set := ews.Fields(ews.FieldSubject, ews.FieldStart, ews.FieldEnd, ews.FieldFreeBusy, ews.FieldStartTimeZone, ews.FieldEndTimeZone)
	r, err := c.CreateItem(ctx, ews.Folder(ews.Calendar), []ews.NewItem{{Item: item, Set: set}})
	made := only(t, r, err)

	feed, err := c.SyncFolderItems(ctx, ews.SyncItemsRequest{Folder: ews.Folder(ews.Calendar), State: empty.State, Shape: ews.Shape{Properties: []ews.PropertyPath{key}}})
	noError(t, err)
	if len(feed.Changes) != 1 || feed.Changes[0].Kind != ews.Created || feed.Changes[0].Item.ID != made.ID || !feed.Last {
		t.Fatalf("feed %+v", feed)
	}
	if v, _ := feed.Changes[0].Item.Property(key); v != "k-1" {
		t.Errorf("the feed has no key: %+v", feed)
	}
	r, err = c.GetItem(ctx, []ews.ItemID{made.ID}, ews.Shape{Fields: ews.CalendarFieldSet(), Properties: []ews.PropertyPath{key, ews.CleanGlobalObjectID()}})
	got := only(t, r, err)
	if got.Subject != item.Subject || !got.Calendar.Start.Equal(start) || got.Calendar.FreeBusy != "OOF" || got.Calendar.StartTimeZone != "W. Europe Standard Time" {
		t.Errorf("%+v %+v", got, got.Calendar)
	}
	if v, ok := got.Property(ews.CleanGlobalObjectID()); !ok || v == "" {
		t.Error("no CleanGlobalObjectId")
	}

	got.Subject = "Neu"
	change := ews.ItemChange{ID: made.ID, Item: ews.Item{Element: ews.CalendarElement, Subject: "Neu"}, Set: ews.Fields(ews.FieldSubject)}
	r, err = c.UpdateItem(ctx, ews.NeverOverwrite, []ews.ItemChange{change})
	newer := only(t, r, err)
	if newer.ID.ChangeKey == made.ID.ChangeKey {
		t.Error("the change key stayed")
	}
	r, err = c.UpdateItem(ctx, ews.NeverOverwrite, []ews.ItemChange{change})
	noError(t, err)
	if !fault.Has(r[0].Err, fault.ItemChanged) {
		t.Errorf("a stale change: %v", r[0].Err)
	}

	found, err := c.FindItem(ctx, ews.FindItemRequest{Folders: []ews.FolderID{ews.Folder(ews.Calendar)},
		Where: ews.AnyOf(ews.PropertyEquals(key, "x"), ews.PropertyEquals(key, "k-1")), Shape: ews.Shape{Properties: []ews.PropertyPath{key}}})
	noError(t, err)
	if len(found.Items) != 1 || !found.Last || found.Items[0].ID != newer.ID {
		t.Errorf("found %+v", found)
	}
	r, err = c.MoveItem(ctx, ews.Folder(ews.DeletedItems), []ews.ItemID{newer.ID})
	moved := only(t, r, err)
	if moved.ID.ID == newer.ID.ID || moved.ID.ID == "" {
		t.Errorf("a move gives a new id: %+v", moved)
	}
	if n := sim.Mailbox("anna@lab.test").Count(exchangesim.DeletedItems); n != 1 {
		t.Errorf("%d in Deleted Items", n)
	}
	r, err = c.GetItem(ctx, []ews.ItemID{newer.ID}, ews.Shape{})
	noError(t, err)
	if !fault.Has(r[0].Err, fault.ItemGone) {
		t.Errorf("the old id: %v", r[0].Err)
	}
	if _, err = c.SyncFolderItems(ctx, ews.SyncItemsRequest{Folder: ews.Folder(ews.Calendar), State: "bm9uc2Vuc2U="}); !fault.Has(err, fault.CursorLost) {
		t.Errorf("a bad state: %v", err)
	}
}

func TestFindItemPagesToTheEnd(t *testing.T) {
	sim, url := startSim(t, exchangesim.Options{FindCount: 100})
	items := make([]exchangesim.Item, 250)
	for i := range items {
		items[i] = exchangesim.Item{Kind: exchangesim.Task, Subject: fmt.Sprint(i)}
	}
	sim.Mailbox("anna@lab.test").Seed(items)
	c := client(t, url, "anna@lab.test", "secret1", ews.View{Mailbox: "anna@lab.test"}, nil)
	seen := map[ews.ID]bool{}
	for q := (ews.FindItemRequest{Folders: []ews.FolderID{ews.Folder(ews.Tasks)}}); ; {
		page, err := c.FindItem(t.Context(), q)
		noError(t, err)
		for _, it := range page.Items {
			seen[it.ID.ID] = true
		}
		if page.Last {
			break
		}
		q.Offset = page.Next
	}
	if len(seen) != 250 {
		t.Errorf("%d of 250", len(seen))
	}
}

func TestFoldersNamesAndImpersonation(t *testing.T) {
	sim, url := startSim(t, exchangesim.Options{})
	ctx := t.Context()
	c := client(t, url, `LAB\service`, "secret3", ews.View{Mailbox: "bert@lab.test", Impersonate: true}, nil)
	mark := ews.PropertyPath{SetGUID: "c11ff724-aa03-4555-9952-8fa248a11c3e", Name: "Mark", Type: ews.StringProperty}
	noError(t, c.UpdateFolder(ctx, ews.Folder(ews.Calendar), []ews.Property{{Path: mark, Value: "here"}}, nil))
	f, err := c.GetFolder(ctx, []ews.FolderID{ews.Folder(ews.Calendar), {ID: "nonsense"}}, []ews.PropertyPath{mark})
	noError(t, err)
	if v, _ := f[0].Folder.Property(mark); v != "here" || f[0].Folder.Class != "IPF.Appointment" || !f[0].Folder.Rights.Create || f[1].Err == nil {
		t.Errorf("%+v", f)
	}
	tree, err := c.FindFolder(ctx, ews.FindFolderRequest{Parent: ews.Folder(ews.MessageRoot), Deep: true})
	noError(t, err)
	hierarchy, err := c.SyncFolderHierarchy(ctx, ews.Folder(ews.MessageRoot), "")
	noError(t, err)
	if len(tree.Folders) < 5 || len(hierarchy.Changes) < 5 || hierarchy.State == "" {
		t.Errorf("%d folders, %d in the hierarchy", len(tree.Folders), len(hierarchy.Changes))
	}
	people, err := c.ResolveNames(ctx, "anna@lab.test")
	noError(t, err)
	if len(people) != 1 || !strings.EqualFold(people[0].Address, "anna@lab.test") {
		t.Errorf("%+v", people)
	}
	if nobody, err := c.ResolveNames(ctx, "nobody@else.test"); err != nil || len(nobody) != 0 {
		t.Errorf("%+v %v", nobody, err)
	}
	anna := client(t, url, `LAB\anna`, "secret1", ews.View{Mailbox: "bert@lab.test", Impersonate: true}, nil)
	if _, err := anna.GetFolder(ctx, []ews.FolderID{ews.Folder(ews.Calendar)}, nil); !fault.Has(err, fault.ImpersonationDenied) {
		t.Errorf("anna may not be bert: %v", err)
	}
	if a := sim.Stats().Anchors; len(a) != 1 || a["bert@lab.test"] == 0 {
		t.Errorf("requests for bert were anchored at %v", a)
	}
}

func TestEventsByPullAndByStream(t *testing.T) {
	sim, url := startSim(t, exchangesim.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	c := client(t, url, `LAB\anna`, "secret1", ews.View{Mailbox: "anna@lab.test"}, nil)
	pull, err := c.SubscribePull(ctx, []ews.FolderID{ews.Folder(ews.Calendar)}, time.Minute)
	noError(t, err)
	stream, err := c.SubscribeStreaming(ctx, []ews.FolderID{ews.Folder(ews.Calendar)})
	noError(t, err)
	opened, events, done := make(chan struct{}), make(chan ews.Notification, 10), make(chan error, 1)
	go func() {
		done <- c.Stream(ctx, []string{stream.ID}, 30*time.Minute, func() { close(opened) }, func(n ews.Notification) { events <- n })
	}()
	<-opened
	box := sim.Mailbox("anna@lab.test")
	made, err := box.Create(exchangesim.Item{Kind: exchangesim.Appointment, Subject: "x", Start: time.Now(), End: time.Now()})
	noError(t, err)
	for n := range events {
		if len(n.Events) > 0 && n.Events[0].Kind == ews.CreatedEvent && string(n.Events[0].Item.ID) == string(made.ID) {
			break
		}
	}
	n, err := c.GetEvents(ctx, pull)
	noError(t, err)
	if len(n.Events) == 0 || n.Events[0].Kind != ews.CreatedEvent || string(n.Events[0].Item.ID) != string(made.ID) {
		t.Errorf("%+v", n)
	}
	noError(t, c.Unsubscribe(ctx, pull.ID))
	if _, err := c.GetEvents(ctx, pull); err == nil {
		t.Error("a subscription that ended gave events")
	}
	cancel()
	if err := <-done; !fault.Has(err, fault.Cancelled) {
		t.Errorf("the stream ended with %v", err)
	}
}

func TestTLSWithExtendedProtectionRequired(t *testing.T) {
	sim, url := startSim(t, exchangesim.Options{TLS: true, ExtendedProtection: exchangesim.ProtectionRequired})
	leaf, err := x509.ParseCertificate(sim.Certificate().Certificate[0])
	noError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	c := client(t, url, `LAB\anna`, "secret1", ews.View{Mailbox: "anna@lab.test"}, &tls.Config{RootCAs: pool})
	_, err = c.GetFolder(t.Context(), []ews.FolderID{ews.Folder(ews.Calendar)}, nil)
	noError(t, err)
}

func TestRequireSSLIsToldApart(t *testing.T) {
	_, url := startSim(t, exchangesim.Options{RequireSSL: true})
	c := client(t, url, `LAB\anna`, "secret1", ews.View{}, nil)
	if _, err := c.GetFolder(t.Context(), []ews.FolderID{ews.Folder(ews.Calendar)}, nil); !fault.Has(err, fault.SSLRequired) {
		t.Errorf("got %v", err)
	}
}
