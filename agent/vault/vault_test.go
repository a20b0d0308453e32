package vault

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/sirupsen/logrus"
	"pgregory.net/rapid"

	"filippo.io/age"

	"abgleich/agent/fault"
	"abgleich/ipc/seal"
)

const password = "Tr0ub4dor&3"

// leaks tells whether a text shows the password in any usual form.
func leaks(s string) bool {
	return strings.Contains(s, "Tr0ub") || strings.Contains(strings.ToLower(s), "547230756234") || strings.Contains(s, "84 114 48") || strings.Contains(s, "0x54, 0x72")
}

func TestASecretPrintsAsDotsInEveryFormat(t *testing.T) {
	s := NewSecret(password)
	type login struct {
		User string
		Pass Secret
	}
	type private struct {
		user string
		pass Secret
		list []Secret
	}
	values := []any{s, &s, login{"a", s}, &login{"a", s}, private{"a", s, []Secret{s}}, &private{"a", s, nil},
		[]Secret{s}, map[string]Secret{"a": s}, map[string]any{"a": s}, fmt.Errorf("x: %v", s)}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%U", "%t", "%p", "%20s", "%-5v"} {
			if got := fmt.Sprintf(verb, v); leaks(got) {
				t.Errorf("%s of %T prints %q", verb, v, got)
			}
		}
		for name, encode := range map[string]func() ([]byte, error){
			"JSON": func() ([]byte, error) { return json.Marshal(v) },
			"XML":  func() ([]byte, error) { return xml.Marshal(v) },
			"TOML": func() ([]byte, error) { return toml.Marshal(v) },
			"gob":  func() ([]byte, error) { var b bytes.Buffer; err := gob.NewEncoder(&b).Encode(v); return b.Bytes(), err },
		} {
			if b, err := encode(); leaks(string(b)) || err != nil && leaks(err.Error()) {
				t.Errorf("%s of %T gives %s, %v", name, v, b, err)
			}
		}
		var out bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(h).Info("x", "v", v, slog.Any("w", v))
		}
		log := logrus.New()
		log.SetOutput(&out)
		for _, f := range []logrus.Formatter{&logrus.TextFormatter{}, &logrus.JSONFormatter{}} {
			log.SetFormatter(f)
			log.WithField("v", v).Warn(v)
		}
		if leaks(out.String()) {
			t.Errorf("logging %T writes %s", v, out.String())
		}
	}
	if fmt.Sprint(s) != "•••" || s.Reveal() != password {
		t.Errorf("got %v", s)
	}
	var none Secret
	if !none.Empty() || none.Reveal() != "" || fmt.Sprint(none) != "•••" || !none.Equal(NewSecret("")) || none.Equal(s) {
		t.Error("the empty secret is odd")
	}
}

func TestWhatIsSealedOpensUnderItsOwnersNameOnly(t *testing.T) {
	v, err := NewInMemory()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		owner, other := rapid.String().Draw(t, "owner"), rapid.String().Draw(t, "other")
		want := string(rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "secret"))
		sealed, err := v.Seal(owner, NewSecret(want))
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.Open(owner, sealed)
		if err != nil || got.Reveal() != want {
			t.Fatalf("opened wrongly: %v", err)
		}
		if other != owner {
			if _, err := v.Open(other, sealed); !fault.Has(err, fault.SecretOfOther) {
				t.Fatalf("%q opens what is %q's: %v", other, owner, err)
			}
		}
	})
}

func TestATraysSealIsOpened(t *testing.T) {
	v, err := NewInMemory()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := seal.Seal(v.Recipient(), "uid:1000", password)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := v.Open("uid:1000", sealed); err != nil || got.Reveal() != password {
		t.Errorf("got %v", err)
	}
}

func TestEveryDamageIsNoticedAndCoded(t *testing.T) {
	v, err := NewInMemory()
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewInMemory()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := v.Seal("a", NewSecret(password))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open("a", sealed); !fault.Has(err, fault.SecretOfOtherKey) {
		t.Errorf("with another key: %v", err)
	}
	check := func(what string, b []byte) {
		t.Helper()
		got, err := v.Open("a", b)
		if !fault.Has(err, fault.SecretUnreadable, fault.SecretOfOtherKey) || !got.Empty() {
			t.Errorf("%s: opened %v, %v", what, !got.Empty(), err)
		}
		if err != nil && leaks(err.Error()) {
			t.Errorf("%s: %v", what, err)
		}
	}
	step := 1
	if testing.Short() {
		step = 17
	}
	for n := 0; n < len(sealed); n += step {
		check(fmt.Sprintf("cut off after %d", n), sealed[:n])
		changed := bytes.Clone(sealed)
		changed[n] ^= 0x01
		check(fmt.Sprintf("bit changed at %d", n), changed)
	}
	check("something behind it", append(bytes.Clone(sealed), 'x'))
	check("far too long", make([]byte, 1<<20))
	check("the plain password", []byte(password))
	for name, content := range map[string]string{"no envelope": password, "another version": `{"v":2,"for":"a","secret":"eA=="}`} {
		check(name, encryptTo(t, v, content))
	}
}

func encryptTo(t *testing.T, v *Vault, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := age.Encrypt(&b, v.identity.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, content)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTheKeyIsMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if _, err := Open(Options{Folder: dir}); !fault.Has(err, fault.KeyMissing) {
		t.Errorf("without a key: %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("looking for a key left a folder behind")
	}
	var g sync.WaitGroup
	recipients := make([]string, 8)
	for i := range recipients {
		g.Go(func() {
			v, err := Open(Options{Folder: dir, Create: true})
			if err != nil {
				t.Error(err)
				return
			}
			recipients[i] = v.Recipient()
		})
	}
	g.Wait()
	v, err := Open(Options{Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range recipients {
		if r != v.Recipient() {
			t.Errorf("two keys: %s and %s", r, v.Recipient())
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if st, err := os.Stat(filepath.Join(dir, keyFile)); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", st.Mode(), err)
	}
}

func TestAKeyThatCantBeUsedIsNeverReplaced(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the key file is sealed by the machine there")
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content string
		mode    os.FileMode
	}{
		"empty":            {"", 0o600},
		"half a key":       {id.String()[:30], 0o600},
		"something else":   {"AGE-SECRET-KEY-nonsense\n", 0o600},
		"two keys":         {id.String() + "\n" + id.String() + "\n", 0o600},
		"read by others":   {id.String(), 0o604},
		"read by a group":  {id.String(), 0o640},
		"comments only":    {"# nothing\n\n", 0o600},
		"a recipient only": {id.Recipient().String(), 0o600},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, keyFile)
			if err := errors.Join(os.WriteFile(path, []byte(c.content), 0o600), os.Chmod(path, c.mode)); err != nil {
				t.Fatal(err)
			}
			_, err := Open(Options{Folder: dir, Create: true})
			if !fault.Has(err, fault.KeyInvalid) || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("got %v", err)
			}
			if b, _ := os.ReadFile(path); string(b) != c.content {
				t.Error("the key was replaced")
			}
		})
	}
}

func TestASystemdCredentialComesFirst(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	creds, data := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(creds, credentialName), []byte("# made by age-keygen\n"+id.String()+"\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	v, err := Open(Options{Folder: data, CredentialsFolder: creds, Create: true})
	if err != nil || v.Recipient() != id.Recipient().String() {
		t.Fatalf("got %v", err)
	}
	if left, _ := os.ReadDir(data); len(left) != 0 {
		t.Errorf("a key file was made beside it: %v", left)
	}
	if _, err := Open(Options{Folder: data, CredentialsFolder: t.TempDir()}); !fault.Has(err, fault.KeyMissing) {
		t.Errorf("without the credential: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	v, err := NewInMemory()
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := v.Seal("a", NewSecret("b"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add([]byte("age-encryption.org/v1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if bytes.Equal(b, sealed) {
			return
		}
		if _, err := v.Open("a", b); err == nil {
			t.Error("opened what was never sealed")
		}
	})
}
