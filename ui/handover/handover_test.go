package handover

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/ipc/contract"
	"abgleich/ui/client"
	"abgleich/ui/internal/agentdouble"
	"abgleich/ui/keyring"
)

// shelf is a store in memory; asked tells of each look.
type shelf struct {
	mu    sync.Mutex
	login keyring.Login
	err   error
	looks int
}

func (s *shelf) Peek(context.Context) (keyring.Login, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	return s.login, s.err
}

// desk is a keeper before a scripted agent on a real socket.
type desk struct {
	*testing.T
	agent    *agentdouble.Agent
	store    *shelf
	keeper   *Keeper
	pictures chan client.Picture
}

func newDesk(t *testing.T, l keyring.Login) *desk {
	t.Helper()
	a, err := agentdouble.New()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	socket := filepath.Join(t.TempDir(), "a.sock")
	ready, served := make(chan struct{}), make(chan error, 1)
	go func() { served <- a.Serve(ctx, socket, func() { close(ready) }) }()
	<-ready
	c := client.New(socket)
	store := &shelf{login: l}
	d := &desk{t, a, store, New(c, store), make(chan client.Picture)}
	done := make(chan struct{})
	go func() { defer close(done); d.keeper.Run(ctx, d.pictures) }()
	t.Cleanup(func() { cancel(); <-done; c.Close(); <-served })
	return d
}

// show shows a picture and waits until the keeper is through with it.
func (d *desk) show(state contract.UserState, code string) {
	u := agentdouble.Quiet(time.Now())
	u.State, u.Code = state, code
	p := client.Picture{Connection: client.Connected, User: u}
	d.pictures <- p
	d.pictures <- p // taken only after the first is done
}

const needed = contract.UserState_USER_STATE_CREDENTIALS_NEEDED

func (d *desk) calls() string { return strings.Join(d.agent.Calls(), "; ") }

func TestALoginTheAgentHasLostIsHandedOverWithTheSwitchesItHad(t *testing.T) {
	d := newDesk(t, keyring.NewLogin(`LAB\anna`, agentdouble.RightPassword))
	d.agent.Set(func(s *agentdouble.Script) {
		s.Credentials = &contract.Credentials{User: "ANNA", Sync: true, Tasks: true, Login: `LAB\anna`}
	})
	d.show(needed, "credentials-missing")
	if got, want := d.calls(), `verify login=LAB\anna right=true; save login=LAB\anna sync=true appointments=false tasks=true right=true unverified=false`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAnOldPasswordTakesTheWorkingOnesPlaceInNoState(t *testing.T) {
	for name, tt := range map[string]struct {
		state contract.UserState
		code  string
		has   *contract.Credentials
	}{
		"all is fine":       {contract.UserState_USER_STATE_FINE, "", nil},
		"the server is off": {contract.UserState_USER_STATE_OFFLINE, "server-unreachable", nil},
		"a problem":         {contract.UserState_USER_STATE_ATTENTION, "", nil},
		"locked":            {needed, "account-locked", nil},
		"another workstation was faster": {needed, "credentials-missing",
			&contract.Credentials{User: "ANNA", Login: `LAB\anna`, HasPassword: true, Verified: timestamppb.Now()}},
		"it is refused itself": {needed, "login-rejected", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, keyring.NewLogin(`LAB\anna`, "old"))
			if tt.has != nil {
				d.agent.Set(func(s *agentdouble.Script) { s.Credentials = tt.has })
			}
			d.show(tt.state, tt.code)
			if got := d.calls(); strings.Contains(got, "save") {
				t.Errorf("saved: %s", got)
			}
		})
	}
}

func TestARefusedLoginIsNotOfferedTwiceAndAChangedOneIs(t *testing.T) {
	d := newDesk(t, keyring.NewLogin(`LAB\anna`, "old"))
	d.agent.Set(func(s *agentdouble.Script) {
		s.Credentials = &contract.Credentials{User: "ANNA", Sync: true, Login: `LAB\anna`, HasPassword: true, RejectedCode: "login-rejected"}
	})
	d.show(needed, "login-rejected")
	d.keeperLooks(t)
	if got := d.calls(); got != `verify login=LAB\anna right=false` {
		t.Errorf("after the first look: %s", got)
	}
	d.store.mu.Lock()
	d.store.login = keyring.NewLogin(`LAB\anna`, agentdouble.RightPassword) // changed elsewhere
	d.store.mu.Unlock()
	d.keeperLooks(t)
	if got := d.calls(); !strings.Contains(got, "right=true; save") {
		t.Errorf("after the change: %s", got)
	}
}

// keeperLooks stands for the minute that has passed: the keeper isn't at work now.
func (d *desk) keeperLooks(t *testing.T) {
	t.Helper()
	d.keeper.offer(t.Context())
}

func TestNothingIsOfferedFromAStoreThatIsLockedOrEmpty(t *testing.T) {
	for _, err := range []error{keyring.ErrLocked, keyring.ErrNone, keyring.ErrUnavailable, keyring.ErrDamaged} {
		d := newDesk(t, keyring.Login{})
		d.store.err = err
		d.show(needed, "credentials-missing")
		if got := d.calls(); got != "" || d.store.looks != 1 {
			t.Errorf("%v: %s, %d looks", err, got, d.store.looks)
		}
	}
}

func TestNoConnectionNoOffer(t *testing.T) {
	d := newDesk(t, keyring.NewLogin("anna", agentdouble.RightPassword))
	u := agentdouble.Quiet(time.Now())
	u.State, u.Code = needed, "credentials-missing"
	for range 2 {
		d.pictures <- client.Picture{Connection: client.Reconnecting, User: u}
	}
	if d.store.looks != 0 {
		t.Error("the store was looked at")
	}
}
