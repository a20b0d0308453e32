package service

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"

	"abgleich/agent/fault"
)

// NewManager is the Windows service manager on this machine.
func NewManager() Manager { return manager{} }

type manager struct{}

// coded gives the service manager's errors their code.
func coded(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		return fault.New(fault.NotPermitted, op, Name, errors.New("needs an elevated administrator: please repeat in a prompt run as administrator"))
	case errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST):
		return fault.New(fault.ServiceNotInstalled, op, Name, err)
	}
	return fault.New(fault.ServiceManagerFailed, op, Name, err)
}

// with opens the service and calls f.
func with(op string, f func(*mgr.Service) error) error {
	m, err := mgr.Connect()
	if err != nil {
		return coded(op, err)
	}
	defer m.Disconnect()
	s, err := m.OpenService(Name)
	if err != nil {
		return coded(op, err)
	}
	defer s.Close()
	return coded(op, f(s))
}

// Install creates the service, or replaces its command line.
func (manager) Install(ctx context.Context, s Spec) error {
	const op = "service.Install"
	args := append([]string{RunArgument}, s.Arguments...)
	m, err := mgr.Connect()
	if err != nil {
		return coded(op, err)
	}
	defer m.Disconnect()
	if old, err := m.OpenService(Name); err == nil {
		defer old.Close()
		c, err := old.Config()
		if err != nil {
			return coded(op, err)
		}
		c.BinaryPathName = commandLine(s.Program, args)
		return coded(op, old.UpdateConfig(c))
	}
	created, err := m.CreateService(Name, s.Program, mgr.Config{
		DisplayName:      "Abgleich Agent",
		Description:      "Keeps appointments and tasks of the business database and of Exchange mailboxes the same.",
		StartType:        mgr.StartAutomatic,
		ServiceStartName: s.Account,
	}, args...)
	if err != nil {
		return coded(op, err)
	}
	defer created.Close()
	// A wish, not a condition: some systems refuse it.
	_ = created.SetRecoveryActions([]mgr.RecoveryAction{
		{Type: mgr.ServiceRestart, Delay: 5 * time.Second},
		{Type: mgr.ServiceRestart, Delay: time.Minute},
		{Type: mgr.ServiceRestart, Delay: 5 * time.Minute},
	}, 86400)
	return nil
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
	if err := m.Stop(ctx); err != nil && !fault.Has(err, fault.ServiceNotInstalled) {
		return err
	}
	err := with("service.Uninstall", func(s *mgr.Service) error { return s.Delete() })
	if fault.Has(err, fault.ServiceNotInstalled) {
		return nil
	}
	return err
}

// Start starts the service and waits until it runs.
func (manager) Start(ctx context.Context) error {
	return with("service.Start", func(s *mgr.Service) error {
		if err := s.Start(); err != nil && !errors.Is(err, windows.ERROR_SERVICE_ALREADY_RUNNING) {
			return err
		}
		return await(ctx, s, svc.Running)
	})
}

// Stop stops the service and waits until it has ended.
func (manager) Stop(ctx context.Context) error {
	return with("service.Stop", func(s *mgr.Service) error {
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

// Status asks the service manager.
func (manager) Status(ctx context.Context) (Info, error) {
	var info Info
	err := with("service.Status", func(s *mgr.Service) error {
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
