package exchange

import (
	"cmp"
	"context"
	"sync"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/exchange/zone"
)

// Credential is how to log in for one user.
type Credential struct {
	// ID changes whenever the secret does. Users with the same ID share one login
	// and its connections (a service account): a rejected one is tried once for
	// all of them.
	ID string
	// Logins in order of preference.
	Logins []ews.Login
	// Impersonate works on the user's mailbox as its owner.
	Impersonate bool
	// Delegate works on the user's mailbox with rights given to the login.
	Delegate bool
	// MaxConnections of the login at once; 0 is that of the options.
	MaxConnections int
}

// Options make a side.
type Options struct {
	Server *ews.Server
	// Credentials gives a user's login, or fails with fault.CredentialsMissing.
	Credentials func(context.Context, pim.UserID) (Credential, error)
	// NewID gives a new GUID.
	NewID func() string
	// MaxConnections of one credential at once; 0 is 4.
	MaxConnections int
	// Events receives pushes; nil streams instead.
	Events *EventServer
	// PushFrequency is how often the server must call at least [1 min].
	PushFrequency time.Duration
	// FirstPush is how long to wait for the first call before streaming instead
	// [30 s].
	FirstPush time.Duration
	// StreamIDs is how many mailboxes share one connection for their events [200]:
	// as many as a server takes.
	StreamIDs int
	// HangingConnections is how many such connections one account may have [3]: as
	// many as the strictest server grants.
	HangingConnections int
	// Regroup is how long is waited for others before a shared connection is opened
	// anew for a mailbox that joins [2 s].
	Regroup time.Duration
	// Clock is ews.SystemClock when nil.
	Clock ews.Clock
}

// Side is Exchange. Close ends its connections.
type Side struct {
	opts Options

	mu      sync.Mutex
	clients map[string]*ews.Client // by credential id
	users   map[pim.UserID]string  // the credential id last used

	streams streams
	watched watched
	zones   zoneMemory
}

// New makes a side. It connects when a folder is opened.
func New(o Options) *Side {
	if o.MaxConnections <= 0 {
		o.MaxConnections = parallel
	}
	if o.PushFrequency <= 0 {
		o.PushFrequency = time.Minute
	}
	if o.FirstPush <= 0 {
		o.FirstPush = 30 * time.Second
	}
	o.streamDefaults()
	if o.Clock == nil {
		o.Clock = ews.SystemClock{}
	}
	return &Side{opts: o, clients: map[string]*ews.Client{}, users: map[pim.UserID]string{}}
}

// ID is pim.Exchange.
func (s *Side) ID() pim.SideID { return pim.Exchange }

// Close closes all connections. It may be called twice.
func (s *Side) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.clients {
		c.Close()
	}
	clear(s.clients)
	clear(s.users)
	return nil
}

// Retry forgets that a user's login was rejected: the next use tries it once
// more. One that works stays as it is: others may be at work with it.
func (s *Side) Retry(user pim.UserID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.clients[s.users[user]]; c != nil && c.Refused() {
		s.drop(s.users[user])
	}
}

func (s *Side) drop(id string) {
	if c := s.clients[id]; c != nil {
		c.Close()
		delete(s.clients, id)
	}
}

// Client gives the EWS client for an account, with its mailbox and zone set. The
// staged check of a login uses it too.
func (s *Side) Client(ctx context.Context, a side.Account) (*ews.Client, error) {
	c, _, err := s.client(ctx, a)
	return c, err
}

// client gives the credential it is for as well.
func (s *Side) client(ctx context.Context, a side.Account) (*ews.Client, Credential, error) {
	cred, err := s.opts.Credentials(ctx, a.User)
	if err != nil {
		return nil, Credential{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.users[a.User]; old != cred.ID {
		s.users[a.User] = cred.ID
		used := false
		for _, id := range s.users {
			used = used || id == old
		}
		if !used {
			s.drop(old)
		}
	}
	c := s.clients[cred.ID]
	if c == nil {
		c = ews.NewClient(s.opts.Server, ews.ClientOptions{
			Logins: cred.Logins, MaxConnections: cmp.Or(cred.MaxConnections, s.opts.MaxConnections), NewRequestID: s.opts.NewID,
		})
		s.clients[cred.ID] = c
	}
	windows, _ := homeZone(a.Zone)
	view := View(a, cred.Impersonate, cred.Delegate)
	view.TimeZone = windows
	return c.With(view), cred, nil
}

// homeZone gives the Windows id of a user's zone, and the zone as Exchange knows
// it. UTC where it knows none.
func homeZone(loc *time.Location) (string, *time.Location) {
	if loc == nil {
		return zone.UTC, time.UTC
	}
	id, ok := zone.Windows(loc.String())
	if !ok {
		return zone.UTC, time.UTC
	}
	name, _ := zone.IANA(id)
	home, err := time.LoadLocation(name)
	if err != nil {
		return id, loc
	}
	return id, home
}

// Open looks at the user's calendar or tasks folder and whether it can be written.
func (s *Side) Open(ctx context.Context, a side.Account, k pim.Kind) (side.Folder, error) {
	c, err := s.Client(ctx, a)
	if err != nil {
		return nil, err
	}
	meter := new(ews.Meter)
	c = c.Metered(meter)
	info, err := Locate(ctx, c, a, k)
	if err != nil {
		return nil, err
	}
	s.watched.opened(a.User, k, info.ID.ID)
	windows, home := homeZone(a.Zone)
	return &folder{
		client: c, meter: meter, id: ews.FolderID{ID: info.ID.ID}, named: a.Folders.Of(k) != "",
		shape: shapeOf(k), m: mapping{kind: k, mail: a.Mail, home: home, windows: windows},
		zones: &s.zones,
	}, nil
}

func folderName(k pim.Kind) (ews.FolderName, bool) {
	switch k {
	case pim.KindAppointment:
		return ews.Calendar, true
	case pim.KindTask:
		return ews.Tasks, true
	}
	return "", false
}

func shapeOf(k pim.Kind) ews.Shape {
	s := ews.Shape{Properties: []ews.PropertyPath{keyProperty(), pendingProperty()}, PlainBody: true, Fields: ews.Fields(
		ews.FieldParent, ews.FieldSubject, ews.FieldBody, ews.FieldSensitivity, ews.FieldImportance,
		ews.FieldCategories, ews.FieldReminderIsSet)}
	if k == pim.KindTask {
		s.Fields |= ews.Fields(ews.FieldReminderDueBy, ews.FieldTaskStart, ews.FieldDue, ews.FieldCompleted,
			ews.FieldPercent, ews.FieldStatus, ews.FieldTaskRecurrence, ews.FieldTaskRecurring)
		return s
	}
	s.Fields |= ews.Fields(ews.FieldReminderMinutes, ews.FieldUID, ews.FieldStart, ews.FieldEnd, ews.FieldAllDay,
		ews.FieldFreeBusy, ews.FieldLocation, ews.FieldMeeting, ews.FieldCalendarType, ews.FieldMyResponse,
		ews.FieldOrganizer, ews.FieldRequired, ews.FieldOptional, ews.FieldRecurring, ews.FieldRecurrence,
		ews.FieldModifications, ews.FieldDeletions, ews.FieldStartTimeZone)
	return s
}

// occurrenceShape is what a changed occurrence has of its own.
func occurrenceShape() ews.Shape {
	return ews.Shape{PlainBody: true, Fields: ews.Fields(
		ews.FieldSubject, ews.FieldBody, ews.FieldSensitivity, ews.FieldImportance, ews.FieldCategories,
		ews.FieldReminderIsSet, ews.FieldReminderMinutes, ews.FieldStart, ews.FieldEnd, ews.FieldAllDay,
		ews.FieldFreeBusy, ews.FieldLocation, ews.FieldStartTimeZone)}
}

// ourSet is the property set of all our named properties. Never to be changed:
// it stands in people's mailboxes.
const ourSet = "b3c1a0de-6a5e-4f0b-9d57-2f6c41a7e8d0"

// keyProperty carries our key inside an item ("AbgleichId").
func keyProperty() ews.PropertyPath {
	return ews.PropertyPath{SetGUID: ourSet, Name: "AbgleichId", Type: ews.StringProperty}
}

// claimProperty carries the installation's id on the calendar folder.
func claimProperty() ews.PropertyPath {
	return ews.PropertyPath{SetGUID: ourSet, Name: "AbgleichInstallation", Type: ews.StringProperty}
}
