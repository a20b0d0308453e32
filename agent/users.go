package agent

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"abgleich/agent/credentials"
	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/pim"
	"abgleich/agent/schedule"
	"abgleich/agent/side/business"
	"abgleich/agent/status"
	"abgleich/agent/store"
)

// people says who is to be synced, and tells the board of everybody else why not.
type people struct {
	employees interface {
		Employees(context.Context) ([]business.Employee, error)
		CheckFunction(context.Context, pim.UserID, business.Function) error
		// CheckCopy fails with [fault.DatabaseCopy].
		CheckCopy(context.Context) error
	}
	book     *credentials.Book
	board    *status.Board
	settings func() params.Params // those in force
	// options are what holds for a user and kind; nil: nobody wants to see it.
	options func(context.Context, pim.UserID, pim.Kind) (engine.Options, bool, error)
	// ties are the employees tied to other mailboxes or folders; nil for none.
	ties func(context.Context) ([]store.Tie, error)
}

// Users implements schedule.Users.
func (p *people) Users(ctx context.Context) ([]schedule.User, error) {
	employees, err := p.employees.Employees(ctx)
	if err != nil {
		p.reached(err)
		return nil, err
	}
	views, err := p.views(ctx)
	if err != nil {
		return nil, err
	}
	ties, err := p.tied(ctx)
	if err != nil {
		return nil, err
	}
	var out []schedule.User
	var withoutID []string
	taken := places{}
	for _, e := range ownersFirst(employees, ties) {
		if e.User == "" {
			if e.Active {
				withoutID = append(withoutID, cmp.Or(strings.TrimSpace(e.Name), strings.TrimSpace(e.Mail)))
			}
			continue // nothing can be kept for him
		}
		v := views[e.User]
		delete(views, e.User)
		a := accountOf(e, ties[e.User])
		word, code, err := p.word(ctx, e, v)
		if err != nil {
			p.reached(err)
			return nil, err
		}
		if word == status.Fine && !taken.take(a, kindsOf(v)) {
			word, code = status.Disabled, fault.FolderTaken
		}
		p.board.Known(e.User, e.Name, word, code)
		if p.options != nil {
			direct(ctx, p.board, p.options, e.User)
		}
		if word != status.Fine {
			continue
		}
		out = append(out, schedule.User{Account: a, Kinds: kindsOf(v)})
	}
	for user := range views { // credentials of somebody who left the master data
		p.board.Known(user, "", status.Disabled, fault.EmployeeUnknown)
	}
	p.board.WithoutID(withoutID)
	p.reached(p.employees.CheckCopy(ctx))
	return out, nil
}

// direct tells the board which way a user's items travel. Options that can't be read
// are told by his run, and hold up nobody else's.
func direct(ctx context.Context, board *status.Board, options func(context.Context, pim.UserID, pim.Kind) (engine.Options, bool, error), user pim.UserID) {
	for _, k := range pim.Kinds() {
		o, _, err := options(ctx, user, k)
		d := status.Both
		switch {
		case err != nil:
			d = 0
		case o.Direction == engine.ToExchange:
			d = status.ToExchange
		case o.Direction == engine.ToBusiness:
			d = status.ToBusiness
		}
		board.Directed(user, k, d)
	}
}

// reached tells the board how the business database answered.
func (p *people) reached(err error) { reached(p.board, err) }

func reached(board *status.Board, err error) {
	code := fault.CodeOf(err)
	if code == fault.Cancelled {
		return // says nothing of the database
	}
	missing, _ := errors.AsType[business.Missing](err)
	board.SetAgent(func(a *status.Agent) { a.BusinessCode, a.BusinessMissing = code, missing })
}

func (p *people) views(ctx context.Context) (map[pim.UserID]credentials.View, error) {
	all, err := p.book.All(ctx)
	if err != nil {
		return nil, err
	}
	views := make(map[pim.UserID]credentials.View, len(all))
	for _, v := range all {
		views[v.User] = v
	}
	return views, nil
}

// word is what keeps an employee from syncing, or status.Fine: first what is wrong
// for everybody, then what others must put right for him, then what he can.
func (p *people) word(ctx context.Context, e business.Employee, v credentials.View) (status.State, fault.Code, error) {
	settings := p.settings()
	switch {
	case !settings.Communication.SyncEnabled:
		return status.Disabled, fault.SyncDisabled, nil
	case settings.Communication.Endpoint() == "":
		return status.Disabled, fault.ParametersIncomplete, nil
	case !e.Active:
		return status.Disabled, fault.EmployeeInactive, nil
	}
	err := maySync(ctx, p.employees, settings, e.User)
	if fault.Has(err, fault.FunctionMissing) {
		return status.Disabled, fault.FunctionMissing, nil
	}
	if err != nil {
		return 0, "", err
	}
	// Only now: nobody misses the address of who is not to be synced.
	if strings.TrimSpace(e.Mail) == "" {
		return status.Disabled, fault.EmployeeWithoutMail, nil
	}
	if !v.Sync || len(kindsOf(v)) == 0 {
		return status.NotSetUp, "", nil
	}
	return status.Fine, "", nil
}

// maySync asks for the functions a user needs to be synced: what is opened with his
// own login, he must be allowed to give a login for.
func maySync(ctx context.Context, employees interface {
	CheckFunction(context.Context, pim.UserID, business.Function) error
}, p params.Params, user pim.UserID) error {
	err := employees.CheckFunction(ctx, user, business.FunctionSyncCRM)
	if err != nil || p.Communication.Access.Shared() {
		return err
	}
	return employees.CheckFunction(ctx, user, business.FunctionSyncCredentials)
}

func kindsOf(v credentials.View) []pim.Kind {
	var ks []pim.Kind
	if v.Appointments {
		ks = append(ks, pim.KindAppointment)
	}
	if v.Tasks {
		ks = append(ks, pim.KindTask)
	}
	return ks
}

// zoneOf is where the employee's days begin. Master data are checked when they are
// entered; a foreign database may still hold anything, and UTC is then no worse
// than a guess.
func zoneOf(e business.Employee) *time.Location {
	loc, err := time.LoadLocation(e.Zone)
	if err != nil || e.Zone == "" {
		return time.UTC
	}
	return loc
}
