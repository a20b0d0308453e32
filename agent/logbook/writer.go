package logbook

import (
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/DeRuina/timberjack"
	"github.com/sirupsen/logrus"
)

const (
	// queueLength is how many lines wait for a slow folder before they go to
	// the fallback.
	queueLength = 4096
	// retryAfter is how long an unreachable folder is left alone.
	retryAfter = 30 * time.Second
	// maxOpen is how many users' files are open at once.
	maxOpen = 64
)

// writer owns the files. One goroutine writes; put never waits for it.
type writer struct {
	o        Options
	queue    chan Line
	forget   chan forgetting
	stopping chan struct{}
	done     chan struct{}
	down     atomic.Bool
	lost     atomic.Int64 // lines that went to the fallback since the folder was lost

	mu     sync.Mutex // fallback and echo; and closed against put
	closed bool
}

func startWriter(o Options) *writer {
	if o.MaxSizeMB == 0 {
		o.MaxSizeMB = 10
	}
	if o.MaxAgeDays == 0 {
		o.MaxAgeDays = 90
	}
	if o.Fallback == nil {
		o.Fallback = io.Discard
	}
	w := &writer{o: o, queue: make(chan Line, queueLength), forget: make(chan forgetting), stopping: make(chan struct{}), done: make(chan struct{})}
	if o.Folder == "" {
		close(w.done)
		w.closed = true
		return w
	}
	go w.run()
	return w
}

// put queues a line, or gives it to the fallback when the queue is full.
func (w *writer) put(l Line) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.o.Echo != nil {
		fmt.Fprintln(w.o.Echo, l)
	}
	if !w.closed {
		select {
		case w.queue <- l:
			return
		default: // the folder hangs
			w.lost.Add(1)
		}
	}
	w.fallback(l)
}

// fallback writes a line beside the files, unless the echo has shown it; mu is
// held.
func (w *writer) fallback(l Line) {
	if w.o.Echo == nil {
		fmt.Fprintln(w.o.Fallback, l)
	}
}

func (w *writer) stop(limit time.Duration) {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return
	}
	w.closed = true
	w.mu.Unlock()
	close(w.stopping)
	select {
	case <-w.done:
	case <-time.After(limit): // a share that hangs must not hold the end up
	}
}

// run writes until it is stopped and the queue is empty.
func (w *writer) run() {
	defer close(w.done)
	f := files{o: w.o}
	defer f.close()
	var retry time.Time
	for {
		var l Line
		select {
		case l = <-w.queue:
		default:
			select {
			case l = <-w.queue:
			case r := <-w.forget: // only when all lines of his are written
				r.done <- f.forget(r.user)
				continue
			case <-w.stopping:
				if len(w.queue) > 0 {
					continue
				}
				return
			}
		}
		w.write(&f, l, &retry)
	}
}

func (w *writer) write(f *files, l Line, retry *time.Time) {
	if w.down.Load() && time.Now().Before(*retry) {
		w.beside(l)
		return
	}
	err := f.write(l)
	if err == nil {
		if w.down.CompareAndSwap(true, false) {
			n := w.lost.Swap(0)
			back := Line{Time: time.Now(), Level: logrus.WarnLevel,
				Text: fmt.Sprintf("log folder reachable again; %d lines stand on standard error only", n)}
			f.write(back) // if it fails, the next line will tell
		}
		return
	}
	f.close()
	*retry = time.Now().Add(retryAfter)
	if w.down.CompareAndSwap(false, true) {
		w.mu.Lock()
		fmt.Fprintln(w.o.Fallback, Line{Time: time.Now(), Level: logrus.WarnLevel,
			Text: "log folder not reachable, logging here code=log-folder-unreachable error=" + fieldValue(err.Error())})
		w.mu.Unlock()
	}
	w.beside(l)
}

func (w *writer) beside(l Line) {
	w.lost.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fallback(l)
}

// files are the open log files; only the writer's goroutine touches them.
type files struct {
	o       Options
	service *timberjack.Logger
	users   map[string]*timberjack.Logger
}

func (f *files) write(l Line) error {
	if f.service == nil {
		f.service = f.open(ServiceFile)
		f.users = map[string]*timberjack.Logger{}
	}
	b := []byte(l.String() + "\n")
	if _, err := f.service.Write(b); err != nil {
		return err
	}
	if l.User == "" || l.Level > logrus.WarnLevel {
		return nil
	}
	u, ok := f.users[l.User]
	if !ok {
		if len(f.users) >= maxOpen {
			f.closeUsers()
		}
		u = f.open(UserFile(l.User))
		f.users[l.User] = u
	}
	_, err := u.Write(b)
	return err
}

func (f *files) open(name string) *timberjack.Logger {
	return &timberjack.Logger{
		Filename:    filepath.Join(f.o.Folder, name),
		MaxSize:     f.o.MaxSizeMB,
		MaxAge:      f.o.MaxAgeDays,
		LocalTime:   true,
		Compression: "none",
		FileMode:    0o640,
	}
}

func (f *files) closeUsers() {
	for _, u := range f.users {
		u.Close()
	}
	clear(f.users)
}

func (f *files) close() {
	f.closeUsers()
	if f.service != nil {
		f.service.Close()
		f.service = nil
	}
}
