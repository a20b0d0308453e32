package keyring

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestALoginNeverPrintsItsPassword(t *testing.T) {
	l := NewLogin(`LAB\anna`, "geheim!1")
	hidden := struct{ login Login }{l}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, got := range []string{fmt.Sprintf(verb, l), fmt.Sprintf(verb, &l), fmt.Sprintf(verb, hidden), fmt.Sprintf(verb, []Login{l})} {
			if strings.Contains(got, "geheim") || strings.Contains(got, "67656865696d") {
				t.Errorf("%s prints %q", verb, got)
			}
		}
	}
	b, err := json.Marshal(l)
	if err != nil || strings.Contains(string(b), "geheim") || !strings.Contains(string(b), "anna") {
		t.Errorf("JSON %s, %v", b, err)
	}
}

func TestPackingALoginLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := NewLogin(rapid.String().Draw(t, "user"), rapid.String().Draw(t, "password"))
		b, err := pack(want)
		if errors.Is(err, ErrTooLong) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := unpack(b)
		if err != nil || got.User != want.User || got.Password() != want.Password() {
			t.Fatalf("got %q %q, %v", got.User, got.Password(), err)
		}
	})
}

func TestALoginTooLongForWindowsIsRefusedEverywhere(t *testing.T) {
	if _, err := pack(NewLogin("anna", strings.Repeat("x", longest))); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v", err)
	}
}

func TestTheLongestLoginIsTheOneWindowsTakes(t *testing.T) {
	frame, err := pack(NewLogin("anna", ""))
	if err != nil {
		t.Fatal(err)
	}
	fits := strings.Repeat("x", 2560-len(frame))
	if b, err := pack(NewLogin("anna", fits)); err != nil || len(b) != 2560 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if _, err := pack(NewLogin("anna", fits+"x")); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v", err)
	}
}

func TestEveryReasonHasItsWord(t *testing.T) {
	seen := map[string]bool{}
	for _, reason := range []error{ErrNone, ErrLocked, ErrCancelled, ErrUnavailable, ErrForbidden, ErrTooLong, ErrDamaged} {
		word := Word(fmt.Errorf("save login: %w", reason))
		if seen[word] {
			t.Errorf("%v: %q stands for another reason, too", reason, word)
		}
		seen[word] = true
	}
	if Word(errors.New("anything")) != "unavailable" {
		t.Error("an unknown reason has no word")
	}
}

func TestADamagedEntryIsNamedAndNotQuoted(t *testing.T) {
	for name, content := range map[string]string{
		"empty":         "",
		"a password":    "geheim",
		"other JSON":    `{"password":"geheim"}`,
		"later version": `{"v":2,"user":"a","password":"geheim"}`,
		"wrong type":    `{"v":1,"user":7,"password":"geheim"}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := unpack([]byte(content))
			if !errors.Is(err, ErrDamaged) || strings.Contains(err.Error(), "geheim") {
				t.Errorf("got %v", err)
			}
		})
	}
}
