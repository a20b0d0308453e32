package api

import (
	"context"
	"strings"

	"connectrpc.com/connect"

	"abgleich/ipc/contract"
)

// ListLooks tells who looked at or changed what of whom, the newest first.
// Administrators only.
func (s *server) ListLooks(ctx context.Context, r *connect.Request[contract.ListLooksRequest]) (*connect.Response[contract.ListLooksResponse], error) {
	if _, err := s.administrator(ctx); err != nil {
		return nil, err
	}
	entries, err := s.Records.Audit(ctx, min(max(int(r.Msg.GetLimit()), 1), mostRows))
	if err != nil {
		return nil, err
	}
	out := &contract.ListLooksResponse{}
	for _, e := range entries {
		who := e.Who
		if e.Detail != "" {
			who += " (" + e.Detail + ")"
		}
		out.Looks = append(out.Looks, &contract.Look{At: stamp(e.At), Who: who, What: strings.ReplaceAll(e.What, " ", "-"), Subject: e.Subject})
	}
	return connect.NewResponse(out), nil
}
