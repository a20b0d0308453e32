package assets

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// instant finds times as the contract writes them inside of longer values.
var instant = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)`)

// FieldName is a mapped field's name for people; the field itself when a newer agent
// names one that is not known here.
func (c *Catalog) FieldName(field string) string {
	if key := "field." + field; c.Has(key) {
		return c.T(key)
	}
	return field
}

// FieldValue writes a field's value, as the contract's FieldPair has it, as a person
// would: times and days in the user's format, words in place of names. zone is where
// times without a zone of their own are shown.
func (c *Catalog) FieldValue(field, value string, zone *time.Location) string {
	if value == "" {
		return "–"
	}
	switch field {
	case "start", "end", "due", "completed", "reminder", "exceptions":
		return c.timeValue(field, value, zone)
	case "recurrence":
		return c.ruleText(value)
	case "percent":
		return value + " %"
	}
	if key := "value." + field + "." + value; c.Has(key) {
		return c.T(key)
	}
	return value
}

func (c *Catalog) timeValue(field, value string, zone *time.Location) string {
	if minutes, ok := strings.CutSuffix(value, " min"); ok && field == "reminder" {
		n, err := strconv.Atoi(minutes)
		if err != nil {
			return value
		}
		return c.N("value.before", n)
	}
	if day, err := time.Parse(time.DateOnly, value); err == nil {
		return c.Date(day)
	}
	lines := strings.Split(value, "\n")
	for i, line := range lines {
		if gone, ok := strings.CutSuffix(line, " -"); ok {
			line = gone + " – " + c.T("value.dropped")
		}
		lines[i] = instant.ReplaceAllStringFunc(line, func(s string) string {
			at, err := time.Parse(time.RFC3339, s)
			if err != nil {
				return s
			}
			if strings.HasSuffix(s, "Z") {
				at = at.In(zone) // else it is told in the zone it was entered in
			}
			return c.Date(at) + ", " + c.Clock(at)
		})
	}
	return strings.Join(lines, "\n")
}

// ruleText says the plain recurrence rules in words. What it doesn't know stays as
// RFC 5545 writes it: better exact than pretty.
func (c *Catalog) ruleText(rule string) string {
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
				if !c.Has(key) {
					return rule
				}
				names = append(names, c.T(key))
			}
			days = strings.Join(names, ", ")
		case "COUNT":
			n, err := strconv.Atoi(value)
			if err != nil {
				return rule
			}
			end = c.N("rule.count", n)
		case "UNTIL":
			at, err := time.Parse("20060102", value[:min(len(value), 8)])
			if err != nil {
				return rule
			}
			end = c.T("rule.until", "date", c.Date(at))
		case "WKST":
		default:
			return rule
		}
	}
	if !c.Has("rule.every."+every+".one") || days != "" && every != "weekly" {
		return rule
	}
	text := c.N("rule.every."+every, interval)
	if days != "" {
		text += " (" + days + ")"
	}
	if end != "" {
		text += ", " + end
	}
	return text
}
