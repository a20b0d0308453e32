package verify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/ews/kerberos"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// version looks at what answers, and then at its version, which only comes with
// the first answer to a login: the one attempt is made here, and its outcome is
// told by the next stage.
func (c *course) version(ctx context.Context) verdict {
	p := c.probe
	if microsoft365(c.host) {
		return verdict{state: Failed, code: fault.NeedsGraph, args: c.args, detail: c.host}
	}
	switch {
	case p.err != nil:
		return verdict{state: Failed, code: plainFault(p.err), args: c.args, detail: p.err.Error()}
	case p.sslRequired():
		return verdict{state: Skipped, code: fault.SSLRequired, detail: fmt.Sprintf("HTTP %d without a login", p.status)}
	case p.status == http.StatusUnauthorized && len(p.schemes) > 0 && !slices.ContainsFunc(p.schemes, known):
		code := fault.NotSOAP
		if slices.Contains(p.schemes, "bearer") {
			code = fault.NeedsGraph
		}
		return verdict{state: Failed, code: code, args: c.args, detail: "logins offered: " + strings.Join(p.schemes, ", ")}
	case p.status >= 500 && !strings.Contains(p.text, "envelope"):
		code := fault.ServerFailed
		if p.status == http.StatusServiceUnavailable {
			code = fault.ServerBusy
		}
		return verdict{state: Failed, code: code, args: c.args, detail: fmt.Sprintf("HTTP %d", p.status)}
	case p.status != http.StatusUnauthorized && !strings.Contains(p.text, "envelope") && (p.html || p.status >= 300):
		return verdict{state: Failed, code: fault.NotSOAP, args: c.args, detail: strings.TrimSpace(fmt.Sprintf("HTTP %d %s", p.status, p.location))}
	}
	for _, need := range []string{InMasterData, Email} {
		if code, ok := c.closed[need]; ok {
			return verdict{state: Skipped, code: code, open: true, detail: "not known without a login"}
		}
	}
	c.login = c.try(ctx)
	if err := c.login.err; err != nil {
		if fault.Has(err, fault.VersionUnsupported, fault.NeedsGraph) {
			return failure(err, c.args)
		}
		return verdict{state: Skipped, code: fault.CodeOf(err), open: true, detail: "not known without a login"}
	}
	v := c.client.Version()
	if code := judge(v); code != "" {
		args := maps.Clone(c.args)
		args["version"] = v
		return verdict{state: Failed, code: code, args: args, detail: v}
	}
	return fine(v)
}

// known tells whether we can log in by a scheme.
func known(scheme string) bool {
	return scheme == "ntlm" || scheme == "basic" || scheme == "negotiate"
}

// sslRequired recognises IIS' 403.4, and a redirect to the same address with TLS.
func (p probe) sslRequired() bool {
	return p.toTLS || p.status == http.StatusForbidden && (strings.Contains(p.text, "403.4") || strings.Contains(p.text, "ssl"))
}

func microsoft365(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, h := range [...]string{"outlook.office365.com", "outlook.office.com", "outlook.office365.us", "outlook.cloud.microsoft"} {
		if host == h || strings.HasSuffix(host, "."+h) {
			return true
		}
	}
	return false
}

// judge tells whether a version, "15.1.2507.6 V2017_07_11", is supported: Exchange
// 2016 from CU23, 2019 from CU14, SE. grommunio calls itself a 2013 server that
// speaks the 2017 schema. A server that says nothing is given the benefit of doubt.
func judge(version string) fault.Code {
	number, schema, _ := strings.Cut(version, " ")
	var major, minor, build int
	if n, _ := fmt.Sscanf(number, "%d.%d.%d", &major, &minor, &build); n < 2 {
		return ""
	}
	switch {
	case major == 15 && minor == 20:
		return fault.NeedsGraph
	case major > 15 || major == 15 && minor > 2:
		return ""
	case major == 15 && minor == 2 && build >= 1544:
		return ""
	case major == 15 && minor == 1 && build >= 2507:
		return ""
	case major == 15 && minor == 0 && strings.HasPrefix(schema, "V20"):
		return ""
	}
	return fault.VersionUnsupported
}

// try makes the one login attempt of a check.
func (c *course) try(ctx context.Context) *login {
	l := &login{}
	if c.req.Login != nil {
		l.credential = *c.req.Login
		l.err = c.o.Book.MayTryOther(ctx, c.req.User, l.credential, c.req.Asked)
	} else if l.err = c.o.Book.MayTry(ctx, c.req.User, c.req.Asked); l.err == nil {
		l.credential, l.err = c.o.Book.Login(ctx, c.req.User)
	}
	if l.err == nil && (l.credential.Name == "" || l.credential.Secret.Empty() && !c.shared()) {
		l.err = fault.New(fault.CredentialsMissing, "verify.login", string(c.req.User), nil)
	}
	if l.err != nil {
		return l
	}
	server, err := ews.NewServer(ews.ServerOptions{URL: c.url.String(), TLS: c.settings.TLS, Timeouts: c.o.Timeouts, UserAgent: "Abgleich/" + c.o.Version})
	if err != nil {
		l.err = err
		return l
	}
	c.client = ews.NewClient(server, ews.ClientOptions{
		View:   c.view(),
		Logins: c.o.Logins(l.credential), MaxConnections: 1, NewRequestID: c.o.NewID,
	})
	folders, err := c.client.GetFolder(ctx, []ews.FolderID{ews.Folder(ews.Calendar)}, nil)
	if err != nil {
		l.err = err
	} else {
		l.calendar = folders[0]
	}
	// What the server said of the login is noted, whatever becomes of the check.
	books := context.WithoutCancel(ctx)
	switch {
	case fault.Has(l.err, fault.LoginRejected):
		if err := c.o.Book.Rejected(books, c.req.User, l.credential); err != nil {
			l.err = fmt.Errorf("%w (and it could not be noted: %v)", l.err, err)
		}
	case l.err == nil:
		if err := c.o.Book.Took(books, c.req.User, l.credential); err != nil {
			l.err = err
		}
	}
	if c.shared() {
		l.err = c.o.Shared.Judge(l.err)
	}
	return l
}

// shared tells that the service account is tried, not a login typed in.
func (c *course) shared() bool { return c.o.Shared != nil && c.req.Login == nil }

func (c *course) view() ews.View {
	if c.shared() && c.elsewhere() {
		return c.o.Ties.View(*c.tied, true)
	}
	if c.shared() {
		return c.o.Shared.View(c.mail)
	}
	return ews.View{Mailbox: c.mail}
}

func (c *course) loggedIn(context.Context) verdict {
	l := c.login
	args := maps.Clone(c.args)
	args["login"] = l.credential.Name
	if v := c.view(); v.Impersonate {
		args["access"] = "impersonation"
	} else if v.Delegate {
		args["access"] = "delegate"
	}
	if l.err == nil {
		how, passedOver := c.client.LoginMethod()
		args["method"] = wayName(how)
		detail := l.credential.Name + " (" + args["method"] + ")"
		if c.shared() {
			detail = args["access"] + ": " + detail
		}
		if passedOver != nil {
			detail += "; not by a better way: " + passedOver.Error()
		}
		return verdict{state: OK, args: args, detail: detail}
	}
	if !strings.ContainsAny(l.credential.Name, `\@`) {
		args["prefix"] = "missing"
	}
	if e := ews.Detail(l.err); e != nil {
		if k, ok := errors.AsType[*kerberos.Error](e); ok && k.Skew != 0 {
			args["skew"] = k.Skew.Abs().Round(time.Second).String()
		}
	}
	return failure(l.err, args)
}

// wayName is how people call a way to log in ([ews.Login.Method]); one that is not
// known is told as it is.
func wayName(method string) string {
	switch method {
	case "ntlm":
		return "NTLM"
	case "kerberos":
		return "Kerberos"
	case "basic":
		return "Basic"
	case "bearer":
		return "OAuth"
	}
	return method
}

func (c *course) sslRequired(context.Context) verdict {
	if c.probe.sslRequired() {
		return verdict{state: Failed, code: fault.SSLRequired, args: c.args, detail: fmt.Sprintf("HTTP %d", c.probe.status)}
	}
	return fine("")
}

// mailbox proves whose mailbox the login opens: its own calendar must be the very
// folder that the employee's address names. Somebody who may only look into the
// employee's mailbox sees another folder, or none.
func (c *course) mailbox(ctx context.Context) verdict {
	args := map[string]string{"expected": c.mail}
	if c.elsewhere() {
		return c.tiedMailbox(ctx)
	}
	if err := c.login.calendar.Err; err != nil {
		return failure(err, args)
	}
	theirs := ews.Folder(ews.Calendar)
	theirs.Mailbox = c.mail
	got, err := c.client.GetFolder(ctx, []ews.FolderID{theirs}, nil)
	if err != nil {
		return failure(err, args)
	}
	if err := got[0].Err; err != nil {
		if fault.Has(err, fault.AccessDenied, fault.MailboxDisabled, fault.FolderUnavailable, fault.ItemGone) {
			return verdict{state: Failed, code: fault.MailboxOfOther, args: args, detail: err.Error()}
		}
		return failure(err, args)
	}
	if own := c.login.calendar.Folder.ID.ID; own == "" || got[0].Folder.ID.ID != own {
		return verdict{state: Failed, code: fault.MailboxOfOther, args: args, detail: "the login may look into the mailbox, but it is not its owner"}
	}
	c.proved = true
	return fine(c.mail)
}

func (c *course) calendar(ctx context.Context) verdict {
	if c.tied != nil {
		return c.tiedFolder(ctx, "calendar", pim.KindAppointment)
	}
	return usable("calendar", c.login.calendar)
}

func (c *course) tasks(ctx context.Context) verdict {
	if c.tied != nil {
		return c.tiedFolder(ctx, "tasks", pim.KindTask)
	}
	got, err := c.client.GetFolder(ctx, []ews.FolderID{ews.Folder(ews.Tasks)}, nil)
	if err != nil {
		return failure(err, map[string]string{"folder": "tasks"})
	}
	return usable("tasks", got[0])
}

func usable(name string, f ews.FolderResult) verdict {
	args := map[string]string{"folder": name}
	if f.Err != nil {
		return failure(f.Err, args)
	}
	r := f.Folder.Rights
	if r.Told && !(r.Read && r.Create && r.Modify && r.Delete) {
		return verdict{state: Failed, code: fault.FolderUnavailable, args: args, detail: fmt.Sprintf("rights: %+v", r)}
	}
	return fine(fmt.Sprintf("%d items", f.Folder.Total))
}
