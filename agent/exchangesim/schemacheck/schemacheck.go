// Package schemacheck has recorded requests and replies judged by the official EWS
// schema, with xmllint.
//
// It owns finding the schema and the judge, and skips the test with a message
// where one of them is missing. It promises to look at every file and to name each
// bad one with the judge's words. It must not know the simulator.
package schemacheck

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// batch is how many documents one xmllint call gets.
const batch = 200

// Check fails the test for every *.xml file in dir that is no valid EWS envelope.
// It skips the test when xmllint or the schema (../shared/ews-schema, seen from
// the root of the module) is absent, and fails when dir holds no XML at all.
func Check(t *testing.T, dir string) {
	t.Helper()
	check(t, dir, "*.xml")
}

// CheckReplies is Check for the replies only, for tests that send invalid requests
// on purpose.
func CheckReplies(t *testing.T, dir string) {
	t.Helper()
	check(t, dir, "*-reply.xml")
}

func check(t *testing.T, dir, pattern string) {
	t.Helper()
	schema, ok := Schema()
	if !ok {
		t.Skip("the EWS schema is not at ../shared/ews-schema: nothing judged")
	}
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed (Debian package libxml2-utils): nothing judged")
	}
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no recorded exchange in %s", dir)
	}
	files = corrected(t, files)
	for len(files) > 0 {
		n := min(batch, len(files))
		args := append([]string{"--nonet", "--noout", "--schema", schema}, files[:n]...)
		out, err := exec.CommandContext(t.Context(), lint, args...).CombinedOutput()
		report(t, string(out), err)
		files = files[n:]
	}
}

// corrected replaces the documents in which Exchange itself departs from its
// schema: streamed notifications stand in the messages namespace, in real replies
// and in Microsoft's samples, where the schema has the types namespace. Everything
// else in them is judged all the same.
func corrected(t *testing.T, files []string) []string {
	t.Helper()
	const wrong, right = "m:Notification>", "t:Notification>"
	dir := ""
	list := make([]string, 0, len(files))
	for _, f := range files {
		if strings.Contains(filepath.Base(f), "GetStreamingEvents") {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(data), "<"+wrong) {
				if dir == "" {
					dir = t.TempDir()
				}
				f = filepath.Join(dir, filepath.Base(f))
				if err := os.WriteFile(f, []byte(strings.ReplaceAll(string(data), wrong, right)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		list = append(list, f)
	}
	return list
}

func report(t *testing.T, out string, err error) {
	t.Helper()
	bad := 0
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasSuffix(line, " validates") {
			continue
		}
		bad++
		if bad <= 40 {
			t.Error(line)
		}
	}
	if err != nil && bad == 0 {
		t.Errorf("xmllint: %v", err)
	}
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
