package pim_test

import (
	"testing"

	"abgleich/agent/pim"
)

func TestStoredNumbersAndWordsStayAsTheyAre(t *testing.T) {
	// These stand in databases and on the wire: a new field goes to the end.
	want := []string{"subject", "body", "location", "when", "busy", "sensitivity", "importance",
		"categories", "reminder", "recurrence", "dates", "progress", "meeting"}
	all := pim.AppointmentFields | pim.TaskFields
	if len(all.List()) != len(want) {
		t.Fatalf("%d fields belong to a kind, want %d", len(all.List()), len(want))
	}
	for i, f := range all.List() {
		if int(f) != i || f.String() != want[i] {
			t.Errorf("field %d is %d %q, want %q", i, f, f, want[i])
		}
	}
	if pim.KindAppointment != 1 || pim.KindTask != 2 || pim.Business != 1 || pim.Exchange != 2 {
		t.Error("a stored number changed")
	}
	for _, k := range pim.Kinds() {
		if got, ok := pim.ParseKind(k.String()); !ok || got != k || pim.FieldsOf(k).Empty() {
			t.Errorf("kind %s is read as %s, %v", k, got, ok)
		}
	}
	for _, s := range []string{"", "unknown", "Task", "task "} {
		if k, ok := pim.ParseKind(s); ok {
			t.Errorf("%q was read as %s", s, k)
		}
	}
	if pim.Business.Other() != pim.Exchange || pim.Exchange.Other() != pim.Business {
		t.Error("a side is not the other's other")
	}
	if s := pim.Fields(pim.FieldWhen, pim.FieldSubject); s.String() != "subject,when" || !s.Has(pim.FieldWhen) || s.Has(pim.FieldBody) {
		t.Errorf("the set reads %q", s)
	}
}
