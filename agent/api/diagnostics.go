package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"text/tabwriter"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"

	"abgleich/agent/fault"
	"abgleich/agent/logbook"
	"abgleich/agent/params"
	"abgleich/agent/pim"
	"abgleich/agent/store"
	"abgleich/ipc/contract"
)

// How much of lists and logs goes into diagnostics.
const (
	diagnosedLines = 2000
	mostDiagnosed  = 20_000
	diagnosedRuns  = 200
)

// Diagnostics sends what helps to find a fault, one file a message: no password, no
// subject, no attendee, and no text another program wrote about an item. Everybody
// gets what is his own; with all_users administrators get everybody's, the
// parameters and the service log. That an administrator did so is recorded.
func (s *server) Diagnostics(ctx context.Context, r *connect.Request[contract.DiagnosticsRequest], out *connect.ServerStream[contract.DiagnosticsResponse]) error {
	c, user, err := s.listing(ctx, "", r.Msg.GetAllUsers())
	if fault.Has(err, fault.EmployeeUnknown) {
		user, err = nobody, nil // who isn't set up yet gets the versions
	}
	if err != nil {
		return err
	}
	lines := min(int(r.Msg.GetLines()), mostDiagnosed)
	if lines == 0 {
		lines = diagnosedLines
	}
	d := diagnosis{s, user, lines}
	parts := []finding{{"versions.txt", "versions", d.versions}, {"status.json", "status", d.status},
		{"problems.txt", "problems", d.problems}, {"runs.txt", "runs", d.runs}}
	if r.Msg.GetAllUsers() {
		if err := s.record(ctx, c, "took diagnostics", "*"); err != nil {
			return err
		}
		parts = append(parts, finding{"parameters.txt", "parameters", d.parameters}, finding{logbook.ServiceFile, "service-log", d.serviceLog},
			finding{"goroutines.txt", "goroutines", d.goroutines})
	} else {
		parts = append(parts, finding{"errors.log", "error-log", d.errorLog})
	}
	for _, p := range parts {
		var b bytes.Buffer
		if err := p.write(ctx, &b); err != nil {
			// A part that fails is a finding, too; the others matter all the more.
			fmt.Fprintf(&b, "\nnot complete: %s\n", fault.CodeOf(err))
		}
		content := []byte(s.Logs.Clean(b.String()))
		if err := out.Send(&contract.DiagnosticsResponse{File: &contract.DiagnosticFile{Name: p.name, About: p.about, Content: content}}); err != nil {
			return err
		}
	}
	return nil
}

// finding is one file of a diagnosis.
type finding struct {
	name, about string
	write       func(context.Context, io.Writer) error
}

// diagnosis writes the files about a user; "" is everybody.
type diagnosis struct {
	s     *server
	user  pim.UserID
	lines int
}

func (d diagnosis) versions(_ context.Context, w io.Writer) error {
	fmt.Fprintf(w, "agent %s\ncontract %d\n%s %s/%s, %d processors\ninstallation %s\nnow %s\n",
		d.s.Version, contract.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), d.s.Records.Installation(), instant(d.s.Now()))
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprintf(w, "memory %d MB in use, %d MB from the system\ngoroutines %d\nprocess %d\n", m.HeapInuse>>20, m.Sys>>20, runtime.NumGoroutine(), os.Getpid())
	if b, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range b.Deps {
			fmt.Fprintf(w, "%s %s\n", dep.Path, dep.Version)
		}
	}
	return nil
}

func (d diagnosis) status(_ context.Context, w io.Writer) error {
	b, err := protojson.MarshalOptions{Multiline: true}.Marshal(changeMessage(d.s.Status.Snapshot(d.user)))
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// problems lists problems and holds by their codes: what they are about is nobody's
// business.
func (d diagnosis) problems(ctx context.Context, w io.Writer) error {
	t := newTable(w, "user", "kind", "side", "code", "first", "last", "attempts", "next try", "ignored", "notice")
	q := store.ProblemQuery{User: d.user, Notices: true, Limit: pageSize}
	for n := 0; n < mostRows; n += pageSize {
		ps, err := d.s.Records.Problems(ctx, q)
		if err != nil {
			return err
		}
		for _, p := range ps {
			t.row(p.User, p.Kind, p.Side, p.Code, instant(p.First), instant(p.Last), p.Attempts, instant(p.NextTry), p.Ignored, p.Notice)
			q.After = p.ID
		}
		if len(ps) < pageSize {
			break
		}
	}
	t.Flush()
	hs, err := d.s.Records.Holds(ctx, d.user)
	if err != nil {
		return err
	}
	t = newTable(w, "\nheld: user", "kind", "side", "code", "items", "since")
	for _, h := range hs {
		t.row(h.User, h.Kind, h.Side, h.Code, h.Items, instant(h.At))
	}
	return t.Flush()
}

func (d diagnosis) runs(ctx context.Context, w io.Writer) error {
	runs, err := d.s.Records.Runs(ctx, d.user, 0, diagnosedRuns)
	if err != nil {
		return err
	}
	t := newTable(w, "run", "user", "kind", "cause", "started", "ended", "busy", "slices", "code", "counts", "requests", "sent", "received", "throttled")
	for _, r := range runs {
		t.row(r.ID, r.User, r.Kind, r.Cause, instant(r.Started), instant(r.Ended), r.Busy, r.Slices, r.Code, fmt.Sprintf("%+v", r.Counts),
			r.Spent.Requests, r.Spent.Sent, r.Spent.Received, r.Spent.Throttled)
	}
	return t.Flush()
}

// parameters writes the parameters in force, and which secrets are stored.
func (d diagnosis) parameters(ctx context.Context, w io.Writer) error {
	p, _, err := d.s.Settings.Load()
	if err != nil {
		return err
	}
	if err := params.WriteHarmless(w, p); err != nil {
		return err
	}
	for _, key := range d.s.Settings.SecretKeys() {
		has, err := d.s.Settings.HasSecret(ctx, key)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s = %s\n", key, map[bool]string{true: secretSet}[has])
	}
	return nil
}

func (d diagnosis) serviceLog(ctx context.Context, w io.Writer) error {
	return d.log(ctx, w, logbook.Query{})
}

func (d diagnosis) errorLog(ctx context.Context, w io.Writer) error {
	if d.user == nobody {
		return nil
	}
	return d.log(ctx, w, logbook.Query{User: string(d.user), ErrorsOf: true})
}

func (d diagnosis) log(ctx context.Context, w io.Writer, q logbook.Query) error {
	lines, err := d.s.Logs.Tail(ctx, q, d.lines)
	if err != nil {
		return err
	}
	for _, l := range lines {
		fmt.Fprintln(w, l.String())
	}
	return nil
}

// goroutines tells where the agent stands still, if it does: functions and lines
// of code, no values.
func (d diagnosis) goroutines(_ context.Context, w io.Writer) error {
	return pprof.Lookup("goroutine").WriteTo(w, 1)
}

// columns writes rows below each other.
type columns struct{ *tabwriter.Writer }

func newTable(w io.Writer, heading ...any) columns {
	t := columns{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	t.row(heading...)
	return t
}

func (t columns) row(cells ...any) {
	for i, c := range cells {
		if i > 0 {
			fmt.Fprint(t, "\t")
		}
		fmt.Fprint(t, c)
	}
	fmt.Fprintln(t)
}

// instant is a time in a form everybody reads; "-" for none.
func instant(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
