package api

import (
	"context"
	"slices"

	"connectrpc.com/connect"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/business"
	"abgleich/ipc/contract"
)

// ListEmployees lists the employee master data. Administrators only.
func (s *server) ListEmployees(ctx context.Context, _ *connect.Request[contract.ListEmployeesRequest]) (*connect.Response[contract.ListEmployeesResponse], error) {
	if _, err := s.administrator(ctx); err != nil {
		return nil, err
	}
	es, err := s.Employees.Employees(ctx)
	if err != nil {
		return nil, err
	}
	out := &contract.ListEmployeesResponse{ReadOnly: s.Employees.Foreign()}
	groups, err := s.Employees.Groups(ctx)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		out.Groups = append(out.Groups, g.Name)
		m := &contract.PermissionGroup{Name: g.Name, Members: uint32(len(g.Members))}
		for _, f := range g.Functions {
			m.Functions = append(m.Functions, string(f))
		}
		out.PermissionGroups = append(out.PermissionGroups, m)
	}
	for _, e := range es {
		m, err := s.employee(ctx, e, groups)
		if err != nil {
			return nil, err
		}
		out.Employees = append(out.Employees, m)
	}
	return connect.NewResponse(out), nil
}

func (s *server) employee(ctx context.Context, e business.Employee, groups []business.Group) (*contract.Employee, error) {
	functions, err := s.Employees.Functions(ctx, e.User)
	if err != nil {
		return nil, err
	}
	m := &contract.Employee{User: string(e.User), Name: e.Name, Mail: e.Mail, TimeZone: e.Zone, Active: e.Active}
	for _, g := range groups {
		if slices.Contains(g.Members, e.User) {
			m.Groups = append(m.Groups, g.Name)
		}
	}
	for _, f := range functions {
		m.Functions = append(m.Functions, string(f))
	}
	tie, err := s.Records.Tie(ctx, e.User)
	if err != nil {
		return nil, err
	}
	m.Tie = tieOf(tie)
	return m, nil
}

// SaveEmployee creates or changes an employee, and puts him into exactly the
// groups named. Administrators only; a foreign database is read-only.
func (s *server) SaveEmployee(ctx context.Context, r *connect.Request[contract.SaveEmployeeRequest]) (*connect.Response[contract.SaveEmployeeResponse], error) {
	c, err := s.administrator(ctx)
	if err != nil {
		return nil, err
	}
	m := r.Msg.GetEmployee()
	user := s.spelled(ctx, m.GetUser())
	e := business.Employee{User: user, Name: m.GetName(), Mail: m.GetMail(), Zone: m.GetTimeZone(), Active: m.GetActive()}
	if err := s.Employees.SaveEmployee(ctx, e); err != nil {
		return nil, err
	}
	if err := s.regroup(ctx, user, m.GetGroups()); err != nil {
		return nil, err
	}
	if err := s.record(ctx, c, "saved employee", string(user)); err != nil {
		return nil, err
	}
	if err := s.Control.Reload(ctx); err != nil {
		return nil, err
	}
	groups, err := s.Employees.Groups(ctx)
	if err != nil {
		return nil, err
	}
	saved, err := s.employee(ctx, e, groups)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&contract.SaveEmployeeResponse{Employee: saved}), nil
}

// regroup makes the user a member of exactly the groups wanted, which must exist
// unless they are new.
func (s *server) regroup(ctx context.Context, user pim.UserID, want []string) error {
	s.groups.Lock()
	defer s.groups.Unlock()
	groups, err := s.Employees.Groups(ctx)
	if err != nil {
		return err
	}
	for _, name := range want {
		if !slices.ContainsFunc(groups, func(g business.Group) bool { return g.Name == name }) {
			groups = append(groups, business.Group{Name: name})
		}
	}
	for _, g := range groups {
		is, shall := slices.Contains(g.Members, user), slices.Contains(want, g.Name)
		switch {
		case shall && !is:
			g.Members = append(slices.Clone(g.Members), user)
		case is && !shall:
			g.Members = slices.DeleteFunc(slices.Clone(g.Members), func(u pim.UserID) bool { return u == user })
		default:
			continue
		}
		if err := s.Employees.SaveGroup(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// SetPermission grants a function to a group or takes it away. Administrators only.
func (s *server) SetPermission(ctx context.Context, r *connect.Request[contract.SetPermissionRequest]) (*connect.Response[contract.SetPermissionResponse], error) {
	c, err := s.administrator(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.permit(ctx, r.Msg.GetGroup(), business.Function(r.Msg.GetFunction()), r.Msg.GetGranted()); err != nil {
		return nil, err
	}
	verb := "took permission "
	if r.Msg.GetGranted() {
		verb = "gave permission "
	}
	if err := s.record(ctx, c, verb+r.Msg.GetFunction(), r.Msg.GetGroup()); err != nil {
		return nil, err
	}
	if err := s.Control.Reload(ctx); err != nil {
		return nil, err
	}
	return connect.NewResponse(&contract.SetPermissionResponse{}), nil
}

func (s *server) permit(ctx context.Context, group string, f business.Function, granted bool) error {
	s.groups.Lock()
	defer s.groups.Unlock()
	groups, err := s.Employees.Groups(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(groups, func(g business.Group) bool { return g.Name == group })
	if i < 0 {
		return fault.New(fault.NotFound, "api.SetPermission", group, nil)
	}
	g := groups[i]
	g.Functions = slices.DeleteFunc(slices.Clone(g.Functions), func(have business.Function) bool { return have == f })
	if granted {
		g.Functions = append(g.Functions, f)
	}
	return s.Employees.SaveGroup(ctx, g)
}
