package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"abgleich/agent"
)

func noticeCommand(g *global) *cobra.Command {
	return g.group("notice", "Meldungen an den Meldungsempfänger", "notices to the message recipient", noticeTestCommand(g))
}

func noticeTestCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "test", Short: g.t("eine Testmeldung an den Meldungsempfänger senden", "send a test notice to the message recipient"),
		Long: g.t("Sendet sofort eine Mail auf dem Weg, den notice.by nennt (smtp oder exchange). Der Dienst muss dazu nicht laufen.",
			"Sends a mail at once, the way notice.by says (smtp or exchange). The agent doesn't need to run."),
		Example: "  agent notice test", Args: g.arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			p, _, err := g.file().Load()
			if err != nil {
				return err
			}
			if err := agent.SendTestNotice(c.Context(), p, version, time.Now); err != nil {
				return err
			}
			v := struct {
				To string `json:"to"`
				By string `json:"by"`
			}{p.Notice.Recipient, string(p.Notice.By)}
			return g.show(v, func(w io.Writer) {
				fmt.Fprintf(w, g.t("Gesendet an %s (%s). Sehen Sie im Postfach nach.\n", "Sent to %s (%s). Look into the mailbox.\n"), v.To, v.By)
			})
		},
	}
}
