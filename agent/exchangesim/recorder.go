package exchangesim

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
)

// Recorder writes request and reply bodies into a folder, one file each, so that a
// judge can look at them: 000001-GetItem-request.xml, 000001-GetItem-reply.xml.
// Bodies hold no passwords; NTLM and Basic live in headers, which are not kept.
// It is safe for concurrent use.
type Recorder struct {
	dir string
	num atomic.Int64
}

// NewRecorder makes the folder where it is missing.
func NewRecorder(dir string) (*Recorder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &Recorder{dir: dir}, nil
}

// Next answers the number of the next exchange.
func (r *Recorder) Next() int64 { return r.num.Add(1) }

// Write keeps one body; kind is "request" or "reply".
func (r *Recorder) Write(num int64, op, kind string, body []byte) error {
	name := fmt.Sprintf("%06d-%s-%s.xml", num, op, kind)
	return os.WriteFile(filepath.Join(r.dir, name), body, 0o600)
}
