package business

import "abgleich/agent/pim"

// parseRule reads the recurrence_rule column. It never gives nil: an item with a
// rule that cannot be carried is a series all the same, with an empty pattern.
// Exceptions are not read yet.
func parseRule(text string, when pim.When) *pim.Recurrence {
	if r, err := pim.ParseRule(text, when); err == nil {
		return r
	}
	return &pim.Recurrence{Interval: 1}
}

// formatRule writes the column: "" for a single item. An error is a
// [*pim.SeriesError].
func formatRule(i pim.Item) (string, error) {
	r := i.Shared().Recurrence
	if r == nil {
		return "", nil
	}
	if err := pim.CheckSeries(i); err != nil {
		return "", err
	}
	if a, ok := i.(*pim.Appointment); ok {
		return r.Rule(a.When)
	}
	return r.Rule(days(r.First))
}

// taskDays is where the pattern of a task without days of its own begins: at its
// start, else when it is due. A rule tells no first day; without either there is no
// pattern.
func taskDays(t *pim.Task) pim.When {
	if !t.Start.IsZero() {
		return days(t.Start)
	}
	return days(t.Due)
}

func days(d pim.Date) pim.When { return pim.When{AllDay: true, First: d, Last: d} }
