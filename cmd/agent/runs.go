package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// run is one run as it is shown.
type run struct {
	ID        int64      `json:"id"`
	User      string     `json:"user"`
	Kind      string     `json:"kind"`
	Started   *time.Time `json:"started"`
	Seconds   float64    `json:"seconds"`
	FirstSync bool       `json:"first_sync"`
	Counts    counts     `json:"counts"`
	Code      string     `json:"code,omitempty"`
	// What it cost at the mail server: calls, bytes, seconds waited at its request.
	Requests         uint64     `json:"requests"`
	BytesSent        uint64     `json:"bytes_sent"`
	BytesReceived    uint64     `json:"bytes_received"`
	ThrottledSeconds float64    `json:"throttled_seconds"`
	Undone           *time.Time `json:"undone,omitempty"`
}

func runsCommand(g *global) *cobra.Command {
	limit, before := uint32(20), int64(0)
	c := &cobra.Command{
		Use: "runs USER", Short: g.t("Die letzten Abgleiche eines Benutzers", "a user's last runs"), Example: "  agent runs anna --limit 50",
		Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if limit < 1 {
				return usageError{errors.New("--limit: 1 …")}
			}
			return g.withAgent(c.Context(), func(a *client.Client) error {
				r, err := client.Ask(c.Context(), a.ListRuns, &contract.ListRunsRequest{User: args[0], Limit: limit, Before: before})
				if err != nil {
					return err
				}
				list := []run{}
				for _, x := range r.GetRuns() {
					list = append(list, run{x.GetId(), x.GetUser(), kindName(x.GetKind()), instant(x.GetStarted()), x.GetTook().AsDuration().Seconds(),
						x.GetFirstSync(), countsOf(x.GetCounts()), x.GetCode(),
						x.GetRequests(), x.GetBytesSent(), x.GetBytesReceived(), x.GetThrottled().AsDuration().Seconds(), instant(x.GetUndone())})
				}
				return g.show(list, func(w io.Writer) { g.writeRuns(w, list) })
			})
		},
	}
	c.Flags().Uint32Var(&limit, "limit", limit, g.t("so viele höchstens", "at most so many"))
	c.Flags().Int64Var(&before, "before", 0, g.t("nur ältere als dieser Abgleich", "only those older than this run"))
	return c
}

func (g *global) writeRuns(w io.Writer, list []run) {
	business, exchange := g.t(" DB", " DB"), " EX"
	rows := [][]string{{"ID", g.t("BEGONNEN", "STARTED"), "", g.t("DAUER", "TOOK"), g.t("NEU", "NEW") + business, g.t("NEU", "NEW") + exchange,
		g.t("GEÄNDERT", "CHANGED") + business, g.t("GEÄNDERT", "CHANGED") + exchange, g.t("GELÖSCHT", "DELETED") + business,
		g.t("GELÖSCHT", "DELETED") + exchange, g.t("GEPAART", "PAIRED"), g.t("ANFRAGEN", "REQUESTS"), "MB", g.t("GEBREMST", "THROTTLED"), ""}}
	for _, x := range list {
		n := x.Counts
		row := []string{fmt.Sprint(x.ID), g.when(x.Started), g.kindText(x.Kind), fmt.Sprintf("%.1f s", x.Seconds)}
		for _, v := range []uint64{n.CreatedBusiness, n.CreatedExchange, n.UpdatedBusiness, n.UpdatedExchange, n.DeletedBusiness, n.DeletedExchange, n.Paired} {
			row = append(row, number(g.texts, v))
		}
		row = append(row, number(g.texts, x.Requests), fmt.Sprintf("%.1f", float64(x.BytesSent+x.BytesReceived)/1e6), fmt.Sprintf("%.0f s", x.ThrottledSeconds))
		note := ""
		switch {
		case x.Undone != nil:
			note = g.t("zurückgenommen ", "undone ") + g.when(x.Undone)
		case x.Code != "":
			note, _ = g.sayFault(x.Code, x.User)
		}
		rows = append(rows, append(row, note))
	}
	table(w, rows)
}
