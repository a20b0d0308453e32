package logbook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/sirupsen/logrus"

	"abgleich/agent/fault"
)

// Query picks lines.
type Query struct {
	// User whose lines are wanted; "" for all.
	User string
	// ErrorsOf reads the user's error log in place of the service log; needs User.
	ErrorsOf bool
	// Level is the least important level wanted; note that logrus counts the
	// other way round. The zero value is read as everything.
	Level logrus.Level
	// Contains is a text the line must hold, case ignored; "" for all.
	Contains string
}

func (q Query) matches(l Line) bool {
	if q.User != "" && !strings.EqualFold(q.User, l.User) {
		return false
	}
	if q.Level != 0 && l.Level > q.Level {
		return false
	}
	if q.ErrorsOf && l.Level > logrus.WarnLevel {
		return false
	}
	return q.Contains == "" || strings.Contains(strings.ToLower(l.Text), strings.ToLower(q.Contains))
}

const (
	// ringLength is how many lines are kept in memory.
	ringLength = 1000
	// followLength is how far a follower may fall behind.
	followLength = 256
	// mostRead is how far back Tail looks in a file, in bytes.
	mostRead = 16 << 20
)

// Tail gives the last n matching lines, oldest first: from the file, or from
// memory while the folder can't be read. Code: LogFolderUnreachable when there
// is neither.
func (b *Book) Tail(ctx context.Context, q Query, n int) ([]Line, error) {
	name := ServiceFile
	if q.ErrorsOf {
		name = UserFile(userName(q.User))
	}
	var lines []Line
	err := fs.ErrNotExist
	if b.folder != "" && b.Reachable() {
		lines, err = tailFile(ctx, filepath.Join(b.folder, name), q, n)
	}
	if err == nil || ctx.Err() != nil {
		return lines, err
	}
	lines = b.hub.tail(q, n)
	if errors.Is(err, fs.ErrNotExist) || len(lines) > 0 {
		return lines, nil
	}
	return nil, fault.New(fault.LogFolderUnreachable, "logbook.Tail", b.folder, err)
}

// tailFile reads a file backwards, block by block.
func tailFile(ctx context.Context, path string, q Query, n int) ([]Line, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	at, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	const block = 64 << 10
	var found []Line // newest first
	var rest []byte  // the beginning of a line whose end was read
	for least := max(0, at-mostRead); at > least && len(found) < n; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		size := min(block, at)
		at -= size
		buf := make([]byte, size, int(size)+len(rest))
		if _, err := f.ReadAt(buf, at); err != nil {
			return nil, err
		}
		buf = append(buf, rest...)
		for len(found) < n {
			i := bytes.LastIndexByte(buf, '\n')
			if i < 0 {
				break
			}
			found = appendMatch(found, buf[i+1:], q)
			buf = buf[:i]
		}
		rest = buf
	}
	if at == 0 && len(found) < n {
		found = appendMatch(found, rest, q)
	}
	slices.Reverse(found)
	return found, nil
}

func appendMatch(found []Line, raw []byte, q Query) []Line {
	if l, ok := ParseLine(strings.TrimRight(string(raw), "\r")); ok && q.matches(l) {
		return append(found, l)
	}
	return found
}

// Follow gives matching lines as they are logged, until ctx ends or the book is
// closed; then the channel is closed. A reader who falls too far behind loses
// lines, never the agent its time.
func (b *Book) Follow(ctx context.Context, q Query) <-chan Line {
	return b.hub.follow(ctx, q)
}

// hub keeps the last lines and hands new ones to followers.
type hub struct {
	mu     sync.Mutex
	ring   []Line
	next   int
	subs   map[chan Line]Query
	closed bool
}

func newHub() *hub { return &hub{subs: map[chan Line]Query{}} }

func (h *hub) publish(l Line) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.ring) < ringLength {
		h.ring = append(h.ring, l)
	} else {
		h.ring[h.next] = l
		h.next = (h.next + 1) % ringLength
	}
	for ch, q := range h.subs {
		if q.matches(l) {
			select {
			case ch <- l:
			default:
			}
		}
	}
}

func (h *hub) tail(q Query, n int) []Line {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []Line
	for i := range h.ring {
		if l := h.ring[(h.next+i)%len(h.ring)]; q.matches(l) {
			out = append(out, l)
		}
	}
	return out[max(0, len(out)-n):]
}

func (h *hub) follow(ctx context.Context, q Query) <-chan Line {
	ch := make(chan Line, followLength)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		close(ch)
		return ch
	}
	h.subs[ch] = q
	context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.drop(ch)
	})
	return ch
}

// drop ends a follower; mu is held.
func (h *hub) drop(ch chan Line) {
	if _, ok := h.subs[ch]; ok {
		delete(h.subs, ch)
		close(ch)
	}
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for ch := range h.subs {
		h.drop(ch)
	}
}
