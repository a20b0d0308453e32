// Package params owns the communication-system parameters: which mail server,
// which business database, how often, and how carefully.
//
// They stand in one TOML file. [Parse] reads it whole or not at all: every
// unknown key and every bad value is listed with its line, the reason and what
// is allowed ([Mistakes]), and nothing is applied while there is one. A missing
// key has its default. [File] changes the file atomically and refuses a change
// that is based on an older state ([Etag]), so that two administrators can't
// overwrite each other.
//
// One table (fields.go) drives reading, writing, describing and changing, so
// that file, command line and window can't drift apart.
//
// The package must not know secrets: a password in the file is refused with the
// command that stores it sealed. It opens no connection and checks nothing
// outside the file; that is the business of agent/verify.
package params

import (
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"time"
)

// PasswordCommand is the command that stores the service user's password
// sealed, named wherever a password was found in the file.
const PasswordCommand = "agent params password"

// The secret parameters: they never stand in the file.
const (
	// ServicePassword is the service user's in the business system.
	ServicePassword = "service.password"
	// AccountPassword is the service account's on the mail server.
	AccountPassword = "communication.password"
	// NoticePassword belongs to the login name at the mail server of notices.
	NoticePassword = "notice.password"
)

// Params are all parameters, checked and complete with defaults.
type Params struct {
	// Language of notices, log and command line.
	Language Language
	// Communication is the mail server.
	Communication Communication
	// Database names the business database in use.
	Database Database
	// Databases are the known aliases.
	Databases map[string]DatabaseAlias
	// Service is the user of the business system the agent works as.
	Service Service
	// Events is how the mail server reaches this agent.
	Events Events
	// Notice is who gets mails from the agent.
	Notice Notice
	// Sync is how often, by what signal, and how carefully.
	Sync Sync
	// Appointments and Tasks are which of them travel, for users without options of
	// their own.
	Appointments, Tasks Options
	// Log is where and how much is logged.
	Log Log
	// Data is where the agent keeps its own state.
	Data Data
	// IPC is where trays reach the agent.
	IPC IPC
}

// System is the kind of groupware.
type System string

// Communication systems.
const (
	// EWS is Exchange Web Services ("4 – EWS Managed API").
	EWS System = "ews"
	// Graph is Microsoft 365 ("5 – Microsoft Graph"); refused for now.
	Graph System = "graph"
)

// Communication says how to reach the mail server.
type Communication struct {
	// System is EWS for now.
	System System
	// SyncEnabled is the master switch.
	SyncEnabled bool
	// Server is a host name or IP address; with SSL the name in its certificate.
	Server string
	// Port is 443 or 80, as a rule.
	Port int
	// SSL is whether the connection is encrypted.
	SSL bool
	// Address is the full EWS address where the usual one doesn't fit; it
	// stands in place of Server, Port and SSL then.
	Address string
	// Domain is put before logins that name none; may be empty.
	Domain string
	// CertificateFile holds further trusted certificates (PEM); may be empty.
	CertificateFile string
	// Login is which way to log in is taken.
	Login LoginWay
	// Realm says which Kerberos realm a Windows domain is: "FIRMA.EXAMPLE", or
	// "FIRMA=FIRMA.EXAMPLE, OST=OST.EXAMPLE"; may be empty.
	Realm string
	// Keytab is a file with the service account's keys, in place of a password; may
	// be empty.
	Keytab string
	// Access is with whose login mailboxes are opened.
	Access Access
	// Account is the login name of the service account; empty with AccessUser.
	Account string
}

// LoginWay is how the agent logs in at the mail server.
type LoginWay string

// Ways to log in.
const (
	// LoginAuto takes Kerberos where a realm is known, else NTLM, else Basic over TLS.
	LoginAuto LoginWay = "auto"
	// LoginNTLM takes NTLM alone, also inside Negotiate.
	LoginNTLM LoginWay = "ntlm"
	// LoginKerberos takes Kerberos alone.
	LoginKerberos LoginWay = "kerberos"
	// LoginBasic takes Basic alone, over TLS alone.
	LoginBasic LoginWay = "basic"
)

// Access is with whose login mailboxes are opened.
type Access string

// Ways to open mailboxes.
const (
	// AccessUser opens each with its user's own login.
	AccessUser Access = "user"
	// AccessImpersonation opens all with one service account acting as their owners.
	AccessImpersonation Access = "impersonation"
	// AccessDelegate opens all with one service account that has rights in them.
	AccessDelegate Access = "delegate"
)

// Shared tells that one service account opens all mailboxes.
func (a Access) Shared() bool { return a == AccessImpersonation || a == AccessDelegate }

// Endpoint is the EWS address: Address, or the usual one made of the others. It
// is empty when neither is filled in.
func (c Communication) Endpoint() string {
	if c.Address != "" {
		return c.Address
	}
	if c.Server == "" {
		return ""
	}
	u := url.URL{Scheme: "http", Host: net.JoinHostPort(c.Server, strconv.Itoa(c.Port)), Path: "/EWS/Exchange.asmx"}
	if c.SSL {
		u.Scheme = "https"
	}
	return u.String()
}

// Database names the alias in use.
type Database struct{ Alias string }

// Driver is a kind of database.
type Driver string

// SQLite is the embedded database or a foreign SQLite file.
const SQLite Driver = "sqlite"

// DatabaseAlias is what an alias stands for.
type DatabaseAlias struct {
	// Driver is the kind of database.
	Driver Driver
	// DSN is the driver's address; for SQLite a file, relative to the data folder.
	DSN string
	// Foreign is a database whose schema belongs to someone else and is never
	// altered.
	Foreign bool
}

// Service is the business-system user the agent works as. Its password is
// sealed in the agent's store.
type Service struct {
	// User is the User-ID.
	User string
	// Group is the group the user must belong to.
	Group string
}

// Events says how the mail server reaches the agent's event server.
type Events struct {
	// Server is the name or IP address the mail server uses; empty means the
	// agent can't be called and listens to a stream instead.
	Server string
	// Port is the port both listened at and called.
	Port int
	// Listen is the local IP address to listen on; empty means all.
	Listen string
}

// ListenAddress is what the event server listens at, "host:port".
func (e Events) ListenAddress() string { return net.JoinHostPort(e.Listen, strconv.Itoa(e.Port)) }

// Notice is who gets the agent's mails.
type Notice struct {
	// Recipient is one e-mail address; empty sends none.
	Recipient string
	// Summary is the time of day of the daily summary, "07:00"; empty for none.
	Summary string
	// By is the way mails leave.
	By NoticeWay
	// Account is the login name on the mail server of mailboxes whose mailbox sends,
	// with NoticeExchange; empty means the service account.
	Account string
	// SMTPServer takes the mails; with TLS the name in its certificate.
	SMTPServer string
	// SMTPPort is 587 or 465, as a rule.
	SMTPPort int
	// SMTPSecurity is how the connection is encrypted.
	SMTPSecurity SMTPSecurity
	// SMTPUser is the login name; empty means none is needed.
	SMTPUser string
	// From is the sender's address; empty means the recipient's.
	From string
}

// NoticeWay is the way notices leave.
type NoticeWay string

// Ways for notices.
const (
	// NoticeSMTP sends them through a mail server.
	NoticeSMTP NoticeWay = "smtp"
	// NoticeExchange sends them from a mailbox, through EWS.
	NoticeExchange NoticeWay = "exchange"
)

// SMTPSecurity is how the connection to the mail server of notices is encrypted.
type SMTPSecurity string

// Ways to encrypt it.
const (
	// SMTPStartTLS begins in plain text and goes no further without TLS.
	SMTPStartTLS SMTPSecurity = "starttls"
	// SMTPTLS is encrypted from the start.
	SMTPTLS SMTPSecurity = "tls"
	// SMTPPlain is not encrypted; no password is sent then.
	SMTPPlain SMTPSecurity = "none"
)

// Notifications is how the agent learns of changes in Exchange.
type Notifications string

// Ways to learn of changes.
const (
	// NotifyAuto takes push, else streaming, else the interval.
	NotifyAuto      Notifications = "auto"
	NotifyPush      Notifications = "push"
	NotifyStreaming Notifications = "streaming"
	// NotifyInterval asks only at each interval.
	NotifyInterval Notifications = "interval"
)

// Policy settles a field that both sides changed.
type Policy string

// Conflict policies.
const (
	// PolicyNewer lets the later change win.
	PolicyNewer    Policy = "newer"
	PolicyBusiness Policy = "business"
	PolicyExchange Policy = "exchange"
)

// Keep is where the employees' logins stay.
type Keep string

// Ways to keep logins.
const (
	// KeepStore seals them in the agent's store.
	KeepStore Keep = "store"
	// KeepMemory forgets them at the end; trays hand them over again.
	KeepMemory Keep = "memory"
)

// Sync says how often and how carefully.
type Sync struct {
	// Interval is the time between two runs of a user.
	Interval time.Duration
	// Notifications is how changes are learnt of in between.
	Notifications Notifications
	// Policy settles conflicts.
	Policy Policy
	// PolicyContent and so on settle those of a group of fields; [PolicyStandard] is
	// as Policy.
	PolicyContent, PolicyTime, PolicyStatus, PolicyPersonal Policy
	// GuardCount and GuardPercent: more deletions than both, in 24 hours, are held.
	GuardCount, GuardPercent int
	// TrashDays is how many days what runs deleted or overwrote is kept.
	TrashDays int
	// CreationGuardCount and CreationGuardPercent: more creations than both, by a
	// first sync, are held.
	CreationGuardCount, CreationGuardPercent int
	// IgnoreOtherServices lets first syncs begin beside another sync service.
	IgnoreOtherServices bool
	// KeepCredentials is where logins stay.
	KeepCredentials Keep
}

// Level is the least important kind of line that is logged.
type Level string

// Log levels.
const (
	LevelError Level = "error"
	LevelWarn  Level = "warn"
	LevelInfo  Level = "info"
	LevelDebug Level = "debug"
)

// Log says where and how much is logged.
type Log struct {
	// Folder may be a network share.
	Folder string
	// Level is the least important kind of line.
	Level Level
	// MaxSizeMB is when a file is put aside, in megabytes.
	MaxSizeMB int
	// MaxAgeDays is when a file put aside is deleted, in days.
	MaxAgeDays int
}

// Data says where the agent keeps its own state.
type Data struct{ Folder string }

// IPC says where trays reach the agent.
type IPC struct {
	// Address is a Unix socket or a named pipe.
	Address string
	// RemoteTrays lets trays of other machines reach the pipe (Windows).
	RemoteTrays bool
	// AdminGroup is an operating system group whose members count as
	// administrators; may be empty.
	AdminGroup string
}

// Language of texts for people.
type Language string

// Languages.
const (
	German  Language = "de"
	English Language = "en"
)

// Business is the database in use: the alias resolved, a SQLite file made
// absolute. False when none is chosen.
func (p Params) Business() (DatabaseAlias, bool) {
	a, ok := p.Databases[p.Database.Alias]
	if ok && a.Driver == SQLite && !filepath.IsAbs(a.DSN) {
		a.DSN = filepath.Join(p.Data.Folder, a.DSN)
	}
	return a, ok
}

// Missing lists the keys that must be filled in before anything can be kept in
// sync; none when complete.
func (p Params) Missing() []string {
	var keys []string
	if p.Communication.Endpoint() == "" {
		keys = append(keys, "communication.server")
	}
	if p.Communication.Access.Shared() && p.Communication.Account == "" {
		keys = append(keys, "communication.account")
	}
	if p.Database.Alias == "" {
		keys = append(keys, "database.alias")
	}
	if p.Service.User == "" {
		keys = append(keys, "service.user")
	}
	if p.Sync.Notifications == NotifyPush && p.Events.Server == "" {
		keys = append(keys, "events.server")
	}
	return keys
}
