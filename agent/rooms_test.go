package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
	logged "github.com/sirupsen/logrus/hooks/test"

	"abgleich/agent/credentials"
	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/pim"
	"abgleich/agent/schedule"
	"abgleich/agent/service"
	"abgleich/agent/side"
	"abgleich/agent/side/business"
	"abgleich/agent/status"
	"abgleich/agent/store"
	"abgleich/agent/vault"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newSettings are settings on a real file.
func newSettings(t *testing.T) (*settings, *logged.Hook) {
	t.Helper()
	dir := t.TempDir()
	p := params.Default()
	p.Data.Folder = dir
	file := params.NewFile(filepath.Join(dir, "agent.toml"), params.Limits{})
	check(t, file.Create(p))
	v, err := vault.NewInMemory()
	check(t, err)
	log, hook := logged.NewNullLogger()
	s := &settings{File: file, vault: v, log: log, board: status.New(time.Now, 0), report: func(service.Event, string) {}}
	p, _, err = file.Load()
	check(t, err)
	s.inForce.Store(&p)
	s.read = p
	return s, hook
}

func TestASavedFileIsTakenOverAndABadOneIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, hook := newSettings(t)
		told := 0
		var events []service.Event
		var texts strings.Builder
		s.report = func(e service.Event, text string) { events = append(events, e); texts.WriteString(text) }
		s.changed = func(context.Context, params.Params) error { told++; return nil }
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.follow(ctx) }()
		saves := 0
		save := func(content []byte) {
			t.Helper()
			check(t, os.WriteFile(s.Path(), content, 0o600))
			saves++ // whatever the disk's clock is like, each save has its own time
			at := time.Now().Add(time.Duration(saves) * time.Minute)
			check(t, os.Chtimes(s.Path(), at, at))
			time.Sleep(2 * lookEvery) // the bubble's clock
			synctest.Wait()
		}
		good, err := os.ReadFile(s.Path())
		check(t, err)

		_, _, err = s.Set("sync.interval", "777")
		check(t, err)
		edited, err := os.ReadFile(s.Path())
		check(t, err)
		save(edited)
		if s.now().Sync.Interval != 777*time.Second || told != 1 {
			t.Errorf("in force %v, told %d times", s.now().Sync.Interval, told)
		}
		hook.Reset()
		save(append(slices.Clone(edited), "\n[sync]\nnonsense = 1\n"...))
		time.Sleep(10 * lookEvery)
		synctest.Wait()
		if n := len(hook.AllEntries()); n != 1 || hook.LastEntry().Level != logrus.ErrorLevel {
			t.Errorf("a bad file is logged %d times", n)
		}
		if s.now().Sync.Interval != 777*time.Second || told != 1 {
			t.Error("a bad file took effect")
		}
		check(t, os.Remove(s.Path())) // an editor that moves files about
		time.Sleep(2 * lookEvery)
		synctest.Wait()
		hook.Reset()
		save(good)
		if s.now().Sync.Interval != params.Default().Sync.Interval || told != 2 || len(hook.AllEntries()) != 2 {
			t.Errorf("in force %v, told %d times, logged %d", s.now().Sync.Interval, told, len(hook.AllEntries()))
		}
		if want := []service.Event{service.EventParameters, service.EventBadFile, service.EventParameters}; !slices.Equal(events, want) ||
			!strings.Contains(texts.String(), `sync.interval: "300" -> "777"`) || !strings.Contains(texts.String(), "stay in force") {
			t.Errorf("events %v: %s", events, &texts)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestOnlyWhatConcernsItIsToldToTheScheduler(t *testing.T) {
	s, _ := newSettings(t)
	told := 0
	s.changed = func(context.Context, params.Params) error { told++; return nil }
	for _, c := range []struct {
		key, value string
		told, anew bool
	}{
		{"log.level", "debug", false, false},
		{"sync.interval", "600", true, false},
		{"communication.sync_enabled", "true", true, false},
		{"communication.server", "mail.lab.test", false, true},
	} {
		before := told
		_, _, err := s.Set(c.key, c.value)
		check(t, err)
		anew, err := s.Apply(t.Context())
		check(t, err)
		// What was the value before may be the same already.
		if anew != c.anew || told > before && !c.told {
			t.Errorf("%s: anew %v, told %v", c.key, anew, told > before)
		}
	}
	if s.log.GetLevel() != logrus.DebugLevel || s.now().Sync.Interval != 10*time.Minute || s.now().Communication.Server != "" {
		t.Errorf("in force: %+v", s.now())
	}
}

func TestEachParameterTakesEffectInPassingOrByBeginningAnew(t *testing.T) {
	for _, f := range params.Describe() {
		switch f.Key {
		case "communication.system", "database.alias", "databases.*.driver", "databases.*.foreign":
			continue // by itself it has no other value in the default file
		}
		t.Run(f.Key, func(t *testing.T) {
			s, _ := newSettings(t)
			begun := 0
			s.renew = func() { begun++ }
			before := s.now()
			if err := changeIt(s.File, strings.Replace(f.Key, "*", "main", 1), f); err != nil {
				t.Fatal(err)
			}
			anew, err := s.Apply(t.Context())
			check(t, err)
			if inForce := !reflect.DeepEqual(s.now(), before); inForce == anew || anew != (begun == 1) {
				t.Errorf("in force %v, told that it begins anew %v, begun anew %d times", inForce, anew, begun)
			}
		})
	}
}

// changeIt gives a parameter another value that it takes.
func changeIt(file *params.File, key string, f params.Field) error {
	before, _, err := file.Load()
	if err != nil {
		return err
	}
	values := append(slices.Clone(f.Choices), "true", "false", fmt.Sprint(f.Min+1), fmt.Sprint(f.Min+2),
		"other", "other.lab.test", "other@lab.test", "https://other.lab.test/EWS/Exchange.asmx", "127.0.0.9", "OTHER.TEST", "06:30", "/tmp/other")
	err = errors.New("no value is taken")
	for _, v := range values {
		if _, _, e := file.Set(key, v); e != nil {
			err = e
			continue
		}
		after, _, e := file.Load()
		if e != nil {
			return e
		}
		if !reflect.DeepEqual(before, after) {
			return nil
		}
	}
	return err
}

func TestTheServicePasswordIsSealedInAFileOfItsOwn(t *testing.T) {
	const planted = "Planted-Pass-4711"
	s, _ := newSettings(t)
	has, err := s.HasSecret(t.Context(), ServicePassword)
	if has || err != nil {
		t.Errorf("%v %v", has, err)
	}
	check(t, s.SetSecret(t.Context(), ServicePassword, vault.NewSecret(planted)))
	has, err = s.HasSecret(t.Context(), ServicePassword)
	if !has || err != nil {
		t.Errorf("%v %v", has, err)
	}
	for _, key := range []string{"other", "../agent.toml", ""} {
		_, hasErr := s.HasSecret(t.Context(), key)
		for _, err := range []error{hasErr, s.SetSecret(t.Context(), key, vault.NewSecret(planted))} {
			if !fault.Has(err, fault.ParameterUnknown) || strings.Contains(err.Error(), planted) {
				t.Errorf("%q: %v", key, err)
			}
		}
	}
	check(t, filepath.WalkDir(s.now().Data.Folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), planted) {
			t.Errorf("%s holds it", path)
		}
		return err
	}))
}

type pruner struct {
	at       []time.Time
	trash    []time.Time
	failures int // how often it fails at first
}

func (p *pruner) Prune(_ context.Context, t time.Time) error {
	if p.failures > 0 {
		p.failures--
		return errors.New("busy")
	}
	p.at = append(p.at, t)
	return nil
}

func (p *pruner) PruneTrash(_ context.Context, t time.Time) error {
	p.trash = append(p.trash, t)
	return nil
}

func TestOldRecordsAreRemovedDaily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pruner{failures: 1}
		log := logrus.New()
		log.SetOutput(io.Discard)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- (&keeper{store: p, trashDays: func() int { return 30 }, now: time.Now, log: log}).run(ctx)
		}()
		synctest.Wait()
		begin := time.Now()
		time.Sleep(72*time.Hour + time.Minute)
		synctest.Wait()
		if len(p.at) != 3 || !p.at[0].Equal(begin.Add(tidyLook-keptFor)) || p.at[1].Sub(p.at[0]) != tidyEvery {
			t.Errorf("removed what is older than %v", p.at)
		}
		if len(p.trash) != 3 || !p.trash[0].Equal(begin.Add(tidyLook).AddDate(0, 0, -30)) {
			t.Errorf("emptied what is older than %v", p.trash)
		}
		cancel()
		<-done
	})
}

func TestOneKindsSuccessHidesNothingOfTheOther(t *testing.T) {
	f := newFailing()
	for i, c := range []struct {
		kind pim.Kind
		code fault.Code
		over []fault.Code
		all  bool
	}{
		{pim.KindAppointment, "", nil, true},
		{pim.KindTask, fault.FolderUnavailable, nil, false},
		{pim.KindAppointment, "", nil, false},
		{pim.KindAppointment, fault.ServerBusy, nil, false},
		{pim.KindAppointment, fault.ServerStalled, []fault.Code{fault.ServerBusy}, false},
		{pim.KindTask, fault.ServerStalled, []fault.Code{fault.FolderUnavailable}, false},
		{pim.KindAppointment, "", nil, false}, // the tasks' is the same
		{pim.KindTask, "", nil, true},
	} {
		over, all := f.set("ANNA", c.kind, c.code)
		if !slices.Equal(over, c.over) || all != c.all {
			t.Errorf("step %d: %v %v", i, over, all)
		}
	}
}

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
