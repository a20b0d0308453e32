package schedule

import (
	"errors"
	"math/rand/v2"
	"time"

	"abgleich/agent/fault"
)

// Stops tells whether a failure with this code stops everything of the user until
// the credentials or his master data change, a person asks, or a day has passed.
// Trying on by itself would lock the account or could not succeed.
func Stops(code fault.Code) bool {
	switch code {
	case fault.LoginRejected, fault.AccountLocked, fault.PasswordExpired,
		fault.MailboxDisabled, fault.MailboxOfOther, fault.MailboxClaimed,
		fault.CredentialsMissing, fault.SecretOfOtherKey, fault.SecretOfOther,
		fault.SecretUnreadable, fault.NeedsGraph, fault.VersionUnsupported,
		fault.PlainTextLoginRefused, fault.EmployeeUnknown, fault.EmployeeInactive,
		fault.EmployeeWithoutMail, fault.FunctionMissing,
		fault.ServiceAccountRejected, fault.ServiceAccountMissing, fault.ImpersonationDenied,
		fault.KerberosUserUnknown:
		return true
	}
	return false
}

const (
	firstPause = 2 * time.Second
	// longestPause bounds how long after the end of a disturbance we go on.
	longestPause = 5 * time.Minute
	stoppedPause = 24 * time.Hour
)

// pauseAfter gives how long to wait after so many failures in a row: doubling,
// at most five minutes, a fifth shorter or not so that users don't march in step.
func pauseAfter(failures int64) time.Duration {
	p := longestPause
	if failures < 10 {
		p = min(firstPause<<max(failures-1, 0), longestPause)
	}
	return p - time.Duration(rand.Int64N(int64(p/5)))
}

// retryAfter gives what the server asked to wait, 0 if nothing.
func retryAfter(err error) time.Duration {
	if d, ok := errors.AsType[interface {
		error
		RetryAfter() time.Duration
	}](err); ok {
		return max(d.RetryAfter(), 0)
	}
	return 0
}

// jittered spreads the interval by a tenth to each side.
func jittered(d time.Duration) time.Duration {
	if d < 10 {
		return d
	}
	return d - d/10 + time.Duration(rand.Int64N(int64(d/5)))
}
