package preferences

import (
	"os"
	"path/filepath"
	"testing"
)

func TestChoicesComeBackAndDoNotUndoEachOther(t *testing.T) {
	f := In(filepath.Join(t.TempDir(), "new", "folder"))
	if err := f.Change(func(p *Preferences) { p.Lang = "en" }); err != nil {
		t.Fatal(err)
	}
	if err := f.Change(func(p *Preferences) { p.Width, p.Height, p.Page = 900, 600, "status" }); err != nil {
		t.Fatal(err)
	}
	if got, want := f.Load(), (Preferences{Lang: "en", Page: "status", Width: 900, Height: 600}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDamagedFilesGiveDefaults(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "not JSON": "lang=de", "another type": `{"lang": 7}`, "cut off": `{"lang": "de"`, "list": `[]`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "window.json"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := In(dir).Load(); got != (Preferences{}) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestSizesNoScreenHasAreLeftOut(t *testing.T) {
	f := In(t.TempDir())
	if err := f.Change(func(p *Preferences) { p.Lang, p.Width, p.Height = "de", 3, 1e6 }); err != nil {
		t.Fatal(err)
	}
	if got := f.Load(); got.Width != 0 || got.Height != 0 || got.Lang != "de" {
		t.Errorf("got %+v", got)
	}
}
