package api

import (
	"context"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"

	"abgleich/agent/credentials"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/vault"
	"abgleich/agent/verify"
	"abgleich/ipc/contract"
)

// GetCredentials gives a user's settings, never the password. For the user
// himself and administrators.
func (s *server) GetCredentials(ctx context.Context, r *connect.Request[contract.GetCredentialsRequest]) (*connect.Response[contract.GetCredentialsResponse], error) {
	_, user, err := s.subject(ctx, r.Msg.GetUser())
	if err != nil {
		return nil, err
	}
	v, err := s.Book.View(ctx, user)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&contract.GetCredentialsResponse{Credentials: s.credentials(ctx, v)}), nil
}

func (s *server) credentials(ctx context.Context, v credentials.View) *contract.Credentials {
	c := &contract.Credentials{
		User: string(v.User), Sync: v.Sync, Appointments: v.Appointments, Tasks: v.Tasks,
		Login: v.Login, HasPassword: v.HasPassword, Verified: stamp(v.Verified),
	}
	if !v.Rejected.IsZero() {
		c.RejectedCode = string(fault.LoginRejected)
	}
	if es, err := s.Employees.Employees(ctx); err == nil {
		for _, e := range es {
			if e.User == v.User {
				c.Mail = e.Mail
			}
		}
	}
	return c
}

// SaveCredentials stores settings. A login must have been verified by the caller
// in the last quarter of an hour; only an administrator, or the user himself,
// may say that it shall be kept unverified.
func (s *server) SaveCredentials(ctx context.Context, r *connect.Request[contract.SaveCredentialsRequest]) (*connect.Response[contract.SaveCredentialsResponse], error) {
	c, err := s.caller(ctx)
	if err != nil {
		return nil, err
	}
	var password *vault.Secret
	if len(r.Msg.GetSealedPassword()) > 0 {
		p, err := s.Vault.Open(c.ID, r.Msg.GetSealedPassword())
		if err != nil {
			return nil, err
		}
		password = &p
	}
	proved, login, ok := s.Book.Proved(c.ID)
	if ok && (password == nil || !login.Equal(credentials.Login{Name: r.Msg.GetLogin(), Secret: *password})) {
		ok = false // proved with another login
	}
	user, err := s.mayKeep(ctx, c, r.Msg, proved, ok, password)
	if err != nil {
		return nil, err
	}
	v, err := s.Book.Save(ctx, credentials.Settings{
		User: user, Sync: r.Msg.GetSync(), Appointments: r.Msg.GetAppointments(), Tasks: r.Msg.GetTasks(), Login: r.Msg.GetLogin(),
	}, password)
	if err != nil {
		return nil, err
	}
	if ok && user == proved {
		if err := s.Book.Accepted(ctx, user); err != nil {
			return nil, err
		}
		// An administrator who names a user sets somebody else up; whoever names
		// nobody speaks for himself.
		if r.Msg.GetUser() == "" {
			if err := s.Book.Tie(ctx, c.ID, c.Name, user); err != nil {
				return nil, err
			}
		}
		if v, err = s.Book.View(ctx, user); err != nil {
			return nil, err
		}
	}
	if err := s.Control.CredentialsChanged(ctx, user); err != nil && !fault.Has(err, fault.SyncDisabled) {
		return nil, err
	}
	return connect.NewResponse(&contract.SaveCredentialsResponse{Credentials: s.credentials(ctx, v)}), nil
}

// mayKeep decides for whom credentials are saved, and whether they may be.
func (s *server) mayKeep(ctx context.Context, c caller, m *contract.SaveCredentialsRequest, proved pim.UserID, ok bool, password *vault.Secret) (pim.UserID, error) {
	if ok && (m.GetUser() == "" || m.GetUser() == string(proved)) {
		return proved, nil
	}
	_, user, err := s.subject(ctx, m.GetUser())
	if err != nil {
		return "", err
	}
	if m.GetUnverified() {
		return user, nil
	}
	v, err := s.Book.View(ctx, user)
	if err != nil {
		return "", err
	}
	if password == nil && m.GetLogin() == v.Login {
		return user, nil // only switches change
	}
	return "", fault.New(fault.LoginUnverified, "api.SaveCredentials", string(user), nil)
}

// DeleteCredentials forgets a login here. For the user himself and administrators.
func (s *server) DeleteCredentials(ctx context.Context, r *connect.Request[contract.DeleteCredentialsRequest]) (*connect.Response[contract.DeleteCredentialsResponse], error) {
	_, user, err := s.subject(ctx, r.Msg.GetUser())
	if err != nil {
		return nil, err
	}
	if err := s.Book.Forget(ctx, user); err != nil {
		return nil, err
	}
	if err := s.Control.Reload(ctx); err != nil {
		return nil, err
	}
	return connect.NewResponse(&contract.DeleteCredentialsResponse{}), nil
}

// VerifyCredentials checks a login stage by stage. Everybody may have his own
// checked: what it proves is decided by the mailbox that opens.
func (s *server) VerifyCredentials(ctx context.Context, r *connect.Request[contract.VerifyCredentialsRequest], out *connect.ServerStream[contract.VerifyCredentialsResponse]) error {
	c, err := s.caller(ctx)
	if err != nil {
		return err
	}
	var login *credentials.Login
	if len(r.Msg.GetSealedPassword()) > 0 {
		p, err := s.Vault.Open(c.ID, r.Msg.GetSealedPassword())
		if err != nil {
			return err
		}
		login = &credentials.Login{Name: r.Msg.GetLogin(), Secret: p}
	}
	user, err := s.checked(ctx, c, r.Msg, login)
	if err != nil {
		return err
	}
	if err := out.Send(&contract.VerifyCredentialsResponse{Stages: s.Checker.Stages()}); err != nil {
		return err
	}
	var broken error
	res, err := s.Checker.Check(ctx, verify.Request{User: user, Login: login, Asked: r.Msg.GetRetryRejected()}, func(st verify.Stage) {
		if broken == nil {
			broken = out.Send(&contract.VerifyCredentialsResponse{Stage: stageMessage(st)})
		}
	})
	if err = firstOf(err, broken); err != nil {
		return err
	}
	if res.OK && res.User != "" && login != nil {
		s.Book.Prove(c.ID, res.User, *login)
	}
	return out.Send(&contract.VerifyCredentialsResponse{Done: true, Ok: res.OK, User: string(res.User)})
}

// checked is the user a check is about. A stored login is only for its user; a
// login typed in may be anybody's.
func (s *server) checked(ctx context.Context, c caller, m *contract.VerifyCredentialsRequest, login *credentials.Login) (pim.UserID, error) {
	if login == nil {
		_, user, err := s.subject(ctx, m.GetUser())
		return user, err
	}
	switch {
	case m.GetUser() != "":
		return pim.UserID(m.GetUser()), nil
	case c.user != "":
		return c.user, nil
	}
	es, err := s.Employees.Employees(ctx)
	if err != nil {
		return "", err
	}
	return guess(es, m.GetLogin()), nil
}

func stageMessage(st verify.Stage) *contract.Stage {
	return &contract.Stage{
		Name: st.Name, State: contract.StageState(st.State), Code: string(st.Code), Args: st.Args, Detail: st.Detail,
		Took: durationpb.New(st.Took),
	}
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
