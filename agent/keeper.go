package agent

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"

	"abgleich/agent/fault"
)

const (
	// keptFor is how long history, notices and records of looks are kept.
	keptFor = 90 * 24 * time.Hour
	// tidyEvery is how often what is older is removed.
	tidyEvery = 24 * time.Hour
	// tidyLook is how often the clock is looked at: a machine that slept through
	// its time tidies up soon after.
	tidyLook = time.Hour
)

// keeper removes once a day what has been kept long enough.
type keeper struct {
	store interface {
		Prune(context.Context, time.Time) error
		PruneTrash(context.Context, time.Time) error
	}
	// trashDays is how many days the trash is kept just now.
	trashDays func() int
	now       func() time.Time
	log       *logrus.Logger
}

// run tidies up at the start and then daily, until the context ends. A failure is
// logged and tried again with the next look.
func (k *keeper) run(ctx context.Context) error {
	look := time.NewTicker(tidyLook)
	defer look.Stop()
	var last time.Time
	for {
		if now := k.now(); last.IsZero() || now.Sub(last) >= tidyEvery {
			switch err := k.tidy(ctx, now); {
			case err == nil:
				last = now
			case ctx.Err() == nil:
				k.log.WithError(err).WithField("code", fault.CodeOf(err)).Warn("old records could not be removed")
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
}

func (k *keeper) tidy(ctx context.Context, now time.Time) error {
	if err := k.store.Prune(ctx, now.Add(-keptFor)); err != nil {
		return err
	}
	return k.store.PruneTrash(ctx, now.AddDate(0, 0, -k.trashDays()))
}
