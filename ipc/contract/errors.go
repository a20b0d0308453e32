package contract

import (
	"errors"

	"connectrpc.com/connect"
)

// InfoOf finds the stable code and its surroundings in the error of a call; nil
// when the call failed without one, as it does when nobody answered.
func InfoOf(err error) *ErrorInfo {
	ce, ok := errors.AsType[*connect.Error](err)
	if !ok {
		return nil
	}
	for _, d := range ce.Details() {
		v, err := d.Value()
		if err != nil {
			continue
		}
		if info, ok := v.(*ErrorInfo); ok {
			return info
		}
	}
	return nil
}

// NewError makes the error of a call that carries info. The Connect code is for
// programs that know nothing of ours; ours branch on info.
func NewError(code connect.Code, info *ErrorInfo) *connect.Error {
	e := connect.NewError(code, errors.New(info.GetCode()))
	if d, err := connect.NewErrorDetail(info); err == nil {
		e.AddDetail(d)
	}
	return e
}
