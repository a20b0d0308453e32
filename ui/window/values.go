package window

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"abgleich/assets"
)

// instant finds times as the contract writes them inside of longer values.
var instant = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)`)

// fieldName is a mapped field's name for people.
func fieldName(t *assets.Catalog, field string) string {
	if key := "field." + field; t.Has(key) {
		return t.T(key)
	}
	return field // of a newer agent
}

// fieldValue writes a field's value as a person would: times and days in the
// language's format, words in place of names. zone is where times without a zone
// of their own are shown.
func fieldValue(t *assets.Catalog, field, value string, zone *time.Location) string {
	if value == "" {
		return "–"
	}
	switch field {
	case "start", "end", "due", "completed", "reminder", "exceptions":
		return timeValue(t, field, value, zone)
	case "recurrence":
		return ruleText(t, value)
	case "percent":
		return value + " %"
	}
	if key := "value." + field + "." + value; t.Has(key) {
		return t.T(key)
	}
	return value
}

func timeValue(t *assets.Catalog, field, value string, zone *time.Location) string {
	if minutes, ok := strings.CutSuffix(value, " min"); ok && field == "reminder" {
		n, err := strconv.Atoi(minutes)
		if err != nil {
			return value
		}
		return t.N("value.before", n)
	}
	if day, err := time.Parse(time.DateOnly, value); err == nil {
		return t.Date(day)
	}
	lines := strings.Split(value, "\n")
	for i, line := range lines {
		if gone, ok := strings.CutSuffix(line, " -"); ok {
			line = gone + " – " + t.T("value.dropped")
		}
		lines[i] = instant.ReplaceAllStringFunc(line, func(s string) string {
			at, err := time.Parse(time.RFC3339, s)
			if err != nil {
				return s
			}
			if strings.HasSuffix(s, "Z") {
				at = at.In(zone) // else it is told in the zone it was entered in
			}
			return t.Date(at) + ", " + t.Clock(at)
		})
	}
	return strings.Join(lines, "\n")
}

// ruleText says the plain recurrence rules in words. What it doesn't know stays as
// RFC 5545 writes it: better exact than pretty.
func ruleText(t *assets.Catalog, rule string) string {
	every, days, end := "", "", ""
	interval := 1
	for part := range strings.SplitSeq(strings.TrimPrefix(rule, "RRULE:"), ";") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "FREQ":
			every = strings.ToLower(value)
		case "INTERVAL":
			n, err := strconv.Atoi(value)
			if err != nil {
				return rule
			}
			interval = n
		case "BYDAY":
			var names []string
			for d := range strings.SplitSeq(value, ",") {
				key := "rule.day." + strings.ToLower(d)
				if !t.Has(key) {
					return rule
				}
				names = append(names, t.T(key))
			}
			days = strings.Join(names, ", ")
		case "COUNT":
			n, err := strconv.Atoi(value)
			if err != nil {
				return rule
			}
			end = t.N("rule.count", n)
		case "UNTIL":
			at, err := time.Parse("20060102", value[:min(len(value), 8)])
			if err != nil {
				return rule
			}
			end = t.T("rule.until", "date", t.Date(at))
		case "WKST":
		default:
			return rule
		}
	}
	if !t.Has("rule.every."+every+".one") || days != "" && every != "weekly" {
		return rule
	}
	text := t.N("rule.every."+every, interval)
	if days != "" {
		text += " (" + days + ")"
	}
	if end != "" {
		text += ", " + end
	}
	return text
}
