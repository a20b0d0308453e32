package pim_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"abgleich/agent/pim"
)

func TestWhatIsMarshalledComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := pim.Canonical(rawItem(t, anyKind(t)))
		back, err := pim.Unmarshal([]byte(marshal(t, i)))
		if err != nil {
			t.Fatal(err)
		}
		if !cmp.Equal(i, back) || pim.Diff(i, back) != 0 || pim.Fingerprint(i) != pim.Fingerprint(back) {
			t.Fatalf("came back changed:\n%s", cmp.Diff(i, back))
		}
	})
}

func TestUnmarshalRefusesWhatIsNoItem(t *testing.T) {
	for _, s := range []string{
		"0{}", "3{}", "\xff{}", "x", "1", "2", "1{", "1[]", "1\"x\"", "2{} {}", "1{\"when\":{\"start\":\"yesterday\"}}",
		"2{\"due\":\"2026-02-31\"}", "2{\"due\":\"20226-01-01\"}", "2{\"percent\":\"x\"}",
	} {
		i, err := pim.Unmarshal([]byte(s))
		if err == nil || i != nil {
			t.Errorf("Unmarshal(%q) = %v, %v", s, i, err)
			continue
		}
		if err.Error() == "" {
			t.Errorf("Unmarshal(%q) does not say why", s)
		}
	}
	for _, b := range [][]byte{nil, {}} {
		if i, err := pim.Unmarshal(b); i != nil || err != nil {
			t.Errorf("Unmarshal of nothing = %v, %v", i, err)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, s := range []string{
		"", "1{}", "2{}", "1null", "3{}", `1{"when":{"start":"0000-01-01T00:00:00+23:59","allDay":true,"first":"0000-01-01"}}`,
		`2{"status":"completed","percent":1e3,"reminder":{"at":"9999-12-31T23:59:59-23:59"}}`,
		`1{"recurrence":{"changed":[{"original":"2026-01-01T00:00:00Z","item":null},{"item":{"recurrence":{}}}]},"meeting":{"attendees":[{}]}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := pim.Unmarshal(b)
		if err != nil {
			if i != nil || err.Error() == "" {
				t.Fatalf("%v with the error %v", i, err)
			}
			return
		}
		c := pim.Canonical(i)
		again, err := pim.Unmarshal([]byte(marshal(t, c)))
		if err != nil {
			t.Fatalf("the canonical form does not come back: %v", err)
		}
		if !cmp.Equal(c, again) || pim.Fingerprint(i) != pim.Fingerprint(again) {
			t.Fatalf("came back changed:\n%s", cmp.Diff(c, again))
		}
	})
}
