package pim_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"abgleich/agent/pim"
)

func TestDiffFindsEachField(t *testing.T) {
	type change = func(pim.Item)
	appointment := func(f func(*pim.Appointment)) change { return func(i pim.Item) { f(i.(*pim.Appointment)) } }
	task := func(f func(*pim.Task)) change { return func(i pim.Item) { f(i.(*pim.Task)) } }
	day := pim.Date{Year: 2026, Month: 5, Day: 1}
	for _, c := range []struct {
		name   string
		kinds  []pim.Kind
		change change
		want   pim.FieldSet
	}{
		{"subject", pim.Kinds(), func(i pim.Item) { i.Shared().Subject = "x" }, pim.Fields(pim.FieldSubject)},
		{"body", pim.Kinds(), func(i pim.Item) { i.Shared().Body = "x" }, pim.Fields(pim.FieldBody)},
		{"sensitivity", pim.Kinds(), func(i pim.Item) { i.Shared().Sensitivity = pim.Private }, pim.Fields(pim.FieldSensitivity)},
		{"importance", pim.Kinds(), func(i pim.Item) { i.Shared().Importance = pim.ImportanceHigh }, pim.Fields(pim.FieldImportance)},
		{"categories", pim.Kinds(), func(i pim.Item) { i.Shared().Categories = []string{"x"} }, pim.Fields(pim.FieldCategories)},
		{"a reminder at once is not no reminder", pim.Kinds(), func(i pim.Item) { i.Shared().Reminder = &pim.Reminder{} }, pim.Fields(pim.FieldReminder)},
		{"recurrence", pim.Kinds(), func(i pim.Item) { i.Shared().Recurrence = &pim.Recurrence{} }, pim.Fields(pim.FieldRecurrence)},
		{"the calendar-wide id is no field", pim.Kinds(), func(i pim.Item) { i.Shared().UID = "x" }, 0},
		{"location", pim.Kinds()[:1], appointment(func(a *pim.Appointment) { a.Location = "x" }), pim.Fields(pim.FieldLocation)},
		{"busy", pim.Kinds()[:1], appointment(func(a *pim.Appointment) { a.Busy = pim.BusyAway }), pim.Fields(pim.FieldBusy)},
		{"meeting", pim.Kinds()[:1], appointment(func(a *pim.Appointment) { a.Meeting = &pim.Meeting{} }), pim.Fields(pim.FieldMeeting)},
		{"start", pim.Kinds()[:1], appointment(func(a *pim.Appointment) { a.When.Start = time.Unix(9, 0) }), pim.Fields(pim.FieldWhen)},
		{"end", pim.Kinds()[:1], appointment(func(a *pim.Appointment) { a.When.End = time.Unix(9, 0) }), pim.Fields(pim.FieldWhen)},
		{"zone", pim.Kinds()[:1], appointment(func(a *pim.Appointment) { a.When.Zone = "Europe/Vienna" }), pim.Fields(pim.FieldWhen)},
		{"all-day", pim.Kinds()[:1], appointment(func(a *pim.Appointment) { a.When.AllDay = true }), pim.Fields(pim.FieldWhen)},
		{"last day", pim.Kinds()[:1], appointment(func(a *pim.Appointment) { a.When.Last = day }), pim.Fields(pim.FieldWhen)},
		{"task start", pim.Kinds()[1:], task(func(k *pim.Task) { k.Start = day }), pim.Fields(pim.FieldDates)},
		{"task due", pim.Kinds()[1:], task(func(k *pim.Task) { k.Due = day }), pim.Fields(pim.FieldDates)},
		{"status", pim.Kinds()[1:], task(func(k *pim.Task) { k.Status = pim.Waiting }), pim.Fields(pim.FieldProgress)},
		{"percent", pim.Kinds()[1:], task(func(k *pim.Task) { k.Percent = 7 }), pim.Fields(pim.FieldProgress)},
		{"completed", pim.Kinds()[1:], task(func(k *pim.Task) { k.Completed = day }), pim.Fields(pim.FieldProgress)},
	} {
		for _, k := range c.kinds {
			t.Run(c.name+" of a "+k.String(), func(t *testing.T) {
				a, b := blank(k), blank(k)
				c.change(b)
				if d := pim.Diff(a, b); d != c.want {
					t.Errorf("Diff = %q, want %q", d, c.want)
				}
				pim.Apply(a, b, pim.FieldsOf(k)&^c.want)
				if d := pim.Diff(a, b); d != c.want {
					t.Errorf("Apply of the other fields left the difference %q, want %q", d, c.want)
				}
				pim.Apply(a, b, c.want)
				if d := pim.Diff(a, b); d != 0 {
					t.Errorf("Apply left the difference %q", d)
				}
			})
		}
	}
}

func blank(k pim.Kind) pim.Item {
	if k == pim.KindTask {
		return &pim.Task{}
	}
	return &pim.Appointment{}
}

func TestDiffAgainstNothingAndAnotherKind(t *testing.T) {
	a, k := blank(pim.KindAppointment), blank(pim.KindTask)
	for name, c := range map[string]struct {
		a, b pim.Item
		want pim.FieldSet
	}{
		"nothing and nothing":          {nil, nil, 0},
		"nothing and a nil pointer":    {nil, (*pim.Task)(nil), 0},
		"nothing and an appointment":   {nil, a, pim.AppointmentFields},
		"a task and a nil pointer":     {k, (*pim.Task)(nil), pim.TaskFields},
		"an appointment and a task":    {a, k, pim.AppointmentFields},
		"a task and an appointment":    {k, a, pim.TaskFields},
		"an appointment and a nil one": {a, (*pim.Appointment)(nil), pim.AppointmentFields},
	} {
		if d := pim.Diff(c.a, c.b); d != c.want {
			t.Errorf("%s: %q, want %q", name, d, c.want)
		}
	}
	before := marshal(t, a)
	pim.Apply(a, k, ^pim.FieldSet(0))
	pim.Apply(a, nil, ^pim.FieldSet(0))
	pim.Apply(nil, a, ^pim.FieldSet(0))
	if marshal(t, a) != before {
		t.Errorf("Apply from another kind or from nothing changed %s to %s", before, marshal(t, a))
	}
}

func TestApplyOfTheDifferenceMakesEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := anyKind(t)
		dst, src := pim.Canonical(rawItem(t, k)), pim.Canonical(rawItem(t, k))
		uid, text := dst.Shared().UID, marshal(t, src)
		pim.Apply(dst, src, pim.Diff(dst, src))
		if d := pim.Diff(dst, src); d != 0 {
			t.Fatalf("%s still differ:\n%s", d, cmp.Diff(src, dst))
		}
		if dst.Shared().UID != uid {
			t.Fatalf("Apply moved the calendar-wide id")
		}
		if marshal(t, pim.Canonical(dst)) != marshal(t, dst) {
			t.Fatalf("Apply of canonical fields gave something that is not canonical:\n%s", cmp.Diff(pim.Canonical(dst), dst))
		}
		scribble(dst)
		if marshal(t, src) != text {
			t.Fatalf("after Apply the two items share memory")
		}
	})
}

func TestApplyTouchesTheNamedFieldsOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := anyKind(t)
		before, src := pim.Canonical(rawItem(t, k)), pim.Canonical(rawItem(t, k))
		fields := pim.FieldSet(rapid.Uint32().Draw(t, "fields")) & (pim.AppointmentFields | pim.TaskFields)
		dst := before.Clone()
		pim.Apply(dst, src, fields)
		together := pim.Fields(pim.FieldWhen, pim.FieldRecurrence)
		want := pim.Diff(before, src) & fields
		if want&together != 0 && k == pim.KindAppointment && before.Shared().Recurrence != nil && dst.Shared().Recurrence != nil {
			// One of two fields that differ as one may be equal by itself.
			fields &^= together
			want &= fields
		}
		if d := pim.Diff(before, dst) & fields; d != want {
			t.Fatalf("changed %q, want %q", d, want)
		}
	})
}

func TestACloneSharesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := rawItem(t, anyKind(t))
		c, twin := i.Clone(), i.Clone()
		scribble(c)
		if !cmp.Equal(i, twin) {
			t.Fatalf("writing into the clone changed the item:\n%s", cmp.Diff(twin, i))
		}
	})
}

// scribble writes into everything an item points to.
func scribble(i pim.Item) {
	c := i.Shared()
	for n := range c.Categories {
		c.Categories[n] = "scribbled"
	}
	if c.Reminder != nil {
		c.Reminder.Before += 77
	}
	if r := c.Recurrence; r != nil {
		r.Interval += 77
		for n := range r.Weekdays {
			r.Weekdays[n] += 7
		}
		for n := range r.Deleted {
			r.Deleted[n] = time.Unix(77, 0)
		}
		for n := range r.Changed {
			r.Changed[n].Original = time.Unix(77, 0)
			if x := r.Changed[n].Item; x != nil {
				x.Subject = "scribbled"
				scribble(x)
			}
		}
	}
	if a, ok := i.(*pim.Appointment); ok && a.Meeting != nil {
		a.Meeting.Organizer = "scribbled"
		for n := range a.Meeting.Attendees {
			a.Meeting.Attendees[n].Name = "scribbled"
		}
	}
}

func TestEmptyFieldsHoldNothingAPersonWouldMiss(t *testing.T) {
	if got, want := pim.EmptyFields(&pim.Appointment{}), pim.Fields(pim.FieldSubject, pim.FieldBody, pim.FieldLocation, pim.FieldCategories, pim.FieldReminder, pim.FieldMeeting); got != want {
		t.Errorf("empty appointment: %q, want %q", got, want)
	}
	if got, want := pim.EmptyFields(&pim.Task{}), pim.Fields(pim.FieldSubject, pim.FieldBody, pim.FieldCategories, pim.FieldReminder, pim.FieldDates); got != want {
		t.Errorf("empty task: %q, want %q", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		i := pim.Canonical(rawItem(t, anyKind(t)))
		e := pim.EmptyFields(i)
		if d := pim.Diff(i, blank(i.Kind())) & e; d != 0 {
			t.Fatalf("%s are said to be empty:\n%s", d, marshal(t, i))
		}
	})
}
