package api

import (
	"context"
	"errors"
	"net/http"

	"connectrpc.com/connect"

	"abgleich/agent/fault"
	"abgleich/ipc/contract"
)

// connectError gives an error its code on the wire.
func connectError(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*connect.Error](err); ok {
		return err
	}
	code := fault.CodeOf(err)
	info := &contract.ErrorInfo{Code: string(code), Cause: err.Error()}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		info.Op, info.Subject = f.Op, f.Subject
	}
	return contract.NewError(connectCode(code), info)
}

func connectCode(c fault.Code) connect.Code {
	switch c {
	case fault.Cancelled:
		return connect.CodeCanceled
	case fault.NotPermitted:
		return connect.CodePermissionDenied
	case fault.NotFound, fault.EmployeeUnknown:
		return connect.CodeNotFound
	case fault.BadRequest, fault.ParameterInvalid, fault.ParameterUnknown:
		return connect.CodeInvalidArgument
	case fault.Internal:
		return connect.CodeInternal
	}
	return connect.CodeFailedPrecondition
}

// errorInterceptor turns what handlers return into errors with a code.
type errorInterceptor struct{}

func (errorInterceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
		resp, err := next(ctx, r)
		return resp, connectError(err)
	}
}

func (errorInterceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (errorInterceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, c connect.StreamingHandlerConn) error {
		return connectError(next(ctx, c))
	}
}

// limitBody keeps a caller from filling the agent's memory: no request of the
// contract comes near a megabyte.
func limitBody(h http.Handler) http.Handler {
	return http.MaxBytesHandler(h, 1<<20)
}
