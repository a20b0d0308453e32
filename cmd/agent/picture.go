package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// picture is how the agent and its users stand, as it is shown.
type picture struct {
	Agent agentState  `json:"agent"`
	Users []userState `json:"users"`
	// WithoutUserID are employees nothing can be synced for; administrators see them.
	WithoutUserID []userState `json:"without_user_id,omitempty"`
}

type agentState struct {
	Version           string     `json:"version"`
	Started           *time.Time `json:"started"`
	SyncEnabled       bool       `json:"sync_enabled"`
	BusinessReachable bool       `json:"business_reachable"`
	BusinessCode      string     `json:"business_code,omitempty"`
	BusinessMissing   []string   `json:"business_missing,omitempty"`
	EventsCode        string     `json:"events_code,omitempty"`
	EventsCommands    []string   `json:"events_commands,omitempty"`
	Notifications     string     `json:"notifications"`
	IntervalSeconds   float64    `json:"interval_seconds"`
	Access            string     `json:"access"` // user, impersonation or delegate
}

type userState struct {
	User        string      `json:"user"`
	Name        string      `json:"name"`
	State       string      `json:"state"`
	Code        string      `json:"code,omitempty"`
	PausedUntil *time.Time  `json:"paused_until,omitempty"`
	Problems    uint32      `json:"problems"`
	Holds       uint32      `json:"holds"`
	Kinds       []kindState `json:"kinds"`
}

type kindState struct {
	Kind             string     `json:"kind"`
	Enabled          bool       `json:"enabled"`
	Phase            string     `json:"phase"`
	FirstSync        bool       `json:"first_sync"`
	Done             uint64     `json:"done"`
	Expected         uint64     `json:"expected"`
	ItemsPerSecond   float64    `json:"items_per_second"`
	RemainingSeconds float64    `json:"remaining_seconds,omitempty"`
	LastSuccess      *time.Time `json:"last_success"`
	NextRun          *time.Time `json:"next_run"`
	BlockedCode      string     `json:"blocked_code,omitempty"`
	BlockedUntil     *time.Time `json:"blocked_until,omitempty"`
	Counts           counts     `json:"counts"`
	Pairs            uint64     `json:"pairs"`
	Direction        string     `json:"direction"` // both, to_exchange or to_business
}

// counts is what a run did.
type counts struct {
	CreatedBusiness uint64 `json:"created_business"`
	CreatedExchange uint64 `json:"created_exchange"`
	UpdatedBusiness uint64 `json:"updated_business"`
	UpdatedExchange uint64 `json:"updated_exchange"`
	DeletedBusiness uint64 `json:"deleted_business"`
	DeletedExchange uint64 `json:"deleted_exchange"`
	Paired          uint64 `json:"paired"`
	Problems        uint64 `json:"problems"`
	Conflicts       uint64 `json:"conflicts"`
	Held            uint64 `json:"held"`
}

func countsOf(c *contract.Counts) counts {
	return counts{c.GetCreatedBusiness(), c.GetCreatedExchange(), c.GetUpdatedBusiness(), c.GetUpdatedExchange(), c.GetDeletedBusiness(),
		c.GetDeletedExchange(), c.GetPaired(), c.GetProblems(), c.GetConflicts(), c.GetHeld()}
}

// take brings the picture up to date with one message of the stream.
func (p *picture) take(m *contract.WatchStatusResponse) {
	if a := m.GetAgent(); a != nil {
		p.Agent = agentState{a.GetVersion(), instant(a.GetStarted()), a.GetSyncEnabled(), a.GetBusinessReachable(), a.GetBusinessCode(), a.GetBusinessMissing(), a.GetEventsCode(), a.GetEventsCommands(),
			a.GetNotifications(), a.GetInterval().AsDuration().Seconds(), a.GetAccess()}
	}
	if m.GetFull() {
		p.Users = []userState{}
	}
	if w := m.GetWithoutUserId(); w != nil {
		p.WithoutUserID = nil
		for _, u := range w.GetEmployees() {
			p.WithoutUserID = append(p.WithoutUserID, userStateOf(u))
		}
	}
	for _, u := range m.GetUsers() {
		x := userStateOf(u)
		i, there := slices.BinarySearchFunc(p.Users, x.User, func(o userState, id string) int { return strings.Compare(o.User, id) })
		if there {
			p.Users[i] = x
		} else {
			p.Users = slices.Insert(p.Users, i, x)
		}
	}
}

func userStateOf(u *contract.UserStatus) userState {
	x := userState{User: u.GetUser(), Name: u.GetName(), State: word(u.GetState(), "USER_STATE_"), Code: u.GetCode(),
		PausedUntil: instant(u.GetPausedUntil()), Problems: u.GetProblems(), Holds: u.GetHolds(), Kinds: []kindState{}}
	for _, k := range u.GetKinds() {
		x.Kinds = append(x.Kinds, kindState{
			Kind: kindName(k.GetKind()), Enabled: k.GetEnabled(), Phase: word(k.GetPhase(), "RUN_PHASE_"), FirstSync: k.GetFirstSync(),
			Done: k.GetDone(), Expected: k.GetExpected(), ItemsPerSecond: k.GetItemsPerSecond(),
			RemainingSeconds: k.GetRemaining().AsDuration().Seconds(), LastSuccess: instant(k.GetLastSuccess()),
			NextRun: instant(k.GetNextRun()), BlockedCode: k.GetBlockedCode(), BlockedUntil: instant(k.GetBlockedUntil()),
			Counts: countsOf(k.GetCounts()), Pairs: k.GetPairs(),
			Direction: directionWord(k.GetDirection()),
		})
	}
	return x
}

// errEnough ends a watch from inside.
var errEnough = errors.New("enough")

// watch calls each after every change of the picture, until it returns errEnough,
// the context ends or the stream breaks. An administrator who names nobody sees all.
func watch(ctx context.Context, a *client.Client, user string, each func(picture) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h, err := a.Greet(ctx)
	if err != nil {
		return err
	}
	s, err := a.WatchStatus(ctx, connect.NewRequest(&contract.WatchStatusRequest{User: user, AllUsers: user == "" && h.GetAdministrator()}))
	if err != nil {
		return err
	}
	defer s.Close()
	p := picture{Users: []userState{}}
	for s.Receive() {
		p.take(s.Msg())
		if err := each(p); errors.Is(err, errEnough) {
			return nil
		} else if err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return nil // asked for
	}
	return s.Err()
}
