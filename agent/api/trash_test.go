package api_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
	"abgleich/ipc/contract"
	"abgleich/ipc/pipe"
)

// undoer plays the executor: it undoes what it is asked to, and knows whose it is.
type undoer struct{}

func (undoer) Undo(_ context.Context, user pim.UserID, kind pim.Kind, run store.RunID, preview bool) (executor.Undone, error) {
	if user != anna || kind != pim.KindAppointment || run == 0 {
		return executor.Undone{}, fault.New(fault.Internal, "test", string(user), nil)
	}
	if preview {
		return executor.Undone{Restored: 9}, nil
	}
	return executor.Undone{Restored: 1, Removed: 2, Kept: 3, Failed: 4}, nil
}

func (undoer) Restore(_ context.Context, user pim.UserID, _ pim.Kind, _ store.TrashID) (fault.Code, error) {
	if user != anna {
		return "", fault.New(fault.Internal, "test", string(user), nil)
	}
	return fault.AlreadyThere, nil
}

// keep puts a deleted and an overwritten version of Anna's appointment into her trash,
// and gives the run that did it and the older one.
func (r *rig) keep(private bool) (store.RunID, int64) {
	r.Helper()
	l, err := r.store.Begin(r.Context(), anna, pim.KindAppointment)
	r.must(err)
	run, err := l.OpenRun(r.Context(), "interval")
	r.must(err)
	item := appointment()
	if private {
		item.Shared().Sensitivity = pim.Private
	}
	after := item.Clone().(*pim.Appointment)
	after.Location = "elsewhere"
	was, err := pim.Marshal(item)
	r.must(err)
	is, err := pim.Marshal(after)
	r.must(err)
	r.must(l.Apply(r.Context(), &store.Batch{Trash: []store.Trash{
		{Side: pim.Business, Item: "b", Version: "1", Reason: store.TrashDeleted, Fields: pim.FieldsOf(pim.KindAppointment), Run: run.ID, Content: was},
		{Side: pim.Exchange, Item: "e", Version: "1", Reason: store.TrashConflict, Fields: pim.Fields(pim.FieldLocation), Run: run.ID, Content: was, After: is},
	}}))
	run.Spent = store.Spent{Requests: 7, Sent: 70, Received: 700, Throttled: 7 * time.Second}
	run.Ended = time.Now()
	r.must(l.SaveRun(r.Context(), &run))
	list, err := r.store.ListTrash(r.Context(), store.TrashQuery{User: anna})
	r.must(err)
	return run.ID, int64(list[len(list)-1].ID)
}

// trashTries are the calls about what runs took away.
func trashTries() []try {
	user := string(anna)
	return []try{
		{"ListTrash", func(ctx context.Context, r *rig, _ pipe.Peer, c client) answer {
			r.keep(false)
			return call(ctx, c.ListTrash, &contract.ListTrashRequest{User: user, Limit: 1 << 31})
		}, hers()},
		{"ListTrash, own", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.ListTrash, &contract.ListTrashRequest{})
		}, own()},
		{"RestoreTrash", func(ctx context.Context, r *rig, _ pipe.Peer, c client) answer {
			_, id := r.keep(false)
			return call(ctx, c.RestoreTrash, &contract.RestoreTrashRequest{Id: id})
		}, [4]fault.Code{unknown, yes, fault.NotFound, yes}},
		{"UndoRun", func(ctx context.Context, r *rig, _ pipe.Peer, c client) answer {
			run, _ := r.keep(false)
			return call(ctx, c.UndoRun, &contract.UndoRunRequest{User: user, Run: int64(run)})
		}, hers()},
		{"UndoRun of Anna's as one's own", func(ctx context.Context, r *rig, _ pipe.Peer, c client) answer {
			run, _ := r.keep(false)
			return call(ctx, c.UndoRun, &contract.UndoRunRequest{Run: int64(run), Preview: true})
		}, [4]fault.Code{unknown, yes, fault.NotFound, unknown}},
	}
}

func TestTheTrashShowsItsOwnerWhatWasThereAndOthersOnlyThatThereIsSomething(t *testing.T) {
	for _, private := range []bool{false, true} {
		r := newRig(t)
		run, _ := r.keep(private)
		got, err := r.as(annaPeer).ListTrash(t.Context(), connect.NewRequest(&contract.ListTrashRequest{Limit: 10, Run: int64(run)}))
		r.must(err)
		items := got.Msg.GetItems()
		if len(items) != 2 || items[0].GetReason() != contract.TrashReason_TRASH_REASON_CONFLICT || items[0].GetTitle() != secretTitle ||
			items[0].GetStart() == nil || items[0].GetAt() == nil || items[0].GetRun() != int64(run) || items[0].GetSide() != contract.SideId_SIDE_ID_EXCHANGE {
			t.Fatalf("%v", items)
		}
		if f := items[0].GetFields(); len(f) != 1 || f[0].GetField() != "location" || f[0].GetBusiness() != "elsewhere" || f[0].GetExchange() != "" {
			t.Errorf("%v", f)
		}
		if len(items[1].GetFields()) != 0 || items[1].GetReason() != contract.TrashReason_TRASH_REASON_DELETED {
			t.Errorf("%v", items[1])
		}
		if more, err := r.as(annaPeer).ListTrash(t.Context(), connect.NewRequest(&contract.ListTrashRequest{Limit: 10, Before: items[0].GetId()})); err != nil || len(more.Msg.GetItems()) != 1 {
			t.Errorf("%v, %v", more, err)
		}
		if none, err := r.as(annaPeer).ListTrash(t.Context(), connect.NewRequest(&contract.ListTrashRequest{Limit: 10, Run: int64(run) + 1})); err != nil || len(none.Msg.GetItems()) != 0 {
			t.Errorf("%v, %v", none, err)
		}
		theirs := call(t.Context(), r.as(admin).ListTrash, &contract.ListTrashRequest{User: string(anna), Limit: 10})
		if strings.Contains(theirs.text, secretTitle) || strings.Contains(theirs.text, "elsewhere") || !strings.Contains(theirs.text, "•••") {
			t.Errorf("the administrator sees %s (%v)", theirs.text, theirs.err)
		}
		if !r.audited("root", "looked at trash", string(anna)) {
			t.Error("the look is not recorded")
		}
	}
}

func TestUndoingAndRestoringForOthersIsRecordedAndRunsThem(t *testing.T) {
	r := newRig(t)
	run, id := r.keep(false)
	got, err := r.as(admin).UndoRun(t.Context(), connect.NewRequest(&contract.UndoRunRequest{User: string(anna), Run: int64(run), Preview: true}))
	r.must(err)
	if got.Msg.GetRestored() != 9 || r.control.asked("sync ANNA") {
		t.Errorf("%v", got.Msg)
	}
	got, err = r.as(admin).UndoRun(t.Context(), connect.NewRequest(&contract.UndoRunRequest{User: string(anna), Run: int64(run)}))
	r.must(err)
	if m := got.Msg; m.GetRestored() != 1 || m.GetRemoved() != 2 || m.GetKept() != 3 || m.GetFailed() != 4 || !r.control.asked("sync ANNA") {
		t.Errorf("%v", m)
	}
	back, err := r.as(admin).RestoreTrash(t.Context(), connect.NewRequest(&contract.RestoreTrashRequest{Id: id}))
	r.must(err)
	if back.Msg.GetCode() != string(fault.AlreadyThere) {
		t.Errorf("%v", back.Msg)
	}
	for _, what := range []string{"undid run", "looked at undoing a run", "restored from trash"} {
		if !r.audited("root", what, string(anna)) {
			t.Errorf("%q is not recorded", what)
		}
	}
	_, err = r.as(admin).RestoreTrash(t.Context(), connect.NewRequest(&contract.RestoreTrashRequest{}))
	r.code(err, fault.NotFound)
	_, err = r.as(annaPeer).UndoRun(t.Context(), connect.NewRequest(&contract.UndoRunRequest{Run: 4711}))
	r.code(err, fault.NotFound)
}

func TestARunTellsWhatItCost(t *testing.T) {
	r := newRig(t)
	run, _ := r.keep(false)
	got, err := r.as(annaPeer).ListRuns(t.Context(), connect.NewRequest(&contract.ListRunsRequest{Limit: 5}))
	r.must(err)
	l := got.Msg.GetRuns()
	if len(l) != 1 || l[0].GetId() != int64(run) || l[0].GetRequests() != 7 || l[0].GetBytesSent() != 70 || l[0].GetBytesReceived() != 700 ||
		l[0].GetThrottled().AsDuration() != 7*time.Second || l[0].GetUndone() != nil {
		t.Errorf("%v", l)
	}
	if got, err = r.as(annaPeer).ListRuns(t.Context(), connect.NewRequest(&contract.ListRunsRequest{Limit: 5, Before: int64(run)})); err != nil || len(got.Msg.GetRuns()) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}
