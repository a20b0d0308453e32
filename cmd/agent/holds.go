package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// hold is what a guard keeps back, as it is shown.
type hold struct {
	ID     int64      `json:"id"`
	User   string     `json:"user"`
	Kind   string     `json:"kind"`
	Code   string     `json:"code"`
	Side   string     `json:"side"`
	Items  uint32     `json:"items"`
	Titles []string   `json:"titles"`
	Since  *time.Time `json:"since"`
	Text   string     `json:"text"`
	Hint   string     `json:"hint"`
}

func holdsCommand(g *global) *cobra.Command {
	decide := func(use, german, english string, confirm bool) *cobra.Command {
		return &cobra.Command{
			Use: use + " ID", Short: g.t(german, english), Example: "  agent holds " + use + " 3", Args: g.arguments(1, 1),
			RunE: func(c *cobra.Command, args []string) error {
				id, err := g.id(args[0])
				if err != nil {
					return err
				}
				return g.withAgent(c.Context(), func(a *client.Client) error {
					if _, err := client.Ask(c.Context(), a.ResolveHold, &contract.ResolveHoldRequest{Id: id, Confirm: confirm}); err != nil {
						return err
					}
					return g.done(g.t("Wird ausgeführt.", "It is being carried out."))
				})
			},
		}
	}
	return g.group("holds", "Was der Löschschutz zurückhält", "what the guards keep back",
		holdsListCommand(g),
		decide("confirm", "ausführen, was zurückgehalten wird", "carry out what is held", true),
		decide("restore", "verwerfen und Fehlendes wiederherstellen", "drop it and restore what is missing", false))
}

func holdsListCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "list [USER]", Short: g.t("anzeigen", "list them"), Example: "  agent holds list --json", Args: g.arguments(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return g.withAgent(c.Context(), func(a *client.Client) error {
				user, all, err := whose(c.Context(), a, args)
				if err != nil {
					return err
				}
				r, err := client.Ask(c.Context(), a.ListHolds, &contract.ListHoldsRequest{User: user, AllUsers: all})
				if err != nil {
					return err
				}
				list := []hold{}
				for _, h := range r.GetHolds() {
					text, hint := g.sayFault(h.GetCode(), h.GetUser())
					list = append(list, hold{h.GetId(), h.GetUser(), kindName(h.GetKind()), h.GetCode(), sideName(h.GetSide()), h.GetItems(),
						notNil(h.GetTitles()), instant(h.GetSince()), text, hint})
				}
				return g.show(list, func(w io.Writer) {
					if len(list) == 0 {
						fmt.Fprintln(w, g.t("Es wird nichts zurückgehalten.", "Nothing is held."))
						return
					}
					rows := [][]string{{"ID", g.t("BENUTZER", "USER"), "", g.t("WO", "WHERE"), g.t("ANZAHL", "ITEMS"), g.t("SEIT", "SINCE"), ""}}
					for _, h := range list {
						rows = append(rows, []string{fmt.Sprint(h.ID), h.User, g.kindText(h.Kind), g.texts.T("side." + h.Side),
							fmt.Sprint(h.Items), g.when(h.Since), strings.Join(slices.Compact(h.Titles), "; ")}) // hidden ones are all the same
					}
					table(w, rows)
				})
			})
		},
	}
}
