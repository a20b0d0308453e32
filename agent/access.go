package agent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"abgleich/agent/access"
	"abgleich/agent/credentials"
	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/vault"
	"abgleich/agent/verify"
)

// sharedConnections is how many requests may run with the service account: as many
// as the server lets all users have.
const sharedConnections = 20

// loginBook says with which login a user's mailbox is opened.
type loginBook interface {
	verify.Book
	Took(context.Context, pim.UserID, credentials.Login) error
}

// opener is the login book in force: the users' own, or the service account.
type opener struct {
	loginBook
	way params.Access
	// judge says whose login an error of the mail server is about.
	judge func(error) error
	// tickets are shared by all who log in with Kerberos.
	tickets *tickets
	// recovered gets a token when a refused service account works again.
	recovered chan struct{}
}

func newOpener(p params.Params, book *credentials.Book, s *settings, guard func(vault.Secret), now func() time.Time) *opener {
	o := &opener{loginBook: book, way: p.Communication.Access, judge: func(err error) error { return err }, recovered: make(chan struct{}, 1),
		tickets: newTickets(p.Communication, now)}
	if !o.way.Shared() {
		return o
	}
	a := access.New(access.Options{
		Name: p.Communication.Account, Own: book, Now: now, Notes: refusalNote{s, "communication.refused"},
		Password: func() (vault.Secret, error) {
			secret, err := s.secret(params.AccountPassword)
			if err == nil {
				guard(secret)
			}
			if fault.Has(err, fault.NotFound) && o.tickets.needNoPassword() {
				return vault.Secret{}, nil
			}
			return secret, err
		},
		Recovered: func() {
			select {
			case o.recovered <- struct{}{}:
			default:
			}
		},
	})
	o.loginBook, o.judge = a, a.Judge
	return o
}

// released lets everybody go on when the service account works again.
func (o *opener) released(release func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-o.recovered:
				if err := release(ctx); err != nil && ctx.Err() == nil {
					return err
				}
			}
		}
	}
}

// view says how a mailbox is opened with the book's login.
func (o *opener) view(mail string) ews.View {
	return ews.View{Mailbox: mail, Impersonate: o.way == params.AccessImpersonation, Delegate: o.way == params.AccessDelegate}
}

// Watch implements side.Watcher around one whose errors are about logins.
type judged struct {
	side.Watcher
	judge func(error) error
}

func (j judged) Watch(ctx context.Context, a side.Account, ready func(), hint func(pim.Kind)) error {
	return j.judge(j.Watcher.Watch(ctx, a, ready, hint))
}

// refusalNote keeps a service account's refusal beside the secrets.
type refusalNote struct {
	s *settings
	// name is whose it is: "communication.refused".
	name string
}

func (n refusalNote) owner() string { return "agent:" + n.name }

func (n refusalNote) path() string {
	return filepath.Join(n.s.now().Data.Folder, "secrets", n.name+".age")
}

// Read implements access.Notes.
func (n refusalNote) Read() (vault.Secret, error) {
	sealed, err := os.ReadFile(n.path())
	if errors.Is(err, fs.ErrNotExist) {
		return vault.Secret{}, fault.New(fault.NotFound, "agent.refusalNote", "", nil)
	}
	if err != nil {
		return vault.Secret{}, fault.New(fault.Internal, "agent.refusalNote", "", err)
	}
	if n.s.vault == nil {
		return vault.Secret{}, fault.New(fault.SecretUnreadable, "agent.refusalNote", "", nil)
	}
	return n.s.vault.Open(n.owner(), sealed)
}

// Write implements access.Notes.
func (n refusalNote) Write(s vault.Secret) error {
	if n.s.vault == nil {
		return fault.New(fault.KeyMissing, "agent.refusalNote", "", nil)
	}
	sealed, err := n.s.vault.Seal(n.owner(), s)
	if err == nil {
		err = errors.Join(os.MkdirAll(filepath.Dir(n.path()), 0o700), os.WriteFile(n.path(), sealed, 0o600))
	}
	if err != nil {
		return fault.New(fault.Internal, "agent.refusalNote", "", err)
	}
	return nil
}
