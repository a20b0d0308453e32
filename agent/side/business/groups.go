package business

import (
	"context"
	"errors"
	"slices"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// Function is a permission granted to groups. Unknown ones are kept as they are:
// the business system has functions of its own.
type Function string

// The functions we ask for.
const (
	// FunctionSyncCRM: "Synchronisation CRM", the user's items may be synced.
	FunctionSyncCRM Function = "sync-crm"
	// FunctionSyncCredentials: "Synchronisationszugangsdaten", the user may enter
	// the login.
	FunctionSyncCredentials Function = "sync-credentials"
	// FunctionSyncContent: "Synchronisationsinhalte", an administrator may see other
	// users' items with their content; each look is recorded.
	FunctionSyncContent Function = "sync-content"
)

// ServiceGroup is the group the service user must belong to unless configured
// otherwise.
const ServiceGroup = "BMD"

// Group is a permission group with its members and functions.
type Group struct {
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Members     []pim.UserID `json:"members"`
	Functions   []Function   `json:"functions"`
}

// Groups lists all groups by name.
func (d *Database) Groups(ctx context.Context) ([]Group, error) {
	const op = "business.Groups"
	t, err := d.begin(ctx, false)
	if err != nil {
		return nil, coded(op, "", err)
	}
	defer t.Rollback()
	var all []Group
	rows, err := t.query(ctx, `SELECT name, COALESCE(description,'') FROM permission_groups ORDER BY name`)
	if err != nil {
		return nil, coded(op, "", err)
	}
	defer rows.Close()
	for rows.Next() {
		var g Group
		if err := rows.Scan(&g.Name, &g.Description); err != nil {
			return nil, coded(op, "", err)
		}
		all = append(all, g)
	}
	if err := rows.Err(); err != nil {
		return nil, coded(op, "", err)
	}
	for i := range all {
		g := &all[i]
		g.Members, err = list[pim.UserID](ctx, t, `SELECT user_id FROM group_members WHERE group_name = ? ORDER BY user_id`, g.Name)
		if err == nil {
			g.Functions, err = list[Function](ctx, t, `SELECT function FROM group_functions WHERE group_name = ? ORDER BY function`, g.Name)
		}
		if err != nil {
			return nil, coded(op, g.Name, err)
		}
	}
	return all, nil
}

func list[T ~string](ctx context.Context, t *tx, text string, args ...any) ([]T, error) {
	rows, err := t.query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, T(s))
	}
	return all, rows.Err()
}

// SaveGroup creates a group or replaces its description, members and functions.
// Codes: [fault.BadRequest], [fault.EmployeeUnknown] for a member who does not
// exist, [fault.ReadOnly].
func (d *Database) SaveGroup(ctx context.Context, g Group) error {
	const op = "business.SaveGroup"
	if d.cfg.Foreign {
		return fault.New(fault.ReadOnly, op, g.Name, nil)
	}
	err := errors.Join(checkName("group", g.Name, 1, 64), checkName("description", g.Description, 0, 255))
	for _, f := range g.Functions {
		err = errors.Join(err, checkName("function", string(f), 1, 64))
	}
	if err != nil {
		return fault.New(fault.BadRequest, op, g.Name, err)
	}
	for _, m := range g.Members {
		if _, err := d.Employee(ctx, m); err != nil {
			return err
		}
	}
	t, err := d.begin(ctx, true)
	if err != nil {
		return coded(op, g.Name, err)
	}
	defer t.Rollback()
	return coded(op, g.Name, saveGroup(ctx, t, g))
}

func saveGroup(ctx context.Context, t *tx, g Group) error {
	if _, err := t.exec(ctx, `INSERT INTO permission_groups (name, description) VALUES (?,?)
		ON CONFLICT (name) DO UPDATE SET description = excluded.description`, g.Name, g.Description); err != nil {
		return err
	}
	for _, text := range []string{`DELETE FROM group_members WHERE group_name = ?`, `DELETE FROM group_functions WHERE group_name = ?`} {
		if _, err := t.exec(ctx, text, g.Name); err != nil {
			return err
		}
	}
	for _, m := range g.Members {
		if _, err := t.exec(ctx, `INSERT OR IGNORE INTO group_members (group_name, user_id) VALUES (?,?)`, g.Name, string(m)); err != nil {
			return err
		}
	}
	for _, f := range g.Functions {
		if _, err := t.exec(ctx, `INSERT OR IGNORE INTO group_functions (group_name, function) VALUES (?,?)`, g.Name, string(f)); err != nil {
			return err
		}
	}
	return t.Commit()
}

// DeleteGroup deletes a group; [fault.NotFound] if there is none.
func (d *Database) DeleteGroup(ctx context.Context, name string) error {
	const op = "business.DeleteGroup"
	if d.cfg.Foreign {
		return fault.New(fault.ReadOnly, op, name, nil)
	}
	p, err := d.pools()
	if err != nil {
		return err
	}
	r, err := p.write.ExecContext(ctx, `DELETE FROM permission_groups WHERE name = ?`, name)
	if err != nil {
		return coded(op, name, err)
	}
	if n, err := r.RowsAffected(); err == nil && n == 0 {
		return fault.New(fault.NotFound, op, name, nil)
	}
	return nil
}

// Functions lists what a user's groups grant, sorted; [fault.EmployeeUnknown].
func (d *Database) Functions(ctx context.Context, user pim.UserID) ([]Function, error) {
	const op = "business.Functions"
	e, err := d.Employee(ctx, user)
	if err != nil {
		return nil, err
	}
	t, err := d.begin(ctx, false)
	if err != nil {
		return nil, coded(op, string(user), err)
	}
	defer t.Rollback()
	all, err := list[Function](ctx, t, `SELECT DISTINCT f.function FROM group_functions f
		JOIN group_members m ON m.group_name = f.group_name WHERE m.user_id = ? ORDER BY f.function`, string(e.User))
	return all, coded(op, string(user), err)
}

// CheckFunction fails with [fault.FunctionMissing] when no group of the user grants
// the function, with [fault.EmployeeUnknown] or [fault.EmployeeInactive] before.
func (d *Database) CheckFunction(ctx context.Context, user pim.UserID, f Function) error {
	const op = "business.CheckFunction"
	e, err := d.Employee(ctx, user)
	if err != nil {
		return err
	}
	if !e.Active {
		return fault.New(fault.EmployeeInactive, op, string(user), nil)
	}
	all, err := d.Functions(ctx, user)
	if err != nil {
		return err
	}
	if !slices.Contains(all, f) {
		return fault.New(fault.FunctionMissing, op, string(user), errors.New(string(f)))
	}
	return nil
}

// CheckServiceUser fails with [fault.ServiceUserInvalid] unless the user exists, is
// active and belongs to the group ("" means [ServiceGroup]). The contract holds no
// passwords: proving the password is the business system's own matter.
func (d *Database) CheckServiceUser(ctx context.Context, user pim.UserID, group string) error {
	const op = "business.CheckServiceUser"
	if group == "" {
		group = ServiceGroup
	}
	e, err := d.Employee(ctx, user)
	switch {
	case fault.Has(err, fault.EmployeeUnknown):
		return fault.New(fault.ServiceUserInvalid, op, string(user), errors.New("not in the employee master data"))
	case err != nil:
		return err
	case !e.Active:
		return fault.New(fault.ServiceUserInvalid, op, string(user), errors.New("inactive"))
	}
	p, err := d.pools()
	if err != nil {
		return err
	}
	var n int
	err = p.read.QueryRowContext(ctx,
		`SELECT count(*) FROM group_members WHERE group_name = ? COLLATE NOCASE AND user_id = ?`, group, string(e.User)).Scan(&n)
	if err != nil {
		return coded(op, string(user), err)
	}
	if n == 0 {
		return fault.New(fault.ServiceUserInvalid, op, string(user), errors.New("not a member of group "+group))
	}
	return nil
}
