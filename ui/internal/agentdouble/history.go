package agentdouble

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/ipc/contract"
)

// History is a comparison, runs and trash of an ordinary week.
func History(now time.Time) Books {
	at := func(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(now.Add(d)) }
	const appointment, task = contract.Kind_KIND_APPOINTMENT, contract.Kind_KIND_TASK
	const business, exchange = contract.SideId_SIDE_ID_BUSINESS, contract.SideId_SIDE_ID_EXCHANGE
	text := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339) }
	b := Books{Options: StandardOptions(), Effect: AnEffect(), Undo: &contract.UndoRunResponse{Restored: 2, Removed: 1, Kept: 1}}
	b.Compared = []*contract.Compared{
		{Kind: appointment, State: contract.CompareState_COMPARE_STATE_EQUAL, Title: "Jour fixe", Start: at(26 * time.Hour), Business: true, Exchange: true},
		{Kind: appointment, State: contract.CompareState_COMPARE_STATE_PENDING, Title: "Kundentermin Maier", Start: at(50 * time.Hour), Business: true, Exchange: true,
			Fields: []*contract.FieldPair{{Field: "start", Business: text(50 * time.Hour), Exchange: text(49 * time.Hour), Differs: true},
				{Field: "location", Business: "Besprechungsraum 2", Exchange: "Besprechungsraum 1", Differs: true}}},
		{Kind: appointment, State: contract.CompareState_COMPARE_STATE_PROBLEM, Title: "Quartalsbesprechung mit Kanzlei Huber", Start: at(47 * time.Hour), Business: true, Exchange: true, Code: "meeting-needs-outlook",
			Fields: []*contract.FieldPair{{Field: "start", Business: text(47 * time.Hour), Exchange: text(48 * time.Hour), Differs: true}}},
		{Kind: appointment, State: contract.CompareState_COMPARE_STATE_HELD, Title: "Zahnarzt", Start: at(75 * time.Hour), Business: true, Code: "deletions-held"},
		{Kind: task, State: contract.CompareState_COMPARE_STATE_EQUAL, Title: "Umsatzsteuer-Voranmeldung", Business: true, Exchange: true},
		{Kind: task, State: contract.CompareState_COMPARE_STATE_FILTERED, Title: "Ablage 2019", Business: true},
		{Kind: task, State: contract.CompareState_COMPARE_STATE_ONE_SIDE, Title: "Drucker bestellen", Exchange: true},
	}
	run := func(id int64, ago time.Duration, kind contract.Kind, took time.Duration, c *contract.Counts) *contract.Run {
		return &contract.Run{Id: id, User: "ANNA", Kind: kind, Started: at(-ago), Took: durationpb.New(took), Counts: c, Requests: 6 + uint64(id), BytesSent: 14_200 * uint64(id), BytesReceived: 61_300 * uint64(id)}
	}
	b.Runs = []*contract.Run{
		run(21, 3*time.Minute, appointment, 640*time.Millisecond, &contract.Counts{CreatedExchange: 2, UpdatedExchange: 1, CreatedBusiness: 1}),
		run(20, 4*time.Minute, task, 210*time.Millisecond, &contract.Counts{}),
		run(19, 34*time.Minute, appointment, 1900*time.Millisecond, &contract.Counts{UpdatedBusiness: 3, DeletedBusiness: 1, Conflicts: 1}),
		run(18, 3*time.Hour, task, 420*time.Millisecond, &contract.Counts{UpdatedExchange: 2}),
		run(17, 26*time.Hour, appointment, 12*time.Second, &contract.Counts{CreatedExchange: 14, DeletedExchange: 3, Problems: 1}),
		run(16, 27*time.Hour, appointment, 900*time.Millisecond, &contract.Counts{}),
		run(2, 70*time.Hour, task, 4*time.Second, &contract.Counts{CreatedExchange: 700, CreatedBusiness: 212, Paired: 75}),
		run(1, 70*time.Hour+time.Minute, appointment, 11*time.Second, &contract.Counts{CreatedExchange: 6120, CreatedBusiness: 3080, Paired: 3145}),
	}
	b.Runs[5].Code, b.Runs[4].Undone = "server-busy", at(-20*time.Hour)
	b.Runs[6].FirstSync, b.Runs[7].FirstSync = true, true
	b.Runs[4].Throttled = durationpb.New(4 * time.Second)
	b.Trash = []*contract.Trashed{
		{Id: 12, Kind: appointment, Side: exchange, Reason: contract.TrashReason_TRASH_REASON_CONFLICT, Title: "Kundentermin Maier", Start: at(50 * time.Hour), At: at(-34 * time.Minute), Run: 19,
			Fields: []*contract.FieldPair{{Field: "location", Business: "Besprechungsraum 2", Exchange: "Besprechungsraum 1", Differs: true}}},
		{Id: 11, Kind: appointment, Side: business, Reason: contract.TrashReason_TRASH_REASON_DELETED, Title: "Hausbesichtigung", Start: at(30 * time.Hour), At: at(-34 * time.Minute), Run: 19},
		{Id: 10, Kind: task, Side: exchange, Reason: contract.TrashReason_TRASH_REASON_OVERWRITTEN, Title: "Angebot nachfassen", Start: at(48 * time.Hour), StartIsDay: true, At: at(-3 * time.Hour), Run: 18,
			Fields: []*contract.FieldPair{{Field: "percent", Business: "50", Exchange: "25", Differs: true}, {Field: "status", Business: "in-progress", Exchange: "not-started", Differs: true}}},
		{Id: 9, Kind: appointment, Side: exchange, Reason: contract.TrashReason_TRASH_REASON_DELETED, Title: "Probelauf Videokonferenz", Start: at(-5 * time.Hour), At: at(-26 * time.Hour), Run: 17, Restored: at(-20 * time.Hour)},
	}
	return b
}
