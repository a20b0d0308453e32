package exchangesim

import (
	"strings"
	"sync"
)

// account is a user's login.
type account struct {
	User
	box *Mailbox

	mu       sync.Mutex
	failed   int // in a row
	locked   bool
	parallel int64
}

// account finds a login by what a client calls it: anna, LAB\anna, anna@lab.test.
func (s *Server) account(user, domain string) *account {
	if d, n, ok := strings.Cut(user, `\`); ok {
		domain, user = d, n
	}
	if strings.Contains(user, "@") {
		return s.byMail[lowerASCII(user)]
	}
	a := s.byName[lowerASCII(user)]
	if a == nil || domain == "" || strings.EqualFold(domain, s.opt.Domain) {
		return a
	}
	if strings.EqualFold(a.Mail, user+"@"+domain) {
		return a
	}
	return nil
}

func (s *Server) loginOK(a *account) {
	a.mu.Lock()
	a.failed = 0
	a.mu.Unlock()
	s.count.change(func(st *Stats) { st.Accepted[a.Name]++ })
}

// loginFailed counts a refused login; a is nil for an unknown user.
func (s *Server) loginFailed(a *account, given string) {
	if a != nil {
		given = a.Name
		a.mu.Lock()
		a.failed++
		if s.opt.LockAfter > 0 && a.failed >= s.opt.LockAfter {
			a.locked = true
		}
		a.mu.Unlock()
	}
	s.count.change(func(st *Stats) { st.Refused[given]++ })
}

func (a *account) isLocked() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.locked
}

// enter counts a request in and answers how many of the user's are under way.
func (a *account) enter() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.parallel++
	return a.parallel
}

func (a *account) leave() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.parallel--
}

// Locked tells whether a user is locked out after too many failed logins.
func (s *Server) Locked(name string) bool {
	a := s.byName[lowerASCII(name)]
	return a != nil && a.isLocked()
}

// Unlock ends a lock-out.
func (s *Server) Unlock(name string) {
	if a := s.byName[lowerASCII(name)]; a != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.locked, a.failed = false, 0
	}
}

// SetPassword changes a user's password, as an administrator does. Connections
// that are logged in stay so.
func (s *Server) SetPassword(name, password string) {
	if a := s.byName[lowerASCII(name)]; a != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.Password = password
	}
}

// SetMailboxDisabled switches EWS off or on for a user.
func (s *Server) SetMailboxDisabled(name string, off bool) {
	if a := s.byName[lowerASCII(name)]; a != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.MailboxDisabled = off
	}
}

func (a *account) password() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.Password
}

func (a *account) disabled() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.MailboxDisabled
}
