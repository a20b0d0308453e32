package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"abgleich/assets"
	"abgleich/cmd/agent/internal/demo"
	"abgleich/ipc/contract"
)

func demoCommand(g *global) *cobra.Command {
	o := demo.Options{Version: version}
	var keep bool
	direction := string(demo.Both)
	c := &cobra.Command{
		Use: "demo", Short: g.t("Alles zusammen vorführen: nachgebildeter Exchange, Datenbank und Dienst auf diesem Rechner",
			"show everything at work: a simulated Exchange, a database and the agent on this machine"),
		Long: g.t("Braucht nichts weiter und verändert nichts außerhalb eines eigenen Ordners. Mit --json steht alles andere auf der Fehlerausgabe,\n"+
			"die letzte Zeile der Ausgabe ist ein Objekt mit dem Ergebnis.",
			"Needs nothing else and changes nothing outside of a folder of its own. With --json everything else goes to standard error,\n"+
				"and the last line of standard output is one object with the result."),
		Example: "  agent demo\n  agent demo --users 1 --appointments 10000 --tasks 2000 --latency 20ms --json\n  agent demo --keep",
		Args:    g.arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			// --agent says where other commands look for an agent, and so where this one listens.
			o.Address = g.address
			o.Direction, o.English = demo.Direction(direction), g.lang == assets.English
			s := &screen{g: g, out: g.out}
			if g.json {
				s.out = g.err
			}
			s.bars = g.newProgress()
			s.bars.out = s.out
			if keep {
				o.Keep = s.keep
			}
			return g.runDemo(c.Context(), o, s)
		},
	}
	f := c.Flags()
	f.IntVar(&o.Users, "users", 3, g.t("Mitarbeiter", "employees"))
	f.IntVar(&o.Appointments, "appointments", 600, g.t("Termine, über alle Mitarbeiter", "appointments, over all employees"))
	f.IntVar(&o.Tasks, "tasks", 150, g.t("Aufgaben, über alle Mitarbeiter", "tasks, over all employees"))
	f.IntVar(&o.Series, "series", 0, g.t("so viele von hundert Terminen sind Serien, mit Ausnahmen", "so many of a hundred appointments are series, with exceptions"))
	f.IntVar(&o.Edits, "edits", 20, g.t("Änderungen im laufenden Betrieb, über beide Richtungen", "live edits, over both directions"))
	f.DurationVar(&o.Latency, "latency", 0, g.t("Antwortzeit des nachgebildeten Exchange", "answer time of the simulated Exchange"))
	f.StringVar(&direction, "direction", direction, g.t("wo die Einträge am Anfang sind: both | business | exchange",
		"where the items are at the start: both | business | exchange"))
	f.BoolVar(&keep, "keep", false, g.t("am Ende weiterlaufen, bis Strg+C", "stay running at the end, until Ctrl+C"))
	f.StringVar(&o.Folder, "data", "", g.t("leerer Ordner für alle Dateien (sonst ein vorläufiger)", "empty folder for all files (default: a temporary one)"))
	return c
}

func (g *global) runDemo(ctx context.Context, o demo.Options, s *screen) error {
	told := false
	kept := o.Keep
	if kept != nil {
		// The result comes first: who waits for it must not wait for Ctrl+C.
		o.Keep = func(ctx context.Context, k demo.Kept, r demo.Result) {
			told = true
			s.summary(r)
			kept(ctx, k, r)
		}
	}
	r, err := demo.Run(ctx, o, s)
	s.bars.end()
	if errors.Is(err, demo.ErrUnready) {
		return usageError{err}
	}
	if err != nil && ctx.Err() != nil && !told {
		fmt.Fprintln(g.err, g.t("Abgebrochen; alles ist aufgeräumt.", "Stopped; everything is cleaned up."))
		return silentError{exitFailed}
	}
	if err != nil && !told {
		g.printError(err)
		err = nil
	}
	if !told {
		s.summary(r)
	}
	if err == nil && !r.OK {
		return silentError{exitFailed}
	}
	return err
}

// screen shows the demo in a terminal or as plain lines.
type screen struct {
	g    *global
	out  io.Writer
	bars *progress
	mu   sync.Mutex // one line at a time
}

func (s *screen) line(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.bars.above(s.out), format+"\n", args...)
}

// Chapter implements demo.Screen.
func (s *screen) Chapter(c demo.Chapter, args ...any) {
	t, n := s.g.t, s.g.texts
	switch c {
	case demo.ChapterWorld:
		s.line(t("Nachgebildeter Exchange: %s\nUnternehmensdatenbank:   %s\nDienst:                  %s",
			"Simulated Exchange: %s\nBusiness database:  %s\nAgent:              %s"), args...)
	case demo.ChapterSeed:
		s.line(t("Einträge: %s nur in der Datenbank, %s nur in Exchange, %s auf beiden Seiten",
			"Items: %s only in the database, %s only in Exchange, %s on both sides"),
			n.Int(int64(args[0].(int))), n.Int(int64(args[1].(int))), n.Int(int64(args[2].(int))))
	case demo.ChapterVerify:
		s.line(t("\nZugangsdaten prüfen", "\nVerify credentials"))
	case demo.ChapterFirstSync:
		s.line(t("\nErster Abgleich", "\nFirst sync"))
	case demo.ChapterHold:
		h := args[1].(*contract.Hold)
		s.line(t("  Schutz: %s neue Einträge (%s %s) für %s warteten auf eine Bestätigung – bestätigt",
			"  Guard: %s new items (%s %s) for %s waited for a confirmation – confirmed"),
			number(n, h.GetItems()), s.g.kindText(kindName(h.GetKind())), n.T("side."+sideName(h.GetSide())), args[0])
	case demo.ChapterFirstDone:
		f := args[0].(demo.FirstSync)
		s.line(t("%s Termine und %s Aufgaben in %.1f Sekunden: %s in der Sekunde", "%s appointments and %s tasks in %.1f seconds: %s a second"),
			n.Int(int64(f.Appointments)), n.Int(int64(f.Tasks)), f.Seconds, n.Int(int64(f.ItemsPerSecond)))
	case demo.ChapterLive:
		s.line(t("\n%d Änderungen im laufenden Betrieb", "\n%d live edits"), args...)
	case demo.ChapterQuiet:
		s.line(t("\nNoch ein Abgleich, ohne dass jemand etwas geändert hat", "\nOne more sync, with nothing changed by anybody"))
	case demo.ChapterCompare:
		s.line(t("Beide Seiten vergleichen", "Compare both sides"))
	}
}

// Stage implements demo.Screen.
func (s *screen) Stage(st *contract.Stage) {
	x := s.g.stage(st)
	s.line("  %s %s: %s", mark(st.GetState()), s.g.texts.T("verify.stage."+x.Name), x.Text)
	if x.Hint != "" && x.State != "skipped" {
		s.line("      %s", x.Hint)
	}
	if x.State == "failed" && x.Detail != "" {
		s.line("      (%s)", x.Detail)
	}
}

// Verified implements demo.Screen.
func (s *screen) Verified(login string, ok bool) {
	word := s.g.t("geprüft und gespeichert", "verified and stored")
	sign := "✓"
	if !ok {
		sign, word = "✗", s.g.t("nicht in Ordnung", "not in order")
	}
	s.line("%s %s: %s", sign, login, word)
}

// Progress implements demo.Screen.
func (s *screen) Progress(u *contract.UserStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := userStateOf(u)
	for _, k := range x.Kinds {
		s.bars.show(x.User, k)
	}
}

// ProgressEnds implements demo.Screen.
func (s *screen) ProgressEnds() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bars.end()
}

// Edit implements demo.Screen.
func (s *screen) Edit(from demo.Direction, what, title string, took time.Duration) {
	arrow := s.g.t("Datenbank → Exchange", "database → Exchange")
	if from == demo.Exchange {
		arrow = s.g.t("Exchange → Datenbank", "Exchange → database")
	}
	result := fmt.Sprintf("✓ %4d ms", took.Milliseconds())
	if took < 0 {
		result = s.g.t("✗ kam nicht an", "✗ did not arrive")
	}
	s.line("  %s  %s  %s: %s", result, arrow, s.editWord(what), title)
}

func (s *screen) editWord(what string) string {
	t := s.g.t
	switch what {
	case "new-appointment", "new-task":
		return t("neu", "new")
	case "moved":
		return t("verschoben", "moved")
	case "done":
		return t("erledigt", "done")
	case "changed":
		return t("geändert", "changed")
	case "deleted":
		return t("gelöscht", "deleted")
	}
	return what
}

// Finding implements demo.Screen.
func (s *screen) Finding(text string) { s.line("  ! %s", text) }

// summary ends the story; with --json the last line of standard output is the result.
func (s *screen) summary(r demo.Result) {
	t := s.g.t
	yes := func(ok bool) string {
		if ok {
			return "✓"
		}
		return "✗"
	}
	s.line("")
	s.line(t("%s Zugangsdaten geprüft", "%s credentials verified"), yes(r.Verified))
	if r.Verified {
		s.line(t("%s %d von %d Änderungen angekommen (Hälfte unter %.0f ms, 99 %% unter %.0f ms)",
			"%s %d of %d edits arrived (half within %.0f ms, 99 %% within %.0f ms)"),
			yes(r.Live.Delivered == r.Live.Edits), r.Live.Delivered, r.Live.Edits, r.Live.P50, r.Live.P99)
		s.line(t("%s %d Schreibzugriffe im ruhigen Abgleich", "%s %d writes in the quiet run"), yes(r.QuietRun.Writes == 0), r.QuietRun.Writes)
		s.line(t("%s %d Unterschiede zwischen beiden Seiten", "%s %d differences between both sides"), yes(r.Differences == 0), r.Differences)
		if r.Series > 0 {
			s.line(t("  verglichen mit jedem Termin von %d Serien, %d davon Ausnahmen", "  compared with every occurrence of %d series, %d of them exceptions"), r.Series, r.Exceptions)
		}
		s.line(t("%s %d Probleme, %d Mails an andere", "%s %d problems, %d mails to others"), yes(r.Problems == 0 && r.Mailed == 0), r.Problems, r.Mailed)
	}
	if r.PeakMemoryMB > 0 {
		s.line(t("  Speicher höchstens %.0f MB (Dienst und Exchange zusammen)", "  memory at most %.0f MB (agent and Exchange together)"), r.PeakMemoryMB)
	}
	if r.OK {
		s.line(t("Alles in Ordnung.", "All is well."))
	} else {
		s.line(t("Nicht in Ordnung.", "Not in order."))
	}
	if s.g.json {
		_ = json.NewEncoder(s.g.out).Encode(r)
	}
}

// keep leaves the demo running for tray and window.
func (s *screen) keep(ctx context.Context, k demo.Kept, _ demo.Result) {
	t := s.g.t
	s.line(t("\nDie Vorführung läuft weiter. Ende mit Strg+C.", "\nThe demo stays running. Ctrl+C ends it."))
	s.line(t("  Fenster:  window --agent %s status\n  Infobereich: tray --agent %s\n  Befehle:  agent --agent %s status",
		"  window:   window --agent %s status\n  tray:     tray --agent %s\n  commands: agent --agent %s status"), k.Address, k.Address, k.Address)
	for i := range k.Logins {
		s.line(t("  Anmeldung: %s  Passwort: %s", "  login: %s  password: %s"), k.Logins[i], k.Passwords[i])
	}
	<-ctx.Done()
}
