package status

import (
	"cmp"
	"math"
	"slices"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// view gives a user as he is seen now: with his word and his speeds.
func (b *Board) view(e *entry, now time.Time) User {
	u := e.user.clone()
	u.State, u.Code = e.word(b.agent.BusinessCode)
	for i := range u.Kinds {
		k := &u.Kinds[i]
		k.PerSecond = e.paces[k.Kind].speed(now)
		// Before everything is read nobody knows how much there will be; after it, and
		// once something was written, also a run that looks through the feeds in its next
		// slice can be foretold.
		if steady := e.paces[k.Kind].steady(now); k.Phase >= Reading && k.Expected > k.Done && k.BlockedCode == "" && steady > 0.01 {
			seconds := float64(k.Expected-k.Done) / steady
			k.Remaining = max(time.Duration(min(seconds, 1e8)*float64(time.Second)).Round(time.Second), time.Second)
		}
	}
	return u
}

// word gives the worst that is true of a user, and why.
func (e *entry) word(business fault.Code) (State, fault.Code) {
	if e.base == NotSetUp || e.base == Disabled {
		return e.base, e.baseCode
	}
	worst, why := Fine, fault.Code("")
	is := func(s State, code fault.Code) {
		if s > worst {
			worst, why = s, code
		}
	}
	if e.user.Paused {
		is(Paused, "")
	}
	if business != "" {
		is(Offline, business)
	}
	if e.stop != "" {
		is(stateOf(e.stop), e.stop)
	}
	if e.user.Holds > 0 || e.user.Problems > 0 {
		is(Attention, "")
	}
	for _, k := range e.user.Kinds {
		if !k.Enabled {
			continue
		}
		if k.Phase >= Reading || k.Phase == Queued && k.FirstSync {
			is(Syncing, "")
		}
		if k.BlockedCode != "" && !e.user.Paused {
			is(stateOf(k.BlockedCode), k.BlockedCode)
		}
	}
	return worst, why
}

// stateOf gives the word for a code that blocks a run.
func stateOf(code fault.Code) State {
	switch code {
	case fault.LoginRejected, fault.AccountLocked, fault.PasswordExpired, fault.CredentialsMissing,
		fault.SecretOfOther, fault.SecretOfOtherKey, fault.SecretUnreadable, fault.KerberosUserUnknown:
		return CredentialsNeeded
	case fault.ServerBusy, fault.TooManyConnections, fault.DatabaseBusy:
		// Slow, not gone: the kind tells why.
		return Syncing
	case fault.ServerUnreachable, fault.ConnectionRefused, fault.NameNotResolved, fault.TLSCertificateName,
		fault.TLSUntrusted, fault.TLSMismatch, fault.NotSOAP, fault.ReplyTruncated, fault.ReplyInvalid,
		fault.ServerStalled, fault.ServerFailed, fault.SSLRequired, fault.ReplyLost, fault.DatabaseUnreachable,
		fault.KerberosUnreachable:
		return Offline
	}
	return Attention
}

// pace is the smoothed speed of a run: of now, and over a longer time, which the
// pauses between two slices belong to.
type pace struct {
	run        int64
	begun      bool
	at         time.Time
	done       uint64
	perSecond  float64
	longer     float64
	progressed time.Time // when something was last done; zero for nothing yet
}

const (
	// smoothing is the time after which an old speed counts a third.
	smoothing = 5 * time.Second
	// longSmoothing is the same for the time left.
	longSmoothing = 30 * time.Second
	// tooStill is how long nothing may be done for the time left to be told.
	tooStill = 20 * time.Second
	// shortestStep is the time a speed is measured over at least.
	shortestStep = 250 * time.Millisecond
)

// step takes in how many items of a run are done.
func (p *pace) step(run int64, done uint64, now time.Time) {
	if !p.begun || run != p.run || done < p.done {
		*p = pace{run: run, begun: true, at: now, done: done}
		return
	}
	dt := now.Sub(p.at)
	if dt < shortestStep {
		return
	}
	speed := float64(done-p.done) / dt.Seconds()
	slow := speed
	if !p.progressed.IsZero() {
		slow = p.longer + (speed-p.longer)*share(dt, longSmoothing)
		speed = p.perSecond + (speed-p.perSecond)*share(dt, smoothing)
	}
	if done > p.done {
		p.progressed = now
	}
	p.at, p.done, p.perSecond, p.longer = now, done, speed, slow
}

// share is how much what was measured over a time counts beside what was before.
func share(dt, smoothing time.Duration) float64 {
	return 1 - math.Exp(-dt.Seconds()/smoothing.Seconds())
}

// speed gives items a second; it fades while nothing is reported.
func (p *pace) speed(now time.Time) float64 {
	return faded(p.perSecond, now.Sub(p.at), smoothing)
}

// steady is what the time left is reckoned by; 0 for not known.
func (p *pace) steady(now time.Time) float64 {
	if p.progressed.IsZero() || now.Sub(p.progressed) > tooStill {
		return 0
	}
	return faded(p.longer, now.Sub(p.at), longSmoothing)
}

// faded is a speed after a time without a report; a second is nothing unusual.
func faded(speed float64, still, smoothing time.Duration) float64 {
	if still -= time.Second; still > 0 {
		return speed * (1 - share(still, smoothing))
	}
	return speed
}

// User gives one user's picture; false if nobody spoke of him yet.
func (b *Board) User(id pim.UserID) (User, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.users[id]
	if e == nil {
		return User{}, false
	}
	return b.view(e, b.now()), true
}

// Snapshot gives everything the filter lets through.
func (b *Board) Snapshot(only pim.UserID) Change {
	c, _ := b.since(0, only)
	c.Full = true
	return c
}

// since gives what changed after a version, and the version it is now.
func (b *Board) since(seen uint64, only pim.UserID) (Change, uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	var c Change
	for id, e := range b.users {
		if e.at > seen && (only == "" || id == only) {
			c.Users = append(c.Users, b.view(e, now))
		}
	}
	slices.SortFunc(c.Users, func(x, y User) int { return cmp.Compare(x.User, y.User) })
	if only == "" && (b.withoutIDAt > seen || seen == 0) {
		c.WithoutID = append([]User{}, b.withoutID...)
	}
	if b.agentAt > seen || seen == 0 {
		a := b.agent
		c.Agent = &a
	}
	return c, b.version
}
