package api_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/business"
	"abgleich/ipc/contract"
	"abgleich/ipc/pipe"
)

// verify has a login checked, which proves it.
func (r *rig) verify(p pipe.Peer, user, login string) {
	r.Helper()
	a := stream(r.Context(), r.as(p).VerifyCredentials, &contract.VerifyCredentialsRequest{User: user, Login: login, SealedPassword: r.sealed(p, planted)}, false)
	r.must(a.err)
}

func (r *rig) save(p pipe.Peer, user, login string, unverified bool) error {
	r.Helper()
	return call(r.Context(), r.as(p).SaveCredentials, &contract.SaveCredentialsRequest{User: user, Sync: true, Tasks: true, Login: login,
		SealedPassword: r.sealed(p, planted), Unverified: unverified}).err
}

func (r *rig) userOf(p pipe.Peer) pim.UserID {
	r.Helper()
	u, err := r.book.UserOf(r.Context(), p.ID)
	r.must(err)
	return u
}

func TestAProofSaysForWhomALoginIsKept(t *testing.T) {
	for _, c := range []struct {
		name        string
		who         pipe.Peer
		prove, save string // the user named
		login       string
		want        fault.Code
		tied        pim.UserID
	}{
		{"a stranger who names nobody becomes who he proved to be", stranger, "", "", `LAB\ben`, "", ben},
		{"a stranger may name himself", stranger, "BEN", "BEN", `LAB\ben`, "", ben},
		{"and spell it as he likes", stranger, "ben", "ben", `LAB\ben`, "", ben},
		{"a stranger cannot claim another", stranger, "ANNA", "ANNA", `LAB\ben`, no, ""},
		{"nor with a proof of himself", stranger, "BEN", "ANNA", `LAB\ben`, no, ""},
		{"Anna cannot claim Ben", annaPeer, "BEN", "BEN", `LAB\anna`, no, anna},
		{"who opens Ben's mailbox is Ben from then on", annaPeer, "BEN", "BEN", `LAB\ben`, "", ben},
		{"an administrator who names a user stays who he is", admin, "BEN", "BEN", `LAB\ben`, "", ""},
		{"an administrator who names nobody speaks for himself", admin, "", "", `LAB\ben`, "", ben},
		{"a proof with another login counts for nothing", stranger, "BEN", "", `LAB\anna`, unknown, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			proved := c.login
			if c.name == "a proof with another login counts for nothing" {
				proved = `LAB\ben`
			}
			r.verify(c.who, c.prove, proved)
			r.code(r.save(c.who, c.save, c.login, false), c.want)
			if got := r.userOf(c.who); got != c.tied {
				t.Errorf("tied to %q, want %q", got, c.tied)
			}
			if c.want != "" {
				return
			}
			v, err := r.book.View(t.Context(), ben)
			r.must(err)
			if v.Login != `LAB\ben` || !v.HasPassword || v.Verified.IsZero() || !r.control.asked("changed BEN") {
				t.Errorf("kept: %+v", v)
			}
		})
	}
}

func TestATiedAdministratorWhoNamesNobodyStaysHimself(t *testing.T) {
	r := newRig(t)
	r.must(r.book.Tie(t.Context(), admin.ID, admin.Name, anna))
	r.verify(admin, "", `LAB\ben`) // checked against Anna's mailbox: no proof
	r.code(r.save(admin, "", `LAB\ben`, false), fault.LoginUnverified)
	if r.userOf(admin) != anna {
		t.Error("tied to somebody else")
	}
}

func TestSwitchesAloneKeepThePassword(t *testing.T) {
	r := newRig(t)
	got := call(t.Context(), r.as(annaPeer).SaveCredentials, &contract.SaveCredentialsRequest{Sync: true, Tasks: true, Login: ` LAB\anna `})
	r.must(got.err)
	l, err := r.book.Login(t.Context(), anna)
	r.must(err)
	if l.Name != `LAB\anna` || l.Secret.Reveal() != planted || !strings.Contains(got.text, `"hasPassword":true`) {
		t.Errorf("%v %s", l, got.text)
	}
	// Another name without a password is another login.
	r.code(call(t.Context(), r.as(annaPeer).SaveCredentials, &contract.SaveCredentialsRequest{Login: `LAB\else`}).err, fault.LoginUnverified)
}

func TestEnteringALoginNeedsTheFunction(t *testing.T) {
	r := newRig(t)
	r.grant(business.FunctionSyncCRM)
	r.code(r.save(annaPeer, "", `LAB\anna`, true), fault.FunctionMissing)
	r.verify(annaPeer, "", `LAB\anna`)
	r.code(r.save(annaPeer, "", `LAB\anna`, false), fault.FunctionMissing)
	r.code(r.save(admin, "ANNA", `LAB\anna`, true), "") // as administrator
	if !r.audited("root", "saved credentials", "ANNA") {
		t.Error("not recorded")
	}
	r.code(call(t.Context(), r.as(annaPeer).SaveCredentials, &contract.SaveCredentialsRequest{Sync: true, Login: `LAB\anna`}).err, "")
	r.code(r.save(admin, "NOBODY", `LAB\x`, true), unknown)
	r.code(call(t.Context(), r.as(admin).Pause, &contract.PauseRequest{User: "NOBODY"}).err, unknown)
}

func TestBadRequestsChangeNothing(t *testing.T) {
	ctx := t.Context()
	r := newRig(t)
	c := r.as(admin)
	save := func(login string, sealed []byte) error {
		return call(ctx, c.SaveCredentials, &contract.SaveCredentialsRequest{User: "ANNA", Login: login, SealedPassword: sealed, Unverified: true}).err
	}
	set := func(etag string, values map[string]string, secrets map[string][]byte) error {
		return call(ctx, c.SetParameters, &contract.SetParametersRequest{Etag: etag, Values: values, SealedValues: secrets}).err
	}
	good := map[string]string{"sync.interval": "300"}
	for _, x := range []struct {
		name string
		err  error
		want fault.Code
	}{
		{"a password without a login", save(" ", r.sealed(admin, planted)), fault.BadRequest},
		{"an empty password", save("x", r.sealed(admin, "")), fault.BadRequest},
		{"a login with a line break", save("x\ny", r.sealed(admin, planted)), fault.BadRequest},
		{"an endless login", save(strings.Repeat("x", 600), r.sealed(admin, planted)), fault.BadRequest},
		{"a password that isn't sealed", save("x", []byte(planted)), fault.SecretUnreadable},
		{"a password caught from Anna's tray", save("x", r.sealed(annaPeer, planted)), fault.SecretOfOther},
		{"a name without its password", stream(ctx, c.VerifyCredentials, &contract.VerifyCredentialsRequest{User: "ANNA", Login: "other"}, false).err, fault.CredentialsMissing},
		{"an unknown level", stream(ctx, c.ReadLog, &contract.ReadLogRequest{Service: true, Level: "loud"}, false).err, fault.BadRequest},
		{"no employee", call(ctx, c.SaveEmployee, &contract.SaveEmployeeRequest{}).err, fault.BadRequest},
		{"an unknown group", call(ctx, c.SetPermission, &contract.SetPermissionRequest{Group: "none", Function: "f"}).err, fault.NotFound},
		{"a function without a name", call(ctx, c.SetPermission, &contract.SetPermissionRequest{Group: "all", Granted: true}).err, fault.BadRequest},
		{"an unknown problem", call(ctx, c.RetryProblem, &contract.RetryProblemRequest{Id: -1 << 63}).err, fault.NotFound},
		{"an unknown hold", call(ctx, c.ResolveHold, &contract.ResolveHoldRequest{}).err, fault.NotFound},
		{"parameters of yesterday", set("0000", good, nil), fault.ParametersChanged},
		{"a secret on parameters of yesterday", set("0000", nil, map[string][]byte{"service.password": r.sealed(admin, planted)}), fault.ParametersChanged},
		{"an unknown parameter", set("", map[string]string{"sync.intervall": "1"}, nil), fault.ParameterUnknown},
		{"a bad value beside a good one", set("", map[string]string{"sync.interval": "300", "sync.policy": "maybe"}, nil), fault.ParameterInvalid},
		{"a password as text", set("", map[string]string{"service.password": planted}, nil), fault.ParameterInvalid},
		{"a good value beside an unknown secret", set("", good, map[string][]byte{"x.password": r.sealed(admin, planted)}), fault.ParameterUnknown},
		{"a good value beside a secret of another", set("", good, map[string][]byte{"service.password": r.sealed(benPeer, planted)}), fault.SecretOfOther},
	} {
		if codeOf(x.err) != string(x.want) {
			t.Errorf("%s: %q (%v), want %q", x.name, codeOf(x.err), x.err, x.want)
		}
		if x.err != nil && strings.Contains(tell(contract.InfoOf(x.err))+x.err.Error(), planted) {
			t.Errorf("%s: the answer tells the password", x.name)
		}
	}
	if r.settings.applied != 0 || len(r.settings.secrets) != 0 {
		t.Errorf("applied %d times, %d secrets", r.settings.applied, len(r.settings.secrets))
	}
	if v, err := r.book.View(ctx, anna); err != nil || v.Login != `LAB\anna` {
		t.Errorf("%+v %v", v, err)
	}
}

func TestTwoAdministratorsCannotOverwriteEachOther(t *testing.T) {
	r := newRig(t)
	c := r.as(admin)
	first, err := c.GetParameters(t.Context(), connect.NewRequest(&contract.GetParametersRequest{}))
	r.must(err)
	etag := first.Msg.GetEtag()
	saved, err := c.SetParameters(t.Context(), connect.NewRequest(&contract.SetParametersRequest{Etag: etag, Values: map[string]string{"sync.interval": "777"},
		SealedValues: map[string][]byte{"service.password": r.sealed(admin, planted)}}))
	r.must(err)
	if saved.Msg.GetEtag() == etag || r.settings.secrets["service.password"].Reveal() != planted {
		t.Errorf("%v", saved.Msg)
	}
	_, err = c.SetParameters(t.Context(), connect.NewRequest(&contract.SetParametersRequest{Etag: etag, Values: map[string]string{"sync.interval": "60"}}))
	r.code(err, fault.ParametersChanged)
	if !r.audited("root", "changed parameter", `sync.interval: "300" -> "777"`) || !r.audited("root", "changed parameter", "service.password") {
		t.Error("not recorded")
	}
}

func TestCheckingParametersTellsTheMistakesAndChangesNothing(t *testing.T) {
	r := newRig(t)
	c := r.as(admin)
	got, err := c.SetParameters(t.Context(), connect.NewRequest(&contract.SetParametersRequest{CheckOnly: true,
		Values: map[string]string{"sync.interval": "5", "communication.server": "not a host", "communication.port": "443"}}))
	r.must(err)
	var keys []string
	for _, m := range got.Msg.GetMistakes() {
		keys = append(keys, m.GetKey()+" "+m.GetReason())
		if m.GetAllowed() == "" {
			t.Errorf("%s: nothing says what would be right", m.GetKey())
		}
	}
	if want := []string{"communication.server bad-form", "sync.interval not-allowed"}; !slices.Equal(keys, want) {
		t.Errorf("got %q, want %q", keys, want)
	}
	if r.settings.applied != 0 || r.audited("root", "changed parameter", "communication.port") {
		t.Error("something was changed")
	}
	all, err := c.GetParameters(t.Context(), connect.NewRequest(&contract.GetParametersRequest{}))
	r.must(err)
	for _, p := range all.Msg.GetParameters() {
		if !p.GetSecret() && (p.GetForm() == "" || p.GetHelp()["de"] == "" || p.GetHelp()["en"] == "") {
			t.Errorf("%s has no form or help: %v", p.GetKey(), p)
		}
	}
}

func TestATestNoticeIsSentAndRecorded(t *testing.T) {
	r := newRig(t)
	r.code(call(t.Context(), r.as(admin).SendTestNotice, &contract.SendTestNoticeRequest{}).err, "")
	if r.sent != 1 || !r.audited("root", "sent test notice", "") {
		t.Errorf("sent %d", r.sent)
	}
}

func TestADecisionCountsEvenWhileNothingRuns(t *testing.T) {
	r := newRig(t)
	r.control.fail = fault.SyncDisabled
	r.code(call(t.Context(), r.as(annaPeer).ResolveHold, &contract.ResolveHoldRequest{Id: 7}).err, "")
	r.code(call(t.Context(), r.as(annaPeer).RetryProblem, &contract.RetryProblemRequest{Id: r.problem(false)}).err, "")
	r.code(r.save(annaPeer, "", `LAB\anna`, true), "")
	r.code(call(t.Context(), r.as(annaPeer).SyncNow, &contract.SyncNowRequest{}).err, fault.SyncDisabled)
	if r.records.by != "anna" {
		t.Errorf("decided by %q", r.records.by)
	}
}

func TestAStrangersStatusBeginsAnewWhenHeIsKnown(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, err := r.as(stranger).WatchStatus(ctx, connect.NewRequest(&contract.WatchStatusRequest{}))
	r.must(err)
	defer s.Close() //nolint:errcheck // read only
	if !s.Receive() || !s.Msg().GetFull() || len(s.Msg().GetUsers()) != 0 || s.Msg().GetAgent() == nil {
		t.Fatalf("at first: %v %v", s.Msg(), s.Err())
	}
	r.verify(stranger, "BEN", `LAB\ben`)
	r.code(r.save(stranger, "", `LAB\ben`, false), "")
	if !s.Receive() || !s.Msg().GetFull() || len(s.Msg().GetUsers()) != 1 || s.Msg().GetUsers()[0].GetUser() != "BEN" {
		t.Fatalf("then: %v %v", s.Msg(), s.Err())
	}
	close(r.stopping)
	for s.Receive() { // what was on its way
	}
	if s.Err() != nil {
		t.Errorf("a stop ends a stream well: %v", s.Err())
	}
}

func TestALogThatIsFollowedEndsWithTheAgent(t *testing.T) {
	r := newRig(t)
	close(r.stopping)
	if a := stream(t.Context(), r.as(admin).ReadLog, &contract.ReadLogRequest{Service: true, Follow: true}, false); a.err != nil || a.text == "" {
		t.Errorf("%+v", a)
	}
}

func TestAMistakeInOneCallIsAnErrorOfThatCall(t *testing.T) {
	r := newRig(t)
	r.checker.panics = true
	a := stream(t.Context(), r.as(annaPeer).VerifyCredentials, &contract.VerifyCredentialsRequest{}, false)
	r.code(a.err, fault.Internal)
	r.code(call(t.Context(), r.as(annaPeer).Hello, &contract.HelloRequest{}).err, "")
}

func TestAPackedRequestCannotGrow(t *testing.T) {
	r := newRig(t)
	big := &contract.SaveCredentialsRequest{Login: strings.Repeat("a", 8<<20)}
	for _, packed := range []bool{true, false} {
		opts := []connect.ClientOption{connect.WithInterceptors(peerHeader(admin.ID))}
		if packed {
			opts = append(opts, connect.WithSendGzip())
		}
		c := connect.NewClient[contract.SaveCredentialsRequest, contract.SaveCredentialsResponse](http.DefaultClient,
			r.url+"/abgleich.v1.AgentService/SaveCredentials", opts...)
		_, err := c.CallUnary(t.Context(), connect.NewRequest(big))
		if got := connect.CodeOf(err); got != connect.CodeResourceExhausted {
			t.Errorf("packed %v: %v %v", packed, got, err)
		}
	}
}

func TestGrantsAreNotLostSideBySide(t *testing.T) {
	r := newRig(t)
	done := make(chan error)
	for _, f := range []string{"a", "b", "c", "d"} {
		go func() {
			done <- call(t.Context(), r.as(admin).SetPermission, &contract.SetPermissionRequest{Group: "all", Function: f, Granted: true}).err
		}()
	}
	for range 4 {
		r.must(<-done)
	}
	fs, err := r.db.Functions(t.Context(), anna)
	r.must(err)
	if len(fs) != 6 {
		t.Errorf("granted %v", fs)
	}
}
