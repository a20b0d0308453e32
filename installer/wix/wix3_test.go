package wix

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// wix3 is where scripts/setup puts WiX's own compiler and linker.
const wix3 = "../../build/wix3/node_modules/electron-winstaller/vendor"

// judged compiles and links a source as WiX 3 does, up to where it would pack the files,
// which takes a Windows. It gives what WiX complains of.
func judged(t *testing.T, mono, tools, source, texts string, change func(string) string) string {
	t.Helper()
	dir := t.TempDir()
	for from, to := range map[string]string{source: source, texts: "texts.wxi"} {
		b, err := Sources.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if from == source {
			b = []byte(change(string(b)))
		}
		if err := os.WriteFile(filepath.Join(dir, to), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{filepath.Join(tools, "candle.exe"), "-nologo", "-wx", "-arch", "x64", "-dVersion=1.2.3", "-out", "x.wixobj", source},
		{filepath.Join(tools, "light.exe"), "-nologo", "-wx", "-sval", "-xo", "-out", "x.wixout", "x.wixobj"},
	} {
		cmd := exec.CommandContext(t.Context(), mono, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return strings.TrimSpace(string(out)) + " " + err.Error()
		}
	}
	return ""
}

func TestWiXItselfTakesTheSources(t *testing.T) {
	mono, err := exec.LookPath("mono")
	if err != nil {
		t.Skip("no mono to run WiX with: scripts/setup test")
	}
	tools, err := filepath.Abs(wix3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(tools, "candle.exe")); err != nil {
		t.Skip("WiX is not here: scripts/setup test installs it where npm is")
	}
	asItIs := func(s string) string { return s }
	for _, source := range files {
		for _, texts := range []string{"de.wxi", "en.wxi"} {
			if said := judged(t, mono, tools, source, texts, asItIs); said != "" {
				t.Errorf("%s with %s: %s", source, texts, said)
			}
		}
	}
	for what, change := range map[string]func(string) string{
		"CNDL": func(s string) string { return strings.Replace(s, "Compressed=", "Compresed=", 1) },
		"LGHT": func(s string) string {
			return strings.Replace(s, `ComponentRef Id="Menu"`, `ComponentRef Id="Mneu"`, 1)
		},
	} {
		if said := judged(t, mono, tools, files[0], "de.wxi", change); !strings.Contains(said, what) {
			t.Errorf("a mistake was not found: %q", said)
		}
	}
}
