// Package diagnosis makes one file to send to whoever helps: what the agent says of
// itself, and what a program of ours adds, packed as a zip with its own list of
// contents.
//
// It promises that a person can be shown the list before anything is saved, and
// that nothing is in the zip that isn't in the list. That no password and no
// subject is in it is the agent's promise (rpc Diagnostics); the package must not
// know what a file holds.
package diagnosis

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"

	"connectrpc.com/connect"

	"abgleich/ipc/contract"
)

// Contents is the name of the list inside the zip.
const Contents = "contents.txt"

// File is one file of a bundle.
type File struct {
	Name string
	// About is a stable word for what is in it; the text for a person has the key
	// "diagnostics.file.<about>".
	About   string
	Content []byte
}

// Bundle is what will be saved.
type Bundle struct {
	Made  time.Time
	Files []File
}

// Source is the agent, as far as it is needed here.
type Source interface {
	Diagnostics(context.Context, *connect.Request[contract.DiagnosticsRequest]) (*connect.ServerStreamForClient[contract.DiagnosticsResponse], error)
}

// Collect asks the agent. all is for administrators: everybody's, the parameters
// and the service log; else what is the caller's own.
func Collect(ctx context.Context, agent Source, all bool, now time.Time) (*Bundle, error) {
	s, err := agent.Diagnostics(ctx, connect.NewRequest(&contract.DiagnosticsRequest{AllUsers: all}))
	if err != nil {
		return nil, err
	}
	defer s.Close()
	b := &Bundle{Made: now}
	for s.Receive() {
		f := s.Msg().GetFile()
		b.Add(f.GetName(), f.GetAbout(), f.GetContent())
	}
	return b, s.Err()
}

// Add puts a file into the bundle. A name of somebody else's making can't lead out
// of the zip's folder.
func (b *Bundle) Add(name, about string, content []byte) {
	b.Files = append(b.Files, File{path.Base(path.Clean("/" + strings.ReplaceAll(name, `\`, "/"))), about, content})
}

// FileName is what the bundle is best called.
func (b *Bundle) FileName() string { return "Abgleich-" + b.Made.Format("2006-01-02-150405") + ".zip" }

// Write writes the zip. say gives the text for a word; the list of contents has it.
func (b *Bundle) Write(w io.Writer, say func(about string) string) error {
	z := zip.NewWriter(w)
	list := fmt.Sprintf("Abgleich, %s\n\n", b.Made.Format(time.RFC3339))
	for _, f := range b.Files {
		list += fmt.Sprintf("%-20s %8d  %s\n", f.Name, len(f.Content), say(f.About))
	}
	for _, f := range append([]File{{Name: Contents, Content: []byte(list)}}, b.Files...) {
		part, err := z.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: b.Made})
		if err != nil {
			return err
		}
		if _, err := part.Write(f.Content); err != nil {
			return err
		}
	}
	return z.Close()
}

// Save writes the zip to a new file that only this user may read. A file that is
// there already is an error; one that could not be finished is removed.
func (b *Bundle) Save(path string, say func(about string) string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = b.Write(f, say)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(path)
	}
	return err
}
