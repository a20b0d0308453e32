package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"abgleich/agent/fault"
	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// mailboxTie is which mailbox and folders an employee is kept in sync with, as it is
// shown; "" for his own and the default ones.
type mailboxTie struct {
	User     string `json:"user"`
	Mailbox  string `json:"mailbox"`
	Calendar string `json:"calendar"`
	Tasks    string `json:"tasks"`
}

func employeesMailboxCommand(g *global) *cobra.Command {
	var want mailboxTie
	var own bool
	c := &cobra.Command{
		Use: "mailbox USER", Short: g.t("Anderes Postfach oder andere Ordner für einen Mitarbeiter", "another mailbox or other folders for an employee"),
		Long: g.t("Ohne Schalter: anzeigen. Ein freigegebenes Postfach oder ein Raum tritt an die Stelle des eigenen, ein benannter Ordner an die des Kalenders oder der Aufgaben. "+
			"Ordner werden zuerst unter dem Kalender (den Aufgaben), dann im ganzen Postfach gesucht; / trennt Unterordner, // ist ein Schrägstrich im Namen.\n"+
			"Gelöscht wird nichts: Was gepaart war, ruht und gilt wieder, sobald der Mitarbeiter zurückkehrt; am neuen Ort wird neu gepaart.",
			"Without flags: show. A shared mailbox or a room takes the place of his own, a named folder that of the calendar or the tasks. "+
				"Folders are looked for beneath the calendar (the tasks) first, then in the whole mailbox; / parts subfolders, // is a slash in a name.\n"+
				"Nothing is deleted: what was paired rests, and holds again when the employee returns; in the new place pairing begins."),
		Example: "  agent employees mailbox anna\n  agent employees mailbox anna --mailbox room1@example.com\n" +
			"  agent employees mailbox anna --calendar \"Team/Room 1\"\n  agent employees mailbox anna --own",
		Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			changed := c.Flags().Changed
			if own && (changed("mailbox") || changed("calendar") || changed("tasks")) {
				return usageError{errors.New(g.t("--own steht allein", "--own stands alone"))}
			}
			return g.withAgent(c.Context(), func(a *client.Client) error {
				have, err := tieNow(c.Context(), a, args[0])
				if err != nil {
					return err
				}
				next := have
				if own {
					next = mailboxTie{User: have.User}
				}
				for flag, set := range map[string]func(){"mailbox": func() { next.Mailbox = want.Mailbox },
					"calendar": func() { next.Calendar = want.Calendar }, "tasks": func() { next.Tasks = want.Tasks }} {
					if changed(flag) {
						set()
					}
				}
				if next != have {
					r, err := client.Ask(c.Context(), a.SetMailbox, &contract.SetMailboxRequest{User: have.User,
						Tie: &contract.MailboxTie{Mailbox: next.Mailbox, Appointments: next.Calendar, Tasks: next.Tasks}})
					if err != nil {
						return err
					}
					have = tieShown(have.User, r.GetTie())
				}
				return g.showTie(have)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&want.Mailbox, "mailbox", "", g.t("Adresse des Postfachs; leer für das eigene", "address of the mailbox; empty for his own"))
	f.StringVar(&want.Calendar, "calendar", "", g.t("Ordner für Termine; leer für den Kalender", "folder for appointments; empty for the calendar"))
	f.StringVar(&want.Tasks, "tasks", "", g.t("Ordner für Aufgaben; leer für den üblichen", "folder for tasks; empty for the usual one"))
	f.BoolVar(&own, "own", false, g.t("zurück zum eigenen Postfach und den üblichen Ordnern", "back to his own mailbox and the usual folders"))
	return c
}

func tieShown(user string, t *contract.MailboxTie) mailboxTie {
	return mailboxTie{user, t.GetMailbox(), t.GetAppointments(), t.GetTasks()}
}

// tieNow looks an employee's tie up, the User-ID without regard to case.
func tieNow(ctx context.Context, a *client.Client, user string) (mailboxTie, error) {
	r, err := client.Ask(ctx, a.ListEmployees, &contract.ListEmployeesRequest{})
	if err != nil {
		return mailboxTie{}, err
	}
	i := slices.IndexFunc(r.GetEmployees(), func(e *contract.Employee) bool { return strings.EqualFold(e.GetUser(), user) })
	if i < 0 {
		return mailboxTie{}, fault.New(fault.EmployeeUnknown, "employees.mailbox", user, nil)
	}
	e := r.GetEmployees()[i]
	return tieShown(e.GetUser(), e.GetTie()), nil
}

func (g *global) showTie(t mailboxTie) error {
	usual := func(v, german, english string) string {
		if v == "" {
			return g.t(german, english)
		}
		return v
	}
	return g.show(t, func(w io.Writer) {
		table(w, [][]string{
			{g.t("Benutzer", "User"), t.User},
			{g.t("Postfach", "Mailbox"), usual(t.Mailbox, "das eigene", "his own")},
			{g.texts.T("kind.appointment"), usual(t.Calendar, "Kalender", "calendar")},
			{g.texts.T("kind.task"), usual(t.Tasks, "Aufgaben", "tasks")},
		})
	})
}
