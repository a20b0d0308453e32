package fake

import (
	"context"
	"slices"
	"sync"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// Options shape a fake side. The zero value is a side that holds everything.
type Options struct {
	// Loss is what the side cannot hold.
	Loss Loss
	// CopyKeysOnCopy lets a person's copy carry our key, as Exchange does.
	CopyKeysOnCopy bool
	// FeedWithItems puts items into the feed, as the business side does; without
	// it the feed has ids only, as with Exchange.
	FeedWithItems bool
	// PageSize is how many changes a page has; 0 means 100.
	PageSize int
	// BatchSize is what [side.Folder.BatchSize] tells; 0 means 50.
	BatchSize int
	// Now gives the time of changes; nil means a clock standing at 2026-01-01.
	Now func() time.Time
	// Faults may be shared by several fakes, so that effects are numbered across
	// them and a crash stops all of them; nil means none of its own to share.
	Faults *Faults
}

// Business gives the options of a side like the business database.
func Business() Options {
	return Options{FeedWithItems: true, Loss: Loss{
		Drop: pim.Fields(pim.FieldMeeting),
	}}
}

// Exchange gives the options of a side like Exchange.
func Exchange() Options {
	return Options{CopyKeysOnCopy: true, Loss: Loss{
		ReadOnly: pim.Fields(pim.FieldMeeting),
	}}
}

// Side is one fake store. All methods may be called at the same time.
type Side struct {
	id     pim.SideID
	opt    Options
	faults *Faults

	mu         sync.Mutex // lock order: Side.mu, then Faults.mu
	boxes      map[ownerOf]*mailbox
	claims     map[pim.UserID]string
	epoch      int
	revision   int // runs backwards on Restore
	serial     int // makes ids and versions; never runs backwards
	repeat     int // how far back the next page begins
	open       int
	violations []string
	watchers   []*watcher
}

type ownerOf struct {
	user pim.UserID
	kind pim.Kind
}

// New makes an empty side in the role of id.
func New(id pim.SideID, opt Options) *Side {
	if opt.PageSize <= 0 {
		opt.PageSize = 100
	}
	if opt.BatchSize <= 0 {
		opt.BatchSize = 50
	}
	if opt.Now == nil {
		opt.Now = func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }
	}
	if opt.Faults == nil {
		opt.Faults = NewFaults()
	}
	return &Side{
		id: id, opt: opt, faults: opt.Faults, epoch: 1,
		boxes: map[ownerOf]*mailbox{}, claims: map[pim.UserID]string{},
	}
}

// ID tells the role.
func (s *Side) ID() pim.SideID { return s.id }

// Faults gives the trouble maker of this side.
func (s *Side) Faults() *Faults { return s.faults }

// Projection says what the side can hold.
func (s *Side) Projection(k pim.Kind) side.Projection {
	return projection{loss: s.opt.Loss, kind: k}
}

// Open gives one user's items; users come into being when they are first named.
func (s *Side) Open(ctx context.Context, a side.Account, k pim.Kind) (side.Folder, error) {
	if err := s.enter(ctx, Call{User: a.User, Kind: k, Op: OpOpen}); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.User == "" || a.Zone == nil {
		s.violate("open: account without user or zone: %+v", a)
	}
	if pim.FieldsOf(k) == 0 {
		s.violate("open: kind %d does not exist", k)
		return nil, fault.New(fault.BadRequest, "fake.open", string(a.User), nil)
	}
	s.open++
	f := &folder{s: s, owner: ownerOf{a.User, k}}
	if s.id == pim.Exchange {
		return &claimer{f}, nil
	}
	return f, nil
}

// OpenFolders is how many folders were opened and not closed.
func (s *Side) OpenFolders() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// Violations lists each wrong use of the contract so far.
func (s *Side) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

// enter begins a call: it gives faults and the test's hook their turn.
func (s *Side) enter(ctx context.Context, c Call) error {
	if err := ctx.Err(); err != nil {
		return fault.New(fault.Cancelled, "fake."+string(c.Op), string(c.User), err)
	}
	c.Side = s.id
	return s.faults.enter(c)
}

// box gives a user's mailbox of one kind; s.mu is held.
func (s *Side) box(o ownerOf) *mailbox {
	b := s.boxes[o]
	if b == nil {
		b = &mailbox{entries: map[pim.ItemID]*entry{}}
		s.boxes[o] = b
	}
	return b
}

type claimer struct{ *folder }

// Claim leaves the installation's id on the mailbox.
func (c *claimer) Claim(ctx context.Context, installation string, takeOver bool) error {
	if err := c.enter(ctx, OpClaim, 1); err != nil {
		return err
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if installation == "" {
		c.s.violate("claim: empty installation")
	}
	if at := c.s.claims[c.owner.user]; at != "" && at != installation && !takeOver {
		return fault.New(fault.MailboxClaimed, "fake.claim", string(c.owner.user), nil)
	}
	c.s.claims[c.owner.user] = installation
	return nil
}

// Look implements side.Looker: reading this side never writes.
func (c *claimer) Look() side.Folder { return c.folder }

// Claimed implements side.Looker.
func (c *claimer) Claimed(context.Context) (string, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.s.claims[c.owner.user], nil
}
