package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
)

func statusCommand(g *global) *cobra.Command {
	var follow bool
	c := &cobra.Command{
		Use: "status [USER]", Short: g.t("Wie steht der Abgleich?", "how does the sync stand?"),
		Example: "  agent status\n  agent status --watch\n  agent status anna --json", Args: g.arguments(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			user := ""
			if len(args) == 1 {
				user = args[0]
			}
			return g.withAgent(c.Context(), func(a *client.Client) error {
				if follow {
					return watch(c.Context(), a, user, g.livePicture())
				}
				return watch(c.Context(), a, user, func(p picture) error {
					if err := g.show(p, func(w io.Writer) { g.writePicture(w, p) }); err != nil {
						return err
					}
					return errEnough
				})
			})
		},
	}
	c.Flags().BoolVar(&follow, "watch", false, g.t("weiter anzeigen, bis Strg+C", "keep showing, until Ctrl+C"))
	return c
}

// livePicture redraws a terminal; elsewhere it prints a line for each change, and
// with --json an object a line.
func (g *global) livePicture() func(picture) error {
	_, screen := terminal(g.out)
	drawn := 0
	told := map[string]string{}
	return func(p picture) error {
		if g.json {
			return json.NewEncoder(g.out).Encode(p)
		}
		if screen {
			var b bytes.Buffer
			g.writePicture(&b, p)
			if drawn > 0 {
				fmt.Fprintf(g.out, "\x1b[%dA\x1b[J", drawn)
			}
			drawn = bytes.Count(b.Bytes(), []byte("\n"))
			_, err := g.out.Write(b.Bytes())
			return err
		}
		for _, u := range p.Users {
			for _, k := range u.Kinds {
				line := u.User + " " + g.kindText(k.Kind) + ": " + g.userWord(u) + ", " + g.progress(k)
				if told[u.User+k.Kind] != line {
					told[u.User+k.Kind] = line
					fmt.Fprintln(g.out, line)
				}
			}
		}
		return nil
	}
}

func (g *global) writePicture(w io.Writer, p picture) {
	fmt.Fprintf(w, "Abgleich %s, %s %s", p.Agent.Version, g.t("gestartet", "started"), g.when(p.Agent.Started))
	if !p.Agent.SyncEnabled {
		fmt.Fprint(w, " – ", g.t("Synchronisation ist abgeschaltet", "sync is switched off"))
	}
	if shared := p.Agent.Access; shared == "impersonation" || shared == "delegate" {
		fmt.Fprint(w, "\n    ", g.texts.T("access.shared"))
	}
	if !p.Agent.BusinessReachable {
		text, hint := g.sayFault(p.Agent.BusinessCode, "")
		fmt.Fprint(w, " – ", text)
		if hint != "" {
			fmt.Fprint(w, "\n    ", hint)
		}
		for _, m := range p.Agent.BusinessMissing {
			fmt.Fprint(w, "\n    - ", m)
		}
	}
	if p.Agent.EventsCode != "" {
		text, hint := g.sayFault(p.Agent.EventsCode, "")
		fmt.Fprint(w, "\n    ", text, " ", hint)
		for _, line := range p.Agent.EventsCommands {
			fmt.Fprint(w, "\n    ", line)
		}
	}
	fmt.Fprintln(w)
	rows := [][]string{{g.t("BENUTZER", "USER"), g.t("ZUSTAND", "STATE"), "", g.t("FORTSCHRITT", "PROGRESS"), g.t("PAARE", "PAIRS"),
		g.t("ZULETZT", "LAST"), g.t("PROBLEME", "PROBLEMS")}}
	for _, u := range p.Users {
		name, state := u.User, g.userWord(u)
		problems := strconv.Itoa(int(u.Problems))
		if u.Holds > 0 {
			problems += g.t(", angehalten: ", ", held: ") + strconv.Itoa(int(u.Holds))
		}
		if len(u.Kinds) == 0 {
			rows = append(rows, []string{name, state, "", "", "", "", problems})
		}
		for _, k := range u.Kinds {
			rows = append(rows, []string{name, state, g.kindText(k.Kind), g.progress(k), number(g.texts, k.Pairs), g.when(k.LastSuccess), problems})
			name, state, problems = "", "", ""
		}
	}
	for _, u := range p.WithoutUserID {
		rows = append(rows, []string{u.Name, g.userWord(u), "", "", "", "", ""})
	}
	table(w, rows)
}

// userWord is a user's state for people.
func (g *global) userWord(u userState) string {
	if u.State == "paused" && u.PausedUntil != nil {
		return g.texts.T("state.paused-until.text", "time", g.when(u.PausedUntil))
	}
	if u.Code != "" {
		text, _ := g.sayFault(u.Code, u.User)
		return text
	}
	return g.texts.T("state." + u.State + ".text")
}

func (g *global) progress(k kindState) string {
	switch {
	case !k.Enabled:
		return g.t("aus", "off")
	case k.BlockedCode != "":
		text, _ := g.sayFault(k.BlockedCode, "")
		return text
	case k.Phase == "idle" && !k.FirstSync:
		return g.t("fertig", "done")
	case k.Expected == 0:
		return g.phaseWord(k.Phase)
	}
	s := number(g.texts, k.Done) + "/" + number(g.texts, k.Expected)
	if k.ItemsPerSecond >= 1 {
		s += fmt.Sprintf(", %s/s", number(g.texts, uint64(k.ItemsPerSecond)))
	}
	if k.RemainingSeconds > 0 {
		s += g.t(", noch ", ", left: ") + g.texts.Span(time.Duration(k.RemainingSeconds*float64(time.Second)))
	}
	return s
}

func (g *global) phaseWord(phase string) string {
	switch phase {
	case "idle":
		return g.t("wartet", "waiting")
	case "queued":
		return g.t("eingereiht", "queued")
	case "reading":
		return g.t("liest", "reading")
	case "matching":
		return g.t("vergleicht", "matching")
	case "writing":
		return g.t("schreibt", "writing")
	case "deleting":
		return g.t("löscht", "deleting")
	}
	return phase
}
