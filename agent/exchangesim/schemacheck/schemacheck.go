// Package schemacheck has recorded requests and replies judged by the official EWS
// schema, with xmllint, and requests by whether they could mail anybody.
//
// It owns finding the schema and the judge, and says so where one of them is
// missing. It promises to look at every file and to name each bad one with the
// judge's words. It must not know the simulator.
package schemacheck

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// batch is how many documents one xmllint call gets.
const batch = 200

// all are the names of recorded documents.
const all = "*.xml"

// ErrNoJudge means that xmllint or the schema is not there.
var ErrNoJudge = errors.New("nothing judged")

// Check fails the test for every *.xml file in dir that is no valid EWS envelope, and
// for every request in which somebody could have been mailed (see Mails).
// It skips the test when xmllint or the schema (../shared/ews-schema, seen from
// the root of the module) is absent, and fails when dir holds no XML at all.
func Check(t *testing.T, dir string) {
	t.Helper()
	watch(t, dir)
	check(t, dir, all)
}

// CheckSchema is Check for tests that send mails on purpose.
func CheckSchema(t *testing.T, dir string) {
	t.Helper()
	check(t, dir, all)
}

// watch fails the test for every request in which somebody could have been mailed.
func watch(t *testing.T, dir string) {
	t.Helper()
	_, bad, err := Mails(dir)
	if err != nil {
		t.Error(err)
	}
	for _, line := range bad {
		t.Error(line)
	}
}

// CheckReplies is Check for the replies only, for tests that send invalid requests
// on purpose.
func CheckReplies(t *testing.T, dir string) {
	t.Helper()
	check(t, dir, "*-reply.xml")
}

func check(t *testing.T, dir, pattern string) {
	t.Helper()
	n, bad, err := Judge(t.Context(), dir, pattern)
	switch {
	case errors.Is(err, ErrNoJudge):
		t.Skip(err)
	case err != nil:
		t.Error(err)
	case n == 0:
		t.Fatalf("no recorded exchange in %s", dir)
	}
	for _, line := range bad[:min(len(bad), 40)] {
		t.Error(line)
	}
}

// Judge looks at the documents in dir whose names match the pattern. It answers how
// many there are and the judge's complaints. Its error is ErrNoJudge when there is no
// schema or no xmllint.
func Judge(ctx context.Context, dir, pattern string) (documents int, complaints []string, err error) {
	schema, ok := Schema()
	if !ok {
		return 0, nil, fmt.Errorf("the EWS schema is not at ../shared/ews-schema: %w", ErrNoJudge)
	}
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		return 0, nil, fmt.Errorf("xmllint is not installed (Debian package libxml2-utils): %w", ErrNoJudge)
	}
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		return 0, nil, err
	}
	own, err := os.MkdirTemp("", "schemacheck")
	if err != nil {
		return 0, nil, err
	}
	defer os.RemoveAll(own)
	if files, err = corrected(files, own); err != nil {
		return 0, nil, err
	}
	for list := files; len(list) > 0; {
		n := min(batch, len(list))
		args := append([]string{"--nonet", "--huge", "--noout", "--schema", schema}, list[:n]...)
		out, err := exec.CommandContext(ctx, lint, args...).CombinedOutput()
		lines := complaintsIn(string(out))
		if err != nil && len(lines) == 0 {
			return len(files), complaints, fmt.Errorf("xmllint: %w", err)
		}
		complaints = append(complaints, lines...)
		list = list[n:]
	}
	return len(files), complaints, nil
}

// corrected replaces the documents in which Exchange itself departs from its
// schema: streamed notifications stand in the messages namespace, in real replies
// and in Microsoft's samples, where the schema has the types namespace. Everything
// else in them is judged all the same.
func corrected(files []string, dir string) ([]string, error) {
	const wrong, right = "m:Notification>", "t:Notification>"
	list := make([]string, 0, len(files))
	for _, f := range files {
		if strings.Contains(filepath.Base(f), "GetStreamingEvents") {
			data, err := os.ReadFile(f)
			if err != nil {
				return nil, err
			}
			if strings.Contains(string(data), "<"+wrong) {
				f = filepath.Join(dir, filepath.Base(f))
				if err := os.WriteFile(f, []byte(strings.ReplaceAll(string(data), wrong, right)), 0o600); err != nil {
					return nil, err
				}
			}
		}
		list = append(list, f)
	}
	return list, nil
}

func complaintsIn(out string) (list []string) {
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasSuffix(line, " validates") {
			list = append(list, line)
		}
	}
	return list
}

// Schema finds soap-ews.xsd beside the module's root.
func Schema() (string, bool) {
	dir, err := os.Getwd()
	if err != nil {
		return "", false
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			path := filepath.Join(dir, "..", "shared", "ews-schema", "soap-ews.xsd")
			_, err := os.Stat(path)
			return path, err == nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", false
		}
		dir = up
	}
}
