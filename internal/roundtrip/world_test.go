package roundtrip

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"abgleich/agent/engine"
	"abgleich/agent/ews"
	"abgleich/agent/exchangesim"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/business"
	"abgleich/agent/side/exchange"
)

// world is a simulated Exchange and a business database with the two sides that
// speak to them. Anna's mailbox is where items come from; what comes back from the
// business side is made anew in Bert's.
type world struct {
	sim      *exchangesim.Server
	exchange *exchange.Side
	business *business.Database
	keys     atomic.Int64
}

var people = map[pim.UserID]string{"anna": "secret1", "bert": "secret2"}

func newWorld(t *testing.T, change ...func(*exchangesim.Options)) *world {
	t.Helper()
	w := &world{}
	var opts exchangesim.Options
	for user, password := range people {
		opts.Users = append(opts.Users, exchangesim.User{
			Name: string(user), Password: password, Mail: string(user) + "@lab.test", DisplayName: string(user),
		})
	}
	for _, c := range change {
		c(&opts)
	}
	var err error
	if w.sim, err = exchangesim.New(opts); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.sim.Serve(ctx, l) }()
	server, err := ews.NewServer(ews.ServerOptions{URL: "http://" + l.Addr().String() + exchangesim.Endpoint})
	if err != nil {
		t.Fatal(err)
	}
	w.exchange = exchange.New(exchange.Options{Server: server, NewID: w.id, Credentials: credentials})
	t.Cleanup(func() {
		if n := w.sim.Stats().Mailed; n != 0 {
			t.Errorf("%d requests asked for mail", n)
		}
		if err := w.exchange.Close(); err != nil {
			t.Error(err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := w.sim.Close(); err != nil {
			t.Error(err)
		}
	})
	w.business, err = business.Open(t.Context(), business.Config{DSN: filepath.Join(t.TempDir(), "business.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.business.Close(); err != nil {
			t.Error(err)
		}
	})
	for user := range people {
		if err := w.business.SaveEmployee(t.Context(), business.Employee{
			User: user, Name: string(user), Mail: string(user) + "@lab.test", Zone: "Europe/Vienna", Active: true,
		}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func credentials(_ context.Context, u pim.UserID) (exchange.Credential, error) {
	return exchange.Credential{ID: string(u), Logins: []ews.Login{ews.NTLM(`LAB\`+string(u), people[u])}}, nil
}

// id gives a GUID that was not given before.
func (w *world) id() string {
	return fmt.Sprintf("00000000-0000-4000-8000-%012x", w.keys.Add(1))
}

func (w *world) rules(k pim.Kind) engine.Rules {
	return engine.Rules{Business: w.business.Projection(k), Exchange: w.exchange.Projection(k)}
}

// journey are the folders an item passes through.
type journey struct {
	w     *world
	kind  pim.Kind
	home  *time.Location
	rules engine.Rules
	// from, business and to are Anna's folders and Bert's on Exchange.
	from, business, to side.Folder
}

func (w *world) journey(t *testing.T, k pim.Kind, home string) *journey {
	t.Helper()
	loc, err := time.LoadLocation(home)
	if err != nil {
		t.Fatal(err)
	}
	open := func(s side.Side, u pim.UserID) side.Folder {
		f, err := s.Open(t.Context(), side.Account{User: u, Mail: string(u) + "@lab.test", Zone: loc}, k)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		})
		return f
	}
	return &journey{
		w: w, kind: k, home: loc, rules: w.rules(k),
		from: open(w.exchange, "anna"), business: open(w.business, "anna"), to: open(w.exchange, "bert"),
	}
}

// make creates items in a folder and reads them back.
func (j *journey) make(t *testing.T, f side.Folder, items []pim.Item) []side.Got {
	t.Helper()
	in := make([]side.Creation, len(items))
	for i, it := range items {
		in[i] = side.Creation{Key: pim.Key("i." + j.w.id()), Item: it}
	}
	out, err := f.Create(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range out {
		if o.Err != nil {
			t.Fatalf("create: %v\n%s", o.Err, show(t, items[i]))
		}
	}
	return j.get(t, f, out)
}

// get reads what was written, and expects it in the version it was written in.
func (j *journey) get(t *testing.T, f side.Folder, made []side.Outcome) []side.Got {
	t.Helper()
	ids := make([]pim.ItemID, len(made))
	for i, o := range made {
		ids[i] = o.ID
	}
	got, err := f.Get(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range got {
		if g.Err != nil || g.ID != ids[i] {
			t.Fatalf("asked for %q, got %q: %v", ids[i], g.ID, g.Err)
		}
		if v := made[i].Version; v != "" && v != g.Version {
			t.Fatalf("written as version %q, read as %q\n%s", v, g.Version, show(t, g.Item))
		}
	}
	return got
}

func show(t testing.TB, i pim.Item) string {
	b, err := pim.Marshal(i)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
