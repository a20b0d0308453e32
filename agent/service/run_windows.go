package service

import (
	"context"
	"os"
	"slices"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
)

// Run calls main under the service manager when the command line holds
// [RunArgument], else it only calls main. Stop and shutdown end main's context.
func Run(ctx context.Context, name string, main Main) error {
	if !slices.Contains(os.Args[1:], RunArgument) {
		return main(ctx, func(string) {})
	}
	h := &handler{ctx: ctx, main: main}
	if err := svc.Run(name, h); err != nil {
		return err
	}
	return h.err
}

// handler is one run of the service.
type handler struct {
	ctx  context.Context
	main Main
	err  error
}

// Execute answers the service manager until main has ended.
func (h *handler) Execute(_ []string, requests <-chan svc.ChangeRequest, status chan<- svc.Status) (bool, uint32) {
	const accepts = svc.AcceptStop | svc.AcceptShutdown
	status <- svc.Status{State: svc.StartPending, WaitHint: 60_000}
	ctx, cancel := context.WithCancel(h.ctx)
	defer cancel()
	ready := make(chan struct{}, 1)
	done := make(chan error, 1)
	go func() {
		done <- h.main(ctx, func(string) {
			select {
			case ready <- struct{}{}:
			default:
			}
		})
	}()
	current := svc.Status{State: svc.StartPending, WaitHint: 60_000}
	for {
		select {
		case <-ready:
			if current.State == svc.StartPending {
				current = svc.Status{State: svc.Running, Accepts: accepts}
				status <- current
			}
		case r := <-requests:
			switch r.Cmd {
			case svc.Interrogate:
				status <- current
			case svc.Stop, svc.Shutdown:
				current = svc.Status{State: svc.StopPending, WaitHint: 30_000}
				status <- current
				cancel()
			}
		case h.err = <-done:
			status <- svc.Status{State: svc.StopPending}
			if h.err != nil {
				return false, uint32(windows.ERROR_SERVICE_SPECIFIC_ERROR)
			}
			return false, 0
		}
	}
}
