package business_test

import (
	"testing"

	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/sidetest"
)

func TestTheSideKeepsTheContract(t *testing.T) {
	for name, make := range map[string]func(testing.TB) *lab{
		"embedded":                      embedded,
		"foreign, tables":               func(t testing.TB) *lab { return foreign(t, "tables.sql") },
		"foreign, views over own names": func(t testing.TB) *lab { return foreign(t, "views.sql") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time is spent waiting for the disk
			sidetest.Run(t, sidetest.Harness{New: func(t *testing.T) sidetest.Fixture { return make(t).fixture() }})
		})
	}
}

func (l *lab) fixture() sidetest.Fixture {
	remove := func(t testing.TB, _ side.Account, k pim.Kind, id pim.ItemID) {
		l.exec(t, `DELETE FROM `+l.table(k)+` WHERE id = ?`, string(id))
	}
	fx := sidetest.Fixture{
		Side: l.Database, KeepsOwn: !l.foreign, Accounts: []side.Account{l.account(0), l.account(1)},
		Person: sidetest.Person{
			Put: func(t testing.TB, a side.Account, i pim.Item) pim.ItemID { return l.put(t, a.User, i) },
			Edit: func(t testing.TB, _ side.Account, k pim.Kind, id pim.ItemID, subject string) {
				l.exec(t, `UPDATE `+l.table(k)+` SET subject = ? WHERE id = ?`, subject, string(id))
			},
			Delete: remove,
			Join:   func(t testing.TB, _ side.Account, id pim.ItemID, who side.Account) { l.join(t, id, who.User) },
			Leave: func(t testing.TB, who side.Account, id pim.ItemID) {
				l.exec(t, `DELETE FROM appointment_participants WHERE appointment_id = ? AND user_id = ?`, string(id), string(who.User))
			},
			HandOver: func(t testing.TB, _ side.Account, k pim.Kind, id pim.ItemID, to side.Account) {
				l.exec(t, `UPDATE `+l.table(k)+` SET user_id = ? WHERE id = ?`, string(to.User), string(id))
			},
			Copy: func(t testing.TB, _ side.Account, k pim.Kind, id pim.ItemID) {
				l.exec(t, `INSERT INTO `+l.table(k)+` (user_id, subject, body, categories) SELECT user_id, subject, body, categories FROM `+l.table(k)+` WHERE id = ?`, string(id))
			},
		},
	}
	if l.foreign { // a row nobody shows any more is no proof of a deletion
		fx.Person.Delete, fx.Person.HardDelete = nil, remove
	}
	return fx
}
