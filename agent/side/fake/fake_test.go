package fake_test

import (
	"testing"
	"time"

	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/fake"
	"abgleich/agent/side/sidetest"
)

func accounts(users ...pim.UserID) []side.Account {
	l := make([]side.Account, len(users))
	for i, u := range users {
		l[i] = side.Account{User: u, Mail: string(u) + "@lab.test", Zone: time.UTC}
	}
	return l
}

func fixture(t *testing.T, id pim.SideID, opt fake.Options) sidetest.Fixture {
	s := fake.New(id, opt)
	t.Cleanup(func() {
		for _, v := range s.Violations() {
			t.Error(v)
		}
	})
	fx := sidetest.Fixture{
		Side: s, Accounts: accounts("anna", "bernd"), CopiesKeys: opt.CopyKeysOnCopy,
		LoseCursors: func(testing.TB) { s.LoseCursors() }, KeepsOwn: true,
		Person: sidetest.Person{
			Put: func(_ testing.TB, a side.Account, i pim.Item) pim.ItemID { return s.Put(a.User, i) },
			Edit: func(_ testing.TB, a side.Account, k pim.Kind, id pim.ItemID, subject string) {
				s.Edit(a.User, k, id, func(i pim.Item) { i.Shared().Subject = subject })
			},
			Touch: func(_ testing.TB, a side.Account, k pim.Kind, id pim.ItemID) { s.Touch(a.User, k, id) },
			Delete: func(_ testing.TB, a side.Account, k pim.Kind, id pim.ItemID) {
				s.Delete(a.User, k, id)
			},
			HardDelete: func(_ testing.TB, a side.Account, k pim.Kind, id pim.ItemID) {
				s.HardDelete(a.User, k, id)
			},
			Move: func(_ testing.TB, a side.Account, k pim.Kind, id pim.ItemID) func() {
				now := s.Move(a.User, k, id)
				return func() { s.MoveBack(a.User, k, now) }
			},
			Copy: func(_ testing.TB, a side.Account, k pim.Kind, id pim.ItemID) { s.Copy(a.User, k, id) },
		},
	}
	if id == pim.Business {
		p := &fx.Person
		p.Join = func(_ testing.TB, o side.Account, id pim.ItemID, who side.Account) { s.Join(o.User, id, who.User) }
		p.Leave = func(_ testing.TB, who side.Account, id pim.ItemID) { s.Leave(who.User, id) }
		p.HandOver = func(_ testing.TB, from side.Account, k pim.Kind, id pim.ItemID, to side.Account) {
			s.HandOver(from.User, k, id, to.User)
		}
	}
	return fx
}

func TestTheFakeKeepsTheContract(t *testing.T) {
	lossy := fake.Business()
	lossy.PageSize, lossy.BatchSize = 3, 2
	lossy.Loss.Subject, lossy.Loss.Body, lossy.Loss.Location = 50, 20, 5
	lossy.Loss.Minutes, lossy.Loss.PrivateOnly = true, true
	lossy.Loss.Drop |= pim.Fields(pim.FieldImportance)
	lossy.Loss.Zone = func(z string) string {
		if z == "Europe/Vienna" {
			return "Europe/Berlin"
		}
		return z
	}
	for name, c := range map[string]struct {
		id  pim.SideID
		opt fake.Options
	}{
		"business":               {pim.Business, fake.Business()},
		"exchange":               {pim.Exchange, fake.Exchange()},
		"a side that loses much": {pim.Business, lossy},
	} {
		t.Run(name, func(t *testing.T) {
			sidetest.Run(t, sidetest.Harness{New: func(t *testing.T) sidetest.Fixture { return fixture(t, c.id, c.opt) }})
		})
	}
}
