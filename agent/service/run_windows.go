package service

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"

	"abgleich/ipc/pipe"
)

// The service manager is told anew that things go on, well before it gives up.
const (
	startHint = 30 * time.Second
	stopHint  = 10 * time.Second
	sayAgain  = 2 * time.Second
	// longestStop is when a service that does not end is left behind: Windows is
	// waiting, and everything it was to keep is kept with each step.
	longestStop = 15 * time.Second
)

// errSlowStop is a service that was left behind.
var errSlowStop = errors.New("the service did not end within 15 seconds")

// Run calls main under the service manager when the command line holds
// [RunArgument], else it only calls main. Stop and shutdown end main's context.
// Start, end and failure are reported to the event log.
func Run(ctx context.Context, i pipe.Instance, main Main) error {
	if !slices.Contains(os.Args[1:], RunArgument) {
		return main(ctx, func(string) {})
	}
	h := &handler{ctx: ctx, main: main, report: Reporter(i)}
	if err := svc.Run(i.Service(), h); err != nil {
		return err
	}
	return h.err
}

// handler is one run of the service.
type handler struct {
	ctx    context.Context
	main   Main
	report func(Event, string)
	err    error
}

// Execute answers the service manager until main has ended, or has not within 15
// seconds of being told.
func (h *handler) Execute(_ []string, requests <-chan svc.ChangeRequest, status chan<- svc.Status) (bool, uint32) {
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
	again := time.NewTicker(sayAgain)
	defer again.Stop()
	var late <-chan time.Time
	current := svc.Status{State: svc.StartPending, WaitHint: milliseconds(startHint)}
	status <- current
	for {
		select {
		case <-ready:
			if current.State == svc.StartPending {
				current = svc.Status{State: svc.Running, Accepts: svc.AcceptStop | svc.AcceptShutdown}
				status <- current
				h.report(EventStarted, "Abgleich was started.")
			}
		case <-again.C:
			if current.State == svc.StartPending || current.State == svc.StopPending {
				current.CheckPoint++
				status <- current
			}
		case r := <-requests:
			switch r.Cmd {
			case svc.Interrogate:
				status <- current
			case svc.Stop, svc.Shutdown:
				if current.State != svc.StopPending {
					current = svc.Status{State: svc.StopPending, WaitHint: milliseconds(stopHint)}
					late = time.After(longestStop)
					cancel()
				}
				status <- current
			}
		case <-late:
			return h.end(errSlowStop)
		case err := <-done:
			status <- svc.Status{State: svc.StopPending, CheckPoint: current.CheckPoint + 1, WaitHint: milliseconds(sayAgain)}
			return h.end(err)
		}
	}
}

// end reports how it ended and says it in Windows' numbers.
func (h *handler) end(err error) (bool, uint32) {
	h.err = err
	if err != nil {
		h.report(EventFailed, "Abgleich ended: "+err.Error())
		return false, uint32(windows.ERROR_SERVICE_SPECIFIC_ERROR)
	}
	h.report(EventStopped, "Abgleich was stopped.")
	return false, 0
}

func milliseconds(d time.Duration) uint32 { return uint32(d / time.Millisecond) }
