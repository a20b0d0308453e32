package business

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// Employee is one entry of the employee master data.
type Employee struct {
	// User is the User-ID, unique without regard to ASCII case.
	User pim.UserID `json:"user"`
	Name string     `json:"name"`
	// Mail is the address of the mailbox, unique; "" if not filled in.
	Mail string `json:"mail"`
	// Zone is an IANA zone: where the employee's days begin and end.
	Zone string `json:"zone"`
	// Active employees can be synced.
	Active bool `json:"active"`
}

const employeeColumns = `COALESCE(user_id,''), COALESCE(name,''), COALESCE(email,''), COALESCE(time_zone,''), COALESCE(active,0)`

func scanEmployee(scan func(...any) error) (Employee, error) {
	var (
		e      Employee
		active string
	)
	err := scan(&e.User, &e.Name, &e.Mail, &e.Zone, &active)
	e.Active = truth([]byte(active))
	return e, err
}

// Employees lists all employees by User-ID, the inactive ones too, and those of a
// foreign database that have none.
func (d *Database) Employees(ctx context.Context) ([]Employee, error) {
	const op = "business.Employees"
	p, err := d.pools()
	if err != nil {
		return nil, err
	}
	rows, err := p.read.QueryContext(ctx, `SELECT `+employeeColumns+` FROM employees ORDER BY user_id`)
	if err != nil {
		return nil, coded(op, "", err)
	}
	defer rows.Close()
	var all []Employee
	for rows.Next() {
		e, err := scanEmployee(rows.Scan)
		if err != nil {
			return nil, coded(op, "", err)
		}
		all = append(all, e)
	}
	return all, coded(op, "", rows.Err())
}

// Employee reads one employee; the User-ID is found in any case.
// [fault.EmployeeUnknown] if there is none.
func (d *Database) Employee(ctx context.Context, user pim.UserID) (Employee, error) {
	const op = "business.Employee"
	p, err := d.pools()
	if err != nil {
		return Employee{}, err
	}
	e, err := scanEmployee(p.read.QueryRowContext(ctx, `SELECT `+employeeColumns+
		` FROM employees WHERE user_id = ? COLLATE NOCASE ORDER BY user_id = ? COLLATE BINARY DESC LIMIT 1`,
		string(user), string(user)).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Employee{}, fault.New(fault.EmployeeUnknown, op, string(user), nil)
	}
	return e, coded(op, string(user), err)
}

// SaveEmployee creates or changes an employee. Codes: [fault.BadRequest] for a
// value that makes no sense, [fault.EmployeeTaken] for an e-mail address another
// employee has, [fault.ReadOnly] in a foreign database.
func (d *Database) SaveEmployee(ctx context.Context, e Employee) error {
	const op = "business.SaveEmployee"
	if d.cfg.Foreign {
		return fault.New(fault.ReadOnly, op, string(e.User), nil)
	}
	if err := e.check(); err != nil {
		return fault.New(fault.BadRequest, op, string(e.User), err)
	}
	t, err := d.begin(ctx, true)
	if err != nil {
		return coded(op, string(e.User), err)
	}
	defer t.Rollback()
	if e.Mail != "" {
		var other string
		err := t.QueryRowContext(ctx, `SELECT user_id FROM employees WHERE email = ? AND user_id <> ?`, e.Mail, string(e.User)).Scan(&other)
		if err == nil {
			return fault.New(fault.EmployeeTaken, op, string(e.User), fmt.Errorf("the e-mail address belongs to %s", other))
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return coded(op, string(e.User), err)
		}
	}
	_, err = t.ExecContext(ctx, `INSERT INTO employees (user_id, name, email, time_zone, active) VALUES (?,?,?,?,?)
		ON CONFLICT (user_id) DO UPDATE SET name = excluded.name, email = excluded.email,
			time_zone = excluded.time_zone, active = excluded.active`,
		string(e.User), e.Name, e.Mail, e.Zone, e.Active)
	if err == nil {
		err = t.Commit()
	}
	return coded(op, string(e.User), err)
}

// AddEmployee creates an employee; [fault.EmployeeTaken] if the User-ID exists.
func (d *Database) AddEmployee(ctx context.Context, e Employee) error {
	switch _, err := d.Employee(ctx, e.User); {
	case err == nil:
		return fault.New(fault.EmployeeTaken, "business.AddEmployee", string(e.User), errors.New("the User-ID exists"))
	case !fault.Has(err, fault.EmployeeUnknown):
		return err
	}
	return d.SaveEmployee(ctx, e)
}

// DeleteEmployee deactivates an employee. Appointments and tasks stay: they belong
// to the business.
func (d *Database) DeleteEmployee(ctx context.Context, user pim.UserID) error {
	const op = "business.DeleteEmployee"
	if d.cfg.Foreign {
		return fault.New(fault.ReadOnly, op, string(user), nil)
	}
	p, err := d.pools()
	if err != nil {
		return err
	}
	r, err := p.write.ExecContext(ctx, `UPDATE employees SET active = 0 WHERE user_id = ?`, string(user))
	if err != nil {
		return coded(op, string(user), err)
	}
	if n, err := r.RowsAffected(); err == nil && n == 0 {
		return fault.New(fault.EmployeeUnknown, op, string(user), nil)
	}
	return nil
}

// Participants lists the users who take part in an appointment beside its owner.
func (d *Database) Participants(ctx context.Context, appointment pim.ItemID) ([]pim.UserID, error) {
	const op = "business.Participants"
	p, err := d.pools()
	if err != nil {
		return nil, err
	}
	rows, err := p.read.QueryContext(ctx,
		`SELECT user_id FROM appointment_participants WHERE appointment_id = ? ORDER BY user_id`, rowID(appointment))
	if err != nil {
		return nil, coded(op, string(appointment), err)
	}
	defer rows.Close()
	var all []pim.UserID
	for rows.Next() {
		var u pim.UserID
		if err := rows.Scan(&u); err != nil {
			return nil, coded(op, string(appointment), err)
		}
		all = append(all, u)
	}
	return all, coded(op, string(appointment), rows.Err())
}

func (e Employee) check() error {
	return errors.Join(checkName("User-ID", string(e.User), 1, 64), checkName("name", e.Name, 0, 255),
		checkMail(e.Mail), checkZone(e.Zone))
}

// checkName refuses what would be cut, shown wrongly or mistaken for another.
func checkName(what, s string, least, most int) error {
	n := len([]rune(s))
	switch {
	case n < least:
		return fmt.Errorf("%s: empty", what)
	case n > most:
		return fmt.Errorf("%s: longer than %d characters", what, most)
	case strings.TrimSpace(s) != s:
		return fmt.Errorf("%s: begins or ends with a blank", what)
	case strings.ToValidUTF8(s, "") != s || strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("%s: control character", what)
	}
	return nil
}

func checkMail(s string) error {
	if s == "" {
		return nil
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 {
		return fmt.Errorf("e-mail: %q is not an address", s)
	}
	return nil
}

func checkZone(s string) error {
	if s == "" || s == "Local" {
		return errors.New("time zone: an IANA name such as Europe/Vienna is needed")
	}
	if _, err := time.LoadLocation(s); err != nil {
		return fmt.Errorf("time zone: %w", err)
	}
	return nil
}
