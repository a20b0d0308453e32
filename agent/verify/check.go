package verify

import (
	"context"
	"net"
	"net/url"
	"time"

	"abgleich/agent/credentials"
	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/side"
)

// Checker runs checks. They may run side by side.
type Checker struct{ o Options }

// New makes a checker.
func New(o Options) *Checker {
	if o.EventWait <= 0 {
		o.EventWait = 30 * time.Second
	}
	if o.Resolve == nil {
		o.Resolve = net.DefaultResolver.LookupHost
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	return &Checker{o}
}

// verdict is how a stage ended.
type verdict struct {
	state  State
	code   fault.Code
	args   map[string]string
	detail string
	// open lets later stages go on although this one did not go well.
	open bool
}

func fine(detail string) verdict { return verdict{state: OK, detail: detail} }

// failure makes a verdict of an error.
func failure(err error, args map[string]string) verdict {
	return verdict{state: Failed, code: fault.CodeOf(err), args: args, detail: err.Error()}
}

// course is one check under way. Each stage fills in what later ones need.
type course struct {
	*Checker
	req Request

	mail     string
	tied     *side.Account // nil for the employee's own mailbox and default folders
	settings Settings
	url      *url.URL
	host     string
	port     string
	args     map[string]string // server and port
	probe    probe
	login    *login
	client   *ews.Client
	folder   ews.FolderID // the calendar found where the employee is tied
	proved   bool

	// closed holds, for each stage that did not go well, why.
	closed map[string]fault.Code
}

// login is the one attempt of a check.
type login struct {
	credential credentials.Login
	calendar   ews.FolderResult
	err        error
}

type step struct {
	name  string
	needs []string
	run   func(*course, context.Context) verdict
}

func steps() []step {
	return []step{
		{Agent, nil, (*course).agent},
		{InMasterData, nil, (*course).employee},
		{Email, []string{InMasterData}, (*course).email},
		{Permissions, []string{InMasterData}, (*course).permissions},
		{ServiceUser, nil, (*course).serviceUser},
		{Parameters, nil, (*course).parameters},
		{DNS, []string{Parameters}, (*course).dns},
		{Port, []string{DNS}, (*course).reach},
		{TLS, []string{Port}, (*course).secure},
		{Version, []string{TLS}, (*course).version},
		{LoggedIn, []string{Version, InMasterData, Email}, (*course).loggedIn},
		{SSLRequired, []string{TLS}, (*course).sslRequired},
		{Mailbox, []string{LoggedIn}, (*course).mailbox},
		{FoldersCalendar, []string{Mailbox}, (*course).calendar},
		{FoldersTasks, []string{Mailbox}, (*course).tasks},
		{Claim, []string{FoldersCalendar}, (*course).claim},
		{EventServer, []string{FoldersCalendar}, (*course).events},
		{Clock, []string{TLS}, (*course).clock},
	}
}

// Stages are the names of all stages, in order.
func (*Checker) Stages() []string {
	var names []string
	for _, s := range steps() {
		names = append(names, s.name)
	}
	return names
}

// Check runs all stages and tells each of them when it begins and when it ends,
// one at a time. An error means that the check itself ended early: the context is
// over ([fault.Cancelled]).
func (k *Checker) Check(ctx context.Context, req Request, report func(Stage)) (Result, error) {
	c := &course{Checker: k, req: req, closed: map[string]fault.Code{}}
	defer func() {
		if c.client != nil {
			c.client.Close()
		}
	}()
	result := Result{OK: true}
	for _, s := range steps() {
		began := k.o.Now()
		report(Stage{Name: s.name, State: Running})
		v := c.take(ctx, s)
		if ctx.Err() != nil {
			v = verdict{state: Skipped, code: fault.Cancelled}
		}
		if v.state == Failed || v.state == Skipped && v.code != "" {
			if !v.open {
				c.closed[s.name] = v.code
			}
		}
		result.OK = result.OK && v.state != Failed
		report(Stage{Name: s.name, State: v.state, Code: v.code, Args: v.args, Detail: v.detail, Took: k.o.Now().Sub(began)})
		if err := ctx.Err(); err != nil {
			return Result{}, fault.New(fault.Cancelled, "verify.Check", string(req.User), err)
		}
	}
	if c.proved {
		result.User = req.User
	}
	return result, nil
}

func (c *course) take(ctx context.Context, s step) verdict {
	for _, need := range s.needs {
		if code, ok := c.closed[need]; ok {
			return verdict{state: Skipped, code: code, detail: "because of: " + need}
		}
	}
	return s.run(c, ctx)
}
