package pipe

import (
	"errors"
	"testing"
)

func TestNamesOfAgentsAreCheckedAndMadeSmall(t *testing.T) {
	for name, want := range map[string]Instance{"steyr": "steyr", "Steyr": "steyr", "a": "a", "wien-2": "wien-2", "abcdefghijklmnopqrst": "abcdefghijklmnopqrst"} {
		if got, err := ParseInstance(name); err != nil || got != want {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "2wien", "-a", "a-", "wien steyr", "wien/steyr", `wien\steyr`, "..", "a.b", "österreich", "a_b", "abcdefghijklmnopqrstu", "a\x00"} {
		if got, err := ParseInstance(name); !errors.Is(err, ErrInstance) || got != "" {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
}

func TestServicesAreCalledAfterTheirInstance(t *testing.T) {
	for i, want := range map[Instance]string{"": "abgleich-agent", "steyr": "abgleich-agent-steyr"} {
		if i.Service() != want {
			t.Errorf("%q: %s", i, i.Service())
		}
		if back, ok := InstanceOf(want); !ok || back != i {
			t.Errorf("%s: %q, %v", want, back, ok)
		}
	}
	for _, other := range []string{"abgleich", "abgleich-agent-", "abgleich-agent-Steyr", "abgleich-agents", "spooler", "abgleich-agent-a b"} {
		if i, ok := InstanceOf(other); ok {
			t.Errorf("%s is taken for %q", other, i)
		}
	}
}
