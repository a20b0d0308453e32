package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// undone is what became of undoing a run, or would.
type undone struct {
	Run      int64  `json:"run"`
	DryRun   bool   `json:"dry_run"`
	Restored uint64 `json:"restored"`
	Removed  uint64 `json:"removed"`
	Kept     uint64 `json:"kept"`
	Failed   uint64 `json:"failed"`
}

func undoCommand(g *global) *cobra.Command {
	var user string
	var dry bool
	c := &cobra.Command{
		Use: "undo RUN", Short: g.t("Einen ganzen Abgleich zurücknehmen", "take a whole run back"),
		Long: g.t("Was der Abgleich gelöscht oder überschrieben hat, kommt zurück; was er angelegt hat, wird gelöscht, außer es wurde seither geändert. "+
			"Auch das ist ein Abgleich und lässt sich zurücknehmen.",
			"What the run deleted or overwrote comes back; what it made is deleted, unless somebody edited it since. "+
				"That is a run too, and can be taken back."),
		Example: "  agent runs anna\n  agent undo 17 --user anna --dry-run\n  agent undo 17 --user anna", Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := g.id(args[0])
			if err != nil {
				return err
			}
			return g.withAgent(c.Context(), func(a *client.Client) error {
				r, err := client.Ask(c.Context(), a.UndoRun, &contract.UndoRunRequest{User: user, Run: id, Preview: dry})
				if err != nil {
					return g.unnamed(err, user, "agent undo 17 --user anna")
				}
				u := undone{id, dry, r.GetRestored(), r.GetRemoved(), r.GetKept(), r.GetFailed()}
				return g.show(u, func(w io.Writer) { g.writeUndone(w, u) })
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", g.t("wessen Abgleich; ohne: der eigene", "whose run; without: one's own"))
	c.Flags().BoolVar(&dry, "dry-run", false, g.t("nur sagen, was geschähe", "only tell what would happen"))
	return c
}

func (g *global) writeUndone(w io.Writer, u undone) {
	if u.DryRun {
		fmt.Fprintln(w, g.t("Es geschähe:", "This would happen:"))
	}
	table(w, [][]string{
		{g.t("wiederhergestellt", "restored"), number(g.texts, u.Restored)},
		{g.t("gelöscht, weil neu angelegt", "deleted, as the run had made it"), number(g.texts, u.Removed)},
		{g.t("seither geändert: bleibt", "edited since: stays"), number(g.texts, u.Kept)},
		{g.t("nicht möglich (noch nicht)", "not possible (yet)"), number(g.texts, u.Failed)},
	})
}
