package main

import (
	"errors"

	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

func dbConfirmCommand(g *global) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "confirm", Short: g.t("die Datenbank bestätigen, die nach einer Kopie aussieht", "confirm the database that looks like a copy"),
		Long: g.t("Nur nötig, wenn der Status „database-copy“ zeigt: Die Datenbank steht an einem anderen Ort als bisher, oder ein anderer Abgleichdienst schreibt sie. "+
			"Bis dahin wird auf keiner Seite geschrieben.\n"+
			"Bestätigen heißt: Mit dieser Datenbank und den echten Postfächern der Mitarbeiter geht es weiter. Bei einer Testkopie wäre das ein Fehler: "+
			"Änderungen in ihr kämen in die Kalender aller. Steht die bisherige Datenbank noch wo anders im Einsatz, darf nur eine von beiden abgeglichen werden.",
			"Only needed while the status shows “database-copy”: the database stands elsewhere than before, or another installation writes it. "+
				"Until then nothing is written on either side.\n"+
				"To confirm means: sync goes on with this database and the employees' real mailboxes. With a test copy that would be a mistake: "+
				"changes in it would reach everybody's calendar. Where the former database is still at work, only one of the two may be synced."),
		Example: "  agent db confirm --yes", Args: g.arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			if !yes {
				return usageError{errors.New(g.t("Das entscheidet, wohin geschrieben wird. Lesen Sie agent db confirm --help, dann mit --yes",
					"this decides where is written. Read agent db confirm --help, then use --yes"))}
			}
			return g.withAgent(c.Context(), func(a *client.Client) error {
				if _, err := client.Ask(c.Context(), a.ConfirmDatabase, &contract.ConfirmDatabaseRequest{}); err != nil {
					return err
				}
				return g.done(g.t("Bestätigt. Der Abgleich geht mit dieser Datenbank weiter.", "Confirmed. Sync goes on with this database."))
			})
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, g.t("ja, diese Datenbank ist die richtige", "yes, this database is the right one"))
	return c
}
