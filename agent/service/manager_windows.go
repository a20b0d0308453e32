package service

import (
	"context"
	"errors"
	"strings"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"

	"abgleich/agent/fault"
	"abgleich/ipc/pipe"
)

// NewManager is the Windows service manager on this machine.
func NewManager(i pipe.Instance) Manager { return manager{i} }

type manager struct{ of pipe.Instance }

// virtualAccount is the service's own: it has no password, no rights but those it is
// given, and its own name in every access list.
func (m manager) virtualAccount() string { return `NT SERVICE\` + m.of.Service() }

// dependencies start before the agent: what it talks through.
var dependencies = []string{"Tcpip", "EventLog"}

// coded gives the service manager's errors their code.
func (m manager) coded(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		return fault.New(fault.NotPermitted, op, m.of.Service(), errNotElevated)
	case errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST):
		return fault.New(fault.ServiceNotInstalled, op, m.of.Service(), err)
	}
	return fault.New(fault.ServiceManagerFailed, op, m.of.Service(), err)
}

var errNotElevated = errors.New("needs an elevated administrator: please repeat in a prompt run as administrator")

// elevated refuses before anything is touched.
func (m manager) elevated(op string) error {
	h, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CREATE_SERVICE)
	if err != nil {
		return m.coded(op, err)
	}
	return windows.CloseServiceHandle(h)
}

// with opens the service with no more rights than wanted and calls f.
func (m manager) with(op string, access uint32, f func(*mgr.Service) error) error {
	scm, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return m.coded(op, err)
	}
	defer windows.CloseServiceHandle(scm) //nolint:errcheck // only asked
	name, err := windows.UTF16PtrFromString(m.of.Service())
	if err != nil {
		return m.coded(op, err)
	}
	h, err := windows.OpenService(scm, name, access)
	if err != nil {
		return m.coded(op, err)
	}
	s := &mgr.Service{Name: m.of.Service(), Handle: h}
	defer s.Close()
	return m.coded(op, f(s))
}

// Install creates the service, or brings an installed one up to date. What some
// systems refuse, and a service runs without, is a wish: delayed start, recovery;
// Wine knows no service identifiers (ERROR_INVALID_LEVEL).
func (m manager) Install(ctx context.Context, s Spec) error {
	const op = "service.Install"
	if err := m.elevated(op); err != nil {
		return err
	}
	scm, err := mgr.Connect()
	if err != nil {
		return m.coded(op, err)
	}
	defer scm.Disconnect()
	account := s.Account
	if account == "" {
		account = m.virtualAccount()
	}
	name, description := m.texts()
	c := mgr.Config{
		ServiceType: windows.SERVICE_WIN32_OWN_PROCESS, StartType: mgr.StartAutomatic, ErrorControl: mgr.ErrorNormal,
		DisplayName: name, Description: description, ServiceStartName: account, Dependencies: dependencies,
	}
	args := append([]string{RunArgument}, s.Arguments...)
	made := false
	installed, err := scm.OpenService(m.of.Service())
	if err != nil {
		made = true
		if installed, err = scm.CreateService(m.of.Service(), s.Program, c, args...); err != nil {
			return m.coded(op, err)
		}
	}
	defer installed.Close()
	c.BinaryPathName = commandLine(s.Program, args)
	c.SidType = windows.SERVICE_SID_TYPE_UNRESTRICTED // the pipe's owner, whatever the account
	if err := installed.UpdateConfig(c); err != nil && !errors.Is(err, windows.ERROR_INVALID_LEVEL) {
		if made {
			_ = installed.Delete() // nothing half done
		}
		return m.coded(op, err)
	}
	for _, folder := range s.Folders {
		if err := own(folder, m.of); err != nil {
			if made {
				_ = installed.Delete()
			}
			return m.coded(op, err)
		}
	}
	addSource(EventSource(m.of))
	c.DelayedAutoStart = true
	_ = installed.UpdateConfig(c)
	_ = installed.SetRecoveryActions([]mgr.RecoveryAction{
		{Type: mgr.ServiceRestart, Delay: 5 * time.Second},
		{Type: mgr.ServiceRestart, Delay: time.Minute},
		{Type: mgr.ServiceRestart, Delay: 5 * time.Minute},
	}, 86400)
	_ = installed.SetRecoveryActionsOnNonCrashFailures(true)
	return nil
}

// texts are the service's name and description in the system's language.
func (m manager) texts() (name, description string) {
	name, description = "Abgleich Agent", "Keeps appointments and tasks of the business database and of Exchange mailboxes the same."
	languages, err := windows.GetSystemPreferredUILanguages(windows.MUI_LANGUAGE_NAME)
	if err == nil && len(languages) > 0 && strings.HasPrefix(languages[0], "de") {
		name, description = "Abgleich-Dienst", "Hält Termine und Aufgaben der Unternehmensdatenbank und der Exchange-Postfächer gleich."
	}
	if m.of != "" {
		name += " (" + string(m.of) + ")"
	}
	return name, description
}

func commandLine(program string, args []string) string {
	line := windows.EscapeArg(program)
	for _, a := range args {
		line += " " + windows.EscapeArg(a)
	}
	return line
}

// Uninstall stops and removes the service.
func (m manager) Uninstall(ctx context.Context) error {
	if err := m.elevated("service.Uninstall"); err != nil {
		return err
	}
	if err := m.Stop(ctx); err != nil && !fault.Has(err, fault.ServiceNotInstalled) {
		return err
	}
	err := m.with("service.Uninstall", windows.SERVICE_ALL_ACCESS, func(s *mgr.Service) error { return s.Delete() })
	if err != nil && !fault.Has(err, fault.ServiceNotInstalled) {
		return err
	}
	removeSource(EventSource(m.of))
	return nil
}

// Start starts the service and waits until it runs.
func (m manager) Start(ctx context.Context) error {
	return m.with("service.Start", windows.SERVICE_START|windows.SERVICE_QUERY_STATUS, func(s *mgr.Service) error {
		if err := s.Start(); err != nil && !errors.Is(err, windows.ERROR_SERVICE_ALREADY_RUNNING) {
			return err
		}
		return await(ctx, s, svc.Running)
	})
}

// Stop stops the service and waits until it has ended.
func (m manager) Stop(ctx context.Context) error {
	return m.with("service.Stop", windows.SERVICE_STOP|windows.SERVICE_QUERY_STATUS, func(s *mgr.Service) error {
		if _, err := s.Control(svc.Stop); err != nil && !errors.Is(err, windows.ERROR_SERVICE_NOT_ACTIVE) {
			return err
		}
		return await(ctx, s, svc.Stopped)
	})
}

// await asks until the service is in the state wanted.
func await(ctx context.Context, s *mgr.Service, want svc.State) error {
	t := time.NewTicker(200 * time.Millisecond)
	defer t.Stop()
	for {
		st, err := s.Query()
		if err != nil {
			return err
		}
		if st.State == want {
			return nil
		}
		if want == svc.Running && st.State == svc.Stopped {
			return errors.New("the service ended at once; the log says why")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
	}
}

// Status asks the service manager; everybody may.
func (m manager) Status(ctx context.Context) (Info, error) {
	var info Info
	err := m.with("service.Status", windows.SERVICE_QUERY_STATUS, func(s *mgr.Service) error {
		st, err := s.Query()
		if err != nil {
			return err
		}
		info = Info{State: stateOf(st), PID: int(st.ProcessId)}
		return nil
	})
	if fault.Has(err, fault.ServiceNotInstalled) {
		return Info{State: NotInstalled}, nil
	}
	return info, err
}

// Installed asks the service manager for the names of all services; everybody may.
func (m manager) Installed(context.Context) ([]pipe.Instance, error) {
	const op = "service.Installed"
	h, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT|windows.SC_MANAGER_ENUMERATE_SERVICE)
	if err != nil {
		return nil, m.coded(op, err)
	}
	scm := &mgr.Mgr{Handle: h}
	defer scm.Disconnect()
	names, err := scm.ListServices()
	return instances(names), m.coded(op, err)
}

func stateOf(st svc.Status) State {
	switch st.State {
	case svc.Running:
		return Running
	case svc.StartPending, svc.ContinuePending:
		return Starting
	case svc.StopPending, svc.PausePending:
		return Stopping
	}
	if st.Win32ExitCode != 0 && st.Win32ExitCode != uint32(windows.ERROR_SERVICE_NEVER_STARTED) {
		return Failed
	}
	return Stopped
}
