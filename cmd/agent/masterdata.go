package main

import (
	"context"
	"maps"
	"slices"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/business"
	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// agentData is the master data behind a running agent.
type agentData struct{ c *client.Client }

func (d agentData) list(ctx context.Context) ([]employee, bool, error) {
	r, err := client.Ask(ctx, d.c.ListEmployees, &contract.ListEmployeesRequest{})
	if err != nil {
		return nil, false, err
	}
	var all []employee
	for _, e := range r.GetEmployees() {
		all = append(all, employee{e.GetUser(), e.GetName(), e.GetMail(), e.GetTimeZone(), e.GetActive(),
			notNil(e.GetGroups()), notNil(e.GetFunctions())})
	}
	return all, r.GetReadOnly(), nil
}

func (d agentData) groups(ctx context.Context) ([]group, error) {
	r, err := client.Ask(ctx, d.c.ListEmployees, &contract.ListEmployeesRequest{})
	if err != nil {
		return nil, err
	}
	members := map[string][]string{}
	for _, name := range r.GetGroups() {
		members[name] = []string{}
	}
	for _, e := range r.GetEmployees() {
		for _, name := range e.GetGroups() {
			members[name] = append(members[name], e.GetUser())
		}
	}
	groups := []group{}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		groups = append(groups, group{name, members[name]})
	}
	return groups, nil
}

func (d agentData) save(ctx context.Context, e employee) error {
	_, err := client.Ask(ctx, d.c.SaveEmployee, &contract.SaveEmployeeRequest{Employee: &contract.Employee{
		User: e.User, Name: e.Name, Mail: e.Mail, TimeZone: e.Zone, Active: e.Active, Groups: e.Groups,
	}})
	return err
}

func (d agentData) permit(ctx context.Context, group, function string, granted bool) error {
	_, err := client.Ask(ctx, d.c.SetPermission, &contract.SetPermissionRequest{Group: group, Function: function, Granted: granted})
	return err
}

// fileData is the master data in the business database, while no agent runs.
type fileData struct{ db *business.Database }

func (d fileData) list(ctx context.Context) ([]employee, bool, error) {
	es, err := d.db.Employees(ctx)
	if err != nil {
		return nil, false, err
	}
	groups, err := d.db.Groups(ctx)
	if err != nil {
		return nil, false, err
	}
	var all []employee
	for _, e := range es {
		x := employee{string(e.User), e.Name, e.Mail, e.Zone, e.Active, []string{}, []string{}}
		for _, g := range groups {
			if slices.Contains(g.Members, e.User) {
				x.Groups = append(x.Groups, g.Name)
			}
		}
		functions, err := d.db.Functions(ctx, e.User)
		if err != nil {
			return nil, false, err
		}
		for _, f := range functions {
			x.Functions = append(x.Functions, string(f))
		}
		all = append(all, x)
	}
	return all, d.db.Foreign(), nil
}

func (d fileData) groups(ctx context.Context) ([]group, error) {
	all, err := d.db.Groups(ctx)
	if err != nil {
		return nil, err
	}
	groups := []group{}
	for _, x := range all {
		members := []string{}
		for _, u := range x.Members {
			members = append(members, string(u))
		}
		groups = append(groups, group{x.Name, members})
	}
	return groups, nil
}

func (d fileData) save(ctx context.Context, e employee) error {
	user := pim.UserID(e.User)
	if err := d.db.SaveEmployee(ctx, business.Employee{User: user, Name: e.Name, Mail: e.Mail, Zone: e.Zone, Active: e.Active}); err != nil {
		return err
	}
	groups, err := d.db.Groups(ctx)
	if err != nil {
		return err
	}
	for _, name := range e.Groups {
		if !slices.ContainsFunc(groups, func(g business.Group) bool { return g.Name == name }) {
			groups = append(groups, business.Group{Name: name})
		}
	}
	for _, g := range groups {
		is, shall := slices.Contains(g.Members, user), slices.Contains(e.Groups, g.Name)
		if is == shall {
			continue
		}
		g.Members = slices.DeleteFunc(slices.Clone(g.Members), func(u pim.UserID) bool { return u == user })
		if shall {
			g.Members = append(g.Members, user)
		}
		if err := d.db.SaveGroup(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

func (d fileData) permit(ctx context.Context, group, function string, granted bool) error {
	groups, err := d.db.Groups(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(groups, func(g business.Group) bool { return g.Name == group })
	if i < 0 {
		return fault.New(fault.NotFound, "employees.permit", group, nil)
	}
	g := groups[i]
	g.Functions = slices.DeleteFunc(slices.Clone(g.Functions), func(f business.Function) bool { return string(f) == function })
	if granted {
		g.Functions = append(g.Functions, business.Function(function))
	}
	return d.db.SaveGroup(ctx, g)
}
