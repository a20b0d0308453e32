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

	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/pim"
	"abgleich/agent/service"
	"abgleich/agent/status"
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
