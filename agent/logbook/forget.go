package logbook

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"abgleich/agent/fault"
)

// forgetting asks the writer to remove a user's files.
type forgetting struct {
	user string
	done chan<- error
}

// rotated is what stands behind the name of a file that was put aside.
var rotated = regexp.MustCompile(`^(-\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}(-[a-z]+)?)?\.log(\.gz)?$`)

// Forget removes a user's error log, with those that were put aside, and his lines
// in memory. His lines in the service log stay until they are old: they name him,
// and hold no content. Code: LogFolderUnreachable.
func (b *Book) Forget(ctx context.Context, user string) error {
	const op = "logbook.Forget"
	b.hub.forget(user)
	w := b.writer
	if w.o.Folder == "" {
		return nil
	}
	done := make(chan error, 1)
	var err error
	select {
	case w.forget <- forgetting{user, done}:
		select {
		case err = <-done:
		case <-ctx.Done():
			return fault.New(fault.Cancelled, op, user, ctx.Err())
		}
	case <-w.done: // nobody writes any more
		err = removeFiles(w.o.Folder, user)
	case <-ctx.Done():
		return fault.New(fault.Cancelled, op, user, ctx.Err())
	}
	if err != nil {
		return fault.New(fault.LogFolderUnreachable, op, user, err)
	}
	return nil
}

// forget closes a user's file and removes it; the writer's goroutine calls it.
func (f *files) forget(user string) error {
	f.closeUsers()
	return removeFiles(f.o.Folder, user)
}

func removeFiles(folder, user string) error {
	list, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	base := strings.TrimSuffix(UserFile(user), ".log")
	var errs []error
	for _, e := range list {
		name := e.Name()
		if len(name) < len(base) || !strings.EqualFold(name[:len(base)], base) || !rotated.MatchString(name[len(base):]) {
			continue
		}
		if err := os.Remove(filepath.Join(folder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// forget drops a user's lines.
func (h *hub) forget(user string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ordered := slices.Concat(h.ring[h.next:], h.ring[:h.next])
	h.ring, h.next = slices.DeleteFunc(ordered, func(l Line) bool { return strings.EqualFold(l.User, user) }), 0
}
