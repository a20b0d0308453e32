package status

import (
	"context"
	"time"

	"abgleich/agent/pim"
)

// Remembered is what the store knows of a user and kind from earlier.
type Remembered struct {
	User                 pim.UserID
	Kind                 pim.Kind
	LastSuccess, LastTry time.Time
	// FirstSync tells that the first sync isn't complete.
	FirstSync bool
	// Counts are those of the last run.
	Counts Counts
	Pairs  uint64
	// Problems and Holds are the user's, the same with each of his kinds.
	Problems, Holds uint32
}

// Loader reads what is remembered.
type Loader interface {
	Remembered(context.Context) ([]Remembered, error)
}

// Restore fills the board with what is remembered. What was reported meanwhile is
// newer and stands.
func (b *Board) Restore(ctx context.Context, l Loader) error {
	list, err := l.Remembered(ctx)
	if err != nil {
		return err
	}
	for _, r := range list {
		b.changeKind(r.User, r.Kind, func(k *Kind, _ *pace) {
			if k.LastTry.IsZero() {
				k.LastTry, k.FirstSync, k.Counts = r.LastTry, r.FirstSync, r.Counts
			}
			if k.LastSuccess.IsZero() {
				k.LastSuccess = r.LastSuccess
			}
			if k.Pairs == 0 {
				k.Pairs = r.Pairs
			}
		})
		b.change(r.User, func(e *entry) {
			e.user.Problems, e.user.Holds = max(e.user.Problems, r.Problems), max(e.user.Holds, r.Holds)
		})
	}
	return nil
}
