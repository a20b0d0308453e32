package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"abgleich/agent/side/business"
	"abgleich/agent/store"
)

// homeKeeper remembers in the store which business database is worked with.
type homeKeeper struct{ *store.Store }

// Home implements business.Keeper.
func (k homeKeeper) Home(ctx context.Context) (business.Home, error) {
	epoch, place, err := k.Store.Home(ctx)
	return business.Home{Epoch: epoch, Place: place}, err
}

// SetHome implements business.Keeper.
func (k homeKeeper) SetHome(ctx context.Context, h business.Home) error {
	return k.Store.SetHome(ctx, h.Epoch, h.Place)
}

// machineMark is a mark of this machine that tells nothing of it; "" where it has no
// identity of its own.
func machineMark() string {
	id := machineID()
	if id == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("abgleich " + id))
	return hex.EncodeToString(sum[:6])
}
