package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestTheBillNamesWhatIsInside(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := write(&out, "1.2.3", []string{self, self}); err != nil {
		t.Fatal(err)
	}
	var b bill
	if err := json.Unmarshal([]byte(out.String()), &b); err != nil {
		t.Fatal(err)
	}
	if b.Format != "CycloneDX" || b.Metadata.Component.Version != "1.2.3" {
		t.Errorf("%+v", b)
	}
	n := 0
	for _, c := range b.Components {
		if c.Name == "std" && strings.HasPrefix(c.Version, "go1.") {
			n++
		}
	}
	if n != 1 || !slices.IsSortedFunc(b.Components, func(x, y component) int { return strings.Compare(x.PURL, y.PURL) }) {
		t.Errorf("components %+v", b.Components)
	}
	if err := write(&out, "1", []string{"main.go"}); err == nil {
		t.Error("a text file has modules")
	}
}
