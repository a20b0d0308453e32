package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"abgleich/agent/pim"
	"abgleich/agent/side/business"
	"abgleich/agent/side/business/ical"
)

func dbCommand(g *global) *cobra.Command {
	return g.group("db", "Die Unternehmensdatenbank: iCalendar-Dateien, Kopie bestätigen",
		"the business database: iCalendar files, confirming a copy", dbImportCommand(g), dbExportCommand(g), dbConfirmCommand(g))
}

// withBusiness opens the business database itself. That is safe while an agent
// runs: other programs may write it at any time.
func (g *global) withBusiness(ctx context.Context, f func(*business.Database) error) error {
	db, err := g.business(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f(db), db.Close())
}

func dbImportCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "import USER FILE", Short: g.t("Termine und Aufgaben aus einer iCalendar-Datei übernehmen: alle oder keine",
			"take appointments and tasks from an iCalendar file: all or none"),
		Example: "  agent db import anna calendar.ics\n  cat calendar.ics | agent db import anna -", Args: g.arguments(2, 2),
		RunE: func(c *cobra.Command, args []string) error {
			in := g.in
			if args[1] != "-" {
				f, err := os.Open(args[1])
				if err != nil {
					return err
				}
				defer f.Close()
				in = f
			}
			return g.withBusiness(c.Context(), func(db *business.Database) error {
				r, err := ical.Import(c.Context(), db, in, pim.UserID(args[0]))
				if err != nil {
					return err
				}
				r.Left = notNil(r.Left)
				return g.show(r, func(w io.Writer) {
					fmt.Fprintf(w, g.t("%d neu, %d geändert, %d unverändert\n", "%d new, %d changed, %d unchanged\n"), r.Created, r.Updated, r.Unchanged)
					for _, l := range r.Left {
						fmt.Fprintf(w, g.t("nicht übernommen: Eintrag %d: %s\n", "left out: entry %d: %s\n"), l.Component, l.Reason)
					}
				})
			})
		},
	}
}

func dbExportCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "export USER [FILE]", Short: g.t("Termine und Aufgaben als iCalendar-Datei schreiben", "write appointments and tasks as an iCalendar file"),
		Example: "  agent db export anna anna.ics\n  agent db export anna > anna.ics", Args: g.arguments(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			return g.withBusiness(c.Context(), func(db *business.Database) error {
				if len(args) == 1 {
					_, err := ical.Export(c.Context(), db, g.out, pim.UserID(args[0]), time.Now())
					return err
				}
				n, err := exportFile(c.Context(), db, args[1], pim.UserID(args[0]))
				if err != nil {
					return err
				}
				v := struct {
					File  string `json:"file"`
					Items int    `json:"items"`
				}{args[1], n}
				return g.show(v, func(w io.Writer) { fmt.Fprintf(w, g.t("%d Einträge in %s\n", "%d items in %s\n"), n, args[1]) })
			})
		},
	}
}

// exportFile writes the file completely or not at all.
func exportFile(ctx context.Context, db *business.Database, path string, user pim.UserID) (int, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".export-*.ics")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	n, err := ical.Export(ctx, db, f, user, time.Now())
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, err
	}
	return n, os.Rename(f.Name(), path)
}
