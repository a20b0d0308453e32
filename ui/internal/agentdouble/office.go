package agentdouble

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/ipc/contract"
)

// Office is what administrators see.
type Office struct {
	Users      []*contract.UserStatus
	Nameless   []*contract.UserStatus // employees without a User-ID
	Parameters []*contract.Parameter
	Etag       int
	Employees  *contract.ListEmployeesResponse
	Log        []string
}

func (a *Agent) office() (*Office, error) {
	if a.books.Office == nil {
		return nil, refuse(connect.CodePermissionDenied, "not-permitted")
	}
	return a.books.Office, nil
}

// GetParameters gives the scripted ones.
func (a *Agent) GetParameters(context.Context, *connect.Request[contract.GetParametersRequest]) (*connect.Response[contract.GetParametersResponse], error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	o, err := a.office()
	if err != nil {
		return nil, err
	}
	out := &contract.GetParametersResponse{Etag: strconv.Itoa(o.Etag)}
	for _, p := range o.Parameters {
		out.Parameters = append(out.Parameters, proto.CloneOf(p))
	}
	return connect.NewResponse(out), nil
}

// SetParameters takes numbers within their bounds, everything else as it is.
func (a *Agent) SetParameters(ctx context.Context, r *connect.Request[contract.SetParametersRequest]) (*connect.Response[contract.SetParametersResponse], error) {
	secrets := ""
	for key, sealed := range r.Msg.GetSealedValues() {
		secret, err := a.open(ctx, sealed)
		if err != nil {
			return nil, err
		}
		secrets += " " + key + " right=" + strconv.FormatBool(secret == RightPassword)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	o, err := a.office()
	if err != nil {
		return nil, err
	}
	out := &contract.SetParametersResponse{}
	for key, v := range r.Msg.GetValues() {
		i := slices.IndexFunc(o.Parameters, func(p *contract.Parameter) bool { return p.GetKey() == key })
		if i < 0 {
			out.Mistakes = append(out.Mistakes, &contract.ParameterMistake{Key: key, Reason: "unknown-key"})
			continue
		}
		if p := o.Parameters[i]; p.GetForm() == "number" {
			n, err := strconv.Atoi(v)
			least, _ := strconv.Atoi(p.GetAllowed()[0])
			most, _ := strconv.Atoi(p.GetAllowed()[1])
			if err != nil || n < least || n > most {
				out.Mistakes = append(out.Mistakes, &contract.ParameterMistake{Key: key, Reason: "not-allowed", Allowed: strings.Join(p.GetAllowed(), " – ")})
			}
		}
	}
	if r.Msg.GetCheckOnly() {
		return connect.NewResponse(out), nil
	}
	if len(out.Mistakes) > 0 {
		return nil, refuse(connect.CodeInvalidArgument, "parameter-invalid")
	}
	if r.Msg.GetEtag() != strconv.Itoa(o.Etag) {
		return nil, refuse(connect.CodeFailedPrecondition, "parameters-changed")
	}
	var told []string
	for key, v := range r.Msg.GetValues() {
		for _, p := range o.Parameters {
			if p.GetKey() == key {
				p.Value = v
			}
		}
		told = append(told, key+"="+v)
	}
	slices.Sort(told)
	a.calls = append(a.calls, "set "+strings.Join(told, " ")+secrets)
	o.Etag++
	out.Etag = strconv.Itoa(o.Etag)
	return connect.NewResponse(out), nil
}

// SendTestNotice only notes the call.
func (a *Agent) SendTestNotice(context.Context, *connect.Request[contract.SendTestNoticeRequest]) (*connect.Response[contract.SendTestNoticeResponse], error) {
	a.note("test notice")
	a.mu.Lock()
	defer a.mu.Unlock()
	return connect.NewResponse(&contract.SendTestNoticeResponse{Recipient: "admin@firma.example", By: "smtp"}), a.refused("SendTestNotice")
}

// ListEmployees gives the scripted ones.
func (a *Agent) ListEmployees(context.Context, *connect.Request[contract.ListEmployeesRequest]) (*connect.Response[contract.ListEmployeesResponse], error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	o, err := a.office()
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(proto.CloneOf(o.Employees)), nil
}

// SaveEmployee adds or replaces one.
func (a *Agent) SaveEmployee(_ context.Context, r *connect.Request[contract.SaveEmployeeRequest]) (*connect.Response[contract.SaveEmployeeResponse], error) {
	e := r.Msg.GetEmployee()
	a.note("employee %s mail=%s groups=%s active=%v", e.GetUser(), e.GetMail(), strings.Join(e.GetGroups(), ","), e.GetActive())
	a.mu.Lock()
	defer a.mu.Unlock()
	o, err := a.office()
	if err != nil {
		return nil, err
	}
	o.Employees.Employees = append(slices.DeleteFunc(o.Employees.Employees, func(x *contract.Employee) bool { return x.GetUser() == e.GetUser() }), e)
	return connect.NewResponse(&contract.SaveEmployeeResponse{Employee: e}), a.refused("SaveEmployee")
}

// SetMailbox only notes the call.
func (a *Agent) SetMailbox(_ context.Context, r *connect.Request[contract.SetMailboxRequest]) (*connect.Response[contract.SetMailboxResponse], error) {
	t := r.Msg.GetTie()
	a.note("mailbox %s %s %s %s", r.Msg.GetUser(), t.GetMailbox(), t.GetAppointments(), t.GetTasks())
	return connect.NewResponse(&contract.SetMailboxResponse{Tie: t}), nil
}

// SetPermission only notes the call.
func (a *Agent) SetPermission(_ context.Context, r *connect.Request[contract.SetPermissionRequest]) (*connect.Response[contract.SetPermissionResponse], error) {
	a.note("permission %s %s %v", r.Msg.GetGroup(), r.Msg.GetFunction(), r.Msg.GetGranted())
	a.mu.Lock()
	defer a.mu.Unlock()
	return connect.NewResponse(&contract.SetPermissionResponse{}), a.refused("SetPermission")
}

// ForgetEmployee only notes the call.
func (a *Agent) ForgetEmployee(_ context.Context, r *connect.Request[contract.ForgetEmployeeRequest]) (*connect.Response[contract.ForgetEmployeeResponse], error) {
	a.note("forget %s", r.Msg.GetUser())
	return connect.NewResponse(&contract.ForgetEmployeeResponse{Pairs: 12345, Runs: 40}), nil
}

// ReadLog sends the scripted lines; followed ones come with every change of the script.
func (a *Agent) ReadLog(ctx context.Context, r *connect.Request[contract.ReadLogRequest], s *connect.ServerStream[contract.ReadLogResponse]) error {
	of := ""
	if !r.Msg.GetService() {
		of = "user=" + r.Msg.GetUser() + " "
	}
	a.note("log %slevel=%s follow=%v", of, r.Msg.GetLevel(), r.Msg.GetFollow())
	sent := 0
	for {
		a.mu.Lock()
		log := a.books.Errors[r.Msg.GetUser()]
		var err error
		if r.Msg.GetService() || r.Msg.GetUser() != "" {
			var o *Office
			if o, err = a.office(); err == nil && r.Msg.GetService() {
				log = o.Log
			}
		}
		changed, broken := a.changed, a.broken
		lines := log[min(sent, len(log)):]
		sent = len(log)
		a.mu.Unlock()
		if err != nil {
			return err
		}
		if len(lines) > 0 {
			if err := s.Send(&contract.ReadLogResponse{Lines: lines}); err != nil {
				return err
			}
		}
		if !r.Msg.GetFollow() {
			return nil
		}
		select {
		case <-changed:
		case <-broken:
			return connect.NewError(connect.CodeUnavailable, nil)
		case <-ctx.Done():
			return nil
		}
	}
}

// AnOffice is an ordinary company with one user in trouble.
func AnOffice(now time.Time) *Office {
	at := func(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(now.Add(d)) }
	user := func(id, name string, state contract.UserState, ago time.Duration) *contract.UserStatus {
		u := proto.CloneOf(Quiet(now))
		u.User, u.Name, u.State = id, name, state
		for _, k := range u.Kinds {
			k.LastSuccess = at(-ago)
		}
		return u
	}
	o := &Office{Etag: 1}
	o.Users = []*contract.UserStatus{
		user("ANNA", "Anna Berger", contract.UserState_USER_STATE_FINE, 3*time.Minute),
		user("BERT", "Bert Huber", contract.UserState_USER_STATE_CREDENTIALS_NEEDED, 26*time.Hour),
		user("CARLA", "Carla Steiner", contract.UserState_USER_STATE_ATTENTION, 8*time.Minute),
		user("DORA", "Dora Wimmer", contract.UserState_USER_STATE_SYNCING, time.Minute),
		user("EMIL", "Emil Gruber", contract.UserState_USER_STATE_PAUSED, 4*time.Hour),
		user("FRANZ", "Franz Leitner", contract.UserState_USER_STATE_FINE, 2*time.Minute),
		user("GRETA", "Greta Maier", contract.UserState_USER_STATE_NOT_SET_UP, 0),
	}
	o.Nameless = []*contract.UserStatus{{Name: "Hanna Lang", State: contract.UserState_USER_STATE_DISABLED, Code: "employee-without-id"}}
	o.Users[1].Code = "login-rejected"
	o.Users[2].Problems, o.Users[2].Holds = 2, 1
	for _, k := range o.Users[6].Kinds {
		k.LastSuccess, k.Enabled = nil, false
	}
	employee := func(id, name, mail string, groups ...string) *contract.Employee {
		return &contract.Employee{User: id, Name: name, Mail: mail, TimeZone: "Europe/Vienna", Active: true, Groups: groups, Functions: []string{"sync-crm", "sync-credentials"}}
	}
	o.Employees = &contract.ListEmployeesResponse{
		Groups: []string{"Kanzlei", "Vertrieb", "BMD"},
		PermissionGroups: []*contract.PermissionGroup{{Name: "Kanzlei", Functions: []string{"sync-crm", "sync-credentials"}, Members: 4},
			{Name: "Vertrieb", Functions: []string{"sync-crm"}, Members: 2}, {Name: "BMD", Members: 1}},
		Employees: []*contract.Employee{
			employee("ANNA", "Anna Berger", "anna@firma.example", "Kanzlei"), employee("BERT", "Bert Huber", "bert@firma.example", "Kanzlei", "Vertrieb"),
			employee("CARLA", "Carla Steiner", "carla@firma.example", "Kanzlei"), {User: "GRETA", Name: "Greta Maier", TimeZone: "Europe/Vienna", Active: true},
		},
	}
	o.Parameters = parameters()
	for i, l := range []string{"INFO  [-] agent started version=1.0.0 address=/run/abgleich/agent.sock", "INFO  [ANNA] run done kind=appointment created=2 updated=1",
		"WARN  [BERT] login rejected code=login-rejected", "INFO  [CARLA] run done kind=task", "ERROR [CARLA] item refused code=item-refused side=business", "INFO  [ANNA] run done kind=task"} {
		o.Log = append(o.Log, now.Add(time.Duration(i)*time.Minute-time.Hour).Format("2006-01-02T15:04:05.000Z07:00")+" "+l)
	}
	return o
}

// parameters are some of every form, with help of their own.
func parameters() []*contract.Parameter {
	p := func(key, form, value, de, en string, allowed ...string) *contract.Parameter {
		return &contract.Parameter{Key: key, Form: form, Value: value, DefaultValue: value, Allowed: allowed, Help: map[string]string{"de": de, "en": en}}
	}
	list := []*contract.Parameter{
		p("language", "choice", "de", "Sprache von Meldungen, Protokoll und Befehlszeile.", "Language of notices, log and command line.", "de", "en"),
		p("communication.system", "choice", "ews", "Kommunikationssystem: ews oder graph.", "Communication system: ews or graph.", "ews", "graph"),
		p("communication.sync_enabled", "yes-no", "true", "Hauptschalter für alle Benutzer.", "The master switch for all users."),
		p("communication.server", "text", "mail.firma.example", "Name oder IP-Adresse; mit SSL der Name, der im Zertifikat steht.", "Name or IP address; with SSL the name in its certificate."),
		p("communication.port", "number", "443", "In der Regel 443 mit und 80 ohne SSL.", "As a rule 443 with and 80 without SSL.", "1", "65535"),
		p("communication.ssl", "yes-no", "true", "SSL-Verschlüsselung.", "SSL encryption."),
		p("events.server", "text", "abgleich.firma.example", "Name oder IP-Adresse, unter der der Mailserver diesen Rechner erreicht.", "Name or IP address under which the mail server reaches this machine."),
		p("events.port", "number", "9090", "Eventport.", "Event port.", "1", "65535"),
		p("notice.recipient", "text", "admin@firma.example", "E-Mail-Adresse für Status und Hinweise.", "E-mail address for status information and notices."),
		p("sync.interval", "number", "600", "Sekunden zwischen zwei Abgleichen eines Benutzers.", "Seconds between two runs of a user.", "10", "86400"),
	}
	list[9].Unit = "s"
	return append(list, &contract.Parameter{Key: "service.password", Secret: true, Value: "set"})
}
