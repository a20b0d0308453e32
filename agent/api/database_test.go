package api_test

import (
	"context"

	"abgleich/agent/fault"
	"abgleich/ipc/contract"
	"abgleich/ipc/pipe"
)

// databaseTries are the calls about the business database as a whole.
func databaseTries() []try {
	return []try{
		{"ConfirmDatabase", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.ConfirmDatabase, &contract.ConfirmDatabaseRequest{})
		}, [4]fault.Code{fault.NotPermitted, fault.NotPermitted, fault.NotPermitted, fault.NotFound}},
	}
}
