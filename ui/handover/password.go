package handover

import (
	"context"
	"time"

	"connectrpc.com/connect"

	"abgleich/ipc/contract"
	"abgleich/ui/logon"
)

// clockSlack is how far the clocks of domain controller, agent and this computer may
// be apart.
const clockSlack = 10 * time.Minute

// Behind tells whether the password the agent works with is older than the one the
// person logs on with: it was changed in Windows, and the next login at the mail
// server would be refused.
func (k *Keeper) Behind(ctx context.Context, l logon.Logon) (bool, error) {
	if l.PasswordSet.IsZero() {
		return false, nil
	}
	r, err := k.api.GetCredentials(ctx, connect.NewRequest(&contract.GetCredentialsRequest{}))
	if err != nil {
		return false, err
	}
	c := r.Msg.GetCredentials()
	return c.GetSync() && c.GetHasPassword() && c.GetVerified() != nil && c.GetRejectedCode() == "" && l.Is(c.GetLogin()) &&
		l.PasswordSet.After(c.GetVerified().AsTime().Add(clockSlack)), nil
}
