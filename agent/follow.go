package agent

import (
	"context"
	"os"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/service"
)

// lookEvery is how often it is looked whether somebody edited the parameter file.
const lookEvery = 3 * time.Second

// fileState is what tells one saved file from another.
type fileState struct {
	at   time.Time
	size int64
	gone bool
}

func stateOf(path string) fileState {
	st, err := os.Stat(path)
	if err != nil {
		return fileState{gone: true}
	}
	return fileState{at: st.ModTime(), size: st.Size()}
}

// follow takes over what a person saves in the parameter file, until the context
// ends. A file with mistakes changes nothing: they are logged, once for each time
// it is saved. A file that is away for a moment, as editors do, is waited for.
func (s *settings) follow(ctx context.Context) error {
	seen := stateOf(s.Path())
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-every.C:
		}
		now := stateOf(s.Path())
		if now.gone || now == seen {
			continue
		}
		seen = now
		s.takeOver(ctx)
	}
}

func (s *settings) takeOver(ctx context.Context) {
	anew, err := s.Apply(ctx)
	entry := s.log.WithField("file", s.Path())
	switch code := fault.CodeOf(err); {
	case code == fault.Cancelled: // the agent ends
	case err != nil:
		entry.WithError(err).WithField("code", code).Error(refused)
		s.report(service.EventBadFile, "The saved parameters are not taken over; those before stay in force. "+err.Error())
	case anew:
		entry.Info("the saved parameters are taken over: everything begins anew with them")
	default:
		entry.Info("the saved parameters are in force")
	}
}
