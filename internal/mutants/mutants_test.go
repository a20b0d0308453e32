package main

import "testing"

func TestEveryBugCanStillBePlanted(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range mutants {
		if _, err := m.plant("../.."); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
		if seen[m.name] {
			t.Errorf("%s: twice", m.name)
		}
		seen[m.name] = true
		if m.was == m.is {
			t.Errorf("%s: no bug", m.name)
		}
	}
}
