package client

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"connectrpc.com/connect"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/ipc/contract"
	"abgleich/ipc/pin"
	"abgleich/ui/internal/agentdouble"
)

// running is an agent that can be started and stopped at one address.
type running struct {
	*agentdouble.Agent
	address string
	stop    func()
}

func start(t *testing.T, a *agentdouble.Agent, address string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- a.Serve(ctx, address, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-done:
		cancel()
		t.Fatal(err)
	}
	stopped := false
	r := &running{a, address, func() {
		if !stopped {
			stopped = true
			cancel()
			<-done
		}
	}}
	t.Cleanup(r.stop)
	return r
}

func double(t *testing.T) *agentdouble.Agent {
	t.Helper()
	a, err := agentdouble.New()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// watch runs a watcher whose pauses are short and gives its pictures.
func watch(t *testing.T, c *Agent) (w *Watcher, next func(what string, want func(Picture) bool) Picture) {
	t.Helper()
	w = NewWatcher(c, "1.0.0")
	w.first, w.longest = time.Millisecond, 20*time.Millisecond
	pictures := make(chan Picture, 1000)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); w.Run(ctx, func(p Picture) { pictures <- p }) }()
	t.Cleanup(func() { cancel(); <-done; c.Close() })
	return w, func(what string, want func(Picture) bool) Picture {
		t.Helper()
		late := time.After(10 * time.Second)
		for {
			select {
			case p := <-pictures:
				if want(p) {
					return p
				}
			case <-late:
				t.Fatalf("no picture that is %s", what)
			}
		}
	}
}

func TestThePictureSurvivesTheAgentAndComesBack(t *testing.T) {
	address := filepath.Join(t.TempDir(), "agent.sock")
	a := double(t)
	a.Set(func(s *agentdouble.Script) { s.User = agentdouble.Quiet(time.Now()) })
	_, next := watch(t, New(address))

	p := next("missing", func(p Picture) bool { return p.Connection == Missing })
	if p.Code != CodeUnreachable || p.StateName() != "agent-missing" || p.State() != contract.UserState_USER_STATE_OFFLINE {
		t.Errorf("without an agent: %+v", p)
	}
	first := start(t, a, address)
	p = next("connected", func(p Picture) bool { return p.Connection == Connected })
	if p.StateName() != "fine" || p.Version != "1.0.0" || p.LastSuccess().IsZero() {
		t.Errorf("connected: %+v", p)
	}
	first.stop()
	p = next("reconnecting", func(p Picture) bool { return p.Connection == Reconnecting })
	if p.User.GetName() != "Anna Berger" {
		t.Error("the last known picture is gone")
	}
	start(t, a, address)
	next("connected again", func(p Picture) bool { return p.Connection == Connected })
}

func TestABrokenStreamIsOpenedAgain(t *testing.T) {
	r := start(t, double(t), filepath.Join(t.TempDir(), "agent.sock"))
	_, next := watch(t, New(r.address))
	p := next("connected", func(p Picture) bool { return p.Connection == Connected })
	if p.StateName() != "not-set-up" {
		t.Errorf("without a user the state is %s", p.StateName())
	}
	r.BreakStreams()
	next("reconnecting", func(p Picture) bool { return p.Connection == Reconnecting })
	r.Set(func(s *agentdouble.Script) { s.User = agentdouble.FirstSync(0.5) })
	p = next("syncing", func(p Picture) bool { return p.User != nil })
	if p.StateName() != "first-sync" {
		t.Errorf("state is %s", p.StateName())
	}
}

func TestReconnectOpensTheStreamAnewWithoutSayingItBroke(t *testing.T) {
	r := start(t, double(t), filepath.Join(t.TempDir(), "agent.sock"))
	w, next := watch(t, New(r.address))
	next("connected", func(p Picture) bool { return p.Connection == Connected })
	w.Reconnect()
	p := next("anything", func(Picture) bool { return true })
	if p.Connection != Connected {
		t.Errorf("got %+v", p)
	}
}

func TestNothingIsLeftRunning(t *testing.T) {
	defer goleak.VerifyNone(t)
	t.Run("watch and end", func(t *testing.T) {
		r := start(t, double(t), filepath.Join(t.TempDir(), "agent.sock"))
		_, next := watch(t, New(r.address))
		next("connected", func(p Picture) bool { return p.Connection == Connected })
	})
}

func TestASealedPasswordOpensForItsOwnerOnly(t *testing.T) {
	r := start(t, double(t), filepath.Join(t.TempDir(), "agent.sock"))
	c := New(r.address)
	defer c.Close()
	sealed, err := Seal(t.Context(), c, agentdouble.RightPassword)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.SaveCredentials(t.Context(), connect.NewRequest(&contract.SaveCredentialsRequest{Login: `LAB\anna`, SealedPassword: sealed}))
	if err != nil {
		t.Fatal(err)
	}
	if calls := r.Calls(); len(calls) != 1 || calls[0] != `save login=LAB\anna sync=false appointments=false tasks=false right=true unverified=false` {
		t.Errorf("calls: %q", calls)
	}
	_, err = c.SaveCredentials(t.Context(), connect.NewRequest(&contract.SaveCredentialsRequest{SealedPassword: []byte("not age")}))
	if f := FailureOf(err); f == nil || f.Code != "bad-request" {
		t.Errorf("got %+v", f)
	}
	if none, err := Seal(t.Context(), nil, ""); none != nil || err != nil {
		t.Errorf("no password: %v, %v", none, err)
	}
}

func TestFailuresHaveACode(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"one with a code", contract.NewError(connect.CodeNotFound, &contract.ErrorInfo{Code: "employee-unknown"}), "employee-unknown"},
		{"nobody answers", connect.NewError(connect.CodeUnavailable, errors.New("x")), CodeUnreachable},
		{"too late", connect.NewError(connect.CodeDeadlineExceeded, errors.New("x")), CodeUnreachable},
		{"stopped", context.Canceled, CodeCancelled},
		{"something else", errors.New("x"), CodeInternal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := FailureOf(tt.err).Code; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	if FailureOf(nil) != nil {
		t.Error("no error is a failure")
	}
}

func TestMergingStatusMessages(t *testing.T) {
	user := func(name string, problems uint32) *contract.UserStatus {
		return &contract.UserStatus{User: name, Problems: problems}
	}
	agent := &contract.AgentStatus{Version: "1"}
	p := Picture{}.merge(&contract.WatchStatusResponse{Full: true, Agent: agent, Users: []*contract.UserStatus{user("ANNA", 1)}})
	if p.User.GetProblems() != 1 || p.Agent != agent {
		t.Fatalf("full: %+v", p)
	}
	p = p.merge(&contract.WatchStatusResponse{Users: []*contract.UserStatus{user("BERT", 9), user("ANNA", 2)}})
	if p.User.GetUser() != "ANNA" || p.User.GetProblems() != 2 || p.Agent != agent {
		t.Errorf("a change of another user got in: %+v", p)
	}
	p = p.merge(&contract.WatchStatusResponse{Full: true, Agent: agent})
	if p.User != nil {
		t.Errorf("a full picture without the user keeps him: %+v", p)
	}
}

func TestLastSuccessSpeaksForAllKindsThatAreOn(t *testing.T) {
	old, young := time.Unix(1000, 0).UTC(), time.Unix(2000, 0).UTC()
	kind := func(on bool, t *time.Time) *contract.KindStatus {
		k := &contract.KindStatus{Enabled: on}
		if t != nil {
			k.LastSuccess = timestamppb.New(*t)
		}
		return k
	}
	tests := []struct {
		name  string
		kinds []*contract.KindStatus
		want  time.Time
	}{
		{"the older counts", []*contract.KindStatus{kind(true, &young), kind(true, &old)}, old},
		{"one that is off doesn't count", []*contract.KindStatus{kind(true, &young), kind(false, &old)}, young},
		{"one that never ran means never", []*contract.KindStatus{kind(true, &young), kind(true, nil)}, time.Time{}},
		{"no kinds", nil, time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := Picture{User: &contract.UserStatus{Kinds: tt.kinds}}
			if got := p.LastSuccess(); !got.Equal(tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestProgressIsOpenWhileOneKindDoesNotKnowItsEnd(t *testing.T) {
	p := Picture{User: agentdouble.FirstSync(0.3)}
	if done, expected := p.Progress(); done == 0 || expected != 0 {
		t.Errorf("got %d of %d", done, expected)
	}
	p = Picture{User: agentdouble.FirstSync(0.6)}
	if done, expected := p.Progress(); done != 6000+720 || expected != 12000 {
		t.Errorf("got %d of %d", done, expected)
	}
}

func TestAnAgentWithAnotherKeyIsToldNothingUntilItIsTrusted(t *testing.T) {
	address, dir := filepath.Join(t.TempDir(), "agent.sock"), t.TempDir()
	right := start(t, double(t), address)
	c := New(address)
	defer c.Close()
	c.Key = pin.In(dir, address, "")
	w, next := watch(t, c)
	next("connected", func(p Picture) bool { return p.Connection == Connected })
	right.stop()
	hostile := start(t, double(t), address) // it listens where the agent did
	p := next("refused", func(p Picture) bool { return p.Code == pin.CodeChanged })
	if p.Connection != Reconnecting {
		t.Errorf("%+v", p)
	}
	sealed, err := Seal(t.Context(), c, agentdouble.RightPassword)
	if f := FailureOf(err); sealed != nil || f == nil || f.Code != pin.CodeChanged {
		t.Errorf("sealed %d bytes for it, %+v", len(sealed), f)
	}
	if calls := hostile.Calls(); len(calls) != 0 {
		t.Errorf("told: %q", calls)
	}
	e, _ := errors.AsType[*pin.Error](err)
	if err := c.Key.Accept(e.Offered); err != nil {
		t.Fatal(err)
	}
	w.Reconnect()
	next("trusted", func(p Picture) bool { return p.Connection == Connected && p.Code == "" })
	if _, err := Seal(t.Context(), c, agentdouble.RightPassword); err != nil {
		t.Error(err)
	}
}
