package agent_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"

	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/side/business"
	"abgleich/ipc/contract"
	"abgleich/ipc/seal"
)

// save changes Anna's entry in the employee master data.
func (w *world) save(change func(*contract.Employee)) {
	w.t.Helper()
	e := &contract.Employee{User: anna, Name: "Anna", Mail: annaMail, TimeZone: "Europe/Vienna", Active: true, Groups: []string{"alle"}}
	change(e)
	_, err := w.client.SaveEmployee(context.Background(), connect.NewRequest(&contract.SaveEmployeeRequest{Employee: e}))
	must(w.t, err)
}

// permit gives Anna's group a function, or takes it.
func (w *world) permit(f business.Function, granted bool) {
	w.t.Helper()
	_, err := w.client.SetPermission(context.Background(), connect.NewRequest(&contract.SetPermissionRequest{Group: "alle", Function: string(f), Granted: granted}))
	must(w.t, err)
}

// untouched tells that nothing was deleted anywhere.
func (w *world) untouched(mail string, subjects ...string) {
	w.t.Helper()
	if n := w.countAppointments(); n != len(subjects) {
		w.t.Errorf("%d appointments in the business database, want %d", n, len(subjects))
	}
	w.same(mail, w.subjects(mail, exchangesim.Calendar), subjects...)
	if n := len(w.sim.Mailbox(mail).List(exchangesim.DeletedItems)); n != 0 {
		w.t.Errorf("%d items were deleted from %s", n, mail)
	}
}

func TestWhoMayNoLongerBeSyncedStopsWithAWordAndLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(annaMail, exchangesim.Calendar, "before", 0)
	w.start()
	w.login(annaPassword)
	w.await("the first sync", paired(1))
	had := []string{"before"}
	for n, c := range []struct {
		name       string
		stop, back func()
		code       fault.Code
	}{
		{"sync-crm taken away", func() { w.permit(business.FunctionSyncCRM, false) }, func() { w.permit(business.FunctionSyncCRM, true) }, fault.FunctionMissing},
		{"sync-credentials taken away", func() { w.permit(business.FunctionSyncCredentials, false) },
			func() { w.permit(business.FunctionSyncCredentials, true) }, fault.FunctionMissing},
		{"out of the group", func() { w.save(func(e *contract.Employee) { e.Groups = nil }) }, func() { w.save(func(*contract.Employee) {}) }, fault.FunctionMissing},
		{"deactivated", func() { w.save(func(e *contract.Employee) { e.Active = false }) }, func() { w.save(func(*contract.Employee) {}) }, fault.EmployeeInactive},
		{"without an address", func() { w.save(func(e *contract.Employee) { e.Mail = "" }) }, func() { w.save(func(*contract.Employee) {}) }, fault.EmployeeWithoutMail},
	} {
		c.stop()
		w.await(c.name, func(u *contract.UserStatus) bool {
			return u.GetState() == contract.UserState_USER_STATE_DISABLED && u.GetCode() == string(c.code)
		})
		w.untouched(annaMail, had...)
		// Meanwhile life goes on; it arrives when the user is back.
		w.put(annaMail, exchangesim.Calendar, c.name, n+1)
		_, err := w.client.SyncNow(t.Context(), connect.NewRequest(&contract.SyncNowRequest{User: anna}))
		if info := contract.InfoOf(err); info.GetCode() != string(fault.SyncDisabled) {
			t.Errorf("%s: a run now is answered with %v", c.name, err)
		}
		if n := w.countAppointments(); n != len(had) {
			t.Errorf("%s: %d appointments in the business database, want %d", c.name, n, len(had))
		}
		had = append(had, c.name)
		slices.Sort(had)
		c.back()
		w.await("the sync after: "+c.name, func(u *contract.UserStatus) bool {
			return paired(uint64(len(had)))(u) && u.GetState() == contract.UserState_USER_STATE_FINE
		})
		w.untouched(annaMail, had...)
	}
}

func TestAnotherEmailAddressIsPairedAgainAndTheFormerMailboxKeepsItsItems(t *testing.T) {
	t.Parallel()
	t.Run("his own login", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.twoMailboxes()
		w.start()
		w.login(annaPassword)
		w.await("the first sync", paired(1))
		w.save(func(e *contract.Employee) { e.Mail = roomMail })
		// His login still opens the former mailbox: nothing of it is taken for the new one's.
		w.syncNow()
		w.await("the former mailbox, refused", blocked(fault.MailboxOfOther))
		w.untouched(annaMail, "before")
		sealed, err := seal.Seal(w.hello.GetRecipient(), w.hello.GetCallerId(), "secret8")
		must(t, err)
		_, err = w.client.SaveCredentials(t.Context(), connect.NewRequest(&contract.SaveCredentialsRequest{
			User: anna, Sync: true, Appointments: true, Tasks: true, Login: `LAB\room1`, SealedPassword: sealed, Unverified: true}))
		must(t, err)
		w.movedTo(2)
	})
	t.Run("a service account", func(t *testing.T) {
		t.Parallel()
		w := withServiceAccount(t, "secret9")
		w.await("the first sync", paired(1)) // of one that stands there
		w.put(roomMail, exchangesim.Calendar, "in the new one", 1)
		w.save(func(e *contract.Employee) { e.Mail = roomMail })
		w.syncNow()
		w.await("the new mailbox", paired(2))
		w.same("the new mailbox", w.subjects(roomMail, exchangesim.Calendar), "Exchange", "in the new one")
		w.same("the former mailbox", w.subjects(annaMail, exchangesim.Calendar), "Exchange")
		if n := len(w.sim.Mailbox(annaMail).List(exchangesim.DeletedItems)); n != 0 {
			t.Errorf("%d items were deleted", n)
		}
		// Back: the pairs of before hold again, nothing is made twice.
		w.save(func(*contract.Employee) {})
		w.syncNow()
		w.await("the former mailbox again", func(u *contract.UserStatus) bool {
			return paired(2)(u) && len(w.subjects(annaMail, exchangesim.Calendar)) == 2
		})
		w.untouched(annaMail, "Exchange", "in the new one")
	})
}

// twoMailboxes are Anna's, and the one she gets: an administrator of the mail server
// has moved one appointment's copy there.
func (w *world) twoMailboxes() {
	w.t.Helper()
	w.put(annaMail, exchangesim.Calendar, "before", 0)
	w.put(roomMail, exchangesim.Calendar, "before", 0)
	w.put(roomMail, exchangesim.Calendar, "in the new one", 1)
}

// movedTo awaits the sync with the second of two mailboxes.
func (w *world) movedTo(pairs uint64) {
	w.t.Helper()
	w.await("the new mailbox", func(u *contract.UserStatus) bool {
		return paired(pairs)(u) && u.GetState() == contract.UserState_USER_STATE_FINE
	})
	w.untouched(roomMail, "before", "in the new one")
	w.same("the former mailbox", w.subjects(annaMail, exchangesim.Calendar), "before")
}

func TestAParticipantWithoutALoginIsSkippedAndListedAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	must(t, w.master.SaveEmployee(ctx, business.Employee{User: "BEN", Name: "Ben", Mail: roomMail, Zone: "Europe/Vienna", Active: true}))
	must(t, w.master.SaveGroup(ctx, business.Group{Name: "alle", Members: []pimUser{anna, "BEN"},
		Functions: []business.Function{business.FunctionSyncCRM, business.FunctionSyncCredentials}}))
	from, to := movedIn(1).Format(time.RFC3339), movedIn(1).Add(time.Hour).Format(time.RFC3339)
	w.sql(`INSERT INTO appointments (id, user_id, subject, start_at, end_at, time_zone) VALUES (7, 'ANNA', 'together', ?, ?, 'Europe/Vienna')`, from, to)
	w.sql(`INSERT INTO appointment_participants (appointment_id, user_id) VALUES (7, 'BEN')`)
	w.start()
	w.login(annaPassword)
	w.await("the owner's sync", func(u *contract.UserStatus) bool {
		return paired(1)(u) && u.GetState() == contract.UserState_USER_STATE_FINE && u.GetProblems() == 0
	})
	w.same("his mailbox", w.subjects(roomMail, exchangesim.Calendar))
	s, err := w.client.WatchStatus(ctx, connect.NewRequest(&contract.WatchStatusRequest{AllUsers: true}))
	must(t, err)
	defer s.Close() //nolint:errcheck // read only
	if !s.Receive() {
		t.Fatal(s.Err())
	}
	if i := slices.IndexFunc(s.Msg().GetUsers(), func(u *contract.UserStatus) bool { return u.GetUser() == "BEN" }); i < 0 ||
		s.Msg().GetUsers()[i].GetState() != contract.UserState_USER_STATE_NOT_SET_UP {
		t.Errorf("%v", s.Msg().GetUsers())
	}
	// With his login he gets his copy.
	sealed, err := seal.Seal(w.hello.GetRecipient(), w.hello.GetCallerId(), "secret8")
	must(t, err)
	_, err = w.client.SaveCredentials(ctx, connect.NewRequest(&contract.SaveCredentialsRequest{
		User: "BEN", Sync: true, Appointments: true, Login: `LAB\room1`, SealedPassword: sealed, Unverified: true}))
	must(t, err)
	for len(w.subjects(roomMail, exchangesim.Calendar)) == 0 { // the stream tells when to look again
		if !s.Receive() {
			t.Fatal("his copy did not come: ", s.Err())
		}
	}
	w.same("his mailbox", w.subjects(roomMail, exchangesim.Calendar), "together")
}
