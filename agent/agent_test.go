package agent_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/ipc/contract"
)

type pimUser = pim.UserID

func TestBothSidesBecomeTheSame(t *testing.T) {
	w := newWorld(t)
	monday := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	var seeds []exchangesim.Item
	for i := range 30 {
		start := monday.Add(time.Duration(i) * 24 * time.Hour)
		seeds = append(seeds, exchangesim.Item{Kind: exchangesim.Appointment, Subject: fmt.Sprintf("Exchange %d", i),
			Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna"})
	}
	box := w.sim.Mailbox(annaMail)
	box.Seed(seeds)
	vienna, err := time.LoadLocation("Europe/Vienna")
	must(t, err)
	db := w.business()
	f, err := db.Open(context.Background(), side.Account{User: anna, Mail: annaMail, Zone: vienna}, pim.KindAppointment)
	must(t, err)
	var cs []side.Creation
	for i := range 30 {
		start := monday.Add(time.Duration(i)*24*time.Hour + 3*time.Hour)
		cs = append(cs, side.Creation{Key: pim.Key(fmt.Sprintf("erp-%d", i)), Item: pim.Canonical(&pim.Appointment{
			Common: pim.Common{Subject: fmt.Sprintf("Business %d", i)}, When: pim.When{Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna"}})})
	}
	_, err = f.Create(context.Background(), cs)
	must(t, err)

	w.start()
	w.login(annaPassword)
	// Both sides are filled with different things: the guard asks first.
	w.await("two holds", func(u *contract.UserStatus) bool { return u.GetHolds() == 2 && synced(u) })
	w.confirmAll()
	u := w.await("the first sync", func(u *contract.UserStatus) bool {
		return u.GetHolds() == 0 && synced(u) && u.GetKinds()[0].GetPairs() == 60
	})
	if u.GetProblems() != 0 {
		t.Errorf("%d problems", u.GetProblems())
	}
	if n := len(box.List(exchangesim.Calendar)); n != 60 {
		t.Errorf("the calendar holds %d appointments", n)
	}
	page, err := f.Changes(context.Background(), "")
	must(t, err)
	if len(page.Changes) != 60 {
		t.Errorf("the business database holds %d appointments", len(page.Changes))
	}
}
