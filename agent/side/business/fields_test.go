package business_test

import (
	"strings"
	"testing"

	"abgleich/agent/pim"
	"abgleich/agent/side"
)

func TestFieldsThatArePushedToTheirLimitsComeBack(t *testing.T) {
	l := embedded(t)
	f, p := l.folder(t, 0, pim.KindAppointment), l.Projection(pim.KindAppointment)
	set := func(change func(*pim.Appointment)) pim.Item {
		a := appointment("Termin").(*pim.Appointment)
		change(a)
		return pim.Canonical(a)
	}
	for name, i := range map[string]pim.Item{
		"a zone only its owner knows": set(func(a *pim.Appointment) { a.When.Zone = "Customized Time Zone 1" }),
		"a zone by its Windows name":  set(func(a *pim.Appointment) { a.When.Zone = "W. Europe Standard Time" }),
		"a megabyte of text":          set(func(a *pim.Appointment) { a.Body = strings.Repeat("Zeile 𝕏 „äöü“\n", 1<<16) }),
		"a megabyte in an occurrence": mondays(with(2, func(o *pim.Appointment) { o.Body = strings.Repeat("Zeile\n", 1<<18) })),
		"characters XML forbids":      set(func(a *pim.Appointment) { a.Subject, a.Body = "a\x00b\x1bc\ufffe", "d\x0be\uffff" }),
		"private, with a reminder":    set(func(a *pim.Appointment) { a.Sensitivity, a.Reminder = pim.Private, &pim.Reminder{} }),
	} {
		out, err := f.Create(t.Context(), []side.Creation{{Key: "k", Item: i}})
		if err != nil || out[0].Err != nil {
			t.Fatalf("%s: %+v, %v", name, out, err)
		}
		g := get(t, f, out[0].ID)
		if g.Err != nil || g.Version != out[0].Version || pim.Diff(p.Project(i), g.Item) != 0 {
			t.Errorf("%s: %v, %v differ", name, g.Err, pim.Diff(p.Project(i), g.Item))
		}
		if name == "characters XML forbids" && g.Item.Shared().Subject != "abc" {
			t.Errorf("%s: %q", name, g.Item.Shared().Subject)
		}
	}
}
