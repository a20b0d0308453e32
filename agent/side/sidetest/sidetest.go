// Package sidetest owns the suite of tests that every implementation of package
// side passes: the in-memory fake, the business database on SQLite, Exchange on
// the simulator. It also owns the generators of items with which other tests are
// fed ([Appointment], [Task], [Item], [Raw]).
//
// It promises to test the contract as it is written in package side and nothing
// beyond it, and to say with each failure which promise was broken. It must not
// know any concrete side; nothing outside tests may import it.
package sidetest

import (
	"testing"

	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// Harness makes the side under test.
type Harness struct {
	// New gives an empty side; what it opens it closes by t.Cleanup. It is called
	// once for each test.
	New func(t *testing.T) Fixture
	// Kinds are the kinds to test; empty means all.
	Kinds []pim.Kind
}

// Fixture is one side with its users.
type Fixture struct {
	Side side.Side
	// Accounts are users of the side, each with empty folders. One is enough; with
	// two it is tested that they do not see each other's items.
	Accounts []side.Account
	// Person is what a person can do in the same store, past the contract.
	Person Person
	// CopiesKeys tells that a person's copy carries our key.
	CopiesKeys bool
	// KeepsOwn tells that a participant who becomes the owner by another program's
	// hand keeps what is his own.
	KeepsOwn bool
	// LoseCursors makes every cursor given so far worthless, as a restored backup
	// does; nil skips the test of it.
	LoseCursors func(testing.TB)
	// MailsSent counts what the store sent to anybody since New; each test ends by
	// asking that it is none. nil if the store cannot send.
	MailsSent func() int
}

// Person acts as somebody who works in the store with other software. A nil
// function skips the tests that need it. Failing is done with t.
type Person struct {
	// Put makes an item that has no key of ours.
	Put func(t testing.TB, a side.Account, i pim.Item) pim.ItemID
	// Edit gives an item another subject and changes nothing else.
	Edit func(t testing.TB, a side.Account, k pim.Kind, id pim.ItemID, subject string)
	// Touch gives an item a new version without a change of any mapped field.
	Touch func(t testing.TB, a side.Account, k pim.Kind, id pim.ItemID)
	// Delete deletes as people do: into Deleted Items, or with a tombstone.
	Delete func(t testing.TB, a side.Account, k pim.Kind, id pim.ItemID)
	// HardDelete deletes past Deleted Items.
	HardDelete func(t testing.TB, a side.Account, k pim.Kind, id pim.ItemID)
	// Move takes an item to another folder, or out of the user's view. The function
	// it returns, which may be nil, brings it back.
	Move func(t testing.TB, a side.Account, k pim.Kind, id pim.ItemID) (back func())
	// Copy makes a copy in the same folder.
	Copy func(t testing.TB, a side.Account, k pim.Kind, id pim.ItemID)
	// Join makes somebody a participant of an owner's appointment, Leave takes him
	// off, HandOver gives an item to another user: for sides where several users share
	// one item. The tests need a second account.
	Join     func(t testing.TB, owner side.Account, id pim.ItemID, who side.Account)
	Leave    func(t testing.TB, who side.Account, id pim.ItemID)
	HandOver func(t testing.TB, from side.Account, k pim.Kind, id pim.ItemID, to side.Account)
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	t.Helper()
	kinds := h.Kinds
	if len(kinds) == 0 {
		kinds = pim.Kinds()
	}
	for _, k := range kinds {
		t.Run(k.String(), func(t *testing.T) {
			for _, c := range cases() {
				t.Run(c.name, func(t *testing.T) { c.run(t, newEnv(t, h, k)) })
			}
		})
	}
	t.Run("watch", func(t *testing.T) { testWatch(t, h.New(t), kinds) })
}

type testCase struct {
	name string
	run  func(*testing.T, *env)
}

func cases() []testCase {
	var all []testCase
	all = append(all, writeCases()...)
	all = append(all, projectionCases()...)
	all = append(all, feedCases()...)
	all = append(all, keyCases()...)
	all = append(all, goneCases()...)
	all = append(all, callCases()...)
	all = append(all, shareCases()...)
	return all
}
