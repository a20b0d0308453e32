package agent

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	logged "github.com/sirupsen/logrus/hooks/test"

	"abgleich/agent/credentials"
	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/pim"
	"abgleich/agent/schedule"
	"abgleich/agent/side"
	"abgleich/agent/side/business"
	"abgleich/agent/status"
	"abgleich/agent/store"
	"abgleich/agent/vault"
)

// staff plays the employee master data.
type staff struct {
	// without is the only function that is missing, "" for none; see function.
	without  business.Function
	list     []business.Employee
	gone     error
	function error
}

func (s *staff) Employees(context.Context) ([]business.Employee, error) { return s.list, s.gone }
func (s *staff) CheckCopy(context.Context) error                        { return nil }
func (s *staff) CheckFunction(_ context.Context, _ pim.UserID, f business.Function) error {
	if s.without != "" && f != s.without {
		return nil
	}
	return s.function
}

func TestTheWordForAUserNamesWhatComesFirst(t *testing.T) {
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "agent.db"), store.Options{Volatile: true})
	check(t, err)
	defer st.Close() //nolint:errcheck // in a temporary folder
	v, err := vault.NewInMemory()
	check(t, err)
	book := credentials.New(credentials.Options{Store: st, Vault: v, Now: time.Now})
	settings := params.Default()
	s := &staff{}
	board := status.New(time.Now, 0)
	p := &people{employees: s, book: book, board: board, settings: func() params.Params { return settings }}

	missing := fault.New(fault.FunctionMissing, "test", "", nil)
	tasks := credentials.Settings{User: "ANNA", Sync: true, Tasks: true}
	for _, c := range []struct {
		name     string
		enabled  bool
		server   string
		employee business.Employee
		function error
		wants    credentials.Settings
		state    status.State
		code     fault.Code
	}{
		{"everything is wrong, and the switch is off", false, "", business.Employee{}, missing, tasks, status.Disabled, fault.SyncDisabled},
		{"no server is named", true, "", business.Employee{}, missing, tasks, status.Disabled, fault.ParametersIncomplete},
		{"not active", true, "mail", business.Employee{}, missing, tasks, status.Disabled, fault.EmployeeInactive},
		{"neither function nor address", true, "mail", business.Employee{Active: true, Mail: " "}, missing, tasks, status.Disabled, fault.FunctionMissing},
		{"no address", true, "mail", business.Employee{Active: true, Mail: " "}, nil, tasks, status.Disabled, fault.EmployeeWithoutMail},
		{"sync not wanted", true, "mail", business.Employee{Active: true, Mail: "a@b"}, nil, credentials.Settings{User: "ANNA", Tasks: true}, status.NotSetUp, ""},
		{"no kind wanted", true, "mail", business.Employee{Active: true, Mail: "a@b"}, nil, credentials.Settings{User: "ANNA", Sync: true}, status.NotSetUp, ""},
		{"all is well", true, "mail", business.Employee{Active: true, Mail: "a@b", Zone: "nowhere/at all"}, nil, tasks, status.Fine, ""},
		{"gone from the master data", true, "mail", business.Employee{User: "BEN"}, nil, tasks, status.Disabled, fault.EmployeeUnknown},
	} {
		_, err := book.Save(t.Context(), c.wants, nil)
		check(t, err)
		settings.Communication.SyncEnabled, settings.Communication.Server = c.enabled, c.server
		if c.employee.User == "" {
			c.employee.User = "ANNA"
		}
		// One without a User-ID stops nobody else.
		s.list, s.function = []business.Employee{{Name: "Nobody", Mail: "n@b", Active: true}, c.employee}, c.function
		users, err := p.Users(t.Context())
		check(t, err)
		u, _ := board.User("ANNA")
		if u.State != c.state || u.Code != c.code || (len(users) == 1) != (c.state == status.Fine) {
			t.Errorf("%s: %v %q, %d users", c.name, u.State, u.Code, len(users))
		}
	}
	if w := board.Snapshot("").WithoutID; len(w) != 1 || w[0].Name != "Nobody" || w[0].Code != fault.EmployeeWithoutID {
		t.Errorf("without a User-ID: %+v", w)
	}
	// Nobody expects anything of who has left, and options that can't be read stop nobody.
	s.list[0].Active = false
	p.options = func(_ context.Context, _ pim.UserID, k pim.Kind) (engine.Options, bool, error) {
		if k == pim.KindTask {
			return engine.Options{}, false, fault.New(fault.StoreCorrupt, "test", "", nil)
		}
		return engine.Options{Direction: engine.ToBusiness}, true, nil
	}
	if _, err := p.Users(t.Context()); err != nil {
		t.Error(err)
	}
	if w := board.Snapshot("").WithoutID; len(w) != 0 {
		t.Errorf("without a User-ID, and gone: %+v", w)
	}
	if u, _ := board.User("BEN"); u.Kinds[0].Direction != status.ToBusiness || u.Kinds[1].Direction != 0 {
		t.Errorf("directions: %+v", u.Kinds)
	}
	p.options = nil
	// Either function that is taken away stops him; with a service account he enters
	// no login, and needs no leave to.
	_, err = book.Save(t.Context(), tasks, nil)
	check(t, err)
	for _, f := range []business.Function{business.FunctionSyncCRM, business.FunctionSyncCredentials} {
		for _, way := range []params.Access{params.AccessUser, params.AccessImpersonation} {
			s.list, s.function, s.without = []business.Employee{{User: "ANNA", Active: true, Mail: "a@b"}}, missing, f
			settings.Communication.Access = way
			users, err := p.Users(t.Context())
			check(t, err)
			u, _ := board.User("ANNA")
			if stopped := f == business.FunctionSyncCRM || !way.Shared(); stopped != (len(users) == 0) || stopped != (u.Code == fault.FunctionMissing) {
				t.Errorf("without %s, %s: %v %q, %d users", f, way, u.State, u.Code, len(users))
			}
		}
	}
	s.without, settings.Communication.Access = "", params.AccessUser
	// The database goes away, half of it or all, and comes back.
	s.list, s.function = []business.Employee{{User: "ANNA", Active: true, Mail: "a@b"}}, nil
	away := fault.New(fault.DatabaseUnreachable, "test", "", nil)
	for _, c := range []struct {
		gone, function error
		code           fault.Code
	}{{away, nil, fault.DatabaseUnreachable}, {nil, away, fault.DatabaseUnreachable}, {context.Canceled, nil, fault.DatabaseUnreachable}, {nil, nil, ""}} {
		s.gone, s.function = c.gone, c.function
		_, err := p.Users(t.Context())
		if (err != nil) != (c.gone != nil || c.function != nil) || board.Snapshot("").Agent.BusinessCode != c.code {
			t.Errorf("%v: %q", err, board.Snapshot("").Agent.BusinessCode)
		}
	}
}

func TestAnAccountsTroubleIsOneProblem(t *testing.T) {
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "agent.db"), store.Options{Volatile: true})
	check(t, err)
	defer st.Close() //nolint:errcheck // in a temporary folder
	log, _ := logged.NewNullLogger()
	r := &runner{store: st, failing: newFailing(), log: func(pim.UserID) *logrus.Entry { return logrus.NewEntry(log) }}
	slice := schedule.Slice{Account: side.Account{User: "ANNA"}, Kind: pim.KindTask}
	for i, c := range []struct {
		code     fault.Code
		problems string // with a star for a notice
	}{
		{fault.ServerBusy, "server-busy*"},
		{fault.ServerBusy, "server-busy*"},
		{fault.LoginRejected, "login-rejected"},
		{fault.Cancelled, "login-rejected"},
		{fault.AlreadyRunning, "login-rejected"},
		{"", ""},
	} {
		var err error
		if c.code != "" {
			err = fault.New(c.code, "test", "", nil)
		}
		r.settle(t.Context(), slice, err)
		ps, err := st.Problems(t.Context(), store.ProblemQuery{User: "ANNA", Notices: true})
		check(t, err)
		var got []string
		for _, p := range ps {
			name := string(p.Code)
			if p.Notice {
				name += "*"
			}
			got = append(got, name)
		}
		if s := strings.Join(got, " "); s != c.problems {
			t.Errorf("step %d: %q, want %q", i, s, c.problems)
		}
	}
}
