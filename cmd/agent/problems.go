package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// problem is one problem as it is shown.
type problem struct {
	ID          int64      `json:"id"`
	User        string     `json:"user"`
	Kind        string     `json:"kind"`
	Code        string     `json:"code"`
	Title       string     `json:"title"`
	Side        string     `json:"side,omitempty"`
	Text        string     `json:"text"`
	Hint        string     `json:"hint"`
	First       *time.Time `json:"first"`
	Last        *time.Time `json:"last"`
	NextTry     *time.Time `json:"next_try"`
	Attempts    uint32     `json:"attempts"`
	NeedsPerson bool       `json:"needs_person"`
	Ignored     bool       `json:"ignored"`
	Detail      string     `json:"detail,omitempty"`
}

func problemsCommand(g *global) *cobra.Command {
	c := &cobra.Command{
		Use: "problems [USER]", Short: g.t("Was nicht abgeglichen werden kann, und warum", "what cannot be synced, and why"),
		Example: "  agent problems\n  agent problems anna --json\n  agent problems show 7\n  agent problems retry 7\n  agent problems ignore 7", Args: g.arguments(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return g.withAgent(c.Context(), func(a *client.Client) error {
				user, all, err := whose(c.Context(), a, args)
				if err != nil {
					return err
				}
				r, err := client.Ask(c.Context(), a.ListProblems, &contract.ListProblemsRequest{User: user, AllUsers: all})
				if err != nil {
					return err
				}
				list := []problem{}
				for _, p := range r.GetProblems() {
					list = append(list, g.problem(p))
				}
				return g.show(list, func(w io.Writer) { g.writeProblems(w, list) })
			})
		},
	}
	c.AddCommand(problemsShowCommand(g),
		problemsDeedCommand(g, "retry", "ein Problem jetzt noch einmal versuchen", "try a problem again now",
			func(ctx context.Context, a *client.Client, id int64) error {
				_, err := client.Ask(ctx, a.RetryProblem, &contract.RetryProblemRequest{Id: id})
				return err
			}, "Wird noch einmal versucht.", "It is tried again."),
		problemsDeedCommand(g, "ignore", "einen Eintrag in Ruhe lassen, bis ihn jemand ändert", "leave an item alone until somebody edits it",
			func(ctx context.Context, a *client.Client, id int64) error {
				_, err := client.Ask(ctx, a.IgnoreProblem, &contract.IgnoreProblemRequest{Id: id})
				return err
			}, "Bleibt, wie es ist, bis es jemand ändert oder retry gerufen wird.", "Stays as it is until somebody edits it, or retry is called."),
	)
	return c
}

// problemsDeedCommand is something done about one problem.
func problemsDeedCommand(g *global, name, german, english string, do func(context.Context, *client.Client, int64) error, doneGerman, doneEnglish string) *cobra.Command {
	return &cobra.Command{
		Use: name + " ID", Short: g.t(german, english), Example: "  agent problems " + name + " 7", Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := g.id(args[0])
			if err != nil {
				return err
			}
			return g.withAgent(c.Context(), func(a *client.Client) error {
				if err := do(c.Context(), a, id); err != nil {
					return err
				}
				return g.done(g.t(doneGerman, doneEnglish))
			})
		},
	}
}

// whose says whom a list is about: the user named, everybody for an administrator
// who names nobody, else the caller.
func whose(ctx context.Context, a *client.Client, args []string) (user string, all bool, err error) {
	if len(args) > 0 {
		return args[0], false, nil
	}
	h, err := a.Greet(ctx)
	return "", h.GetAdministrator(), err
}

func (g *global) id(s string) (int64, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 1 {
		return 0, usageError{errors.New(g.t("keine Nummer: ", "not a number: ") + s)}
	}
	return id, nil
}

func (g *global) problem(p *contract.Problem) problem {
	text, hint := g.sayFault(p.GetCode(), p.GetTitle())
	return problem{p.GetId(), p.GetUser(), kindName(p.GetKind()), p.GetCode(), p.GetTitle(), sideName(p.GetSide()), text, hint,
		instant(p.GetFirst()), instant(p.GetLast()), instant(p.GetNextTry()), p.GetAttempts(), p.GetNeedsPerson(), p.GetIgnored(), p.GetDetail()}
}

func (g *global) writeProblems(w io.Writer, list []problem) {
	if len(list) == 0 {
		fmt.Fprintln(w, g.t("Keine Probleme.", "No problems."))
		return
	}
	for _, p := range list {
		title := p.Title
		if title != "" {
			title = " „" + title + "“"
			if g.t("de", "en") == "en" {
				title = " “" + p.Title + "”"
			}
		}
		table(w, [][]string{{fmt.Sprintf("%d  %s  %s%s: %s", p.ID, p.User, g.kindText(p.Kind), title, p.Text)}})
		fmt.Fprintf(w, "   %s (%s)\n   %s\n", p.Hint, p.Code, g.problemTimes(p))
	}
}

// problemTimes tells since when, how often, and what comes next.
func (g *global) problemTimes(p problem) string {
	text := fmt.Sprintf(g.t("seit %s, zuletzt %s, %s-mal", "since %s, last %s, %s times"), g.when(p.First), g.when(p.Last), number(g.texts, p.Attempts))
	switch {
	case p.Ignored:
		return text + g.t("; wird in Ruhe gelassen", "; is left alone")
	case p.NextTry != nil:
		return text + g.t("; nächster Versuch ", "; next try ") + g.when(p.NextTry)
	case p.NeedsPerson:
		return text + g.t("; wartet auf eine Person", "; waits for a person")
	}
	return text
}
