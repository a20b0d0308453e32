package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// forgotten counts what was erased of an employee.
type forgotten struct {
	User  string `json:"user"`
	Pairs uint64 `json:"pairs"`
	Trash uint64 `json:"trash"`
	Runs  uint64 `json:"runs"`
}

func employeesForgetCommand(g *global) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "forget USER", Short: g.t("alles löschen, was der Dienst über einen Mitarbeiter aufbewahrt", "erase all that the agent keeps about an employee"),
		Long: g.t("Löscht Zugangsdaten, Paare, Papierkorb, Verlauf, Probleme, Einstellungen und das Fehlerprotokoll. Termine und Aufgaben bleiben auf beiden Seiten, "+
			"ebenso die Mitarbeiterstammdaten. Es lässt sich nicht zurücknehmen. Wird er wieder abgeglichen, beginnt er mit einem erstmaligen Abgleich.",
			"Erases credentials, pairs, trash, history, problems, options and the error log. Appointments and tasks stay on both sides, "+
				"and so do the employee master data. It can't be taken back. If he is synced again, he begins with a first sync."),
		Example: "  agent employees forget anna --yes", Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if !yes {
				return usageError{errors.New(g.t("Das lässt sich nicht zurücknehmen. Lesen Sie agent employees forget --help, dann mit --yes",
					"this can't be taken back. Read agent employees forget --help, then use --yes"))}
			}
			return g.withAgent(c.Context(), func(a *client.Client) error {
				r, err := client.Ask(c.Context(), a.ForgetEmployee, &contract.ForgetEmployeeRequest{User: args[0]})
				if err != nil {
					return err
				}
				v := forgotten{args[0], r.GetPairs(), r.GetTrash(), r.GetRuns()}
				return g.show(v, func(w io.Writer) {
					fmt.Fprintf(w, g.t("Gelöscht: %s Paare, %s Einträge im Papierkorb, %s Abgleiche, Zugangsdaten und Fehlerprotokoll.\n",
						"Erased: %s pairs, %s items in the trash, %s runs, credentials and error log.\n"),
						number(g.texts, v.Pairs), number(g.texts, v.Trash), number(g.texts, v.Runs))
				})
			})
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, g.t("ja, löschen", "yes, erase it"))
	return c
}
