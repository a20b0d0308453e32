package exchange_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"testing"
	"time"
	_ "time/tzdata"

	"abgleich/agent/ews"
	"abgleich/agent/exchangesim"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/exchange"
	"abgleich/agent/side/sidetest"
)

func newID() string {
	var b [16]byte
	rand.Read(b[:])
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// world is a simulated Exchange with two mailboxes and a side that speaks to it.
type world struct {
	sim    *exchangesim.Server
	side   *exchange.Side
	server *ews.Server
	url    string
}

type options struct {
	sim    func(*exchangesim.Options)
	server func(*ews.ServerOptions)
	side   func(*exchange.Options)
}

func newWorld(t testing.TB, o options) *world {
	t.Helper()
	so := exchangesim.Options{Users: []exchangesim.User{
		{Name: "anna", Password: "secret1", Mail: "anna@lab.test", DisplayName: "Anna Muster"},
		{Name: "bert", Password: "secret2", Mail: "bert@lab.test", DisplayName: "Bert Beispiel"},
	}}
	if o.sim != nil {
		o.sim(&so)
	}
	sim, err := exchangesim.New(so)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- sim.Serve(ctx, l) }()
	w := &world{sim: sim, url: "http://" + l.Addr().String() + exchangesim.Endpoint}
	srv := ews.ServerOptions{URL: w.url}
	if o.server != nil {
		o.server(&srv)
	}
	if w.server, err = ews.NewServer(srv); err != nil {
		t.Fatal(err)
	}
	opts := exchange.Options{Server: w.server, NewID: newID, Credentials: credentials}
	if o.side != nil {
		o.side(&opts)
	}
	w.side = exchange.New(opts)
	t.Cleanup(func() {
		if n := sim.Stats().Mailed; n != 0 {
			t.Errorf("%d requests asked for mail", n)
		}
		if err := w.side.Close(); err != nil {
			t.Error(err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func credentials(_ context.Context, u pim.UserID) (exchange.Credential, error) {
	password := map[pim.UserID]string{"anna": "secret1", "bert": "secret2"}[u]
	return exchange.Credential{ID: string(u), Logins: []ews.Login{ews.NTLM(`LAB\`+string(u), password)}}, nil
}

func account(t testing.TB, user string) side.Account {
	t.Helper()
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	return side.Account{User: pim.UserID(user), Mail: user + "@lab.test", Zone: vienna}
}

func (w *world) fixture(t testing.TB) sidetest.Fixture {
	box := func(a side.Account) *exchangesim.Mailbox { return w.sim.Mailbox(a.Mail) }
	return sidetest.Fixture{
		Side: w.side, Accounts: []side.Account{account(t, "anna"), account(t, "bert")}, CopiesKeys: true,
		MailsSent: func() int { return int(w.sim.Stats().Mailed) },
		LoseCursors: func(testing.TB) {
			for _, mail := range []string{"anna@lab.test", "bert@lab.test"} {
				w.sim.Mailbox(mail).InvalidateSyncStates()
			}
		},
		Person: person(box),
	}
}
