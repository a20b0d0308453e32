package exchange_test

import (
	"context"
	"net"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/exchange"
	"abgleich/agent/side/sidetest"
)

// person works in Outlook on the simulated mailbox.
func person(box func(side.Account) *exchangesim.Mailbox) sidetest.Person {
	must := func(t testing.TB, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	home := func(k pim.Kind) exchangesim.Folder {
		if k == pim.KindTask {
			return exchangesim.Tasks
		}
		return exchangesim.Calendar
	}
	return sidetest.Person{
		Put: func(t testing.TB, a side.Account, i pim.Item) pim.ItemID {
			t.Helper()
			c := i.Shared()
			it := exchangesim.Item{Kind: exchangesim.Task, Subject: c.Subject, Body: c.Body, Categories: c.Categories}
			switch x := i.(type) {
			case *pim.Appointment:
				it.Kind, it.Location = exchangesim.Appointment, x.Location
				it.Start, it.End, it.Zone = x.When.Start, x.When.End, x.When.Zone
			case *pim.Task:
				it.Due = x.Due.In(time.UTC)
			}
			made, err := box(a).Create(it)
			must(t, err)
			return pim.ItemID(made.ID)
		},
		Edit: func(t testing.TB, a side.Account, _ pim.Kind, id pim.ItemID, subject string) {
			t.Helper()
			_, err := box(a).Update(exchangesim.ItemID(id), func(it *exchangesim.Item) { it.Subject = subject })
			must(t, err)
		},
		Touch: func(t testing.TB, a side.Account, _ pim.Kind, id pim.ItemID) {
			t.Helper()
			_, err := box(a).Touch(exchangesim.ItemID(id))
			must(t, err)
		},
		Delete: func(t testing.TB, a side.Account, _ pim.Kind, id pim.ItemID) {
			t.Helper()
			must(t, box(a).Delete(exchangesim.ItemID(id)))
		},
		HardDelete: func(t testing.TB, a side.Account, _ pim.Kind, id pim.ItemID) {
			t.Helper()
			must(t, box(a).HardDelete(exchangesim.ItemID(id)))
		},
		Move: func(t testing.TB, a side.Account, k pim.Kind, id pim.ItemID) func() {
			t.Helper()
			kind := exchangesim.Appointment
			if k == pim.KindTask {
				kind = exchangesim.Task
			}
			moved, err := box(a).Move(exchangesim.ItemID(id), box(a).AddFolder("Privat", kind))
			must(t, err)
			return func() {
				_, err := box(a).Move(moved.ID, home(k))
				must(t, err)
			}
		},
		Copy: func(t testing.TB, a side.Account, k pim.Kind, id pim.ItemID) {
			t.Helper()
			_, err := box(a).Copy(exchangesim.ItemID(id), home(k))
			must(t, err)
		},
	}
}

func TestExchangeKeepsTheContractOfASide(t *testing.T) {
	sidetest.Run(t, sidetest.Harness{New: func(t *testing.T) sidetest.Fixture {
		return newWorld(t, options{}).fixture(t)
	}})
}

// withEvents gives a side an event server on loopback.
func withEvents(t *testing.T) func(*exchange.Options) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	events := exchange.NewEventServer("http://" + l.Addr().String())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- events.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return func(o *exchange.Options) { o.Events = events }
}
