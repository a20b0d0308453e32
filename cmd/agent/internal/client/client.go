// Package client is the command line's end of the pipe: it connects to the
// running agent, makes sure both speak the same contract, and seals a password
// before it is sent.
//
// It must not know what a command prints, nor the agent's own packages.
package client

import (
	"context"
	"errors"
	"net/http"

	"connectrpc.com/connect"

	"abgleich/ipc/contract"
	"abgleich/ipc/contract/contractconnect"
	"abgleich/ipc/pin"
	"abgleich/ipc/pipe"
	"abgleich/ipc/seal"
)

// ErrVersion is an agent that speaks another contract.
var ErrVersion = errors.New("this command and the running agent have different versions: update the older one")

// Client talks to the running agent. Close it.
type Client struct {
	contractconnect.AgentServiceClient
	// Address is the socket or pipe it calls.
	Address string
	// Key remembers whose key secrets are sealed for; [New] sets it.
	Key     *pin.Keeper
	version string
	http    *http.Client
}

// New makes a client of the agent at the address; "" is where this machine's agent
// is expected. The connection is made by the first call, whose error holds a
// [pipe.Error] when nobody can be reached. version is this program's.
func New(address, version string) *Client {
	if found, err := pipe.AddressOf(address); err == nil {
		address = found // else dialling says what is wrong with it
	}
	h := pipe.NewHTTPClient(address, pipe.Trust{})
	return &Client{
		AgentServiceClient: contractconnect.NewAgentServiceClient(h, pipe.BaseURL, connect.WithCompressMinBytes(1024)),
		Address:            address, Key: pin.For(address), version: version, http: h,
	}
}

// Close gives the connection back.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Greet makes sure the agent speaks our contract ([ErrVersion]) and tells who it
// takes us for. A [pin.Error] is an agent whose key is not the one expected.
func (c *Client) Greet(ctx context.Context) (*contract.HelloResponse, error) {
	r, err := c.Hello(ctx, connect.NewRequest(&contract.HelloRequest{ClientVersion: c.version, ContractVersion: contract.Version}))
	if err != nil {
		return nil, err
	}
	if r.Msg.GetContractVersion() != contract.Version {
		return nil, ErrVersion
	}
	if err := c.Key.Check(r.Msg.GetRecipient()); err != nil {
		return nil, err
	}
	return r.Msg, nil
}

// Seal closes a secret so that only this agent opens it, in the caller's name. The
// empty secret stays empty: "keep the stored one".
func (c *Client) Seal(ctx context.Context, secret string) ([]byte, error) {
	if secret == "" {
		return nil, nil
	}
	h, err := c.Greet(ctx)
	if err != nil {
		return nil, err
	}
	return seal.Seal(h.GetRecipient(), h.GetCallerId(), secret)
}

// Ask makes one call that answers once, and takes the envelope off request and
// answer.
func Ask[Req, Res any](ctx context.Context, call func(context.Context, *connect.Request[Req]) (*connect.Response[Res], error), m *Req) (*Res, error) {
	r, err := call(ctx, connect.NewRequest(m))
	if err != nil {
		return nil, err
	}
	return r.Msg, nil
}
