package agent

import (
	"context"
	"crypto/tls"
	"strings"

	"github.com/google/uuid"

	"abgleich/agent/credentials"
	"abgleich/agent/ews"
	"abgleich/agent/params"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/business"
	"abgleich/agent/side/exchange"
	"abgleich/agent/store"
	"abgleich/agent/verify"
)

// newChecker makes the check behind "Verify Credentials".
func newChecker(o Options, p params.Params, r rooms, events *exchange.EventServer) *verify.Checker {
	v := verify.Options{
		Version: o.Version, Installation: r.store.Installation(),
		Employees: &masterData{r.business, r.settings, r.store}, Book: r.opener,
		Settings: func(context.Context) (verify.Settings, error) { return checkSettings(r.settings.now()) },
		Logins:   func(l credentials.Login) []ews.Login { return newLogins(r.opener, p, encrypted(p)).of(l).Logins },
		Claimed:  exchange.Claimed,
		Ties: &verify.Ties{Locate: exchange.Locate, Claimed: exchange.ClaimedFolder, View: func(a side.Account, service bool) ews.View {
			if v := r.opener.view(a.Mail); service {
				return v
			}
			return exchange.View(a, false, false)
		}},
		NewID: uuid.NewString, Now: o.Now,
	}
	if r.opener.way.Shared() {
		v.Shared = &verify.Shared{View: r.opener.view, Judge: r.opener.judge}
	}
	if events != nil {
		v.Events = events
	}
	return verify.New(v)
}

// encrypted tells whether the mail server is spoken to over TLS.
func encrypted(p params.Params) bool {
	return strings.HasPrefix(strings.ToLower(p.Communication.Endpoint()), "https:")
}

func checkSettings(p params.Params) (verify.Settings, error) {
	trusted, err := certificates(p.Communication.CertificateFile)
	if err != nil {
		return verify.Settings{}, err
	}
	return verify.Settings{
		SyncEnabled: p.Communication.SyncEnabled, Endpoint: p.Communication.Endpoint(),
		TLS:         &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12},
		EventServer: p.Events.Server, EventPort: p.Events.Port,
	}, nil
}

// masterData is the employee master data as the check asks for it.
type masterData struct {
	*business.Database
	settings *settings
	ties     interface {
		Tie(context.Context, pim.UserID) (store.Tie, error)
	}
}

// Employee implements verify.Employees.
func (m *masterData) Employee(ctx context.Context, user pim.UserID) (verify.Employee, error) {
	e, err := m.Database.Employee(ctx, user)
	if err != nil {
		return verify.Employee{}, err
	}
	out := verify.Employee{Mail: e.Mail, Active: e.Active}
	tie, err := m.ties.Tie(ctx, e.User)
	if a := accountOf(e, tie); a.Shared || a.Folders != (side.Folders{}) {
		out.Tied = &a
	}
	return out, err
}

// MaySync implements verify.Employees.
func (m *masterData) MaySync(ctx context.Context, user pim.UserID) error {
	return maySync(ctx, m.Database, m.settings.now(), user)
}

// ServiceUser implements verify.Employees.
func (m *masterData) ServiceUser(ctx context.Context) error {
	s := m.settings.now().Service
	return m.CheckServiceUser(ctx, pim.UserID(s.User), s.Group)
}
