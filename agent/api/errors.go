package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"

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

// WrapUnary gives a call's error its code.
func (errorInterceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (resp connect.AnyResponse, err error) {
		defer func() { err = connectError(mistake(recover(), r.Spec(), err)) }()
		return next(ctx, r)
	}
}

// WrapStreamingClient is for clients, of which there are none here.
func (errorInterceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// WrapStreamingHandler does the same for streams.
func (errorInterceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, c connect.StreamingHandlerConn) (err error) {
		defer func() { err = connectError(mistake(recover(), c.Spec(), err)) }()
		return next(ctx, c)
	}
}

// mistake makes an error of a panic: one call's mistake must not end the calls of
// everybody who shares the connection, nor pass in silence.
func mistake(panicked any, spec connect.Spec, err error) error {
	switch panicked {
	case nil:
		return err
	case http.ErrAbortHandler:
		panic(panicked)
	}
	return fault.New(fault.Internal, "api."+path.Base(spec.Procedure), "", fmt.Errorf("panic: %v", panicked))
}
