package access_test

import (
	"context"
	"testing"
	"time"

	"abgleich/agent/access"
	"abgleich/agent/credentials"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/vault"
)

type notes struct{ kept *vault.Secret }

func (n *notes) Read() (vault.Secret, error) {
	if n.kept == nil {
		return vault.Secret{}, fault.New(fault.NotFound, "test", "", nil)
	}
	return *n.kept, nil
}

func (n *notes) Write(s vault.Secret) error { n.kept = &s; return nil }

// own counts what comes to the users' book.
type own struct{ tried, took, rejected int }

func (o *own) MayTryOther(context.Context, pim.UserID, credentials.Login, bool) error {
	o.tried++
	return nil
}

func (o *own) Took(context.Context, pim.UserID, credentials.Login) error {
	o.took++
	return nil
}

func (o *own) Rejected(context.Context, pim.UserID, credentials.Login) error {
	o.rejected++
	return nil
}

type rig struct {
	now       time.Time
	password  string
	notes     notes
	own       own
	recovered int
}

func (r *rig) account() *access.Account {
	return access.New(access.Options{
		Name: `LAB\svc`, Own: &r.own, Notes: &r.notes, Now: func() time.Time { return r.now },
		Password: func() (vault.Secret, error) {
			if r.password == "" {
				return vault.Secret{}, fault.New(fault.NotFound, "test", "", nil)
			}
			return vault.NewSecret(r.password), nil
		},
		Recovered: func() { r.recovered++ },
	})
}

func newRig() *rig {
	return &rig{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), password: "one"}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if !fault.Has(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
}

func TestARefusedAccountRestsForEverybody(t *testing.T) {
	r, ctx := newRig(), t.Context()
	a := r.account()
	must(t, a.MayTry(ctx, "ANNA", false))
	l, err := a.Login(ctx, "ANNA")
	must(t, err)
	must(t, a.Rejected(ctx, "ANNA", l))
	wants(t, a.MayTry(ctx, "BERT", false), fault.ServiceAccountRejected)
	wants(t, a.MayTry(ctx, "BERT", true), fault.ServiceAccountRejected)
	// A restart changes nothing.
	a = r.account()
	wants(t, a.MayTry(ctx, "BERT", false), fault.ServiceAccountRejected)
	r.now = r.now.Add(access.AskedRest)
	wants(t, a.MayTry(ctx, "BERT", false), fault.ServiceAccountRejected)
	must(t, a.MayTry(ctx, "BERT", true))
	// Of all who ask at the same moment one is let through.
	wants(t, a.MayTry(ctx, "CORA", true), fault.ServiceAccountRejected)
	r.now = r.now.Add(24 * time.Hour)
	must(t, a.MayTry(ctx, "DORA", false))
	wants(t, a.MayTry(ctx, "EVA", false), fault.ServiceAccountRejected)
	if r.own.rejected != 0 || r.recovered != 0 {
		t.Errorf("own book %+v, recovered %d", r.own, r.recovered)
	}
}

func TestANewPasswordIsTriedAtOnce(t *testing.T) {
	r, ctx := newRig(), t.Context()
	a := r.account()
	l, _ := a.Login(ctx, "ANNA")
	must(t, a.Rejected(ctx, "ANNA", l))
	r.password = "two"
	must(t, a.MayTry(ctx, "ANNA", false))
	must(t, a.Took(ctx, "ANNA", l)) // the old one says nothing of the new
	if r.recovered != 0 {
		t.Error("recovered by a login that is no longer the account's")
	}
	l, _ = a.Login(ctx, "ANNA")
	must(t, a.Took(ctx, "ANNA", l))
	must(t, a.Took(ctx, "BERT", l))
	if r.recovered != 1 || r.own.took != 0 {
		t.Errorf("recovered %d times, own book %+v", r.recovered, r.own)
	}
	r.password = "one" // what was refused long ago may be right again
	must(t, a.MayTry(ctx, "ANNA", false))
}

func TestALoginTypedInIsJudgedByTheUsersBook(t *testing.T) {
	r, ctx := newRig(), t.Context()
	a := r.account()
	typed := credentials.Login{Name: `LAB\anna`, Secret: vault.NewSecret("x")}
	must(t, a.MayTryOther(ctx, "ANNA", typed, false))
	must(t, a.Rejected(ctx, "ANNA", typed))
	must(t, a.Took(ctx, "ANNA", typed))
	r.password = "" // the account's own lack says nothing of a login typed in
	must(t, a.Took(ctx, "ANNA", typed))
	r.password = "one"
	if r.own.tried != 1 || r.own.rejected != 1 || r.own.took != 2 || r.recovered != 0 {
		t.Errorf("%+v", r.own)
	}
	must(t, a.MayTry(ctx, "ANNA", false))
}

func TestAnAccountWithoutNameOrPasswordIsMissing(t *testing.T) {
	r, ctx := newRig(), t.Context()
	r.password = ""
	wants(t, r.account().MayTry(ctx, "ANNA", true), fault.ServiceAccountMissing)
	nameless := access.New(access.Options{Now: time.Now})
	_, err := nameless.Login(ctx, "ANNA")
	wants(t, err, fault.ServiceAccountMissing)
}

func TestOnlyErrorsAboutTheLoginAreTheAccounts(t *testing.T) {
	a := newRig().account()
	for code, want := range map[fault.Code]fault.Code{
		fault.LoginRejected: fault.ServiceAccountRejected, fault.AccountLocked: fault.ServiceAccountRejected,
		fault.PasswordExpired: fault.ServiceAccountRejected, fault.ImpersonationDenied: fault.ImpersonationDenied,
		fault.ServerBusy: fault.ServerBusy, fault.KerberosUserUnknown: fault.ServiceAccountRejected,
		fault.KerberosUnreachable: fault.KerberosUnreachable,
	} {
		wants(t, a.Judge(fault.New(code, "test", "", nil)), want)
	}
	if a.Judge(nil) != nil {
		t.Error("an error out of nothing")
	}
}
