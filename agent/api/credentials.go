package api

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"

	"abgleich/agent/credentials"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/business"
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
	if e, err := s.Employees.Employee(ctx, v.User); err == nil {
		c.Mail = e.Mail
	}
	return c
}

// entered is the login a request brings: the name without stray blanks, and the
// password, nil for none. The password is opened here, under the caller's own id.
func (s *server) entered(c caller, name string, sealed []byte) (string, *vault.Secret, error) {
	name = strings.TrimSpace(name)
	wrong := func(why string) error {
		return fault.New(fault.BadRequest, "api.login", "", errors.New(why))
	}
	if len(name) > mostLogin || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", nil, wrong("no login has such a name")
	}
	if len(sealed) == 0 {
		return name, nil, nil
	}
	password, err := s.Vault.Open(c.ID, sealed)
	switch {
	case err != nil:
		return "", nil, err
	case name == "":
		return "", nil, wrong("a password without a login")
	case password.Empty():
		return "", nil, wrong("an empty password")
	}
	return name, &password, nil
}

// mostLogin is how long a login may be, in bytes.
const mostLogin = 512

// SaveCredentials stores settings. A login must have been verified by the caller
// in the last quarter of an hour; only an administrator, or the user himself,
// may say that it shall be kept unverified. Who enters a login for himself needs
// the function for it.
func (s *server) SaveCredentials(ctx context.Context, r *connect.Request[contract.SaveCredentialsRequest]) (*connect.Response[contract.SaveCredentialsResponse], error) {
	c, err := s.caller(ctx)
	if err != nil {
		return nil, err
	}
	name, password, err := s.entered(c, r.Msg.GetLogin(), r.Msg.GetSealedPassword())
	if err != nil {
		return nil, err
	}
	k := keeping{caller: c, named: r.Msg.GetUser(), unverified: r.Msg.GetUnverified(), password: password,
		settings: credentials.Settings{Sync: r.Msg.GetSync(), Appointments: r.Msg.GetAppointments(), Tasks: r.Msg.GetTasks(), Login: name}}
	if err := s.mayKeep(ctx, &k); err != nil {
		return nil, err
	}
	user := k.settings.User
	if err := s.recordDeed(ctx, c, user, "saved credentials"); err != nil {
		return nil, err
	}
	if _, err := s.Book.Save(ctx, k.settings, password); err != nil {
		return nil, err
	}
	if k.proved {
		if err := s.Book.Took(ctx, user, credentials.Login{Name: name, Secret: *password}); err != nil {
			return nil, err
		}
	}
	if k.himself {
		if err := s.Book.Tie(ctx, c.ID, c.Name, user); err != nil {
			return nil, err
		}
	}
	if err := s.Control.CredentialsChanged(ctx, user); err != nil && !fault.Has(err, fault.SyncDisabled) {
		return nil, err
	}
	v, err := s.Book.View(ctx, user)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&contract.SaveCredentialsResponse{Credentials: s.credentials(ctx, v)}), nil
}

// keeping is a wish to have credentials kept, and what [server.mayKeep] finds of it.
type keeping struct {
	caller     caller
	named      string
	unverified bool
	password   *vault.Secret
	// settings get their user from mayKeep.
	settings credentials.Settings
	// proved tells that the caller has just shown this login to open the user's
	// mailbox; himself that it proves who the caller is.
	proved, himself bool
}

// mayKeep decides for whom credentials are kept, and whether they may be.
//
// With a proof, whoever names nobody speaks for himself, and so does everybody who
// is no administrator, whatever he was tied to: the mailbox decides. An
// administrator who names a user sets that one up and stays who he is.
func (s *server) mayKeep(ctx context.Context, k *keeping) error {
	user, login, ok := s.Book.Proved(k.caller.ID)
	if ok && k.password != nil && login.Equal(credentials.Login{Name: k.settings.Login, Secret: *k.password}) &&
		(k.named == "" || sameUser(k.named, user)) {
		k.settings.User, k.proved, k.himself = user, true, k.named == "" || !k.caller.Admin
		return s.mayEnter(ctx, k)
	}
	_, user, err := s.subject(ctx, k.named)
	if err != nil {
		return err
	}
	if err := s.known(ctx, k.caller, user); err != nil {
		return err
	}
	k.settings.User = user
	v, err := s.Book.View(ctx, user)
	if err != nil {
		return err
	}
	if k.password == nil && k.settings.Login == v.Login {
		return nil // only switches change
	}
	if !k.unverified {
		return fault.New(fault.LoginUnverified, "api.SaveCredentials", string(user), nil)
	}
	return s.mayEnter(ctx, k)
}

// mayEnter asks for the function that lets employees enter their own logins. What
// an administrator enters for somebody else he enters as administrator.
func (s *server) mayEnter(ctx context.Context, k *keeping) error {
	if k.caller.Admin && !k.himself && k.settings.User != k.caller.user {
		return nil
	}
	return s.Employees.CheckFunction(ctx, k.settings.User, business.FunctionSyncCredentials)
}

// DeleteCredentials forgets a login here. For the user himself and administrators.
func (s *server) DeleteCredentials(ctx context.Context, r *connect.Request[contract.DeleteCredentialsRequest]) (*connect.Response[contract.DeleteCredentialsResponse], error) {
	c, user, err := s.subject(ctx, r.Msg.GetUser())
	if err != nil {
		return nil, err
	}
	if err := s.recordDeed(ctx, c, user, "deleted credentials"); err != nil {
		return nil, err
	}
	if err := s.Book.Forget(ctx, user); err != nil {
		return nil, err
	}
	if err := s.Control.Reload(ctx); err != nil {
		return nil, err
	}
	// What was wrong with the account is nobody's problem any more.
	if err := s.Records.ClearAccountProblems(ctx, user); err != nil {
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
	name, password, err := s.entered(c, r.Msg.GetLogin(), r.Msg.GetSealedPassword())
	if err != nil {
		return err
	}
	var login *credentials.Login
	if password != nil {
		login = &credentials.Login{Name: name, Secret: *password}
	}
	user, err := s.checked(ctx, c, r.Msg, name, login)
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
	// The mailbox is the proof, whatever else is amiss: a switch, a permission.
	if res.User != "" && login != nil {
		s.Book.Prove(c.ID, res.User, *login)
	}
	return out.Send(&contract.VerifyCredentialsResponse{Done: true, Ok: res.OK, User: string(res.User)})
}

// checked is the user a check is about. A stored login is only for its user; a
// login typed in may be anybody's. A name typed in without a password is that of
// the stored login, or the password is missing.
func (s *server) checked(ctx context.Context, c caller, m *contract.VerifyCredentialsRequest, name string, login *credentials.Login) (pim.UserID, error) {
	if login == nil {
		_, user, err := s.subject(ctx, m.GetUser())
		if err != nil || name == "" {
			return user, err
		}
		v, err := s.Book.View(ctx, user)
		if err == nil && v.Login != name {
			err = fault.New(fault.CredentialsMissing, "api.VerifyCredentials", string(user), nil)
		}
		return user, err
	}
	switch {
	case m.GetUser() != "":
		return s.spelled(ctx, m.GetUser()), nil
	case c.user != "":
		return c.user, nil
	}
	es, err := s.Employees.Employees(ctx)
	if err != nil {
		return "", err
	}
	return guess(es, name), nil
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
