package api

import (
	"context"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/ipc/contract"
)

// Hello tells caller and agent of each other. Everybody may call it.
func (s *server) Hello(ctx context.Context, _ *connect.Request[contract.HelloRequest]) (*connect.Response[contract.HelloResponse], error) {
	c, err := s.caller(ctx)
	if err != nil {
		return nil, err
	}
	h := &contract.HelloResponse{
		AgentVersion:    s.Version,
		ContractVersion: contract.Version,
		InstallationId:  s.Records.Installation(),
		Recipient:       s.Vault.Recipient(),
		Caller:          c.Name,
		CallerId:        c.ID,
		Administrator:   c.Admin,
		User:            string(c.user),
		Now:             timestamppb.New(s.Now()),
	}
	if c.Admin {
		h.ParameterFile = s.ParameterFile
	}
	return connect.NewResponse(h), nil
}
