package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// trashed is a kept copy as it is shown.
type trashed struct {
	ID       int64      `json:"id"`
	Kind     string     `json:"kind"`
	Side     string     `json:"side"`
	Reason   string     `json:"reason"`
	Title    string     `json:"title"`
	Start    *start     `json:"start,omitempty"`
	At       *time.Time `json:"at"`
	Run      int64      `json:"run"`
	Restored *time.Time `json:"restored,omitempty"`
	// Fields are those a run overwrote: the kept value on its side, and what took its
	// place on the other.
	Fields []fieldPair `json:"fields"`
}

func trashCommand(g *global) *cobra.Command {
	return g.group("trash", "Was Abgleiche gelöscht oder überschrieben haben", "what runs deleted or overwrote",
		trashListCommand(g), trashRestoreCommand(g))
}

func trashListCommand(g *global) *cobra.Command {
	limit, run, values := uint32(50), int64(0), false
	c := &cobra.Command{
		Use: "list [USER]", Short: g.t("anzeigen, das Neueste zuerst", "list it, the newest first"),
		Example: "  agent trash list\n  agent trash list anna --run 17\n  agent trash list --values", Args: g.arguments(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return g.withAgent(c.Context(), func(a *client.Client) error {
				r, err := client.Ask(c.Context(), a.ListTrash, &contract.ListTrashRequest{User: strings.Join(args, ""), Limit: limit, Run: run})
				if err != nil {
					return g.unnamed(err, strings.Join(args, ""), "agent trash list anna")
				}
				list := []trashed{}
				for _, x := range r.GetItems() {
					list = append(list, trashed{x.GetId(), kindName(x.GetKind()), sideName(x.GetSide()), reasonName(x.GetReason()), x.GetTitle(),
						startOf(x), instant(x.GetAt()), x.GetRun(), instant(x.GetRestored()), fieldPairs(x.GetFields())})
				}
				return g.show(list, func(w io.Writer) {
					g.writeTrash(w, list)
					if values {
						g.writeTrashValues(w, list)
					}
				})
			})
		},
	}
	c.Flags().Uint32Var(&limit, "limit", limit, g.t("so viele höchstens", "at most so many"))
	c.Flags().BoolVar(&values, "values", false, g.t("auch beide Fassungen dessen zeigen, was überschrieben wurde", "show both versions of what was overwritten, too"))
	c.Flags().Int64Var(&run, "run", 0, g.t("nur von diesem Abgleich (siehe agent runs)", "of this run only (see agent runs)"))
	return c
}

func reasonName(r contract.TrashReason) string {
	switch r {
	case contract.TrashReason_TRASH_REASON_DELETED:
		return "deleted"
	case contract.TrashReason_TRASH_REASON_OVERWRITTEN:
		return "overwritten"
	case contract.TrashReason_TRASH_REASON_CONFLICT:
		return "conflict"
	case contract.TrashReason_TRASH_REASON_CONFIRMED:
		return "confirmed"
	case contract.TrashReason_TRASH_REASON_REPLACED:
		return "replaced"
	}
	return "unknown"
}

func (g *global) reasonText(name string) string {
	switch name {
	case "deleted":
		return g.t("gelöscht", "deleted")
	case "overwritten":
		return g.t("überschrieben", "overwritten")
	case "conflict":
		return g.t("Konflikt verloren", "lost a conflict")
	case "confirmed":
		return g.t("gelöscht, bestätigt", "deleted, confirmed")
	case "replaced":
		return g.t("ersetzt", "replaced")
	}
	return name
}

func (g *global) writeTrash(w io.Writer, list []trashed) {
	if len(list) == 0 {
		fmt.Fprintln(w, g.t("Der Papierkorb ist leer.", "The trash is empty."))
		return
	}
	rows := [][]string{{"ID", g.t("WANN", "WHEN"), "", g.t("WO", "WHERE"), g.t("WARUM", "WHY"), g.t("ABGLEICH", "RUN"), g.t("BEGINN", "START"), "", ""}}
	for _, x := range list {
		var names []string
		for _, f := range x.Fields {
			names = append(names, g.texts.FieldName(f.Field))
		}
		note := strings.Join(names, ", ")
		if x.Restored != nil {
			note = g.t("wiederhergestellt ", "restored ") + g.when(x.Restored)
		}
		rows = append(rows, []string{fmt.Sprint(x.ID), g.when(x.At), g.kindText(x.Kind), g.texts.T("side." + x.Side), g.reasonText(x.Reason),
			fmt.Sprint(x.Run), g.start(x.Start), x.Title, note})
	}
	table(w, rows)
}

// writeTrashValues shows of each overwritten item what was kept and what took its
// place.
func (g *global) writeTrashValues(w io.Writer, list []trashed) {
	for _, x := range list {
		if len(x.Fields) == 0 {
			continue
		}
		was, is := g.t("war", "was"), g.t("ist", "is")
		rows := [][]string{{fmt.Sprint(x.ID), x.Title, was, is}}
		for _, f := range x.Fields {
			kept, now := f.Business, f.Exchange
			if x.Side == "exchange" {
				kept, now = now, kept
			}
			value := func(v string) string { return cut(g.texts.FieldValue(f.Field, v, time.Local)) }
			rows = append(rows, []string{"", g.texts.FieldName(f.Field), value(kept), value(now)})
		}
		fmt.Fprintln(w)
		table(w, rows)
	}
}

func trashRestoreCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "restore ID", Short: g.t("eines wiederherstellen", "bring one back"),
		Long: g.t("Gelöschtes wird neu angelegt, Überschriebenes bekommt seine alten Werte. Was dafür weicht, kommt selbst in den Papierkorb.",
			"What was deleted is made again, what was overwritten gets its old values. What gives way goes to the trash itself."),
		Example: "  agent trash restore 41", Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := g.id(args[0])
			if err != nil {
				return err
			}
			return g.withAgent(c.Context(), func(a *client.Client) error {
				r, err := client.Ask(c.Context(), a.RestoreTrash, &contract.RestoreTrashRequest{Id: id})
				if err != nil {
					return err
				}
				if code := r.GetCode(); code != "" {
					text, hint := g.sayFault(code, "")
					return g.done(text + " " + hint)
				}
				return g.done(g.t("Wiederhergestellt.", "Restored."))
			})
		},
	}
}
