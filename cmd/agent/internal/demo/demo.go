// Package demo shows the main job on one machine, in one process: a simulated
// Exchange, an embedded business database, and the agent between them, driven
// through its real socket. It verifies the logins, watches the first sync, edits
// on both sides and measures how long an edit takes to arrive, proves that a quiet
// run writes nothing, and compares both sides item by item.
//
// It owns the story and the measuring. What it finds is measured, never assumed:
// the comparison and the counting of writes share no code with the sync. It must
// not know how anything is printed; that is the business of a [Screen].
package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// Direction says which side holds the items at the start.
type Direction string

// Directions.
const (
	// Both puts about half on each side, and a few on both.
	Both     Direction = "both"
	Business Direction = "business"
	Exchange Direction = "exchange"
)

// Options size the demo.
type Options struct {
	// Users is how many employees, 1 to 60.
	Users int
	// Appointments and Tasks are how many items there are, over all users.
	Appointments, Tasks int
	// Series is how many of a hundred appointments are series with exceptions.
	Series int
	// Exceptions is how many occurrences of each series are other than it says, at
	// most five; 0 lets chance decide.
	Exceptions int
	// Edits is how many live edits are made, over both directions.
	Edits int
	// Latency is waited by the simulated Exchange before every answer.
	Latency time.Duration
	// Direction is where the items are.
	Direction Direction
	// Folder holds all files; it must be empty. "" is a temporary one, removed at
	// the end of a demo that went well.
	Folder string
	// Address is the agent's socket or pipe; "" chooses one.
	Address string
	// English makes notices and log English instead of German.
	English bool
	// Version is the program's.
	Version string
	// Keep is called at the end of a demo that is to stay; nil ends at once. The
	// agent runs on until it returns.
	Keep func(context.Context, Kept, Result)
}

// Kept is how a demo that stays is reached.
type Kept struct {
	// Address is the agent's socket or pipe.
	Address string
	// Exchange is the address of the simulated server.
	Exchange string
	// Folder holds the files.
	Folder string
	// Logins are the employees' Windows logins, Passwords theirs.
	Logins, Passwords []string
}

// FirstSync is how the first sync went.
type FirstSync struct {
	Appointments   int     `json:"appointments"`
	Tasks          int     `json:"tasks"`
	Seconds        float64 `json:"seconds"`
	ItemsPerSecond float64 `json:"items_per_second"`
}

// Live is how edits arrived: from their commit to being seen on the other side.
type Live struct {
	Edits     int     `json:"edits"`
	Delivered int     `json:"delivered"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
}

// QuietRun is what a run without any edits wrote, on both sides.
type QuietRun struct {
	Writes int64 `json:"writes"`
}

// Result is what the demo found.
type Result struct {
	Verified  bool      `json:"verified"`
	FirstSync FirstSync `json:"first_sync"`
	Live      Live      `json:"live"`
	QuietRun  QuietRun  `json:"quiet_run"`
	Problems  int       `json:"problems"`
	// Series and Exceptions are how many there are at the end, in the business database.
	Series     int `json:"series"`
	Exceptions int `json:"exceptions"`
	// Differences counts items and occurrences that are not the same on both sides at the end.
	Differences int `json:"differences"`
	// Mailed counts requests that would have sent somebody mail.
	Mailed int64 `json:"mailed"`
	// PeakMemoryMB is the largest resident memory of the whole process; 0 where the
	// system doesn't tell.
	PeakMemoryMB float64 `json:"peak_memory_mb"`
	OK           bool    `json:"ok"`
}

// Screen shows the demo to a person. Its methods may be called from several
// goroutines, one at a time.
type Screen interface {
	// Chapter begins a part of the story.
	Chapter(Chapter, ...any)
	// Stage is one step of a user's check, with its result; Verified its end.
	Stage(st *contract.Stage)
	Verified(login string, ok bool)
	// Progress is how far a user's kind is; ProgressEnds closes what was drawn.
	Progress(*contract.UserStatus)
	ProgressEnds()
	// Edit is a live edit that arrived after so long, or did not (negative).
	Edit(from Direction, what, title string, took time.Duration)
	// Finding is something wrong that a person should see.
	Finding(text string)
}

// Chapter is a part of the story; its values are in the comment.
type Chapter int

// Chapters.
const (
	ChapterWorld     Chapter = iota + 1 // simulated server's address, database file, agent's address
	ChapterSeed                         // items only in the business database, only in Exchange, on both
	ChapterVerify                       // -
	ChapterFirstSync                    // -
	ChapterHold                         // user's name, *contract.Hold: confirmed
	ChapterFirstDone                    // FirstSync
	ChapterLive                         // number of edits
	ChapterQuiet                        // -
	ChapterCompare                      // -
)

// ErrUnready is a demo that can't begin: bad sizes, or a folder in use.
var ErrUnready = errors.New("the demo cannot begin")

func (o Options) check() error {
	switch {
	case o.Users < 1 || o.Users > 60:
		return fmt.Errorf("%w: users: 1 – 60", ErrUnready)
	case o.Appointments < 0 || o.Tasks < 0 || o.Appointments+o.Tasks > 1_000_000:
		return fmt.Errorf("%w: appointments and tasks: 0 – 1000000", ErrUnready)
	case o.Series < 0 || o.Series > 100 || o.Exceptions < 0 || o.Exceptions > 5:
		return fmt.Errorf("%w: series: 0 – 100", ErrUnready)
	case o.Edits < 0 || o.Edits > 10_000:
		return fmt.Errorf("%w: edits: 0 – 10000", ErrUnready)
	case o.Latency < 0:
		return fmt.Errorf("%w: latency: 0 or more", ErrUnready)
	case !slices.Contains([]Direction{Both, Business, Exchange}, o.Direction):
		return fmt.Errorf("%w: direction: both, business or exchange", ErrUnready)
	}
	return nil
}

// Run tells the story. An error means that it could not be told to its end; what
// was found to be wrong stands in the result.
func Run(ctx context.Context, o Options, screen Screen) (r Result, err error) {
	if err := o.check(); err != nil {
		return r, err
	}
	w, err := newWorld(ctx, o, screen)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, w.close(ctx, r.OK || ctx.Err() != nil)) }()

	if err := w.tell(ctx, &r); err != nil {
		return r, err
	}
	if o.Keep != nil {
		o.Keep(ctx, w.kept(), r)
	}
	return r, nil
}

// tell fills the result, chapter by chapter.
func (w *world) tell(ctx context.Context, r *Result) error {
	began, err := w.verifyAndSave(ctx, r)
	if err != nil || !r.Verified {
		return err
	}
	if err := w.firstSync(ctx, r, began); err != nil {
		return err
	}
	if err := w.liveEdits(ctx, r); err != nil {
		return err
	}
	if err := w.quietRun(ctx, r); err != nil {
		return err
	}
	r.PeakMemoryMB = peakMemory() // before the comparison takes its own
	w.screen.Chapter(ChapterCompare)
	if r.Differences, err = w.compare(ctx); err != nil {
		return err
	}
	if r.Series, r.Exceptions, err = w.seriesThere(ctx); err != nil {
		return err
	}
	problems, err := client.Ask(ctx, w.client.ListProblems, &contract.ListProblemsRequest{AllUsers: true})
	if err != nil {
		return err
	}
	for _, p := range problems.GetProblems() {
		w.screen.Finding(fmt.Sprintf("%s %s %s: %s", p.GetUser(), p.GetCode(), p.GetTitle(), p.GetDetail()))
	}
	r.Problems = len(problems.GetProblems())
	r.Mailed = w.sim.Stats().Mailed
	r.OK = r.Verified && r.Live.Delivered == r.Live.Edits && r.QuietRun.Writes == 0 && r.Problems == 0 && r.Differences == 0 && r.Mailed == 0
	return nil
}

// box is a user's mailbox.
func (w *world) box(u *user) *exchangesim.Mailbox { return w.sim.Mailbox(u.mail) }
