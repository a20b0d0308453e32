package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sirupsen/logrus"

	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/service"
	"abgleich/agent/status"
	"abgleich/agent/vault"
)

// settings are the parameters in force, and the way to change them.
type settings struct {
	*params.File
	vault   *vault.Vault
	log     *logrus.Logger
	board   *status.Board
	inForce atomic.Pointer[params.Params]
	// report tells the operating system's event log.
	report func(service.Event, string)
	// read is what the file said last.
	read params.Params
	// renew begins a new life with what the file says; nil while no agent runs.
	renew func()
	// changed tells the scheduler; nil before it runs.
	changed func(context.Context, params.Params) error

	// applying keeps one taking over at a time.
	applying sync.Mutex
}

func (s *settings) now() params.Params { return *s.inForce.Load() }

// SecretKeys implements api.Settings.
func (s *settings) SecretKeys() []string { return SecretKeys() }

// SetSecret seals a secret parameter into a file of its own: the parameter file is
// read by people and copied into mails.
func (s *settings) SetSecret(ctx context.Context, key string, secret vault.Secret) error {
	const op = "agent.SetSecret"
	if !slices.Contains(SecretKeys(), key) {
		return fault.New(fault.ParameterUnknown, op, key, nil)
	}
	sealed, err := s.vault.Seal("agent:"+key, secret)
	if err != nil {
		return err
	}
	path := s.secretPath(key)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fault.New(fault.Internal, op, key, err)
	}
	next := path + ".new"
	if err := os.WriteFile(next, sealed, 0o600); err != nil {
		return fault.New(fault.Internal, op, key, err)
	}
	if err := os.Rename(next, path); err != nil {
		return fault.New(fault.Internal, op, key, err)
	}
	if key == params.AccountPassword && s.changed != nil {
		return s.changed(ctx, s.now()) // everybody waits for it
	}
	return nil
}

// HasSecret implements api.Settings.
func (s *settings) HasSecret(_ context.Context, key string) (bool, error) {
	if !slices.Contains(SecretKeys(), key) {
		return false, fault.New(fault.ParameterUnknown, "agent.HasSecret", key, nil)
	}
	_, err := os.Stat(s.secretPath(key))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fault.New(fault.Internal, "agent.HasSecret", key, err)
	}
	return true, nil
}

// secret opens a stored secret; [fault.NotFound] if there is none.
func (s *settings) secret(key string) (vault.Secret, error) {
	sealed, err := os.ReadFile(s.secretPath(key))
	if errors.Is(err, fs.ErrNotExist) {
		return vault.Secret{}, fault.New(fault.NotFound, "agent.secret", key, nil)
	}
	if err != nil {
		return vault.Secret{}, fault.New(fault.Internal, "agent.secret", key, err)
	}
	if s.vault == nil {
		return vault.Secret{}, fault.New(fault.KeyMissing, "agent.secret", key, nil)
	}
	return s.vault.Open("agent:"+key, sealed)
}

func (s *settings) secretPath(key string) string {
	return filepath.Join(s.now().Data.Folder, "secrets", key+".age")
}

// Apply takes over what the file says now: switch, interval, days of the trash,
// language, notices and log level in passing; for the rest everything begins anew,
// which anew tells and callers need not wait for. A file that can't be read leaves
// everything as it is.
func (s *settings) Apply(ctx context.Context) (anew bool, err error) {
	s.applying.Lock()
	defer s.applying.Unlock()
	p, _, err := s.Load()
	if err != nil {
		return false, err
	}
	old := s.now()
	live := old
	live.Communication.SyncEnabled = p.Communication.SyncEnabled
	live.Sync.Interval, live.Sync.TrashDays = p.Sync.Interval, p.Sync.TrashDays
	live.Log.Level = p.Log.Level
	live.Language = p.Language
	live.Notice = p.Notice
	anew = !reflect.DeepEqual(live, p)
	if _, had := old.Business(); had && !has(p) {
		return false, fault.New(fault.ParametersIncomplete, "agent.Apply", "database.alias", nil)
	}
	s.tell(params.Differences(s.read, p))
	s.read = p
	if anew && s.renew != nil {
		defer s.renew()
	}
	if reflect.DeepEqual(live, old) {
		return anew, nil
	}
	s.inForce.Store(&live)
	s.log.SetLevel(level(live.Log.Level))
	s.board.SetAgent(func(a *status.Agent) {
		a.SyncEnabled, a.Interval = live.Communication.SyncEnabled, live.Sync.Interval
	})
	// Telling the scheduler ends what runs: not for a log level.
	timing := live.Communication.SyncEnabled != old.Communication.SyncEnabled || live.Sync.Interval != old.Sync.Interval
	if timing && s.changed != nil {
		if err := s.changed(ctx, live); err != nil {
			return false, err
		}
	}
	return anew, nil
}

// has tells whether parameters name a business database.
func has(p params.Params) bool { _, ok := p.Business(); return ok }

// tell writes what changed into the log and the event log, with the old values.
func (s *settings) tell(changes []params.Difference) {
	if len(changes) == 0 {
		return
	}
	var lines []string
	for _, c := range changes {
		s.log.WithField("key", c.Key).WithField("old", c.Old).WithField("new", c.New).Info("parameter changed")
		lines = append(lines, fmt.Sprintf("%s: %q -> %q", c.Key, c.Old, c.New))
	}
	s.report(service.EventParameters, "Parameters were changed.\r\n"+strings.Join(lines, "\r\n"))
}
