package agent

import (
	"context"

	"github.com/sirupsen/logrus"

	"abgleich/agent/fault"
	"abgleich/agent/side/business"
	"abgleich/agent/status"
)

// opening waits for a business database that could not be opened at the start.
// Meanwhile the agent answers and says why nothing moves.
type opening struct {
	database *business.Database
	board    *status.Board
	log      *logrus.Logger
	// opened lets everybody go on.
	opened func(context.Context) error
	told   fault.Code
}

// try tries once and tells the board.
func (o *opening) try(ctx context.Context) {
	if err := o.database.TryOpen(ctx); err != nil {
		o.failed(err)
	}
}

// run tries until the database is open, lets everybody go on, and waits for the
// context's end.
func (o *opening) run(ctx context.Context) error {
	if err := o.database.Await(ctx, o.failed); err != nil {
		return err
	}
	if o.told != "" {
		o.log.Info("the business database is open")
		if err := o.opened(ctx); err != nil && ctx.Err() == nil {
			o.log.WithError(err).WithField("code", fault.CodeOf(err)).Warn("reading who is to be synced failed; it is tried again")
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

// failed tells of a failed attempt, in the log once for each reason.
func (o *opening) failed(err error) {
	reached(o.board, err)
	if code := fault.CodeOf(err); code != o.told && code != fault.Cancelled {
		o.told = code
		o.log.WithError(err).WithField("code", code).Error("the business database cannot be opened; it is tried again until it can")
	}
}
