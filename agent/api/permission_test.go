package api_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"abgleich/agent/fault"
	"abgleich/ipc/contract"
	"abgleich/ipc/pipe"
)

// answer is what a call gave: its messages as text, to be searched, and how it ended.
type answer struct {
	text string
	err  error
}

func tell(m proto.Message) string {
	b, err := protojson.Marshal(m)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func call[Q, A any](ctx context.Context, f func(context.Context, *connect.Request[Q]) (*connect.Response[A], error), q *Q) answer {
	r, err := f(ctx, connect.NewRequest(q))
	if err != nil {
		return answer{err: err}
	}
	return answer{text: tell(any(r.Msg).(proto.Message))}
}

// stream reads until the end, or until the first message of a stream without one.
func stream[Q, A any](ctx context.Context, f func(context.Context, *connect.Request[Q]) (*connect.ServerStreamForClient[A], error), q *Q, endless bool) answer {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	s, err := f(ctx, connect.NewRequest(q))
	if err != nil {
		return answer{err: err}
	}
	defer s.Close() //nolint:errcheck // read only
	var a answer
	for s.Receive() {
		a.text += tell(any(s.Msg()).(proto.Message))
		if endless {
			return a
		}
	}
	a.err = s.Err()
	return a
}

// try is one call about Anna, or about nobody named.
type try struct {
	name string
	do   func(context.Context, *rig, pipe.Peer, client) answer
	// want is the code for the stranger, Anna, Ben and the administrator.
	want [4]fault.Code
}

const (
	yes     = fault.Code("")
	no      = fault.NotPermitted
	unknown = fault.EmployeeUnknown
)

// Who may ask for what is Anna's, for everybody's, and for his own.
func hers() [4]fault.Code     { return [4]fault.Code{no, yes, no, yes} }
func everyone() [4]fault.Code { return [4]fault.Code{no, no, no, yes} }
func own() [4]fault.Code      { return [4]fault.Code{unknown, yes, yes, unknown} }
func anybody() [4]fault.Code  { return [4]fault.Code{} }

func tries() []try {
	user := string(anna)
	return slices.Concat([]try{
		{"Hello", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.Hello, &contract.HelloRequest{})
		}, anybody()},
		{"GetCredentials", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.GetCredentials, &contract.GetCredentialsRequest{User: user})
		}, hers()},
		{"GetCredentials of a name in small letters", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.GetCredentials, &contract.GetCredentialsRequest{User: strings.ToLower(user)})
		}, hers()},
		{"GetCredentials, own", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.GetCredentials, &contract.GetCredentialsRequest{})
		}, own()},
		{"SaveCredentials, unverified", func(ctx context.Context, r *rig, p pipe.Peer, c client) answer {
			return call(ctx, c.SaveCredentials, &contract.SaveCredentialsRequest{User: user, Sync: true, Appointments: true, Login: `LAB\anna`,
				SealedPassword: r.sealed(p, planted), Unverified: true})
		}, hers()},
		{"SaveCredentials, own and unverified", func(ctx context.Context, r *rig, p pipe.Peer, c client) answer {
			return call(ctx, c.SaveCredentials, &contract.SaveCredentialsRequest{Sync: true, Login: `LAB\any`,
				SealedPassword: r.sealed(p, planted), Unverified: true})
		}, own()},
		{"SaveCredentials, neither proved nor said to be unverified", func(ctx context.Context, r *rig, p pipe.Peer, c client) answer {
			return call(ctx, c.SaveCredentials, &contract.SaveCredentialsRequest{User: user, Login: `LAB\anna`, SealedPassword: r.sealed(p, "another")})
		}, [4]fault.Code{no, fault.LoginUnverified, no, fault.LoginUnverified}},
		{"VerifyCredentials, stored", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return stream(ctx, c.VerifyCredentials, &contract.VerifyCredentialsRequest{User: user}, false)
		}, hers()},
		{"VerifyCredentials, own and stored", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return stream(ctx, c.VerifyCredentials, &contract.VerifyCredentialsRequest{}, false)
		}, own()},
		{"VerifyCredentials, typed in", func(ctx context.Context, r *rig, p pipe.Peer, c client) answer {
			return stream(ctx, c.VerifyCredentials, &contract.VerifyCredentialsRequest{User: user, Login: `LAB\anna`, SealedPassword: r.sealed(p, "a guess")}, false)
		}, anybody()},
		{"WatchStatus", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return stream(ctx, c.WatchStatus, &contract.WatchStatusRequest{User: user}, true)
		}, hers()},
		{"WatchStatus, own", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return stream(ctx, c.WatchStatus, &contract.WatchStatusRequest{}, true)
		}, anybody()},
		{"WatchStatus of all", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return stream(ctx, c.WatchStatus, &contract.WatchStatusRequest{AllUsers: true}, true)
		}, everyone()},
		{"SyncNow", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.SyncNow, &contract.SyncNowRequest{User: user})
		}, hers()},
		{"SyncNow of all", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.SyncNow, &contract.SyncNowRequest{AllUsers: true})
		}, everyone()},
		{"Pause", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.Pause, &contract.PauseRequest{User: user})
		}, hers()},
		{"Resume", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.Resume, &contract.ResumeRequest{User: user})
		}, hers()},
		{"Resume, own", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.Resume, &contract.ResumeRequest{})
		}, own()},
		{"ListProblems", func(ctx context.Context, r *rig, _ pipe.Peer, c client) answer {
			r.problem(false)
			return call(ctx, c.ListProblems, &contract.ListProblemsRequest{User: user})
		}, hers()},
		{"ListProblems of all", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.ListProblems, &contract.ListProblemsRequest{AllUsers: true})
		}, everyone()},
		{"ListProblems, own", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.ListProblems, &contract.ListProblemsRequest{})
		}, own()},
		{"RetryProblem", func(ctx context.Context, r *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.RetryProblem, &contract.RetryProblemRequest{Id: r.problem(false)})
		}, [4]fault.Code{unknown, yes, fault.NotFound, yes}},
		{"RetryProblem of a notice", func(ctx context.Context, r *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.RetryProblem, &contract.RetryProblemRequest{Id: r.problem(true)})
		}, [4]fault.Code{unknown, yes, fault.NotFound, yes}},
		{"ListHolds", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.ListHolds, &contract.ListHoldsRequest{User: user})
		}, hers()},
		{"ListHolds of all", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.ListHolds, &contract.ListHoldsRequest{AllUsers: true})
		}, everyone()},
		{"ResolveHold", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.ResolveHold, &contract.ResolveHoldRequest{Id: 7, Confirm: true})
		}, [4]fault.Code{unknown, yes, fault.NotFound, yes}},
		{"PlanRun", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.PlanRun, &contract.PlanRunRequest{User: user})
		}, hers()},
		{"ListRuns", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.ListRuns, &contract.ListRunsRequest{User: user, Limit: 1 << 31})
		}, hers()},
		{"GetParameters", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.GetParameters, &contract.GetParametersRequest{})
		}, everyone()},
		{"SetParameters", func(ctx context.Context, r *rig, p pipe.Peer, c client) answer {
			return call(ctx, c.SetParameters, &contract.SetParametersRequest{Values: map[string]string{"sync.interval": "120"},
				SealedValues: map[string][]byte{"service.password": r.sealed(p, planted)}})
		}, everyone()},
		{"SetParameters to check only", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.SetParameters, &contract.SetParametersRequest{Values: map[string]string{"sync.interval": "x"}, CheckOnly: true})
		}, everyone()},
		{"SendTestNotice", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.SendTestNotice, &contract.SendTestNoticeRequest{})
		}, everyone()},
		{"GetParameters with a secret set", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.GetParameters, &contract.GetParametersRequest{})
		}, everyone()},
		{"ListEmployees", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.ListEmployees, &contract.ListEmployeesRequest{})
		}, everyone()},
		{"SaveEmployee", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.SaveEmployee, &contract.SaveEmployeeRequest{Employee: &contract.Employee{User: "CARA", Name: "Cara", Mail: "cara@lab.test",
				TimeZone: "Europe/Vienna", Active: true, Groups: []string{"new"}}})
		}, everyone()},
		{"SetPermission", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.SetPermission, &contract.SetPermissionRequest{Group: "all", Function: "other", Granted: true})
		}, everyone()},
		{"SetMailbox", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.SetMailbox, &contract.SetMailboxRequest{User: user, Tie: &contract.MailboxTie{Mailbox: "room@lab.test"}})
		}, everyone()},
		{"ReadLog of the service", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return stream(ctx, c.ReadLog, &contract.ReadLogRequest{Service: true, Lines: 1 << 31}, false)
		}, everyone()},
		{"ReadLog of the service, Anna's lines", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return stream(ctx, c.ReadLog, &contract.ReadLogRequest{Service: true, User: user, Follow: true}, true)
		}, everyone()},
		{"ReadLog", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return stream(ctx, c.ReadLog, &contract.ReadLogRequest{User: user}, false)
		}, hers()},
		{"ReadLog, own", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return stream(ctx, c.ReadLog, &contract.ReadLogRequest{}, false)
		}, own()},
		{"Diagnostics", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return stream(ctx, c.Diagnostics, &contract.DiagnosticsRequest{AllUsers: true}, false)
		}, everyone()},
		{"Diagnostics, own", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return stream(ctx, c.Diagnostics, &contract.DiagnosticsRequest{}, false)
		}, anybody()},
		{"DeleteCredentials", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.DeleteCredentials, &contract.DeleteCredentialsRequest{User: user})
		}, hers()},
	}, contentTries(), databaseTries(), trashTries(), optionsTries())
}

func TestWhoMayCallWhat(t *testing.T) {
	for i, p := range []pipe.Peer{stranger, annaPeer, benPeer, admin} {
		t.Run(p.Name, func(t *testing.T) {
			r := newRig(t)
			for _, c := range tries() {
				got := c.do(t.Context(), r, p, r.as(p))
				if codeOf(got.err) != string(c.want[i]) {
					t.Errorf("%s: %q (%v), want %q", c.name, codeOf(got.err), got.err, c.want[i])
				}
				if c.want[i] == yes && got.text == "" {
					t.Errorf("%s: no answer", c.name)
				}
				all := got.text
				if info := contract.InfoOf(got.err); info != nil {
					all += tell(info)
				}
				if strings.Contains(all, planted) {
					t.Errorf("%s tells the password: %s", c.name, all)
				}
				if title, _ := json.Marshal(secretTitle); p != annaPeer && strings.Contains(all, strings.Trim(string(title), `"`)) {
					t.Errorf("%s tells %s what Anna's appointment is about", c.name, p.Name)
				}
			}
		})
	}
}

func TestNobodyCallsPastThePipe(t *testing.T) {
	r := newRig(t)
	for _, c := range tries() {
		if got := c.do(t.Context(), r, pipe.Peer{}, r.as(pipe.Peer{})); codeOf(got.err) != string(no) {
			t.Errorf("%s: %q", c.name, codeOf(got.err))
		}
	}
}

func TestEveryCallOfTheContractIsTried(t *testing.T) {
	methods := contract.File_abgleich_proto.Services().ByName("AgentService").Methods()
	for i := range methods.Len() {
		name := string(methods.Get(i).Name())
		found := false
		for _, c := range tries() {
			first, _, _ := strings.Cut(c.name, " ")
			found = found || strings.TrimSuffix(first, ",") == name
		}
		if !found {
			t.Errorf("%s is not tried", name)
		}
	}
}
