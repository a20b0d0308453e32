package business

import "abgleich/agent/pim"

// parseRule reads the recurrence_rule column. It never gives nil: an item with a
// rule that cannot be carried is a series all the same, with an empty pattern.
func parseRule(text string, when pim.When) *pim.Recurrence {
	if r, err := pim.ParseRule(text, when); err == nil {
		return r
	}
	return &pim.Recurrence{Interval: 1}
}

// recurrenceIn reads a rule as that of an item, whose own recurrence may tell where
// a task's pattern begins.
func recurrenceIn(i pim.Item, rule string) *pim.Recurrence {
	if a, ok := i.(*pim.Appointment); ok {
		return parseRule(rule, zoned(a.When))
	}
	t := i.(*pim.Task)
	if t.Recurrence != nil && !t.Recurrence.First.IsZero() {
		return parseRule(rule, days(t.Recurrence.First))
	}
	return parseRule(rule, days(taskBegin(t)))
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

// taskBegin is where the pattern of a task begins unless recurrence_start says
// another day: at its start, else when it is due. Without any there is no pattern.
func taskBegin(t *pim.Task) pim.Date {
	if !t.Start.IsZero() {
		return t.Start
	}
	return t.Due
}

func days(d pim.Date) pim.When { return pim.When{AllDay: true, First: d, Last: d} }
