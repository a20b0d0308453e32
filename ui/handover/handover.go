// Package handover gives the agent the login that this computer keeps, when the
// agent has none that works: an agent that keeps passwords in memory only has lost
// them after a restart, and a password changed on this computer may be the one the
// agent lacks.
//
// It promises that nothing it does can make a working login worse: it never speaks
// up while the agent's own login works, what it hands over is checked by the mail
// server first, and only what was accepted is saved. So an old password on a second
// workstation never takes the place of a newer one. A login the agent knows as
// refused isn't tried again, and one that was refused here isn't offered twice; no
// account is locked by it. It asks the person nothing: the store stays locked when it
// is.
//
// It must not know icons or windows.
package handover

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"

	"abgleich/ipc/contract"
	"abgleich/ipc/contract/contractconnect"
	"abgleich/ui/client"
	"abgleich/ui/keyring"
)

// Store is where this computer keeps the login.
type Store interface {
	// Peek gives it without asking the person; see [keyring.Store].
	Peek(ctx context.Context) (keyring.Login, error)
}

// every is how often the store is looked at while the agent has no login that works:
// it may have been changed by another program.
const every = time.Minute

// Keeper hands the login over. Make it with [New].
type Keeper struct {
	api   contractconnect.AgentServiceClient
	store Store
	// offered is what the agent refused last; it is not offered again.
	offered *keyring.Login
}

// New returns a keeper for the agent.
func New(api contractconnect.AgentServiceClient, store Store) *Keeper {
	return &Keeper{api: api, store: store}
}

// Run watches the pictures until ctx ends.
func (k *Keeper) Run(ctx context.Context, pictures <-chan client.Picture) {
	again := time.NewTicker(every)
	again.Stop() // it goes while a login is needed
	defer again.Stop()
	needed := false
	for {
		was := needed
		select {
		case <-ctx.Done():
			return
		case p := <-pictures:
			needed = lacks(p)
		case <-again.C:
			k.offer(ctx)
			continue
		}
		switch {
		case needed && !was:
			k.offer(ctx)
			again.Reset(every)
		case !needed && was:
			again.Stop()
			k.offered = nil // what was refused may be right by the next time
		}
	}
}

// lacks tells whether the agent has no login that works, and another one could help.
func lacks(p client.Picture) bool {
	if p.Connection != client.Connected || p.State() != contract.UserState_USER_STATE_CREDENTIALS_NEEDED {
		return false
	}
	switch p.User.GetCode() {
	case "credentials-missing", "login-rejected", "password-expired":
		return true
	}
	return false // a locked account, for one, isn't helped by one more attempt
}

// offer hands the kept login over, if there is one and it opens the mailbox. What
// fails is left to the person, whom the icon tells anyway.
func (k *Keeper) offer(ctx context.Context) {
	l, err := k.store.Peek(ctx)
	if err != nil || l.Password() == "" || k.offered != nil && k.offered.Equal(l) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, every)
	defer cancel()
	r, err := k.api.GetCredentials(ctx, connect.NewRequest(&contract.GetCredentialsRequest{}))
	if err != nil {
		return
	}
	c := r.Msg.GetCredentials()
	if c.GetHasPassword() && c.GetRejectedCode() == "" && c.GetVerified() != nil {
		return // somebody was faster, and his works
	}
	ok, err := k.verify(ctx, l)
	if err != nil {
		return // nobody said no: again in a minute
	}
	if !ok {
		k.offered = &l
		return
	}
	sealed, err := client.Seal(ctx, k.api, l.Password())
	if err != nil {
		return
	}
	_, _ = k.api.SaveCredentials(ctx, connect.NewRequest(&contract.SaveCredentialsRequest{User: c.GetUser(), Sync: c.GetSync(),
		Appointments: c.GetAppointments(), Tasks: c.GetTasks(), Login: l.User, SealedPassword: sealed}))
}

// verify has the login checked. Without retry_rejected, so that one the server is
// known to have refused isn't shown to it again. ok tells whether it opened the
// caller's mailbox.
func (k *Keeper) verify(ctx context.Context, l keyring.Login) (ok bool, err error) {
	sealed, err := client.Seal(ctx, k.api, l.Password())
	if err != nil {
		return false, err
	}
	s, err := k.api.VerifyCredentials(ctx, connect.NewRequest(&contract.VerifyCredentialsRequest{Login: l.User, SealedPassword: sealed}))
	if err != nil {
		return false, err
	}
	defer s.Close()
	refused := false
	for s.Receive() {
		m := s.Msg()
		if st := m.GetStage(); st.GetName() == "login" && st.GetState() == contract.StageState_STAGE_STATE_FAILED {
			refused = true
		}
		// A named user is the mailbox's proof, whatever else the check complains of.
		if m.GetDone() && (m.GetUser() != "" || refused) {
			return !refused, nil
		}
	}
	if err := s.Err(); err != nil {
		return false, err
	}
	return false, errUndecided
}

// errUndecided is a check that never came to the login: it says nothing of it.
var errUndecided = errors.New("the check did not come to the login")
