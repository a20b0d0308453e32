package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/pipe"
)

// checkTime is how long an agent may take to answer a monitoring system.
const checkTime = 10 * time.Second

// Levels of a check, as Checkmk counts them.
const (
	levelOK = iota
	levelWarn
	levelCritical
	levelUnknown
)

// checkup is what a monitoring system is told.
type checkup struct {
	Level     int    `json:"level"` // 0 fine, 1 warning, 2 critical, 3 not reachable
	Text      string `json:"text"`
	Users     int    `json:"users"`
	Fine      int    `json:"fine"`
	Attention int    `json:"attention"`
	Offline   int    `json:"offline"`
	Problems  int    `json:"problems"`
	Holds     int    `json:"holds"`
	Pairs     uint64 `json:"pairs"`
	// OldestSuccessSeconds is the age of the oldest last success among users that
	// are in sync; -1 when there is none.
	OldestSuccessSeconds float64 `json:"oldest_success_seconds"`
}

func checkCommand(g *global) *cobra.Command {
	format := "text"
	var age, problems, attention, offline string
	limits := func() (l checkLimits, err error) {
		for _, x := range []struct {
			to   *limit
			text string
			one  func(string) (float64, error)
			flag string
		}{{&l.age, age, seconds, "--age"}, {&l.problems, problems, count, "--problems"},
			{&l.attention, attention, count, "--attention"}, {&l.offline, offline, count, "--offline"}} {
			if *x.to, err = parseLimit(x.text, x.one); err != nil {
				return l, usageError{fmt.Errorf("%s: %w", x.flag, err)}
			}
		}
		return l, nil
	}
	c := &cobra.Command{
		Use: "check", Short: g.t("Zustand für die Überwachung", "state for a monitoring system"),
		Long: g.t("Ausgang: 0 in Ordnung oder Warnung, 1 kritisch, 3 Dienst nicht erreichbar. checkmk und prtg enden immer mit 0, wie diese es wollen.",
			"Exit code: 0 fine or warning, 1 critical, 3 agent not reachable. checkmk and prtg always end with 0, as those want it."),
		Example: "  agent check\n  agent check --format checkmk --age 2h,24h --problems 5,50\n  agent check --format prtg", Args: g.arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			if format != "text" && format != "checkmk" && format != "prtg" {
				return usageError{errors.New("--format: text | checkmk | prtg")}
			}
			l, err := limits()
			if err != nil {
				return err
			}
			v, err := g.checkup(c.Context())
			v = l.judged(g, v)
			switch {
			case format == "checkmk":
				return v.checkmk(g.out, g.instance.After("Abgleich"), l)
			case format == "prtg":
				return v.prtg(g.out)
			case err != nil:
				return err
			}
			if err := g.show(v, func(w io.Writer) { fmt.Fprintln(w, v.Text) }); err != nil {
				return err
			}
			if v.Level == levelCritical {
				return silentError{exitFailed}
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&format, "format", format, "text | checkmk | prtg")
	f.StringVar(&age, "age", "", g.t("WARN,CRIT: wie lange der älteste Abgleich her sein darf, zum Beispiel 2h,24h", "WARN,CRIT: how long ago the oldest sync may be, such as 2h,24h"))
	f.StringVar(&problems, "problems", "", g.t("WARN,CRIT: Zahl der Probleme", "WARN,CRIT: number of problems"))
	f.StringVar(&attention, "attention", "", g.t("WARN,CRIT: Benutzer, die jemanden brauchen", "WARN,CRIT: users who need somebody"))
	f.StringVar(&offline, "offline", "", g.t("WARN,CRIT: nicht erreichbare Benutzer", "WARN,CRIT: users who cannot be reached"))
	return c
}

func (g *global) checkup(ctx context.Context) (checkup, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	v := checkup{Level: levelUnknown, OldestSuccessSeconds: -1}
	answered := false
	err := g.withAgent(ctx, func(a *client.Client) error {
		return watch(ctx, a, "", func(p picture) error {
			answered = true
			v = g.judge(p, time.Now())
			return errEnough
		})
	})
	if err == nil && !answered {
		err = &pipe.Error{Reason: pipe.ErrUnreachable, Address: g.address, Err: context.DeadlineExceeded}
	}
	if err != nil {
		v.Text = g.failure(err).Text
	}
	return v, err
}

// judge turns a picture into one word for a monitoring system.
func (g *global) judge(p picture, now time.Time) checkup {
	v := checkup{OldestSuccessSeconds: -1}
	for _, u := range p.Users {
		v.Problems += int(u.Problems)
		v.Holds += int(u.Holds)
		switch u.State {
		case "disabled", "not-set-up":
			continue // nobody expects them to be in sync
		case "attention", "credentials-needed":
			v.Attention++
		case "offline":
			v.Offline++
		default:
			v.Fine++
		}
		v.Users++
		for _, k := range u.Kinds {
			v.Pairs += k.Pairs
			if k.Enabled && k.LastSuccess != nil {
				v.OldestSuccessSeconds = max(v.OldestSuccessSeconds, now.Sub(*k.LastSuccess).Seconds())
			}
		}
	}
	switch {
	case !p.Agent.BusinessReachable:
		v.Level = levelCritical
		v.Text, _ = g.sayFault(p.Agent.BusinessCode, "")
	case v.Users > 0 && v.Offline == v.Users:
		v.Level = levelCritical
		v.Text = g.t("kein Benutzer erreichbar", "no user can be reached")
	case v.Attention > 0 || v.Offline > 0 || v.Holds > 0:
		v.Level = levelWarn
		v.Text = fmt.Sprintf(g.t("Benutzer, die jemanden brauchen: %d, nicht erreichbar: %d", "users who need somebody: %d, who cannot be reached: %d"), v.Attention, v.Offline)
	case p.Agent.EventsCode != "":
		v.Level = levelWarn
		v.Text, _ = g.sayFault(p.Agent.EventsCode, "")
		if len(p.Agent.EventsCommands) > 0 {
			v.Text += " " + strings.Join(p.Agent.EventsCommands, "; ")
		}
	case !p.Agent.SyncEnabled:
		v.Level = levelWarn
		v.Text = g.t("Synchronisation ist abgeschaltet", "sync is switched off")
	default:
		v.Text = fmt.Sprintf(g.t("%d Benutzer im Abgleich", "%d users in sync"), v.Users)
	}
	return v
}

// checkmk writes one line of a local check called as named, with the thresholds behind the values.
func (v checkup) checkmk(w io.Writer, name string, l checkLimits) error {
	text := strings.Join(strings.Fields(v.Text), " ")
	age := ""
	if v.OldestSuccessSeconds >= 0 {
		age = fmt.Sprintf("|age=%s%s", plainNumber(math.Round(v.OldestSuccessSeconds)), l.age)
	}
	_, err := fmt.Fprintf(w, "%d %s users=%d|fine=%d|attention=%d%s|offline=%d%s|problems=%d%s|holds=%d|pairs=%d%s %s\n",
		v.Level, name, v.Users, v.Fine, v.Attention, l.attention, v.Offline, l.offline, v.Problems, l.problems, v.Holds, v.Pairs, age, text)
	return err
}

// prtg writes what PRTG's "EXE/Script Advanced" sensor reads.
func (v checkup) prtg(w io.Writer) error {
	type channel struct {
		Channel string `json:"channel"`
		Value   uint64 `json:"value"`
	}
	type report struct {
		Error  int       `json:"error,omitempty"`
		Text   string    `json:"text"`
		Result []channel `json:"result,omitempty"`
	}
	r := report{Text: v.Text}
	if v.Level >= levelCritical {
		r.Error = 1
	} else {
		r.Result = []channel{{"Users", uint64(v.Users)}, {"Fine", uint64(v.Fine)}, {"Attention", uint64(v.Attention)},
			{"Offline", uint64(v.Offline)}, {"Problems", uint64(v.Problems)}, {"Holds", uint64(v.Holds)}, {"Pairs", v.Pairs}}
	}
	return json.NewEncoder(w).Encode(map[string]report{"prtg": r})
}
