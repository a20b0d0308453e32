package store

import (
	"path/filepath"
	"testing"
)

func TestOpeningTwiceKeepsTheInstallation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.db")
	var first string
	for range 2 {
		s, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Installation()) != 16 {
			t.Fatalf("installation %q", s.Installation())
		}
		if first != "" && s.Installation() != first {
			t.Fatalf("installation changed from %q to %q", first, s.Installation())
		}
		first = s.Installation()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal("second Close:", err)
		}
	}
}
