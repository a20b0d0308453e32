package notice

import (
	"slices"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

const (
	// Patience is how long a code that may pass by itself goes on before it is
	// worth a mail.
	Patience = 24 * time.Hour
	// Rest is the shortest time between two mails about the same trouble starting.
	Rest = time.Hour
)

// Source is something that can fail on its own. An empty User is the agent itself.
type Source struct {
	User pim.UserID `json:"user,omitempty"`
	// Part tells a user's sources apart: a kind, a guard.
	Part string `json:"part"`
}

// urgent tells codes that do not pass by themselves.
func urgent(code fault.Code) bool {
	switch code {
	case fault.LoginRejected, fault.AccountLocked, fault.PasswordExpired, fault.MailboxClaimed,
		fault.DeletionsHeld, fault.CreationsHeld, fault.ServiceAccountRejected, fault.ServiceAccountMissing,
		fault.ParametersIncomplete, fault.ServiceNotStarted, fault.ServiceEnded, fault.DatabaseCopy, fault.OtherServiceRunning:
		return true
	}
	return false
}

// everybody tells codes whose cause is the same for all users: one mail is enough.
func everybody(code fault.Code) bool {
	switch code {
	case fault.ServiceAccountRejected, fault.ServiceAccountMissing, fault.CredentialsMissing, fault.ParametersIncomplete,
		fault.ServerUnreachable, fault.ConnectionRefused, fault.NameNotResolved, fault.TLSCertificateName,
		fault.TLSUntrusted, fault.TLSMismatch, fault.NotSOAP, fault.ReplyTruncated, fault.ReplyInvalid,
		fault.ServerStalled, fault.ServerBusy, fault.ServerFailed, fault.TooManyConnections,
		fault.SSLRequired, fault.PlainTextLoginRefused, fault.VersionUnsupported, fault.NeedsGraph,
		fault.DatabaseUnreachable, fault.DatabaseBusy, fault.SchemaIncomplete, fault.ServiceUserInvalid,
		fault.KerberosUnreachable, fault.KerberosServiceUnknown, fault.ServerUnproven,
		fault.ServiceNotStarted, fault.ServiceEnded, fault.DatabaseCopy, fault.OtherServiceRunning:
		return true
	}
	return false
}

// about is whom a mail speaks of; an empty User is everybody.
type about struct {
	User pim.UserID `json:"user,omitempty"`
	Code fault.Code `json:"code"`
}

func aboutOf(s Source, code fault.Code) about {
	if everybody(code) {
		return about{Code: code}
	}
	return about{User: s.User, Code: code}
}

// holder is a source that fails.
type holder struct {
	Source
	Name string `json:"name,omitempty"`
	// Since is when it began to fail, with this code or another.
	Since time.Time `json:"since"`
	// After is what a success must be later than to count.
	After time.Time `json:"after"`
}

// trouble is one code, of one user or of all.
type trouble struct {
	about
	Holders []holder `json:"holders,omitempty"`
	// Cause says more of a trouble of the service itself.
	Cause fault.Code `json:"cause,omitempty"`
	// Mailed is when the recipient was last written to that it began; zero for not yet.
	Mailed time.Time `json:"mailed"`
	// Told tells that the recipient knows, and waits for the end.
	Told bool `json:"told,omitempty"`
}

// since is when the first of the sources began to fail.
func (t *trouble) since() time.Time {
	var first time.Time
	for _, h := range t.Holders {
		if first.IsZero() || h.Since.Before(first) {
			first = h.Since
		}
	}
	return first
}

// due is when it is worth a mail.
func (t *trouble) due() time.Time {
	at := t.since()
	if !urgent(t.Code) {
		at = at.Add(Patience)
	}
	if rested := t.Mailed.Add(Rest); !t.Mailed.IsZero() && rested.After(at) {
		at = rested
	}
	return at
}

func (t *trouble) holder(s Source) *holder {
	for i := range t.Holders {
		if t.Holders[i].Source == s {
			return &t.Holders[i]
		}
	}
	return nil
}

func (t *trouble) release(s Source) {
	t.Holders = slices.DeleteFunc(t.Holders, func(h holder) bool { return h.Source == s })
}

// names are those concerned, each once: "Anna (ANNA)".
func (t *trouble) names() []string {
	var out []string
	for _, h := range t.Holders {
		n := string(h.User)
		if n == "" {
			continue
		}
		if h.Name != "" && h.Name != n {
			n = h.Name + " (" + n + ")"
		}
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}
