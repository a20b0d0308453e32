package exchange

import (
	"context"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// Look implements side.Looker.
func (f *folder) Look() side.Folder {
	l := *f
	l.looking = true
	return &l
}

// Claimed implements side.Looker.
func (f *folder) Claimed(ctx context.Context) (string, error) {
	return ClaimedFolder(ctx, f.client, f.marked())
}

// shown makes a half-written series what it was meant to be.
func (l *loaded) shown() {
	a, ok := l.got.Item.(*pim.Appointment)
	var err error
	if ok {
		if a, _, err = intended(a, l.pending); err == nil {
			l.got.Item = a
			return
		}
	}
	l.got = side.Got{ID: l.got.ID, Err: fault.New(fault.ItemUnreadable, "exchange.Get", "half-written series", err)}
}
