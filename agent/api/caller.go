package api

import (
	"context"
	"strings"
	"sync"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/business"
	"abgleich/ipc/pipe"
)

// caller is who makes a call.
type caller struct {
	pipe.Peer
	// user is the employee he has proved to be, or "".
	user pim.UserID
	// reads tells whether he may see the content of others' items; nil for no.
	reads func() bool
}

func (s *server) caller(ctx context.Context) (caller, error) {
	p, err := pipe.PeerFrom(ctx)
	if err != nil {
		return caller{}, fault.New(fault.NotPermitted, "api.caller", "", err)
	}
	u, err := s.Book.UserOf(ctx, p.ID)
	return caller{p, u, sync.OnceValue(func() bool {
		return p.Admin && u != "" && s.Employees.CheckFunction(ctx, u, business.FunctionSyncContent) == nil
	})}, err
}

// subject is the user a call is about: the caller's own, or the one an
// administrator names.
func (s *server) subject(ctx context.Context, named string) (caller, pim.UserID, error) {
	c, err := s.caller(ctx)
	if err != nil {
		return c, "", err
	}
	switch {
	case named == "" && c.user == "":
		return c, "", fault.New(fault.EmployeeUnknown, "api.subject", c.Name, nil)
	case named == "" || sameUser(named, c.user):
		return c, c.user, nil
	case !c.Admin:
		return c, "", fault.New(fault.NotPermitted, "api.subject", named, nil)
	}
	return c, s.spelled(ctx, named), nil
}

// sameUser compares as the master data do: without regard to case.
func sameUser(named string, u pim.UserID) bool { return strings.EqualFold(named, string(u)) }

// spelled is a User-ID as the master data write it; what they don't have, or can't
// tell just now, stays as it was named.
func (s *server) spelled(ctx context.Context, named string) pim.UserID {
	if e, err := s.Employees.Employee(ctx, pim.UserID(named)); err == nil {
		return e.User
	}
	return pim.UserID(named)
}

// administrator refuses everybody else.
func (s *server) administrator(ctx context.Context) (caller, error) {
	c, err := s.caller(ctx)
	if err == nil && !c.Admin {
		err = fault.New(fault.NotPermitted, "api.administrator", c.Name, nil)
	}
	return c, err
}

// known refuses a user whom the employee master data do not have: an administrator
// may have mistyped him.
func (s *server) known(ctx context.Context, c caller, user pim.UserID) error {
	if user == c.user {
		return nil
	}
	_, err := s.Employees.Employee(ctx, user)
	return err
}

// listing is whose records a list call is about: "" for everybody's.
func (s *server) listing(ctx context.Context, named string, all bool) (caller, pim.UserID, error) {
	if all {
		c, err := s.administrator(ctx)
		return c, "", err
	}
	return s.subject(ctx, named)
}

// masked is what content becomes for those who may not see it.
const masked = "•••"

// may tells whether the caller may see the content of a user's items: of his own,
// or an administrator who was granted [business.FunctionSyncContent].
func (c caller) may(owner pim.UserID) bool {
	return owner != "" && owner == c.user || c.reads != nil && c.reads()
}

// title is a title as the caller may see it.
func (c caller) title(owner pim.UserID, title string) string {
	if title == "" || c.may(owner) {
		return title
	}
	return masked
}

// itemTitle is an item's subject as the caller may see it: of what somebody marked
// as private only he himself, whoever was granted what.
func (c caller) itemTitle(owner pim.UserID, i pim.Item) string {
	if i == nil {
		return ""
	}
	if isPrivate(i) && owner != c.user && i.Shared().Subject != "" {
		return masked
	}
	return c.title(owner, i.Shared().Subject)
}

func isPrivate(i pim.Item) bool {
	s := i.Shared().Sensitivity
	return s == pim.Private || s == pim.Confidential
}

// guess finds the employee a login most probably belongs to: by User-ID, then by
// e-mail address. It proves nothing; only the mailbox does.
func guess(employees []business.Employee, login string) pim.UserID {
	name := login
	if _, after, ok := strings.Cut(login, `\`); ok {
		name = after
	}
	local, _, _ := strings.Cut(name, "@")
	for _, e := range employees {
		if e.User != "" && (strings.EqualFold(string(e.User), local) || strings.EqualFold(e.Mail, login)) {
			return e.User
		}
	}
	for _, e := range employees {
		if l, _, ok := strings.Cut(e.Mail, "@"); ok && e.User != "" && strings.EqualFold(l, local) {
			return e.User
		}
	}
	return ""
}
