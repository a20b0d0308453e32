// Command serve runs the scripted agent on a socket until its standard input
// ends, for pictures and for trying the windows out. The password it takes is
// that of package agentdouble. It must not be installed.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"abgleich/ipc/contract"
	"abgleich/ui/internal/agentdouble"
)

func main() {
	socket := flag.String("socket", "", "`path` of the socket")
	scene := flag.String("scene", "new", "new, first-sync, quiet, problems or office")
	pace := flag.Duration("pace", 120*time.Millisecond, "time each stage of the check takes")
	flag.Parse()
	if err := run(*socket, *scene, *pace); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(socket, scene string, pace time.Duration) error {
	a, err := agentdouble.New()
	if err != nil {
		return err
	}
	start := time.Now()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	a.Set(func(s *agentdouble.Script) {
		s.Pace = pace
		s.Warnings["events"] = "event-server-unproven"
		switch scene {
		case "first-sync":
			s.User = agentdouble.FirstSync(0)
		case "quiet", "problems", "office":
			s.User = agentdouble.Quiet(start)
		case "new":
			s.Plan = &contract.PlanRunResponse{Counts: &contract.Counts{Paired: 12, CreatedExchange: 1480, CreatedBusiness: 37}}
		}
		if scene == "office" {
			s.Office = agentdouble.AnOffice(start)
		}
		if scene == "problems" {
			s.Problems, s.Holds = agentdouble.Problems(start), []*contract.Hold{agentdouble.Hold(start)}
			s.Versions, s.Books = agentdouble.Versions(start), agentdouble.History(start)
			s.User.State, s.User.Problems, s.User.Holds = contract.UserState_USER_STATE_ATTENTION, 2, 1
		}
	})
	if scene == "first-sync" {
		go play(ctx, a, start)
	}
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return a.Serve(ctx, socket, func() { fmt.Println("ready") })
}

// play lets the first sync run for half a minute.
func play(ctx context.Context, a *agentdouble.Agent, start time.Time) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			share := now.Sub(start).Seconds() / 30
			a.Set(func(s *agentdouble.Script) {
				s.User = agentdouble.FirstSync(share)
				for i, k := range s.User.Kinds { // a speed as lively as a real one
					k.ItemsPerSecond *= 0.85 + 0.15*math.Sin(40*share+float64(i)) + 0.1*math.Sin(97*share)
				}
				if share >= 1 {
					s.User = agentdouble.Quiet(now)
				}
			})
			if share >= 1 {
				return
			}
		}
	}
}
