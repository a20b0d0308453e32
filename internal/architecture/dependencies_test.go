package architecture

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// dependencies is the page on which every module we use is weighed.
const dependencies = "../../docs/dependencies.md"

func TestEveryDependencyIsWeighedOnItsPage(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(dependencies)
	if err != nil {
		t.Fatal(err)
	}
	page := weighed(string(text))
	for _, r := range mod.Require {
		if !r.Indirect && !page[r.Path] {
			t.Errorf("%s is not in docs/dependencies.md", r.Path)
		}
		delete(page, r.Path)
	}
	for path := range page {
		t.Errorf("docs/dependencies.md names %s, which go.mod doesn't", path)
	}
}

// weighed gives the modules named in the first column, separated by commas.
func weighed(page string) map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(page) {
		cell, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		if !ok || !strings.Contains(cell, ".") {
			continue
		}
		for _, path := range strings.Split(cell, ", ") {
			out[path] = true
		}
	}
	return out
}
