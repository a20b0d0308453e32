package business

import (
	"context"
	"database/sql"
	"errors"
	"os"

	"modernc.org/sqlite"

	"abgleich/agent/fault"
)

// SQLite's primary result codes (sqlite.org/rescode.html) that mean something to us.
const (
	resultPerm       = 3
	resultBusy       = 5
	resultLocked     = 6
	resultReadOnly   = 8
	resultInterrupt  = 9
	resultIOErr      = 10
	resultCorrupt    = 11
	resultFull       = 13
	resultCantOpen   = 14
	resultTooBig     = 18
	resultConstraint = 19
	resultMismatch   = 20
	resultNotADB     = 26
)

// coded gives an error of the database its code; one that has a code keeps it.
func coded(op, subject string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	return fault.New(codeOf(err), op, subject, err)
}

func codeOf(err error) fault.Code {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fault.Cancelled
	}
	if errors.Is(err, sql.ErrConnDone) || errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		return fault.DatabaseUnreachable
	}
	switch resultOf(err) {
	case resultBusy, resultLocked:
		return fault.DatabaseBusy
	case resultInterrupt:
		return fault.Cancelled
	case resultReadOnly, resultPerm:
		return fault.ReadOnly
	case resultIOErr, resultCorrupt, resultCantOpen, resultNotADB, resultFull:
		return fault.DatabaseUnreachable
	case resultConstraint, resultTooBig, resultMismatch:
		return fault.ItemRefused
	}
	return fault.Internal
}

// resultOf is SQLite's primary result code, 0 if the error is not SQLite's.
func resultOf(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// spoilsBatch tells whether an error of one statement ends the whole
// transaction, rather than concerning one item.
func spoilsBatch(err error) bool {
	switch codeOf(err) {
	case fault.ItemRefused, fault.ReadOnly:
		return false
	case fault.Internal:
		// A statement of one item that makes no sense to the database, such as a
		// trigger of its owner that fails: SQLITE_ERROR.
		return resultOf(err) != 1
	}
	return true
}
