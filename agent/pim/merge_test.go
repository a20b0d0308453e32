package pim_test

import (
	"testing"

	"pgregory.net/rapid"

	"abgleich/agent/pim"
)

func TestMerge(t *testing.T) {
	item := func(subject, body string) pim.Item {
		return &pim.Task{Common: pim.Common{Subject: subject, Body: body}}
	}
	subject, body := pim.Fields(pim.FieldSubject), pim.Fields(pim.FieldBody)
	all := func(pim.Item, pim.Item) pim.FieldSet { return ^pim.FieldSet(0) }
	none := func(pim.Item, pim.Item) pim.FieldSet { return 0 }
	for name, c := range map[string]struct {
		baseA, a, baseB, b pim.Item
		same               func(a, b pim.Item) pim.FieldSet
		want               pim.Merged
	}{
		"nobody changed anything":           {item("s", "b"), item("s", "b"), item("s", "b"), item("s", "b"), nil, pim.Merged{}},
		"sides that differ from the start":  {item("long subject", "b"), item("long subject", "b"), item("long", "b"), item("long", "b"), nil, pim.Merged{}},
		"one side changed":                  {item("s", "b"), item("s2", "b"), item("s", "b"), item("s", "b"), nil, pim.Merged{FromA: subject}},
		"each side changed a field":         {item("s", "b"), item("s2", "b"), item("s", "b"), item("s", "b2"), nil, pim.Merged{FromA: subject, FromB: body}},
		"both changed a field alike":        {item("s", "b"), item("s2", "b"), item("s", "b"), item("s2", "b"), nil, pim.Merged{Agreed: subject}},
		"both changed a field differently":  {item("s", "b"), item("s2", "b"), item("s", "b"), item("s3", "b2"), nil, pim.Merged{Conflict: subject, FromB: body}},
		"different words for one thing":     {item("s", "b"), item("s2", "b"), item("s", "b"), item("S2", "b"), all, pim.Merged{Agreed: subject}},
		"equal words for different things":  {item("s", "b"), item("s2", "b"), item("s", "b"), item("s2", "b"), none, pim.Merged{Conflict: subject}},
		"same speaks of other fields too":   {item("s", "b"), item("s2", "b"), item("s", "b"), item("s", "b2"), all, pim.Merged{FromA: subject, FromB: body}},
		"without bases everything is fresh": {nil, item("s", "b"), nil, item("s", "x"), nil, pim.Merged{Agreed: pim.TaskFields &^ body, Conflict: body}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := pim.Merge(c.baseA, c.a, c.baseB, c.b, c.same); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestMergeSetsAreDisjointAndComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := anyKind(t)
		// edit keeps most fields, so that every kind of outcome is met.
		edit := func(i pim.Item, label string) pim.Item {
			i = i.Clone()
			pim.Apply(i, pim.Canonical(rawItem(t, k)), pim.FieldSet(rapid.Uint32().Draw(t, label)))
			return pim.Canonical(i)
		}
		base := pim.Canonical(rawItem(t, k))
		baseA, baseB := edit(base, "base a"), edit(base, "base b")
		a, b := edit(baseA, "a"), edit(baseB, "b")
		if rapid.Bool().Draw(t, "agree") {
			pim.Apply(b, a, pim.FieldSet(rapid.Uint32().Draw(t, "agreed")))
			b = pim.Canonical(b)
		}
		m := pim.Merge(baseA, a, baseB, b, nil)
		sets := []pim.FieldSet{m.FromA, m.FromB, m.Agreed, m.Conflict}
		var union pim.FieldSet
		for _, s := range sets {
			if union&s != 0 {
				t.Fatalf("the sets overlap: %+v", m)
			}
			union |= s
		}
		if want := pim.Diff(baseA, a) | pim.Diff(baseB, b); union != want {
			t.Fatalf("the sets hold %q, changed are %q", union, want)
		}
		back := pim.Merge(baseB, b, baseA, a, nil)
		if back != (pim.Merged{FromA: m.FromB, FromB: m.FromA, Agreed: m.Agreed, Conflict: m.Conflict}) {
			t.Fatalf("seen from the other side: %+v, %+v", m, back)
		}
		if d := pim.Diff(a, b); d&m.Agreed != 0 || d&m.Conflict != m.Conflict {
			t.Fatalf("agreed %q, in conflict %q, but different are %q", m.Agreed, m.Conflict, d)
		}
	})
}
