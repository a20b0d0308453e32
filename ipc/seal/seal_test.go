package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"filippo.io/age"
)

func identity(t *testing.T) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestOnlyTheAgentsKeyOpensWhatWasSealed(t *testing.T) {
	agent, other := identity(t), identity(t)
	sealed, err := Seal(agent.Recipient().String(), "uid:1000", `Geheim "1" Ü`)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("Geheim")) || bytes.Contains(sealed, []byte("uid:1000")) {
		t.Error("readable without a key")
	}
	if _, err := age.Decrypt(bytes.NewReader(sealed), other); err == nil {
		t.Error("another key opens it")
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), agent)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	var e Envelope
	if err := json.Unmarshal(b, &e); err != nil || e.Version != 1 || e.Owner != "uid:1000" || string(e.Secret) != `Geheim "1" Ü` {
		t.Errorf("got %+v, %v", e, err)
	}
}

func TestLengthsTellNothing(t *testing.T) {
	to := identity(t).Recipient().String()
	var length int
	for _, n := range []int{0, 1, 8, 64, 200} {
		b, err := Seal(to, "uid:1000", strings.Repeat("x", n))
		if err != nil {
			t.Fatal(err)
		}
		if length != 0 && len(b) != length {
			t.Errorf("a secret of %d bytes gives %d, others %d", n, len(b), length)
		}
		length = len(b)
	}
}

func TestSealingTwiceGivesDifferentBytes(t *testing.T) {
	to := identity(t).Recipient().String()
	a, errA := Seal(to, "x", "y")
	b, errB := Seal(to, "x", "y")
	if errA != nil || errB != nil || bytes.Equal(a, b) {
		t.Errorf("equal, or %v, %v", errA, errB)
	}
}

func TestWhatIsNoRecipientIsRefusedAndNotRepeated(t *testing.T) {
	id := identity(t)
	for name, to := range map[string]string{
		"empty":            "",
		"a secret":         "geheim",
		"a private key":    id.String(),
		"two recipients":   id.Recipient().String() + "\n" + identity(t).Recipient().String(),
		"a cut-off one":    id.Recipient().String()[:40],
		"one letter wrong": strings.Replace(id.Recipient().String(), "age1", "age2", 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Seal(to, "x", "y")
			if !errors.Is(err, ErrRecipient) || to != "" && strings.Contains(err.Error(), to) {
				t.Errorf("got %v", err)
			}
		})
	}
}
