//go:build !windows

package rival

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// System lists this machine's processes, from /proc (proc(5)). Where there is none,
// nothing runs as far as anybody can tell.
type System struct{}

// Running implements [Processes]. A program that is run by an interpreter (Mono,
// Wine, a shell) is listed by its own file, too.
func (System) Running(ctx context.Context) ([]string, error) {
	entries, err := os.ReadDir("/proc")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if pid, err := strconv.Atoi(e.Name()); err != nil || pid == os.Getpid() {
			continue
		}
		// One that ended meanwhile has no line, and a kernel thread an empty one.
		line, err := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if err != nil {
			continue
		}
		for i, arg := range bytes.SplitN(line, []byte{0}, 3) {
			if i < 2 && len(arg) > 0 {
				out = append(out, string(arg))
			}
		}
	}
	return out, nil
}
