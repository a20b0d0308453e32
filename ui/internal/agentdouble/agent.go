// Package agentdouble is an agent that follows a script: it lets tray and
// windows be tested, and pictures be taken, without a server, a database and a
// mailbox. It speaks the contract over the real socket, opens sealed passwords
// with a real key and knows one right password.
//
// It must not be part of a program that is installed.
package agentdouble

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"bytes"

	"connectrpc.com/connect"
	"filippo.io/age"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/ipc/contract"
	"abgleich/ipc/contract/contractconnect"
	"abgleich/ipc/pipe"
	"abgleich/ipc/seal"
)

// Stages are the names of the check, in order.
var stages = []string{"agent", "employee", "email", "permissions", "service-user", "parameters", "dns", "port",
	"tls", "version", "login", "ssl-required", "mailbox", "folders-calendar", "folders-tasks", "claim", "events", "clock"}

// RightPassword is the one the scripted mail server takes.
const RightPassword = "secret1"

// Agent is the scripted agent. Make it with [New].
type Agent struct {
	contractconnect.UnimplementedAgentServiceHandler

	identity *age.X25519Identity

	mu          sync.Mutex // guards all below
	credentials *contract.Credentials
	password    string
	status      *contract.WatchStatusResponse
	problems    []*contract.Problem
	holds       []*contract.Hold
	versions    map[int64]*contract.GetProblemResponse
	books       Books
	calls       []string
	changed     chan struct{} // closed when status changes
	broken      chan struct{} // closed to end all streams
	warnings    map[string]string
	step        chan struct{}
	pace        time.Duration
}

// New returns an agent whose user has not set up anything yet.
func New() (*Agent, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	return &Agent{
		identity:    id,
		credentials: &contract.Credentials{},
		status:      &contract.WatchStatusResponse{Full: true, Agent: &contract.AgentStatus{Version: "1.0.0", SyncEnabled: true, BusinessReachable: true, Notifications: "push"}},
		changed:     make(chan struct{}),
		broken:      make(chan struct{}),
		warnings:    map[string]string{},
	}, nil
}

// Serve answers at the address until ctx ends.
func (a *Agent) Serve(ctx context.Context, address string, ready func()) error {
	l, err := pipe.Listen(address, pipe.ListenOptions{})
	if err != nil {
		return err
	}
	_, h := contractconnect.NewAgentServiceHandler(a)
	ready()
	return pipe.Serve(ctx, l, h)
}

// Set changes the script: it runs change with everything locked and sends the
// new status to all who watch.
func (a *Agent) Set(change func(*Script)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := &Script{Credentials: a.credentials, Problems: a.problems, Holds: a.holds, Versions: a.versions, Books: a.books, Warnings: a.warnings, Step: a.step, Pace: a.pace, Agent: a.status.Agent}
	if len(a.status.Users) > 0 {
		s.User = proto.CloneOf(a.status.Users[0])
	}
	change(s)
	a.credentials, a.problems, a.holds, a.warnings, a.step, a.pace = s.Credentials, s.Problems, s.Holds, s.Warnings, s.Step, s.Pace
	a.versions, a.books = s.Versions, s.Books
	a.status = &contract.WatchStatusResponse{Full: true, Agent: s.Agent}
	if s.User != nil {
		a.status.Users = []*contract.UserStatus{s.User}
	}
	close(a.changed)
	a.changed = make(chan struct{})
}

// Script is what [Agent.Set] can change.
type Script struct {
	Credentials *contract.Credentials
	// Agent and User are what status streams carry; no user: not set up.
	Agent    *contract.AgentStatus
	User     *contract.UserStatus
	Problems []*contract.Problem
	Holds    []*contract.Hold
	// Versions are what both sides have of a problem's item, by the problem's id.
	Versions map[int64]*contract.GetProblemResponse
	// Books are what the pages beyond a user's own state read.
	Books
	// Warnings gives stages of the check a warning with this code.
	Warnings map[string]string
	// Step, if not nil, is received from before each stage's result.
	Step chan struct{}
	// Pace is how long a stage takes when Step is nil.
	Pace time.Duration
}

// BreakStreams ends all streams as a crash would.
func (a *Agent) BreakStreams() {
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.broken)
	a.broken = make(chan struct{})
}

// Calls lists what was called and with what, in order, without secrets.
func (a *Agent) Calls() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.calls...)
}

func (a *Agent) note(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, fmt.Sprintf(format, args...))
}

// open opens a sealed password of the caller; "" for none.
func (a *Agent) open(ctx context.Context, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.password, nil
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), a.identity)
	if err != nil {
		return "", refuse(connect.CodeInvalidArgument, "bad-request")
	}
	content, err := io.ReadAll(r)
	if err != nil {
		return "", refuse(connect.CodeInvalidArgument, "bad-request")
	}
	var e seal.Envelope
	if err := json.Unmarshal(content, &e); err != nil {
		return "", refuse(connect.CodeInvalidArgument, "bad-request")
	}
	if peer, err := pipe.PeerFrom(ctx); err != nil || peer.ID != e.Owner {
		return "", refuse(connect.CodePermissionDenied, "not-permitted")
	}
	return string(e.Secret), nil
}

func refuse(code connect.Code, fault string) error {
	return contract.NewError(code, &contract.ErrorInfo{Code: fault, Op: "agentdouble", Cause: "scripted"})
}

// Hello names the caller as the kernel does.
func (a *Agent) Hello(ctx context.Context, _ *connect.Request[contract.HelloRequest]) (*connect.Response[contract.HelloResponse], error) {
	peer, err := pipe.PeerFrom(ctx)
	if err != nil {
		return nil, refuse(connect.CodeUnauthenticated, "not-permitted")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return connect.NewResponse(&contract.HelloResponse{Administrator: a.books.Office != nil, AgentVersion: "1.0.0", ContractVersion: 1, InstallationId: "double",
		Recipient: a.identity.Recipient().String(), Caller: peer.Name, CallerId: peer.ID, Now: timestamppb.Now()}), nil
}

// GetCredentials gives what was saved.
func (a *Agent) GetCredentials(context.Context, *connect.Request[contract.GetCredentialsRequest]) (*connect.Response[contract.GetCredentialsResponse], error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.credentials.GetLogin() == "" {
		return nil, refuse(connect.CodeNotFound, "employee-unknown") // he has never proved who he is
	}
	return connect.NewResponse(&contract.GetCredentialsResponse{Credentials: proto.CloneOf(a.credentials)}), nil
}

// SaveCredentials takes what the window sends.
func (a *Agent) SaveCredentials(ctx context.Context, r *connect.Request[contract.SaveCredentialsRequest]) (*connect.Response[contract.SaveCredentialsResponse], error) {
	m := r.Msg
	password, err := a.open(ctx, m.GetSealedPassword())
	if err != nil {
		return nil, err
	}
	a.note("save login=%s sync=%v appointments=%v tasks=%v right=%v unverified=%v", m.GetLogin(), m.GetSync(), m.GetAppointments(), m.GetTasks(), password == RightPassword, m.GetUnverified())
	a.mu.Lock()
	defer a.mu.Unlock()
	a.password = password
	a.credentials = &contract.Credentials{User: "ANNA", Sync: m.GetSync(), Appointments: m.GetAppointments(), Tasks: m.GetTasks(), Login: m.GetLogin(), HasPassword: password != ""}
	if !m.GetUnverified() {
		a.credentials.Verified = timestamppb.Now()
	}
	return connect.NewResponse(&contract.SaveCredentialsResponse{Credentials: proto.CloneOf(a.credentials)}), nil
}

// DeleteCredentials forgets what was saved.
func (a *Agent) DeleteCredentials(context.Context, *connect.Request[contract.DeleteCredentialsRequest]) (*connect.Response[contract.DeleteCredentialsResponse], error) {
	a.note("delete")
	a.Set(func(s *Script) { s.Credentials = &contract.Credentials{} })
	return connect.NewResponse(&contract.DeleteCredentialsResponse{}), nil
}

// VerifyCredentials runs the scripted check.
func (a *Agent) VerifyCredentials(ctx context.Context, r *connect.Request[contract.VerifyCredentialsRequest], s *connect.ServerStream[contract.VerifyCredentialsResponse]) error {
	password, err := a.open(ctx, r.Msg.GetSealedPassword())
	if err != nil {
		return err
	}
	again := ""
	if r.Msg.GetRetryRejected() {
		again = " again"
	}
	a.note("verify login=%s right=%v%s", r.Msg.GetLogin(), password == RightPassword, again)
	a.mu.Lock()
	step, pace, warnings, broken := a.step, a.pace, a.warnings, a.broken
	a.mu.Unlock()
	wait := func() error {
		var tick <-chan time.Time
		if step == nil {
			tick = time.After(pace)
		}
		select {
		case <-tick:
		case <-step:
		case <-broken:
			return refuse(connect.CodeUnavailable, "internal")
		case <-ctx.Done():
			return ctx.Err()
		}
		return nil
	}
	if err := s.Send(&contract.VerifyCredentialsResponse{Stages: stages}); err != nil {
		return err
	}
	failed := false
	for _, name := range stages {
		stage := &contract.Stage{Name: name, State: contract.StageState_STAGE_STATE_RUNNING}
		if failed {
			stage.State = contract.StageState_STAGE_STATE_SKIPPED
		} else {
			if err := s.Send(&contract.VerifyCredentialsResponse{Stage: stage}); err != nil {
				return err
			}
			if err := wait(); err != nil {
				return err
			}
			stage.State = contract.StageState_STAGE_STATE_OK
			if code := warnings[name]; code != "" {
				stage.State, stage.Code, stage.Args = contract.StageState_STAGE_STATE_WARNING, code, map[string]string{"port": "9090"}
			}
			if name == "login" && password != RightPassword {
				stage.State, stage.Code, failed = contract.StageState_STAGE_STATE_FAILED, "login-rejected", true
				stage.Detail = "HTTP 401, NTLM, mail.firma.at:443"
			}
		}
		if err := s.Send(&contract.VerifyCredentialsResponse{Stage: stage}); err != nil {
			return err
		}
	}
	end := &contract.VerifyCredentialsResponse{Done: true, Ok: !failed}
	if !failed {
		end.User = "ANNA"
	}
	return s.Send(end)
}

// WatchStatus sends a full picture at each change.
func (a *Agent) WatchStatus(ctx context.Context, r *connect.Request[contract.WatchStatusRequest], s *connect.ServerStream[contract.WatchStatusResponse]) error {
	for {
		a.mu.Lock()
		status, changed, broken := a.status, a.changed, a.broken
		if r.Msg.GetAllUsers() && a.books.Office != nil {
			status = &contract.WatchStatusResponse{Full: true, Agent: status.Agent, Users: a.books.Office.Users,
				WithoutUserId: &contract.WithoutUserId{Employees: a.books.Office.Nameless}}
		}
		a.mu.Unlock()
		if err := s.Send(status); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-broken:
			return connect.NewError(connect.CodeUnavailable, errors.New("scripted"))
		case <-pipe.Stopping(ctx):
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// Diagnostics sends two files.
func (a *Agent) Diagnostics(_ context.Context, r *connect.Request[contract.DiagnosticsRequest], s *connect.ServerStream[contract.DiagnosticsResponse]) error {
	a.note("diagnostics all=%v", r.Msg.GetAllUsers())
	for _, f := range []*contract.DiagnosticFile{
		{Name: "versions.txt", About: "versions", Content: []byte("agent 1.0.0\ncontract 1\n")},
		{Name: "status.json", About: "status", Content: []byte("{\n  \"full\": true\n}\n")},
	} {
		if err := s.Send(&contract.DiagnosticsResponse{File: f}); err != nil {
			return err
		}
	}
	return nil
}

// SyncNow only notes the call.
func (a *Agent) SyncNow(context.Context, *connect.Request[contract.SyncNowRequest]) (*connect.Response[contract.SyncNowResponse], error) {
	a.note("sync now")
	return connect.NewResponse(&contract.SyncNowResponse{}), nil
}

// Pause pauses the user.
func (a *Agent) Pause(_ context.Context, r *connect.Request[contract.PauseRequest]) (*connect.Response[contract.PauseResponse], error) {
	a.note("pause until=%v", r.Msg.GetUntil() != nil)
	a.Set(func(s *Script) {
		if s.User != nil {
			s.User.State, s.User.PausedUntil = contract.UserState_USER_STATE_PAUSED, r.Msg.GetUntil()
		}
	})
	return connect.NewResponse(&contract.PauseResponse{}), nil
}

// Resume ends the pause.
func (a *Agent) Resume(context.Context, *connect.Request[contract.ResumeRequest]) (*connect.Response[contract.ResumeResponse], error) {
	a.note("resume")
	a.Set(func(s *Script) {
		if s.User != nil {
			s.User.State, s.User.PausedUntil = contract.UserState_USER_STATE_FINE, nil
		}
	})
	return connect.NewResponse(&contract.ResumeResponse{}), nil
}

// ListProblems gives the scripted ones.
func (a *Agent) ListProblems(context.Context, *connect.Request[contract.ListProblemsRequest]) (*connect.Response[contract.ListProblemsResponse], error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return connect.NewResponse(&contract.ListProblemsResponse{Problems: a.problems}), nil
}

// RetryProblem solves the problem.
func (a *Agent) RetryProblem(_ context.Context, r *connect.Request[contract.RetryProblemRequest]) (*connect.Response[contract.RetryProblemResponse], error) {
	a.note("retry %d", r.Msg.GetId())
	a.Set(func(s *Script) {
		var rest []*contract.Problem
		for _, p := range s.Problems {
			if p.GetId() != r.Msg.GetId() {
				rest = append(rest, p)
			}
		}
		s.Problems = rest
		if s.User != nil {
			s.User.Problems = uint32(len(rest))
		}
	})
	return connect.NewResponse(&contract.RetryProblemResponse{}), nil
}

// IgnoreProblem marks the problem.
func (a *Agent) IgnoreProblem(_ context.Context, r *connect.Request[contract.IgnoreProblemRequest]) (*connect.Response[contract.IgnoreProblemResponse], error) {
	a.note("ignore %d", r.Msg.GetId())
	a.Set(func(s *Script) {
		for i, p := range s.Problems {
			if p.GetId() == r.Msg.GetId() {
				s.Problems[i] = proto.CloneOf(p)
				s.Problems[i].Ignored, s.Problems[i].NeedsPerson = true, false
			}
		}
	})
	return connect.NewResponse(&contract.IgnoreProblemResponse{}), nil
}

// GetProblem gives the scripted versions.
func (a *Agent) GetProblem(_ context.Context, r *connect.Request[contract.GetProblemRequest]) (*connect.Response[contract.GetProblemResponse], error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	v := a.versions[r.Msg.GetId()]
	if v == nil {
		return nil, refuse(connect.CodeNotFound, "not-found")
	}
	return connect.NewResponse(v), nil
}

// ListHolds gives the scripted ones.
func (a *Agent) ListHolds(context.Context, *connect.Request[contract.ListHoldsRequest]) (*connect.Response[contract.ListHoldsResponse], error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return connect.NewResponse(&contract.ListHoldsResponse{Holds: a.holds}), nil
}

// ResolveHold takes the hold off the list.
func (a *Agent) ResolveHold(_ context.Context, r *connect.Request[contract.ResolveHoldRequest]) (*connect.Response[contract.ResolveHoldResponse], error) {
	a.note("hold %d confirm=%v", r.Msg.GetId(), r.Msg.GetConfirm())
	a.Set(func(s *Script) {
		s.Holds = nil
		if s.User != nil {
			s.User.Holds = 0
		}
	})
	return connect.NewResponse(&contract.ResolveHoldResponse{}), nil
}
