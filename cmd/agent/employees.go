package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"abgleich/agent/fault"
	"abgleich/agent/side/business"
	"abgleich/cmd/agent/internal/client"
)

func employeesCommand(g *global) *cobra.Command {
	return g.group("employees", "Mitarbeiterstammdaten und Berechtigungen", "employee master data and permissions",
		employeesListCommand(g), employeesSaveCommand(g, true), employeesSaveCommand(g, false), employeesRemoveCommand(g),
		employeesGroupsCommand(g), employeesPermitCommand(g, true), employeesPermitCommand(g, false), employeesMailboxCommand(g), employeesForgetCommand(g))
}

// employee is an employee as it is shown.
type employee struct {
	User      string   `json:"user"`
	Name      string   `json:"name"`
	Mail      string   `json:"mail"`
	Zone      string   `json:"zone"`
	Active    bool     `json:"active"`
	Groups    []string `json:"groups"`
	Functions []string `json:"functions"`
}

// masterData is the employee master data, through the agent or in the database.
type masterData interface {
	// list gives all employees and tells whether they are read-only.
	list(context.Context) ([]employee, bool, error)
	// groups gives all permission groups with their members, by name.
	groups(context.Context) ([]group, error)
	// save creates or changes an employee and puts him into exactly his groups,
	// making those that are missing.
	save(context.Context, employee) error
	permit(ctx context.Context, group, function string, granted bool) error
}

// withMasterData uses the agent when it runs, else the business database itself.
func (g *global) withMasterData(ctx context.Context, f func(masterData) error) error {
	return g.agentOr(ctx, func(c *client.Client) error { return f(agentData{c}) }, func() error {
		db, err := g.business(ctx)
		if err != nil {
			return err
		}
		return errors.Join(f(fileData{db}), db.Close())
	})
}

// business opens the database the parameters name.
func (g *global) business(ctx context.Context) (*business.Database, error) {
	p, _, err := g.file().Load()
	if err != nil {
		return nil, g.missingFile(err)
	}
	a, ok := p.Business()
	if !ok {
		return nil, fault.New(fault.ParametersIncomplete, "business", "database.alias", nil)
	}
	return business.Open(ctx, business.Config{
		Driver: string(a.Driver), DSN: a.DSN, Foreign: a.Foreign,
		KeyStore: filepath.Join(p.Data.Folder, "keys-"+p.Database.Alias+".db"),
	})
}

func employeesListCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: g.t("Mitarbeiter anzeigen", "list employees"), Example: "  agent employees list --json", Args: g.arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			return g.withMasterData(c.Context(), func(d masterData) error {
				all, readOnly, err := d.list(c.Context())
				if err != nil {
					return err
				}
				v := struct {
					Employees []employee `json:"employees"`
					ReadOnly  bool       `json:"read_only"`
				}{notNil(all), readOnly}
				return g.show(v, func(w io.Writer) {
					rows := [][]string{{g.t("BENUTZER-ID", "USER-ID"), "NAME", "E-MAIL", g.t("ZEITZONE", "TIME ZONE"), g.t("AKTIV", "ACTIVE"),
						g.t("GRUPPEN", "GROUPS"), g.t("FUNKTIONEN", "FUNCTIONS")}}
					for _, e := range all {
						rows = append(rows, []string{e.User, e.Name, e.Mail, e.Zone, g.yesNo(e.Active),
							strings.Join(e.Groups, ", "), strings.Join(e.Functions, ", ")})
					}
					table(w, rows)
				})
			})
		},
	}
}

// notNil makes an empty list of none, so that JSON says [] and not null.
func notNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// employeesSaveCommand is add, or set: an employee must be new, or there already.
func employeesSaveCommand(g *global, add bool) *cobra.Command {
	use, short := "set USER", g.t("Mitarbeiter ändern; was nicht genannt ist, bleibt", "change an employee; what is not named stays")
	if add {
		use, short = "add USER", g.t("Mitarbeiter anlegen", "create an employee")
	}
	var e employee
	c := &cobra.Command{
		Use: use, Short: short, Args: g.arguments(1, 1),
		Example: `  agent employees ` + use[:3] + ` anna --name "Anna Berger" --mail anna@example.com --groups Vertrieb`,
		RunE: func(c *cobra.Command, args []string) error {
			e.User = args[0]
			return g.withMasterData(c.Context(), func(d masterData) error {
				old, err := find(c.Context(), d, e.User)
				if err != nil {
					return err
				}
				switch {
				case add && old != nil:
					return fault.New(fault.EmployeeTaken, "employees.add", e.User, nil)
				case !add && old == nil:
					return fault.New(fault.EmployeeUnknown, "employees.set", e.User, nil)
				case !add:
					keep(c, &e, *old)
				}
				if err := d.save(c.Context(), e); err != nil {
					return err
				}
				saved, err := find(c.Context(), d, e.User)
				if err != nil {
					return err
				}
				return g.show(saved, func(w io.Writer) { fmt.Fprintln(w, g.t("Gespeichert:", "Saved:"), e.User) })
			})
		},
	}
	f := c.Flags()
	f.StringVar(&e.Name, "name", "", g.t("Name", "name"))
	f.StringVar(&e.Mail, "mail", "", g.t("E-Mail-Adresse des Postfachs", "e-mail address of the mailbox"))
	f.StringVar(&e.Zone, "zone", "Europe/Vienna", g.t("Zeitzone (IANA)", "time zone (IANA)"))
	f.BoolVar(&e.Active, "active", true, g.t("wird abgeglichen", "may be synced"))
	f.StringSliceVar(&e.Groups, "groups", nil, g.t("genau diese Gruppen, durch Komma getrennt; neue werden angelegt",
		"exactly these groups, separated by commas; new ones are made"))
	return c
}

// find looks an employee up without regard to case; nil when there is none.
func find(ctx context.Context, d masterData, user string) (*employee, error) {
	all, _, err := d.list(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(e employee) bool { return strings.EqualFold(e.User, user) })
	if i < 0 {
		return nil, nil
	}
	return &all[i], nil
}

// keep leaves what the person did not name as it was.
func keep(c *cobra.Command, e *employee, old employee) {
	e.User = old.User
	for flag, restore := range map[string]func(){
		"name": func() { e.Name = old.Name }, "mail": func() { e.Mail = old.Mail }, "zone": func() { e.Zone = old.Zone },
		"active": func() { e.Active = old.Active }, "groups": func() { e.Groups = old.Groups },
	} {
		if !c.Flags().Changed(flag) {
			restore()
		}
	}
}

func employeesRemoveCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "remove USER", Short: g.t("Mitarbeiter stilllegen; Termine und Aufgaben bleiben", "deactivate an employee; appointments and tasks stay"),
		Example: "  agent employees remove anna", Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return g.withMasterData(c.Context(), func(d masterData) error {
				e, err := find(c.Context(), d, args[0])
				if err != nil {
					return err
				}
				if e == nil {
					return fault.New(fault.EmployeeUnknown, "employees.remove", args[0], nil)
				}
				e.Active = false
				if err := d.save(c.Context(), *e); err != nil {
					return err
				}
				return g.show(e, func(w io.Writer) { fmt.Fprintln(w, g.t("Stillgelegt:", "Deactivated:"), e.User) })
			})
		},
	}
}

// group is a permission group as it is shown.
type group struct {
	Name    string   `json:"name"`
	Members []string `json:"members"`
}

func employeesGroupsCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "groups", Short: g.t("Berechtigungsgruppen und ihre Mitglieder", "permission groups and their members"),
		Example: "  agent employees groups", Args: g.arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			return g.withMasterData(c.Context(), func(d masterData) error {
				groups, err := d.groups(c.Context())
				if err != nil {
					return err
				}
				return g.show(groups, func(w io.Writer) {
					rows := [][]string{{g.t("GRUPPE", "GROUP"), g.t("MITGLIEDER", "MEMBERS")}}
					for _, x := range groups {
						rows = append(rows, []string{x.Name, strings.Join(x.Members, ", ")})
					}
					table(w, rows)
				})
			})
		},
	}
}

// employeesPermitCommand is grant or revoke.
func employeesPermitCommand(g *global, granted bool) *cobra.Command {
	use, short := "revoke", g.t("einer Gruppe eine Funktion nehmen", "take a function from a group")
	if granted {
		use, short = "grant", g.t("einer Gruppe eine Funktion geben", "grant a function to a group")
	}
	return &cobra.Command{
		Use: use + " GROUP FUNCTION", Short: short, Args: g.arguments(2, 2),
		Long: short + g.t(`. Funktionen:

  sync-crm          Synchronisation CRM: der Benutzer wird abgeglichen
  sync-credentials  Synchronisationszugangsdaten: er gibt dafür seine Anmeldung ein
  sync-content      Synchronisationsinhalte: ein Administrator sieht auch die Inhalte anderer; jeder Blick wird vermerkt`,
			`. Functions:

  sync-crm          the user is synced
  sync-credentials  he enters his login for that
  sync-content      an administrator sees others' content too; each look is recorded`),
		Example: "  agent employees " + use + " Vertrieb sync-crm",
		RunE: func(c *cobra.Command, args []string) error {
			known := []business.Function{business.FunctionSyncCRM, business.FunctionSyncCredentials, business.FunctionSyncContent}
			if !slices.Contains(known, business.Function(args[1])) {
				return usageError{fmt.Errorf("%q: sync-crm | sync-credentials | sync-content", args[1])}
			}
			return g.withMasterData(c.Context(), func(d masterData) error {
				if err := d.permit(c.Context(), args[0], args[1], granted); err != nil {
					return err
				}
				v := struct {
					Group    string `json:"group"`
					Function string `json:"function"`
					Granted  bool   `json:"granted"`
				}{args[0], args[1], granted}
				return g.show(v, func(w io.Writer) { fmt.Fprintln(w, g.t("Gespeichert.", "Saved.")) })
			})
		},
	}
}
