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

// longestFile is how many lines a written file may have.
const longestFile = 450

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

func TestArrowsPointDownOnly(t *testing.T) {
	for _, goos := range []string{"linux", "windows"} {
		for _, p := range packages(t, goos) {
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

func TestTheToolkitStaysInTheWindows(t *testing.T) {
	for _, goos := range []string{"linux", "windows"} {
		for _, p := range packages(t, goos) {
			from := strings.TrimPrefix(p.ImportPath, module)
			for _, i := range p.Imports {
				switch {
				case strings.HasPrefix(i, "fyne.io/fyne/v2/app") && from != "cmd/window":
					t.Errorf("%s imports %s, which needs cgo: only cmd/window may", from, i)
				case strings.HasPrefix(i, "fyne.io/fyne/") && !within(from, "ui") && !within(from, "cmd/window"):
					t.Errorf("%s imports %s: only windows may", from, i)
				case strings.HasSuffix(i, "/systray") && from != "cmd/tray":
					t.Errorf("%s imports %s: only cmd/tray may", from, i)
				}
			}
		}
	}
}

func TestAgentAndTrayStayFreeOfTheToolkit(t *testing.T) {
	for _, name := range []string{"cmd/agent", "cmd/tray"} {
		cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-deps", "./"+name)
		cmd.Dir = "../.."
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for dep := range strings.Lines(string(out)) {
			if strings.HasPrefix(dep, "fyne.io/fyne/") {
				t.Errorf("%s depends on %s", name, strings.TrimSpace(dep))
			}
		}
	}
}

func TestEveryPackageSaysWhatItOwns(t *testing.T) {
	for _, p := range packages(t, "linux") {
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
		if lines > longestFile {
			t.Errorf("%s has %d lines, %d are allowed: one idea a file", path, lines, longestFile)
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
		{"agent/nowhere", "agent/pim", false, false},
		{"agent/api", "agent", false, false},
		{"assets/icon/pack", "agent/pim", false, false},
	} {
		if why := refuse(c.from, c.to, c.test); (why == "") != c.ok {
			t.Errorf("%s -> %s (test %v): %q", c.from, c.to, c.test, why)
		}
	}
}
