package api

import (
	"context"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
	"abgleich/ipc/contract"
)

// pageSize is how many rows are read from the store at once, mostRows how many a
// list call returns at the most.
const (
	pageSize = 200
	mostRows = 2000
)

// ListProblems lists a user's problems and notices. Administrators may list
// everybody's, with titles hidden, and each look is recorded.
func (s *server) ListProblems(ctx context.Context, r *connect.Request[contract.ListProblemsRequest]) (*connect.Response[contract.ListProblemsResponse], error) {
	c, user, err := s.listing(ctx, r.Msg.GetUser(), r.Msg.GetAllUsers())
	if err != nil {
		return nil, err
	}
	if err := s.recordLook(ctx, c, user, "problems"); err != nil {
		return nil, err
	}
	out := &contract.ListProblemsResponse{}
	q := store.ProblemQuery{User: user, Notices: true, Limit: pageSize}
	for len(out.Problems) < mostRows {
		ps, err := s.Records.Problems(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, p := range ps {
			out.Problems = append(out.Problems, problemMessage(c, p))
			q.After = p.ID
		}
		if len(ps) < pageSize {
			break
		}
	}
	return connect.NewResponse(out), nil
}

func problemMessage(c caller, p store.Problem) *contract.Problem {
	return &contract.Problem{
		Id: int64(p.ID), User: string(p.User), Kind: contract.Kind(p.Kind), Code: string(p.Code),
		Title: c.title(p.User, p.Title), Side: contract.SideId(p.Side), First: stamp(p.First), Last: stamp(p.Last),
		Attempts: uint32(p.Attempts), NextTry: stamp(p.NextTry), Detail: p.Detail, NeedsPerson: !p.Notice && !p.Ignored && p.NextTry.IsZero(),
		Ignored: p.Ignored,
	}
}

// RetryProblem makes a problem's item ready at once and runs the user. A notice
// is put away instead.
func (s *server) RetryProblem(ctx context.Context, r *connect.Request[contract.RetryProblemRequest]) (*connect.Response[contract.RetryProblemResponse], error) {
	c, err := s.caller(ctx)
	if err != nil {
		return nil, err
	}
	id := store.ProblemID(r.Msg.GetId())
	p, err := s.problem(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if p.Notice {
		return connect.NewResponse(&contract.RetryProblemResponse{}), s.Records.ReadNotice(ctx, p.User, id)
	}
	if err := s.Records.RetryProblem(ctx, p.User, id); err != nil {
		return nil, err
	}
	if err := s.runNow(ctx, p.User); err != nil {
		return nil, err
	}
	return connect.NewResponse(&contract.RetryProblemResponse{}), s.recount(ctx, p.User)
}

// problem finds a problem the caller may touch.
func (s *server) problem(ctx context.Context, c caller, id store.ProblemID) (store.Problem, error) {
	q := store.ProblemQuery{Notices: true, After: id - 1, Limit: 1}
	if !c.Admin {
		q.User = c.user
		if c.user == "" {
			return store.Problem{}, fault.New(fault.EmployeeUnknown, "api.RetryProblem", c.Name, nil)
		}
	}
	ps, err := s.Records.Problems(ctx, q)
	if err != nil {
		return store.Problem{}, err
	}
	if len(ps) == 0 || ps[0].ID != id {
		return store.Problem{}, fault.New(fault.NotFound, "api.RetryProblem", "", nil)
	}
	return ps[0], nil
}

// previewed is how many items a hold shows, titled how many of them by their titles.
const previewed, titled = 200, 20

// ListHolds lists what guards keep back.
func (s *server) ListHolds(ctx context.Context, r *connect.Request[contract.ListHoldsRequest]) (*connect.Response[contract.ListHoldsResponse], error) {
	c, user, err := s.listing(ctx, r.Msg.GetUser(), r.Msg.GetAllUsers())
	if err != nil {
		return nil, err
	}
	if err := s.recordLook(ctx, c, user, "holds"); err != nil {
		return nil, err
	}
	hs, err := s.Records.Holds(ctx, user)
	if err != nil {
		return nil, err
	}
	out := &contract.ListHoldsResponse{}
	for _, h := range hs {
		m := &contract.Hold{
			Id: int64(h.ID), User: string(h.User), Kind: contract.Kind(h.Kind), Code: string(h.Code),
			Side: contract.SideId(h.Side), Items: uint32(h.Items), Since: stamp(h.At),
		}
		items, err := s.Records.HeldItems(ctx, h.ID, 0, previewed)
		if err != nil {
			return nil, err
		}
		for _, it := range items {
			item, err := pim.Unmarshal(it.Content)
			if err != nil {
				return nil, fault.New(fault.StoreCorrupt, "api.ListHolds", string(h.User), err)
			}
			if item == nil {
				continue
			}
			title := c.itemTitle(h.User, item)
			start, day := startOf(item)
			m.Preview = append(m.Preview, &contract.HeldItem{Title: title, Start: start, StartIsDay: day})
			if len(m.Titles) < titled {
				m.Titles = append(m.Titles, title)
			}
		}
		out.Holds = append(out.Holds, m)
	}
	return connect.NewResponse(out), nil
}

// ResolveHold records a decision and runs the user. For the user himself and
// administrators.
func (s *server) ResolveHold(ctx context.Context, r *connect.Request[contract.ResolveHoldRequest]) (*connect.Response[contract.ResolveHoldResponse], error) {
	c, err := s.caller(ctx)
	if err != nil {
		return nil, err
	}
	owner := c.user
	if c.Admin {
		owner = ""
	} else if owner == "" {
		return nil, fault.New(fault.EmployeeUnknown, "api.ResolveHold", c.Name, nil)
	}
	hs, err := s.Records.Holds(ctx, owner)
	if err != nil {
		return nil, err
	}
	for _, h := range hs {
		if h.ID != store.HoldID(r.Msg.GetId()) {
			continue
		}
		decision := store.Restore
		if r.Msg.GetConfirm() {
			decision = store.Confirm
		}
		if err := s.recordDeed(ctx, c, h.User, "decided hold"); err != nil {
			return nil, err
		}
		if err := s.Records.ResolveHold(ctx, h.User, h.ID, decision, c.Name); err != nil {
			return nil, err
		}
		if err := s.runNow(ctx, h.User, h.Kind); err != nil {
			return nil, err
		}
		return connect.NewResponse(&contract.ResolveHoldResponse{}), nil
	}
	return nil, fault.New(fault.NotFound, "api.ResolveHold", "", nil)
}

// ListRuns lists a user's last runs.
func (s *server) ListRuns(ctx context.Context, r *connect.Request[contract.ListRunsRequest]) (*connect.Response[contract.ListRunsResponse], error) {
	_, user, err := s.subject(ctx, r.Msg.GetUser())
	if err != nil {
		return nil, err
	}
	limit := min(max(int(r.Msg.GetLimit()), 1), mostRows)
	runs, err := s.Records.Runs(ctx, user, store.RunID(r.Msg.GetBefore()), limit)
	if err != nil {
		return nil, err
	}
	firstDone := map[pim.Kind]time.Time{}
	for _, kind := range pim.Kinds() {
		o, err := s.Records.Overview(ctx, user, kind)
		if err != nil {
			return nil, err
		}
		firstDone[kind] = o.FirstDone
	}
	out := &contract.ListRunsResponse{}
	for _, run := range runs {
		done := firstDone[run.Kind]
		out.Runs = append(out.Runs, &contract.Run{
			Id: int64(run.ID), User: string(run.User), Kind: contract.Kind(run.Kind), Started: stamp(run.Started),
			FirstSync: done.IsZero() || run.Started.Before(done), Took: durationpb.New(run.Busy), Counts: countsMessage(run.Counts), Code: string(run.Code),
			Requests: uint64(max(run.Spent.Requests, 0)), BytesSent: uint64(max(run.Spent.Sent, 0)), BytesReceived: uint64(max(run.Spent.Received, 0)),
			Throttled: durationpb.New(run.Spent.Throttled), Undone: stamp(run.Undone),
		})
	}
	return connect.NewResponse(out), nil
}

// runNow runs a user after something was decided. Somebody who isn't synced just
// now has it carried out later.
func (s *server) runNow(ctx context.Context, user pim.UserID, kinds ...pim.Kind) error {
	err := s.Control.SyncNow(ctx, user, kinds...)
	if fault.Has(err, fault.SyncDisabled) {
		return nil
	}
	return err
}

// recordLook notes that somebody looked at what isn't his, or read it where its
// content isn't hidden from him; user "" is everybody.
func (s *server) recordLook(ctx context.Context, c caller, user pim.UserID, what string) error {
	if user != "" && user == c.user {
		return nil
	}
	verb := "looked at "
	if c.may(user) {
		verb = "read "
	}
	return s.recordDeed(ctx, c, user, verb+what)
}

// recordDeed notes that somebody did something with what isn't his.
func (s *server) recordDeed(ctx context.Context, c caller, user pim.UserID, what string) error {
	if user != "" && user == c.user {
		return nil
	}
	subject := string(user)
	if subject == "" {
		subject = "*"
	}
	return s.record(ctx, c, what, subject)
}

// record notes who did what; no secrets, no content. A name may be another's
// tomorrow: the stable id stands beside it.
func (s *server) record(ctx context.Context, c caller, what, subject string) error {
	return s.Records.PutAudit(ctx, store.AuditEntry{Who: c.Name, What: what, Subject: subject, Detail: c.ID})
}
