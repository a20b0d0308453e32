package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"abgleich/ipc/contract"
	"abgleich/ipc/contract/contractconnect"
	"abgleich/ipc/pin"
	"abgleich/ipc/pipe"
	"abgleich/ipc/seal"
)

// ContractVersion is the contract these clients speak.
const ContractVersion = 1

// CallTimeout is how long a call that answers once may take.
const CallTimeout = 15 * time.Second

// CodeUnreachable and CodeInternal are the codes of failures that carry none:
// nobody answered, or somebody did without telling why. They equal those of
// the agent, whose package the UI doesn't import.
const (
	CodeUnreachable = "agent-unreachable"
	CodeInternal    = "internal"
	CodeCancelled   = "cancelled"
	CodeNotFound    = "not-found"
)

// Agent is a connection to the agent at one address. It connects when it is
// first used and again whenever it has to.
type Agent struct {
	contractconnect.AgentServiceClient
	// Address is where the agent is looked for.
	Address string
	// Key remembers whose key passwords are sealed for; [New] sets it.
	Key  *pin.Keeper
	http *http.Client
}

// New returns a client of the agent at the address; an empty address means
// where this machine's agent is expected.
func New(address string) *Agent {
	if found, err := pipe.AddressOf(address); err == nil {
		address = found // else dialling says what is wrong with it
	}
	h := pipe.NewHTTPClient(address, pipe.Trust{})
	return &Agent{
		AgentServiceClient: contractconnect.NewAgentServiceClient(h, pipe.BaseURL, connect.WithSendCompression("")),
		Address:            address,
		Key:                pin.For(address),
		http:               h,
	}
}

// Hello greets the agent, and fails with a [pin.Error] where its key is not the one
// expected.
func (a *Agent) Hello(ctx context.Context, r *connect.Request[contract.HelloRequest]) (*connect.Response[contract.HelloResponse], error) {
	hello, err := a.AgentServiceClient.Hello(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := a.Key.Check(hello.Msg.GetRecipient()); err != nil {
		return nil, err
	}
	return hello, nil
}

// Close gives the connection back.
func (a *Agent) Close() { a.http.CloseIdleConnections() }

// Failure is what can be told about a failed call.
type Failure struct {
	// Code is a stable fault code; the text for it is in package assets.
	Code string
	// Told is true when the agent gave the code itself. Else it was guessed
	// from how the call ended.
	Told bool
	// Details is what "copy details" copies: code, operation, subject, cause.
	Details string
}

// FailureOf tells why a call failed; nil for no error.
func FailureOf(err error) *Failure {
	if err == nil {
		return nil
	}
	if info := contract.InfoOf(err); info != nil {
		return &Failure{Code: info.GetCode(), Told: true, Details: fmt.Sprintf("%s · %s · %s · %s",
			info.GetCode(), info.GetOp(), info.GetSubject(), info.GetCause())}
	}
	if e, ok := errors.AsType[*pin.Error](err); ok {
		return &Failure{Code: e.Code, Told: true, Details: e.Code + " · " + e.Error()}
	}
	code := CodeInternal
	switch c := connect.CodeOf(err); {
	case errors.Is(err, context.Canceled) || c == connect.CodeCanceled:
		code = CodeCancelled
	case errors.Is(err, pipe.ErrUnreachable), errors.Is(err, pipe.ErrUntrusted),
		c == connect.CodeUnavailable, c == connect.CodeDeadlineExceeded:
		code = CodeUnreachable
	}
	return &Failure{Code: code, Details: code + " · " + err.Error()}
}

// Seal closes a password for the agent, so that only it can open it and only
// for this caller; api checks the agent's key (see [Agent.Hello]). An empty password gives nil, which means "keep the stored one".
func Seal(ctx context.Context, api contractconnect.AgentServiceClient, password string) ([]byte, error) {
	if password == "" {
		return nil, nil
	}
	hello, err := api.Hello(ctx, connect.NewRequest(&contract.HelloRequest{ContractVersion: ContractVersion}))
	if err != nil {
		return nil, err
	}
	return seal.Seal(hello.Msg.GetRecipient(), hello.Msg.GetCallerId(), password)
}
