package agentdouble

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/ipc/contract"
)

// Quiet is a user whose first sync is long done; the times are relative to now.
func Quiet(now time.Time) *contract.UserStatus {
	at := func(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(now.Add(d)) }
	return &contract.UserStatus{User: "ANNA", Name: "Anna Berger", State: contract.UserState_USER_STATE_FINE, Kinds: []*contract.KindStatus{
		{Kind: contract.Kind_KIND_APPOINTMENT, Enabled: true, Phase: contract.RunPhase_RUN_PHASE_IDLE, LastSuccess: at(-3 * time.Minute),
			LastTry: at(-3 * time.Minute), NextRun: at(7 * time.Minute), Pairs: 12345, Direction: contract.Direction_DIRECTION_BOTH, Counts: &contract.Counts{CreatedExchange: 2, UpdatedExchange: 1, CreatedBusiness: 1}},
		{Kind: contract.Kind_KIND_TASK, Enabled: true, Phase: contract.RunPhase_RUN_PHASE_IDLE, LastSuccess: at(-4 * time.Minute),
			LastTry: at(-4 * time.Minute), NextRun: at(6 * time.Minute), Pairs: 987, Direction: contract.Direction_DIRECTION_TO_EXCHANGE, Counts: &contract.Counts{}},
	}}
}

// FirstSync is a user whose first sync has done a share (0 to 1) of its
// appointments; the tasks run behind and don't know their end at first.
func FirstSync(share float64) *contract.UserStatus {
	const all, allTasks, speed = 10_000, 2_000, 1_640
	share = min(max(share, 0), 1)
	done := uint64(share * all)
	u := &contract.UserStatus{User: "ANNA", Name: "Anna Berger", State: contract.UserState_USER_STATE_SYNCING, Kinds: []*contract.KindStatus{
		{Kind: contract.Kind_KIND_APPOINTMENT, Enabled: true, FirstSync: true, Phase: contract.RunPhase_RUN_PHASE_WRITING, Done: done, Expected: all,
			ItemsPerSecond: speed, Remaining: durationpb.New(time.Duration(float64(all-done) / speed * float64(time.Second))),
			Pairs: done, Counts: &contract.Counts{CreatedExchange: done * 6 / 10, CreatedBusiness: done * 3 / 10, Paired: done / 10}},
		{Kind: contract.Kind_KIND_TASK, Enabled: true, FirstSync: true, Phase: contract.RunPhase_RUN_PHASE_QUEUED},
	}}
	if share > 0.2 {
		t := u.Kinds[1]
		t.Phase, t.Done, t.Counts = contract.RunPhase_RUN_PHASE_READING, uint64(share*allTasks*0.6), &contract.Counts{}
		if share > 0.5 {
			t.Phase, t.Expected, t.ItemsPerSecond = contract.RunPhase_RUN_PHASE_MATCHING, allTasks, 420
			t.Remaining = durationpb.New(time.Duration(float64(allTasks-t.Done) / 420 * float64(time.Second)))
		}
	}
	return u
}

// Problems are two that need a person and one that heals by itself.
func Problems(now time.Time) []*contract.Problem {
	at := func(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(now.Add(d)) }
	return []*contract.Problem{
		{Id: 7, User: "ANNA", Kind: contract.Kind_KIND_APPOINTMENT, Code: "meeting-needs-outlook", Title: "Quartalsbesprechung mit Kanzlei Huber",
			Side: contract.SideId_SIDE_ID_EXCHANGE, First: at(-50 * time.Hour), Last: at(-20 * time.Minute), Attempts: 3, NeedsPerson: true,
			Detail: "UpdateItem ErrorCalendarMeetingUpdate"},
		{Id: 8, User: "ANNA", Kind: contract.Kind_KIND_TASK, Code: "item-refused", Title: "Steuererklärung vorbereiten",
			Side: contract.SideId_SIDE_ID_BUSINESS, First: at(-40 * time.Minute), Last: at(-5 * time.Minute), Attempts: 1, NeedsPerson: true},
		{Id: 9, User: "ANNA", Kind: contract.Kind_KIND_APPOINTMENT, Code: "item-changed", Title: "",
			Side: contract.SideId_SIDE_ID_EXCHANGE, First: at(-2 * time.Minute), Last: at(-time.Minute), Attempts: 2, NextTry: at(3 * time.Minute)},
	}
}

// Hold is a guard that keeps deletions back.
func Hold(now time.Time) *contract.Hold {
	return &contract.Hold{Id: 3, User: "ANNA", Kind: contract.Kind_KIND_APPOINTMENT, Code: "deletions-held", Side: contract.SideId_SIDE_ID_EXCHANGE,
		Items: 42, Titles: []string{"Jour fixe", "Kundentermin Maier", "Zahnarzt"}, Since: timestamppb.New(now.Add(-90 * time.Minute)),
		Preview: []*contract.HeldItem{
			{Title: "Jour fixe", Start: timestamppb.New(now.Add(26 * time.Hour))}, {Title: "Kundentermin Maier", Start: timestamppb.New(now.Add(50 * time.Hour))},
			{Title: "Zahnarzt", Start: timestamppb.New(now.Add(75 * time.Hour))}, {Title: "Übergabe Lohnverrechnung", Start: timestamppb.New(now.Add(98 * time.Hour))},
			{Title: "Telefonat Finanzamt", Start: timestamppb.New(now.Add(122 * time.Hour))}, {Title: "Teammeeting", Start: timestamppb.New(now.Add(146 * time.Hour))},
		}}
}

// Versions are what both sides have of the item of problem 7.
func Versions(now time.Time) map[int64]*contract.GetProblemResponse {
	start := now.Add(47 * time.Hour).Truncate(time.Hour)
	at := func(d time.Duration) string { return start.Add(d).Format(time.RFC3339) }
	return map[int64]*contract.GetProblemResponse{7: {Problem: Problems(now)[0], Business: true, Exchange: true, Fields: []*contract.FieldPair{
		{Field: "subject", Business: "Quartalsbesprechung mit Kanzlei Huber", Exchange: "Quartalsbesprechung mit Kanzlei Huber"},
		{Field: "start", Business: at(0), Exchange: at(time.Hour), Differs: true},
		{Field: "end", Business: at(90 * time.Minute), Exchange: at(150 * time.Minute), Differs: true},
		{Field: "recurrence", Business: "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;COUNT=6", Exchange: "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;COUNT=6"},
		{Field: "location", Business: "Besprechungsraum 2", Exchange: "Besprechungsraum 2"},
		{Field: "busy", Business: "busy", Exchange: "tentative", Differs: true},
		{Field: "reminder", Business: "15 min", Exchange: "15 min"},
		{Field: "organizer", Exchange: "anna@firma.example"},
		{Field: "attendees", Exchange: "Kanzlei Huber <office@huber.example> (accepted)"},
	}}}
}
