package agent

import (
	"context"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/notice"
	"abgleich/agent/params"
	"abgleich/agent/pim"
	"abgleich/agent/status"
	"abgleich/agent/store"
	"abgleich/agent/vault"
)

// notices watches the board and tells the desk what deserves a mail.
type notices struct {
	desk  *notice.Desk
	board *status.Board
	holds interface {
		Holds(context.Context, pim.UserID) ([]store.Hold, error)
	}
	log *slog.Logger
	now func() time.Time

	// mu guards wrong: what waits for people at each user.
	mu    sync.Mutex
	wrong map[pim.UserID]notice.Wrong
}

func newNotices(p params.Params, r rooms, guard func(vault.Secret), version string, log *slog.Logger, now func() time.Time) *notices {
	n := &notices{board: r.board, holds: r.store, log: log, now: now, wrong: map[pim.UserID]notice.Wrong{}}
	n.desk = notice.Open(notice.Options{
		File: filepath.Join(p.Data.Folder, "notices.json"), Log: log, Now: now,
		Sender: newNoticeWay(r, guard, version, now), Wrong: n.waiting,
		Settings: func() notice.Settings {
			return noticeSettings(r.settings)
		},
	})
	missing := fault.Code("")
	if p.Communication.Endpoint() == "" {
		missing = fault.ParametersIncomplete
	}
	n.part(notice.Source{Part: "parameters"}, missing)
	return n
}

// waiting lists what waits for people, for the summary.
func (n *notices) waiting() []notice.Wrong {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Collect(maps.Values(n.wrong))
}

// watch follows the board until the context ends.
func (n *notices) watch(ctx context.Context) error {
	for c := range n.board.Watch(ctx, "") {
		if c.Agent != nil {
			n.part(notice.Source{Part: "database"}, c.Agent.BusinessCode)
			n.part(notice.Source{Part: "events"}, c.Agent.EventsCode)
		}
		for _, u := range c.Users {
			n.user(ctx, u)
		}
	}
	return ctx.Err()
}

func (n *notices) part(s notice.Source, code fault.Code) {
	if code == "" {
		n.desk.Over(s)
		return
	}
	n.desk.Failing(s, "", code, n.now())
}

func (n *notices) user(ctx context.Context, u status.User) {
	unwanted := u.State == status.NotSetUp || u.State == status.Disabled
	n.mu.Lock()
	delete(n.wrong, u.User)
	if !unwanted && u.Problems+u.Holds > 0 {
		n.wrong[u.User] = notice.Wrong{User: u.User, Name: u.Name, Problems: u.Problems, Holds: u.Holds}
	}
	n.mu.Unlock()
	// Before the scheduler has listed him at a start no kind is enabled.
	listed := slices.ContainsFunc(u.Kinds, func(k status.Kind) bool { return k.Enabled })
	for _, k := range u.Kinds {
		s := notice.Source{User: u.User, Part: k.Kind.String()}
		switch {
		case unwanted || listed && !k.Enabled:
			n.desk.Gone(s)
		case k.BlockedCode != "":
			after := k.LastTry
			if k.LastSuccess.After(after) {
				after = k.LastSuccess
			}
			n.desk.Failing(s, u.Name, k.BlockedCode, after)
		case !k.LastSuccess.IsZero():
			n.desk.Well(s, k.LastSuccess)
		}
	}
	n.held(ctx, u, unwanted)
}

// held tells of the guards that wait for a person.
func (n *notices) held(ctx context.Context, u status.User, unwanted bool) {
	waiting := map[fault.Code]bool{}
	if u.Holds > 0 {
		holds, err := n.holds.Holds(ctx, u.User)
		if err != nil {
			if ctx.Err() == nil {
				n.log.Warn("the holds could not be read", "user", u.User, "error", err)
			}
			return
		}
		for _, h := range holds {
			waiting[h.Code] = true
		}
	}
	for _, code := range []fault.Code{fault.DeletionsHeld, fault.CreationsHeld} {
		s := notice.Source{User: u.User, Part: string(code)}
		switch {
		case waiting[code]:
			n.desk.Failing(s, u.Name, code, n.now())
		case unwanted:
			n.desk.Gone(s)
		default:
			n.desk.Over(s)
		}
	}
}
