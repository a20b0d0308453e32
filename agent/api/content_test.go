package api_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"abgleich/agent/credentials"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/business"
	"abgleich/agent/store"
	"abgleich/ipc/contract"
	"abgleich/ipc/pipe"
)

// contentTries are the calls about what items hold, and the one that forgets Anna.
func contentTries() []try {
	user := string(anna)
	return []try{
		{"GetProblem", func(ctx context.Context, r *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.GetProblem, &contract.GetProblemRequest{Id: r.problem(false)})
		}, [4]fault.Code{unknown, yes, fault.NotFound, yes}},
		{"IgnoreProblem", func(ctx context.Context, r *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.IgnoreProblem, &contract.IgnoreProblemRequest{Id: r.problem(false)})
		}, [4]fault.Code{unknown, yes, fault.NotFound, yes}},
		{"IgnoreProblem of a notice", func(ctx context.Context, r *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.IgnoreProblem, &contract.IgnoreProblemRequest{Id: r.problem(true)})
		}, [4]fault.Code{unknown, yes, fault.NotFound, yes}},
		{"Compare", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return stream(ctx, c.Compare, &contract.CompareRequest{User: user}, false)
		}, hers()},
		{"Compare, own", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return stream(ctx, c.Compare, &contract.CompareRequest{}, false)
		}, own()},
		{"ListLooks", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.ListLooks, &contract.ListLooksRequest{Limit: 1 << 31})
		}, everyone()},
		{"ForgetEmployee", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.ForgetEmployee, &contract.ForgetEmployeeRequest{User: user})
		}, everyone()},
	}
}

// look is a call that tells what Anna's items are about.
type look struct {
	name, what string
	all        bool // it can be asked about everybody
	do         func(context.Context, *rig, client, string, bool) answer
}

func looks() []look {
	return []look{
		{"problems", "problems", true, func(ctx context.Context, _ *rig, c client, user string, all bool) answer {
			return call(ctx, c.ListProblems, &contract.ListProblemsRequest{User: user, AllUsers: all})
		}},
		{"holds", "holds", true, func(ctx context.Context, _ *rig, c client, user string, all bool) answer {
			return call(ctx, c.ListHolds, &contract.ListHoldsRequest{User: user, AllUsers: all})
		}},
		{"a dry run", "plan", false, func(ctx context.Context, _ *rig, c client, user string, _ bool) answer {
			return call(ctx, c.PlanRun, &contract.PlanRunRequest{User: user})
		}},
		{"a comparison", "comparison", false, func(ctx context.Context, _ *rig, c client, user string, _ bool) answer {
			return stream(ctx, c.Compare, &contract.CompareRequest{User: user}, false)
		}},
		{"a problem", "problem", false, func(ctx context.Context, r *rig, c client, _ string, _ bool) answer {
			return call(ctx, c.GetProblem, &contract.GetProblemRequest{Id: r.problem(false)})
		}},
	}
}

// chief is an administrator who is an employee too.
var chief = pipe.Peer{ID: "uid:5", Name: "chief", Admin: true}

// reader makes an employee of the chief, in a group of his own with these functions.
func (r *rig) reader(fs ...business.Function) {
	r.Helper()
	r.must(r.db.SaveEmployee(r.Context(), business.Employee{User: "CHIEF", Name: "Chief", Mail: "chief@lab.test", Zone: "Europe/Vienna", Active: true}))
	r.must(r.db.SaveGroup(r.Context(), business.Group{Name: "readers", Members: []pim.UserID{"CHIEF"}, Functions: fs}))
	r.must(r.book.Tie(r.Context(), chief.ID, chief.Name, "CHIEF"))
}

func TestOnlyTheOwnerSeesContentAndEachLookIsRecorded(t *testing.T) {
	for _, c := range looks() {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.problem(false)
			r.reader()
			mine := c.do(t.Context(), r, r.as(annaPeer), string(anna), false)
			if !strings.Contains(mine.text, secretTitle) || strings.Contains(mine.text, "•••") {
				t.Errorf("Anna does not see what is hers: %s", mine.text)
			}
			if r.audited("anna", "looked at "+c.what, string(anna)) || r.audited("anna", "read "+c.what, string(anna)) {
				t.Error("a look at one's own is recorded")
			}
			for _, p := range []pipe.Peer{admin, chief} {
				theirs := c.do(t.Context(), r, r.as(p), string(anna), false)
				if !strings.Contains(theirs.text, "•••") || strings.Contains(theirs.text, secretTitle) {
					t.Errorf("%s sees %s (%v)", p.Name, theirs.text, theirs.err)
				}
				if !r.audited(p.Name, "looked at "+c.what, string(anna)) {
					t.Error("the look is not recorded")
				}
			}
			if c.all {
				c.do(t.Context(), r, r.as(admin), "", true)
				if !r.audited("root", "looked at "+c.what, "*") {
					t.Error("the look at everybody's is not recorded")
				}
			}
		})
	}
}

func TestAnAdministratorWhoWasGrantedItReadsContentAndThatIsRecorded(t *testing.T) {
	for _, c := range looks() {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.problem(false)
			r.reader(business.FunctionSyncContent)
			if got := c.do(t.Context(), r, r.as(chief), string(anna), false); !strings.Contains(got.text, secretTitle) {
				t.Errorf("he sees %s (%v)", got.text, got.err)
			}
			if !r.audited("chief", "read "+c.what, string(anna)) {
				t.Error("it is not recorded")
			}
			// The function alone, without being an administrator, opens nothing.
			r.must(r.db.SaveGroup(t.Context(), business.Group{Name: "more", Members: []pim.UserID{ben}, Functions: []business.Function{business.FunctionSyncContent}}))
			if got := c.do(t.Context(), r, r.as(benPeer), string(anna), false); got.err == nil || strings.Contains(got.text, secretTitle) {
				t.Errorf("Ben sees %s", got.text)
			}
		})
	}
}

func TestWhatIsPrivateIsHiddenFromEverybodyElse(t *testing.T) {
	r := newRig(t)
	r.reader(business.FunctionSyncContent)
	r.planner.private, r.records.private = true, true
	for _, c := range looks() {
		if c.what == "problems" || c.what == "problem" {
			continue // the store keeps no title of a private item
		}
		if got := c.do(t.Context(), r, r.as(chief), string(anna), false); strings.Contains(got.text, secretTitle) || !strings.Contains(got.text, "•••") {
			t.Errorf("%s: he sees %s (%v)", c.name, got.text, got.err)
		}
		if got := c.do(t.Context(), r, r.as(annaPeer), string(anna), false); !strings.Contains(got.text, secretTitle) {
			t.Errorf("%s: Anna sees %s", c.name, got.text)
		}
	}
}

func TestLooksAreListedWithWhoAndWhat(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	r.problem(false)
	call(ctx, r.as(admin).ListProblems, &contract.ListProblemsRequest{AllUsers: true})
	call(ctx, r.as(admin).PlanRun, &contract.PlanRunRequest{User: string(anna)})
	got, err := r.as(admin).ListLooks(ctx, connect.NewRequest(&contract.ListLooksRequest{Limit: 10}))
	r.must(err)
	l := got.Msg.GetLooks()
	if len(l) != 2 || l[0].GetWhat() != "looked-at-plan" || l[0].GetSubject() != string(anna) || l[0].GetWho() != "root (uid:0)" ||
		l[0].GetAt() == nil || l[1].GetWhat() != "looked-at-problems" || l[1].GetSubject() != "*" {
		t.Errorf("%v", l)
	}
	if got, err = r.as(admin).ListLooks(ctx, connect.NewRequest(&contract.ListLooksRequest{Limit: 1})); err != nil || len(got.Msg.GetLooks()) != 1 {
		t.Error(got, err)
	}
}

func TestAProblemIsShownFieldByField(t *testing.T) {
	r := newRig(t)
	got, err := r.as(annaPeer).GetProblem(t.Context(), connect.NewRequest(&contract.GetProblemRequest{Id: r.problem(false)}))
	r.must(err)
	m := got.Msg
	if !m.GetBusiness() || !m.GetExchange() || m.GetBusinessAway() || !m.GetExchangeAway() || m.GetProblem().GetCode() != string(fault.ItemRefused) {
		t.Errorf("%v", m)
	}
	fields := map[string]*contract.FieldPair{}
	var differ []string
	for _, f := range m.GetFields() {
		fields[f.GetField()] = f
		if f.GetDiffers() {
			differ = append(differ, f.GetField())
		}
	}
	if want := []string{"end", "exceptions", "location", "categories", "organizer", "attendees", "body"}; !slices.Equal(differ, want) {
		t.Errorf("differ %q", differ)
	}
	for name, want := range map[string][2]string{
		"subject":    {secretTitle, secretTitle},
		"start":      {"2027-05-03T11:00:00+02:00", "2027-05-03T11:00:00+02:00"},
		"end":        {"2027-05-03T12:00:00+02:00", "2027-05-03T13:00:00+02:00"},
		"zone":       {"Europe/Vienna", "Europe/Vienna"},
		"recurrence": {"FREQ=DAILY;COUNT=3", "FREQ=DAILY;COUNT=3"},
		"location":   {secretTitle + " place", ""},
		"busy":       {"busy", "busy"},
	} {
		if f := fields[name]; f.GetBusiness() != want[0] || f.GetExchange() != want[1] {
			t.Errorf("%s: %v", name, f)
		}
	}
	if got := fields["exceptions"].GetExchange(); got != "2027-05-03T09:00:00Z "+secretTitle+" moved 2027-05-03T11:00:00+02:00 – 2027-05-03T12:00:00+02:00, "+secretTitle+" place" {
		t.Error(got)
	}
	if fields["reminder"] != nil || fields["due"] != nil {
		t.Error("fields that neither has")
	}
}

func TestAComparisonCanLeaveOutWhatIsEqual(t *testing.T) {
	r := newRig(t)
	for _, only := range []bool{false, true} {
		s, err := r.as(annaPeer).Compare(t.Context(), connect.NewRequest(&contract.CompareRequest{DifferingOnly: only}))
		r.must(err)
		var items []*contract.Compared
		var last *contract.CompareResponse
		for s.Receive() {
			last = s.Msg()
			items = append(items, last.GetItems()...)
		}
		r.must(s.Err())
		if !last.GetDone() || last.GetEqual() != 1 || last.GetDiffering() != 1 || len(items) != 2 && !only || len(items) != 1 && only {
			t.Errorf("%v, %d items", last, len(items))
		}
		if p := items[len(items)-1]; p.GetState() != contract.CompareState_COMPARE_STATE_PENDING || len(p.GetFields()) == 0 || !p.GetFields()[0].GetDiffers() {
			t.Errorf("%v", p)
		}
	}
}

func TestIgnoringAProblemTakesItFromTheCount(t *testing.T) {
	r := newRig(t)
	id := r.problem(false)
	r.board.Counted(anna, 1, 0)
	_, err := r.as(annaPeer).IgnoreProblem(t.Context(), connect.NewRequest(&contract.IgnoreProblemRequest{Id: id}))
	r.must(err)
	u := r.board.Snapshot(anna).Users
	ps, err := r.store.Problems(t.Context(), store.ProblemQuery{User: anna})
	r.must(err)
	if len(u) != 1 || u[0].Problems != 0 || len(ps) != 1 || !ps[0].Ignored {
		t.Errorf("%+v %+v", u, ps)
	}
	list := call(t.Context(), r.as(annaPeer).ListProblems, &contract.ListProblemsRequest{})
	if !strings.Contains(strings.ReplaceAll(list.text, " ", ""), `"ignored":true`) || strings.Contains(list.text, "needsPerson") {
		t.Error(list.text)
	}
	_, err = r.as(annaPeer).RetryProblem(t.Context(), connect.NewRequest(&contract.RetryProblemRequest{Id: id}))
	r.must(err)
	if u := r.board.Snapshot(anna).Users; u[0].Problems != 1 {
		t.Errorf("%+v", u)
	}
}

func TestAForgottenEmployeeLeavesNothing(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	r.problem(false)
	r.must(r.store.SetTie(ctx, store.Tie{User: anna, Mailbox: "room@lab.test"}))
	lease, err := r.store.Begin(ctx, anna, pim.KindAppointment)
	r.must(err)
	text, err := pim.Marshal(appointment())
	r.must(err)
	pair := store.Pair{Key: "k", State: store.PairLinked}
	pair.Sides = store.PerSide[store.PairSide]{{ID: "b", Base: text}, {ID: "e", Base: text}}
	r.must(lease.Apply(ctx, &store.Batch{NewPairs: []store.Pair{pair},
		Trash: []store.Trash{{Side: pim.Business, Item: "b", Reason: store.TrashDeleted, Content: text}},
		Rows:  []store.Row{{Side: pim.Exchange, ID: "x", Item: text}}}))
	_, err = r.book.Save(ctx, credentials.Settings{User: ben, Sync: true, Appointments: true, Login: `LAB\ben`}, secretOf(planted))
	r.must(err)

	got, err := r.as(admin).ForgetEmployee(ctx, connect.NewRequest(&contract.ForgetEmployeeRequest{User: "anna"}))
	r.must(err)
	if got.Msg.GetPairs() != 1 || got.Msg.GetTrash() != 1 || !slices.Equal(r.logs.forgotten, []string{"ANNA"}) || !r.control.asked("reload ") {
		t.Errorf("%v, logs %q", got.Msg, r.logs.forgotten)
	}
	if raw := r.raw(); strings.Contains(raw, secretTitle) || strings.Contains(raw, `LAB\anna`) || strings.Contains(raw, "room@lab.test") {
		t.Error("something of hers is still in the file")
	}
	if _, err := r.store.Account(ctx, ben); err != nil {
		t.Errorf("Ben: %v", err)
	}
	if !r.audited("root", "forgot", string(anna)) {
		t.Error("not recorded")
	}
	r.must(lease.Apply(ctx, &store.Batch{Problems: []store.Problem{{User: anna, Item: "x", Code: fault.ItemRefused}}}), fault.AlreadyRunning)
	_, err = r.as(admin).ForgetEmployee(ctx, connect.NewRequest(&contract.ForgetEmployeeRequest{User: "nobody"}))
	r.code(err, fault.EmployeeUnknown)
	_, err = r.as(admin).ForgetEmployee(ctx, connect.NewRequest(&contract.ForgetEmployeeRequest{}))
	r.code(err, fault.BadRequest)
}
