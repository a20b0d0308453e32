package verify

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"abgleich/agent/credentials"
	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// The stages by name, in their order. The names are stable: texts hang on them
// ("verify.stage.<name>").
const (
	Agent           = "agent"
	InMasterData    = "employee"
	Email           = "email"
	Permissions     = "permissions"
	ServiceUser     = "service-user"
	Parameters      = "parameters"
	DNS             = "dns"
	Port            = "port"
	TLS             = "tls"
	Version         = "version"
	LoggedIn        = "login"
	SSLRequired     = "ssl-required"
	Mailbox         = "mailbox"
	FoldersCalendar = "folders-calendar"
	FoldersTasks    = "folders-tasks"
	Claim           = "claim"
	EventServer     = "events"
	Clock           = "clock"
)

// State is how far a stage is. The values are those of the contract's StageState:
// fixed.
type State int32

// The states.
const (
	Running State = 1
	OK      State = 2
	Warning State = 3
	Failed  State = 4
	Skipped State = 5
)

// Stage is what is told of one stage.
type Stage struct {
	Name  string
	State State
	// Code is why, for a warning or failure; for a skipped stage the code of the
	// failure that made it pointless, "" if it simply doesn't apply.
	Code fault.Code
	// Args are values for text and hint: server, port, names, version, mail,
	// expected, login, skew. Never a secret.
	Args map[string]string
	// Detail is for "copy details".
	Detail string
	Took   time.Duration
}

// Request says what to check.
type Request struct {
	// User is the employee; "" if it isn't known who asks.
	User pim.UserID
	// Login is what was typed in; nil for the stored one.
	Login *credentials.Login
	// Asked lets a login be tried that the server refused before.
	Asked bool
}

// Result is how a check ended.
type Result struct {
	// OK tells that nothing failed.
	OK bool
	// User is the employee whose mailbox the login opened, "" if it did not come
	// that far.
	User pim.UserID
}

// Employee is what is needed of the employee master data.
type Employee struct {
	Mail   string
	Active bool
	// Tied is what an administrator tied him to: another mailbox or named folders.
	// nil for his own and the default ones.
	Tied *side.Account
}

// Employees is the employee master data.
type Employees interface {
	// Employee fails with [fault.EmployeeUnknown].
	Employee(context.Context, pim.UserID) (Employee, error)
	// MaySync fails with [fault.FunctionMissing] unless every needed function is
	// granted.
	MaySync(context.Context, pim.UserID) error
	// ServiceUser fails with [fault.ServiceUserInvalid] unless the service user
	// belongs to the service group.
	ServiceUser(context.Context) error
}

// Book knows logins and which of them were refused: [credentials.Book].
type Book interface {
	Login(context.Context, pim.UserID) (credentials.Login, error)
	MayTry(ctx context.Context, user pim.UserID, asked bool) error
	MayTryOther(ctx context.Context, user pim.UserID, l credentials.Login, asked bool) error
	Took(context.Context, pim.UserID, credentials.Login) error
	Rejected(context.Context, pim.UserID, credentials.Login) error
}

// Events is the event server, as exchange.EventServer is one.
type Events interface {
	Listen(func(ews.Notification)) (url string, end func())
}

// Settings are the parameters a check needs, as they are now.
type Settings struct {
	SyncEnabled bool
	// Endpoint is the EWS address; "" if it isn't filled in.
	Endpoint string
	// TLS holds what is trusted; nil for the system's.
	TLS *tls.Config
	// EventServer and EventPort are where Exchange reaches the agent; "" if it
	// doesn't.
	EventServer string
	EventPort   int
}

// Shared says how a service account opens mailboxes.
type Shared struct {
	// View of one mailbox.
	View func(mail string) ews.View
	// Judge gives an error of its login the code that names it.
	Judge func(error) error
}

// Ties opens what employees are tied to.
type Ties struct {
	// View of an account's mailbox with the login that is checked: a service account
	// where it opens all mailboxes.
	View func(a side.Account, service bool) ews.View
	// Locate finds the account's folder for a kind and checks its rights.
	Locate func(context.Context, *ews.Client, side.Account, pim.Kind) (ews.FolderInfo, error)
	// Claimed reads which installation keeps a folder, "" if none.
	Claimed func(context.Context, *ews.Client, ews.FolderID) (string, error)
}

// Options make a Checker. Functions and interfaces are needed unless it says
// otherwise.
type Options struct {
	// Version is the agent's.
	Version string
	// Installation is this installation's id.
	Installation string
	Employees    Employees
	// Settings fails with the parameters' own codes.
	Settings func(context.Context) (Settings, error)
	Book     Book
	// Logins gives the ways to log in.
	Logins func(credentials.Login) []ews.Login
	// Claimed reads which installation keeps the client's mailbox, "" if none.
	Claimed func(context.Context, *ews.Client) (string, error)
	// Shared is set where one service account opens all mailboxes: the stored login
	// is then that account's.
	Shared *Shared
	// Ties is needed where employees are tied; else nil.
	Ties *Ties
	// Events may be nil: then notifications come another way.
	Events Events
	// NewID gives a GUID.
	NewID func() string
	Now   func() time.Time
	// EventWait is how long to wait for the notification [30 s].
	EventWait time.Duration
	// Resolve and Dial reach the network; nil for the system's. The login itself
	// always takes the system's way.
	Resolve func(ctx context.Context, host string) ([]string, error)
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
	// Timeouts are those of the login's client.
	Timeouts ews.Timeouts
}
