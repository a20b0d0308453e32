package icon_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"abgleich/ui/internal/agentdouble"
)

// The real icon process beside a scripted agent: how soon it is there, what it takes
// of memory and, while nothing happens, of a processor (syncing, the icon turns). Sixty of them share a
// terminal server; the file's pages are shared by all, private memory is not.
func BenchmarkIconProcess(b *testing.B) {
	conn, address := bus(b)
	w := &watcher{make(chan string, 8)}
	own(b, conn, w, "org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher", "org.kde.StatusNotifierWatcher")
	dir := b.TempDir()
	program := build(b, dir)
	socket := filepath.Join(dir, "agent.sock")
	agent, err := agentdouble.New()
	if err != nil {
		b.Fatal(err)
	}
	agent.Set(func(s *agentdouble.Script) { s.User = agentdouble.Quiet(time.Now()) })
	ctx, cancel := context.WithCancel(b.Context())
	served, ready := make(chan error, 1), make(chan struct{})
	go func() { served <- agent.Serve(ctx, socket, func() { close(ready) }) }()
	<-ready
	defer func() { cancel(); <-served }()

	const idle, moving = 65 * time.Second, 10 * time.Second // a minute's tick and a ping are in it
	var start, busy, turning time.Duration
	var m memory
	n := 0
	for b.Loop() {
		cmd := exec.Command(program, "--agent", socket, "--lang", "de")
		cmd.Env = append(os.Environ(), "DBUS_SESSION_BUS_ADDRESS="+address, "XDG_CONFIG_HOME="+dir)
		cmd.Stderr, cmd.Stdout = io.Discard, io.Discard
		began := time.Now()
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		<-w.registered
		start += time.Since(began)
		time.Sleep(3 * time.Second) // connected, and everything drawn
		before := processorTime(b, cmd.Process.Pid)
		time.Sleep(idle)
		busy += processorTime(b, cmd.Process.Pid) - before
		m = memoryOf(b, cmd.Process.Pid)
		agent.Set(func(s *agentdouble.Script) { s.User = agentdouble.FirstSync(0.6) })
		before = processorTime(b, cmd.Process.Pid)
		time.Sleep(moving)
		turning += processorTime(b, cmd.Process.Pid) - before
		cmd.Process.Kill()
		cmd.Wait()
		n++
	}
	b.ReportMetric(float64(start.Milliseconds())/float64(n), "ms-to-icon")
	b.ReportMetric(100*busy.Seconds()/(float64(n)*idle.Seconds()), "%-of-a-core-idle")
	b.ReportMetric(100*turning.Seconds()/(float64(n)*moving.Seconds()), "%-of-a-core-syncing")
	b.ReportMetric(float64(m.private)/1024, "MB-private")
	b.ReportMetric(float64(m.resident)/1024, "MB-with-shared-pages")
	b.ReportMetric(0, "ns/op") // says nothing here
}

// memory is what a process takes, in kB: what nobody shares with it, and with the
// pages of its own file.
type memory struct{ private, resident int }

func memoryOf(t testing.TB, pid int) (m memory) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		t.Skip("this system doesn't tell the memory of a process here")
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		switch n, _ := strconv.Atoi(f[1]); f[0] {
		case "RssAnon:":
			m.private = n
		case "VmRSS:":
			m.resident = n
		}
	}
	return m
}

// processorTime is what a process has used, to the nanosecond.
func processorTime(t testing.TB, pid int) (sum time.Duration) {
	t.Helper()
	tasks, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "schedstat"))
	if err != nil || len(tasks) == 0 {
		t.Skip("this system doesn't tell the processor time of a process here")
	}
	for _, task := range tasks {
		data, err := os.ReadFile(task)
		if err != nil {
			continue // the thread has ended
		}
		ns, err := strconv.ParseInt(strings.Fields(string(data))[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += time.Duration(ns)
	}
	return sum
}
