package diagnosis

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func bundle() *Bundle {
	b := &Bundle{Made: time.Date(2026, 11, 28, 11, 5, 0, 0, time.UTC)}
	b.Add("status.json", "status", []byte("{}"))
	b.Add(`..\../etc/passwd`, "odd", []byte("x"))
	b.Add(`..`, "odder", nil)
	return b
}

func TestTheZipHoldsWhatItsListSays(t *testing.T) {
	var out bytes.Buffer
	if err := bundle().Write(&out, strings.ToUpper); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "contents.txt status.json passwd /" && got != "contents.txt status.json passwd ." {
		t.Errorf("holds %s", got)
	}
	r, err := z.Open(Contents)
	if err != nil {
		t.Fatal(err)
	}
	list, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"status.json", "passwd", "STATUS", "ODD"} {
		if !strings.Contains(string(list), name) {
			t.Errorf("the list lacks %s:\n%s", name, list)
		}
	}
}

func TestSavingOverwritesNothingAndIsForTheUserAlone(t *testing.T) {
	b := bundle()
	path := filepath.Join(t.TempDir(), b.FileName())
	say := func(s string) string { return s }
	if err := b.Save(path, say); err != nil {
		t.Fatal(err)
	}
	i, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && i.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v", i.Mode())
	}
	if filepath.Base(path) != "Abgleich-2026-11-28-110500.zip" {
		t.Error(path)
	}
	if err := b.Save(path, say); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
}
