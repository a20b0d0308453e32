package credentials_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"abgleich/agent/fault"
)

func TestNoSecretIsEverPrinted(t *testing.T) {
	const planted = "Planted-Pass-4711"
	d := newDesk(t, false)
	d.save(planted)
	d.must(d.Rejected(d.Context(), anna, login(`LAB\anna`, planted)))
	d.Prove("uid:1", anna, login(`LAB\anna`, planted))
	l, err := d.Login(d.Context(), anna)
	d.must(err)
	refused := d.MayTry(d.Context(), anna, false)
	d.code(refused, fault.LoginRejected)
	things := map[string]any{"login": l, "pointer": &l, "view": d.view(), "refusal": refused, "secret": l.Secret}
	for name, v := range things {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if s := fmt.Sprintf(verb, v); strings.Contains(s, planted) || strings.Contains(s, fmt.Sprintf("%x", planted)) {
				t.Errorf("%s with %s: %s", name, verb, s)
			}
		}
		if b, err := json.Marshal(v); err == nil && bytes.Contains(b, []byte(planted)) {
			t.Errorf("%s as JSON: %s", name, b)
		}
	}
	// The book itself, with everything it has in its hands. What fmt reads of locks
	// and maps nobody changes here.
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		if s := fmt.Sprintf(verb, d.Book); strings.Contains(s, planted) {
			t.Errorf("the book with %s tells it", verb)
		}
	}
	files, err := filepath.Glob(filepath.Join(d.folder, "*"))
	d.must(err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		d.must(err)
		if bytes.Contains(b, []byte(planted)) {
			t.Errorf("%s holds it", f)
		}
	}
	if len(d.guarded) == 0 || d.guarded[0] != planted {
		t.Error("the logs were not told what to keep out")
	}
}
