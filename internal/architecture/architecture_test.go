package architecture

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module is what every path of ours begins with.
const module = "abgleich/"

// Lines a written file and a written test may have.
const longestFile, longestTest = 450, 600

// pkg is what go list says about a package.
type pkg struct {
	ImportPath, Name, Doc, Dir         string
	GoFiles, CgoFiles                  []string
	TestGoFiles, XTestGoFiles          []string
	Imports, TestImports, XTestImports []string
}

// packages lists all packages as one operating system sees them.
func packages(t *testing.T, goos string) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e",
		"-json=ImportPath,Name,Doc,Dir,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}

// TestTheHouse asks go list once a system, since that takes a while.
func TestTheHouse(t *testing.T) {
	house := map[string][]pkg{"linux": packages(t, "linux"), "windows": packages(t, "windows")}
	t.Run("arrows point down only", func(t *testing.T) { arrows(t, house) })
	t.Run("the toolkit stays in the windows", func(t *testing.T) { toolkit(t, house) })
	t.Run("every package says what it owns", func(t *testing.T) { comments(t, house["linux"]) })
}

func arrows(t *testing.T, house map[string][]pkg) {
	for goos, all := range house {
		for _, p := range all {
			from := strings.TrimPrefix(p.ImportPath, module)
			check := func(imports []string, test bool) {
				for _, i := range imports {
					to, ours := strings.CutPrefix(i, module)
					if !ours {
						continue
					}
					if why := refuse(from, to, test); why != "" {
						t.Errorf("%s: %s imports %s: %s", goos, from, to, why)
					}
				}
			}
			check(p.Imports, false)
			check(slices.Concat(p.TestImports, p.XTestImports), true)
		}
	}
}

func toolkit(t *testing.T, house map[string][]pkg) {
	for _, all := range house {
		for _, p := range all {
			from := strings.TrimPrefix(p.ImportPath, module)
			for _, i := range p.Imports {
				switch {
				case strings.HasPrefix(i, "fyne.io/fyne/v2/app") && from != "cmd/window":
					t.Errorf("%s imports %s, which needs cgo: only cmd/window may", from, i)
				case strings.HasPrefix(i, "fyne.io/fyne/") && !within(from, "ui") && !within(from, "cmd/window"):
					t.Errorf("%s imports %s: only windows may", from, i)
				case strings.HasPrefix(i, "fyne.io/fyne/") && within(from, "ui/soft/screen"):
					t.Errorf("%s imports %s: a plain window must not know the toolkit", from, i)
				case strings.HasSuffix(i, "/systray") && from != "cmd/tray" && from != "ui/icon":
					t.Errorf("%s imports %s: only the icon may", from, i)
				}
			}
		}
	}
}

func TestProgramsStayFreeOfWhatTheyMustNotHold(t *testing.T) {
	for name, never := range map[string][]string{
		"cmd/window without cgo": {"github.com/go-gl/", "fyne.io/fyne/v2/app", module + "agent"},
		"cmd/agent":              {"fyne.io/fyne/", "fyne.io/systray", "github.com/getlantern/systray", module + "ui/window"},
		"cmd/tray":               {"fyne.io/fyne/", module + "agent"},
		"cmd/window":             {"github.com/getlantern/systray", module + "agent"}, // same window class as Fyne's
	} {
		path, pure := strings.CutSuffix(name, " without cgo")
		cgo := "CGO_ENABLED=1"
		if pure {
			cgo = "CGO_ENABLED=0"
		}
		cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-deps", "./"+path)
		cmd.Dir = "../.."
		cmd.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", cgo)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for dep := range strings.Lines(string(out)) {
			for _, bad := range never {
				if strings.HasPrefix(dep, bad) {
					t.Errorf("%s depends on %s", name, strings.TrimSpace(dep))
				}
			}
		}
	}
}

// TestEveryProblemCodeIsExplained reads the codes from the source and looks for
// each in the operations page.
func TestEveryProblemCodeIsExplained(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	codes := 0
	sources(t, func(path string, file *ast.File, _ int) {
		if !strings.Contains(filepath.ToSlash(path), "agent/fault/") || strings.HasSuffix(path, "_test.go") {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				codes++
				if code := strings.Trim(lit.Value, `"`); !bytes.Contains(page, []byte("`"+code+"`")) {
					t.Errorf("docs/operations.md doesn't explain %s", code)
				}
			}
			return true
		})
	})
	if codes < 50 {
		t.Errorf("found only %d codes", codes)
	}
}

func comments(t *testing.T, all []pkg) {
	for _, p := range all {
		if len(p.GoFiles)+len(p.CgoFiles) == 0 {
			continue
		}
		if len(p.Doc) < 20 {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
		if slices.Contains(forbidden, p.Name) {
			t.Errorf("%s: the name %q says nothing about what it owns", p.ImportPath, p.Name)
		}
	}
}

// sources calls f for every Go file in the project that a person wrote.
func sources(t *testing.T, f func(path string, file *ast.File, lines int)) {
	t.Helper()
	root := "../.."
	files := 0
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != root && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"build", "bin", "dist", "tools", "testdata"}, d.Name())) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if !ast.IsGenerated(parsed) {
			files++
			f(path, parsed, bytes.Count(src, []byte("\n")))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("found only %d files", files)
	}
}

func TestNoFileOutgrowsItsIdea(t *testing.T) {
	sources(t, func(path string, _ *ast.File, lines int) {
		limit := longestFile
		if strings.HasSuffix(path, "_test.go") {
			limit = longestTest
		}
		if lines > limit {
			t.Errorf("%s has %d lines, %d are allowed: one idea a file", path, lines, limit)
		}
	})
}

func TestNothingRegistersItselfInInit(t *testing.T) {
	sources(t, func(path string, file *ast.File, _ int) {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function: let a constructor do it", path)
			}
		}
	})
}

func TestTheRulesRefuseWhatTheyShould(t *testing.T) {
	for _, c := range []struct {
		from, to string
		test     bool
		ok       bool
	}{
		{"agent/engine", "agent/pim", false, true},
		{"agent/engine", "agent/store", false, false},
		{"agent/engine", "agent/store", true, false},
		{"agent/pim", "agent/fault", false, false},
		{"agent/executor", "agent/engine", false, true},
		{"agent/engine", "agent/executor", false, false},
		{"agent/side/exchange", "agent/ews", false, true},
		{"agent/side/exchange", "agent/side/business", false, false},
		{"agent/exchangesim", "agent/ews", false, false},
		{"agent/ews", "agent/exchangesim", false, false},
		{"agent/ews", "agent/exchangesim", true, true},
		{"agent/ews/ntlm", "agent/ews", false, true},
		{"agent/api", "ipc/pipe", false, true},
		{"ipc/pipe", "agent/fault", false, false},
		{"ui/window", "agent/params", false, false},
		{"ui/window", "agent/params", true, false},
		{"agent", "ui/window", true, false},
		{"cmd/tray", "ui/icon", false, true},
		{"ui/soft", "ui/window", false, false},
		{"ui/soft", "ui/soft/screen", false, true},
		{"agent/nowhere", "agent/pim", false, false},
		{"agent/api", "agent", false, false},
		{"assets/icon/pack", "agent/pim", false, false},
	} {
		if why := refuse(c.from, c.to, c.test); (why == "") != c.ok {
			t.Errorf("%s -> %s (test %v): %q", c.from, c.to, c.test, why)
		}
	}
}
