package agent_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"

	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/business"
	"abgleich/ipc/contract"
	"abgleich/ipc/seal"
)

const roomMail = "room1@lab.test"

var monday = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

// tie ties Anna to a mailbox and folders.
func (w *world) tie(mailbox, calendar, tasks string) error {
	_, err := w.client.SetMailbox(context.Background(), connect.NewRequest(&contract.SetMailboxRequest{User: anna,
		Tie: &contract.MailboxTie{Mailbox: mailbox, Appointments: calendar, Tasks: tasks}}))
	return err
}

// lend gives Anna a right in the room's calendar and tasks.
func (w *world) lend(right exchangesim.Right) {
	w.t.Helper()
	for _, f := range []exchangesim.Folder{exchangesim.Calendar, exchangesim.Tasks} {
		must(w.t, w.sim.Mailbox(roomMail).Grant(annaMail, f, right))
	}
}

// put makes an appointment in a folder of a mailbox.
func (w *world) put(mail string, in exchangesim.Folder, subject string, day int) {
	w.t.Helper()
	start := monday.AddDate(0, 0, day)
	_, err := w.sim.Mailbox(mail).Create(exchangesim.Item{Kind: exchangesim.Appointment, Folder: in, Subject: subject,
		Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna"})
	must(w.t, err)
}

func (w *world) subjects(mail string, in exchangesim.Folder) []string {
	var out []string
	for _, it := range w.sim.Mailbox(mail).List(in) {
		out = append(out, it.Subject)
	}
	slices.Sort(out)
	return out
}

// appointments are Anna's in the business database.
func (w *world) appointments() side.Folder {
	w.t.Helper()
	vienna, err := time.LoadLocation("Europe/Vienna")
	must(w.t, err)
	f, err := w.business().Open(context.Background(), side.Account{User: anna, Mail: annaMail, Zone: vienna}, pim.KindAppointment)
	must(w.t, err)
	return f
}

func (w *world) businessSubjects() []string {
	w.t.Helper()
	page, err := w.appointments().Changes(context.Background(), "")
	must(w.t, err)
	var ids []pim.ItemID
	for _, c := range page.Changes {
		if !c.Gone {
			ids = append(ids, c.ID)
		}
	}
	got, err := w.appointments().Get(context.Background(), ids)
	must(w.t, err)
	var out []string
	for _, g := range got {
		if fault.CodeOf(g.Err) == fault.ItemGone {
			continue // deleted between the two calls: runs go on meanwhile
		}
		must(w.t, g.Err)
		out = append(out, g.Item.Shared().Subject)
	}
	slices.Sort(out)
	return out
}

// paired tells that both kinds rest and so many appointments are paired.
func paired(n uint64) func(*contract.UserStatus) bool {
	return func(u *contract.UserStatus) bool { return synced(u) && u.GetKinds()[0].GetPairs() == n }
}

func (w *world) same(what string, got []string, want ...string) {
	w.t.Helper()
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// refused awaits a code for which the sync waits.
func (w *world) refused(code fault.Code) {
	w.t.Helper()
	w.await(string(code), func(u *contract.UserStatus) bool { return u.GetCode() == string(code) || blocked(code)(u) })
}

func TestADelegateKeepsARoomInSync(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.lend(exchangesim.Owner)
	w.put(roomMail, exchangesim.Calendar, "in the room", 0)
	w.put(annaMail, exchangesim.Calendar, "her own", 0)
	w.start()
	must(t, w.tie(roomMail, "", ""))
	w.login(annaPassword)
	w.await("the room's sync", paired(1))
	w.same("business", w.businessSubjects(), "in the room")
	w.same("her own calendar", w.subjects(annaMail, exchangesim.Calendar), "her own")

	// Live, in both directions.
	w.put(roomMail, exchangesim.Calendar, "later", 1)
	w.await("a live one", paired(2))
	_, err := w.appointments().Create(context.Background(), []side.Creation{{Key: "erp-1", Item: pim.Canonical(&pim.Appointment{
		Common: pim.Common{Subject: "from the ERP"}, When: pim.When{Start: monday, End: monday.Add(time.Hour), Zone: "Europe/Vienna"}})}})
	must(t, err)
	w.await("the ERP's", paired(3))
	w.same("the room", w.subjects(roomMail, exchangesim.Calendar), "from the ERP", "in the room", "later")
	if n := w.sim.Stats().Accepted["room1"]; n != 0 {
		t.Errorf("%d logins as the room", n)
	}
}

func TestAServiceAccountActsForTheRoom(t *testing.T) {
	t.Parallel()
	w := withServiceAccount(t, "secret9")
	w.await("her own", paired(1))
	w.put(roomMail, exchangesim.Calendar, "in the room", 3)
	must(t, w.tie(roomMail, "", ""))
	w.await("the room's sync", paired(2))
	w.same("the room", w.subjects(roomMail, exchangesim.Calendar), "Exchange", "in the room")
}

func TestANamedFolderTakesTheCalendarsPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	box := w.sim.Mailbox(annaMail)
	room := box.AddFolderUnder(box.AddFolderUnder(exchangesim.Calendar, "Team", exchangesim.Appointment), "Room 1", exchangesim.Appointment)
	w.put(annaMail, room, "in the folder", 0)
	w.put(annaMail, exchangesim.Calendar, "in the calendar", 0)
	w.start()
	must(t, w.tie("", "team/Room 1", ""))
	w.login(annaPassword)
	w.await("the folder's sync", paired(1))
	w.put(annaMail, room, "later", 1)
	w.await("a live one", paired(2))
	w.same("business", w.businessSubjects(), "in the folder", "later")
	w.same("the calendar", w.subjects(annaMail, exchangesim.Calendar), "in the calendar")
}

func TestAFolderThatCannotBeUsedHasItsCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	box := w.sim.Mailbox(annaMail)
	box.AddFolder("Projects", exchangesim.Task)
	box.AddFolder("Twice", exchangesim.Appointment)
	box.AddFolder("twice", exchangesim.Appointment)
	w.start()
	must(t, w.tie("", "Nowhere", ""))
	w.login(annaPassword)
	for _, c := range []struct {
		calendar string
		code     fault.Code
	}{{"Nowhere", fault.FolderNotFound}, {"Projects", fault.FolderWrongKind}, {"TWICE", fault.FolderAmbiguous}, {"Team/Nowhere", fault.FolderNotFound}} {
		must(t, w.tie("", c.calendar, ""))
		w.refused(c.code)
	}
	// The exact name is meant where two differ by case only.
	must(t, w.tie("", "twice", ""))
	w.await("the sync", paired(0))
	if len(w.problemCodes()) != 0 {
		t.Errorf("problems stay: %v", w.problemCodes())
	}
}

func TestRightsTakenAwayDeleteNothingAndComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(roomMail, exchangesim.Calendar, "in the room", 0)
	w.start()
	must(t, w.tie(roomMail, "", ""))
	w.login(annaPassword)
	w.refused(fault.FolderNoRight)
	w.lend(exchangesim.Reader)
	w.syncNow()
	w.refused(fault.FolderNoRight)
	w.lend(exchangesim.Owner)
	w.syncNow()
	w.await("the sync", paired(1))
	w.lend(exchangesim.NoRight)
	w.syncNow()
	w.refused(fault.FolderNoRight)
	w.same("business", w.businessSubjects(), "in the room")
	w.lend(exchangesim.Owner)
	w.syncNow()
	w.await("the sync again", func(u *contract.UserStatus) bool {
		return paired(1)(u) && u.GetState() == contract.UserState_USER_STATE_FINE
	})
	w.same("the room", w.subjects(roomMail, exchangesim.Calendar), "in the room")
}

func (w *world) syncNow() {
	w.t.Helper()
	_, err := w.client.SyncNow(context.Background(), connect.NewRequest(&contract.SyncNowRequest{User: anna}))
	must(w.t, err)
}

func TestAnotherTiePutsThePairsAwayAndDeletesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.lend(exchangesim.Owner)
	for i := range 3 {
		w.put(annaMail, exchangesim.Calendar, fmt.Sprintf("Anna %d", i), i)
	}
	w.put(roomMail, exchangesim.Calendar, "in the room", 5)
	w.start()
	w.login(annaPassword)
	w.await("her own", paired(3))

	must(t, w.tie(roomMail, "", ""))
	w.await("the room", paired(4))
	w.same("her own calendar", w.subjects(annaMail, exchangesim.Calendar), "Anna 0", "Anna 1", "Anna 2")
	w.same("the room", w.subjects(roomMail, exchangesim.Calendar), "Anna 0", "Anna 1", "Anna 2", "in the room")
	w.same("business", w.businessSubjects(), "Anna 0", "Anna 1", "Anna 2", "in the room")

	// A person moves one while Anna is tied to the room: no content would pair it
	// with her own old copy.
	room := w.sim.Mailbox(roomMail)
	for _, it := range room.List(exchangesim.Calendar) {
		if it.Subject == "Anna 0" {
			_, err := room.Update(it.ID, func(it *exchangesim.Item) {
				it.Subject, it.Start, it.End = "Anna 0 moved", it.Start.Add(30*time.Hour), it.End.Add(30*time.Hour)
			})
			must(t, err)
		}
	}
	w.syncNow()
	w.await("the move", func(*contract.UserStatus) bool { return slices.Contains(w.businessSubjects(), "Anna 0 moved") })

	must(t, w.tie("", "", ""))
	all := []string{"Anna 0 moved", "Anna 1", "Anna 2", "in the room"}
	w.await("her own again", func(u *contract.UserStatus) bool {
		return paired(4)(u) && u.GetHolds() == 0 && slices.Equal(w.subjects(annaMail, exchangesim.Calendar), all)
	})
	w.same("her own calendar", w.subjects(annaMail, exchangesim.Calendar), all...)
	w.same("business", w.businessSubjects(), all...)
	w.same("the room", w.subjects(roomMail, exchangesim.Calendar), all...)
	if n := len(w.sim.Mailbox(annaMail).List(exchangesim.DeletedItems)) + len(room.List(exchangesim.DeletedItems)); n != 0 {
		t.Errorf("%d items were deleted", n)
	}
}

func TestAFolderBelongsToOneEmployee(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	db := w.business()
	must(t, db.SaveEmployee(context.Background(), business.Employee{User: "ROOM", Name: "Room", Mail: roomMail, Zone: "Europe/Vienna", Active: true}))
	w.start()
	for _, c := range []struct {
		tie  *contract.MailboxTie
		user string
		code fault.Code
	}{
		{&contract.MailboxTie{Mailbox: roomMail}, anna, fault.FolderTaken},
		{&contract.MailboxTie{Mailbox: "Room <room1@lab.test>"}, anna, fault.BadRequest},
		{&contract.MailboxTie{Appointments: "/ /"}, anna, fault.BadRequest},
		{&contract.MailboxTie{Tasks: "a\nb"}, anna, fault.BadRequest},
		{&contract.MailboxTie{Mailbox: roomMail}, "NOBODY", fault.EmployeeUnknown},
	} {
		_, err := w.client.SetMailbox(context.Background(), connect.NewRequest(&contract.SetMailboxRequest{User: c.user, Tie: c.tie}))
		if info := contract.InfoOf(err); info.GetCode() != string(c.code) {
			t.Errorf("%v: %v, want %s", c.tie, err, c.code)
		}
	}
	must(t, w.tie(roomMail, "Team", "Team tasks")) // folders of its own in the same mailbox
}

func TestVerifyLooksWhereTheEmployeeIsTied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	must(t, w.tie(roomMail, "Team", ""))
	stages := w.checked()
	for stage, code := range map[string]fault.Code{"mailbox": "", "folders-calendar": fault.FolderNoRight, "folders-tasks": fault.FolderNoRight} {
		if got := stages[stage]; got.GetCode() != string(code) {
			t.Errorf("%s: %v", stage, got)
		}
	}
	w.lend(exchangesim.Owner)
	if got := w.checked()["folders-calendar"]; got.GetCode() != string(fault.FolderNotFound) {
		t.Errorf("a folder that is missing: %v", got)
	}
	room := w.sim.Mailbox(roomMail)
	must(t, room.Grant(annaMail, room.AddFolderUnder(exchangesim.Calendar, "Team", exchangesim.Appointment), exchangesim.Owner))
	for name, s := range w.checked() {
		if s.GetState() == contract.StageState_STAGE_STATE_FAILED && name != "service-user" {
			t.Errorf("%s: %v", name, s)
		}
	}
}

// checked checks Anna's login and gives how each stage ended.
func (w *world) checked() map[string]*contract.Stage {
	w.t.Helper()
	sealed, err := seal.Seal(w.hello.GetRecipient(), w.hello.GetCallerId(), annaPassword)
	must(w.t, err)
	s, err := w.client.VerifyCredentials(context.Background(), connect.NewRequest(&contract.VerifyCredentialsRequest{User: anna, Login: annaLogin, SealedPassword: sealed}))
	must(w.t, err)
	defer s.Close() //nolint:errcheck // read only
	out := map[string]*contract.Stage{}
	for s.Receive() {
		if st := s.Msg().GetStage(); st != nil {
			out[st.GetName()] = st
		}
	}
	must(w.t, s.Err())
	return out
}
