package exchangesim

import (
	"strconv"
	"strings"
	"time"
)

// rrule is the pattern of a series as a recurrence rule (MS-OXCICAL 2.1.3.2.2). Day
// 31 is the last day of the month, as Exchange means it.
func (it *Item) rrule() string {
	r := it.Recurrence
	monthDay := func() string {
		if r.DayOfMonth == 31 {
			return ";BYMONTHDAY=-1"
		}
		return ";BYMONTHDAY=" + itoa(r.DayOfMonth)
	}
	days := ""
	set := weekdaySet(r.DaysOfWeek)
	for d := range 7 {
		if set&(1<<d) != 0 {
			days += "," + icalWeekdays[d]
		}
	}
	days = strings.TrimPrefix(days, ",")
	nth := ";BYDAY=" + days + ";BYSETPOS=" + strconv.Itoa(map[string]int{"First": 1, "Second": 2, "Third": 3, "Fourth": 4, "Last": -1}[r.WeekIndex])
	interval := ";INTERVAL=" + itoa(max(r.Interval, 1))
	var rule string
	switch r.Pattern {
	case "DailyRecurrence":
		rule = "FREQ=DAILY" + interval
	case "WeeklyRecurrence":
		rule = "FREQ=WEEKLY" + interval + ";BYDAY=" + days
		if first := weekdayNumber(r.FirstDayOfWeek); first >= 0 {
			rule += ";WKST=" + icalWeekdays[first]
		}
	case "AbsoluteMonthlyRecurrence":
		rule = "FREQ=MONTHLY" + interval + monthDay()
	case "RelativeMonthlyRecurrence":
		rule = "FREQ=MONTHLY" + interval + nth
	case "AbsoluteYearlyRecurrence":
		rule = "FREQ=YEARLY;INTERVAL=1" + monthDay() + ";BYMONTH=" + itoa(int(monthNumber(r.Month)))
	case "RelativeYearlyRecurrence":
		rule = "FREQ=YEARLY;INTERVAL=1" + nth + ";BYMONTH=" + itoa(int(monthNumber(r.Month)))
	}
	switch end, ok := parseDay(r.End); {
	case r.Count > 0:
		rule += ";COUNT=" + itoa(r.Count)
	case ok && it.AllDay:
		rule += ";UNTIL=" + dateOf(end).Format(icalDay)
	case ok:
		start, _ := it.times(end)
		rule += ";UNTIL=" + start.UTC().Format(icalUTC)
	}
	return rule
}

// readRRule reads a recurrence rule; ok is false for what Exchange has no pattern for.
func readRRule(rule string, start time.Time, loc *time.Location) (*Recurrence, bool) {
	part := map[string]string{}
	for p := range strings.SplitSeq(strings.ToUpper(rule), ";") {
		k, v, ok := strings.Cut(p, "=")
		if !ok || part[k] != "" {
			return nil, false
		}
		part[k] = v
	}
	take := func(k string) string { v := part[k]; delete(part, k); return v }
	number := func(k string, low, high int) (int, bool) {
		s := take(k)
		if s == "" {
			return 0, true
		}
		n, err := strconv.Atoi(s)
		return n, err == nil && n >= low && n <= high
	}
	r := &Recurrence{Start: start.In(loc).Format(time.DateOnly)}
	freq := take("FREQ")
	var ok1, ok2, ok3, ok4, ok5 bool
	var month, position int
	r.Interval, ok1 = number("INTERVAL", 1, 999)
	r.Count, ok2 = number("COUNT", 1, 999)
	r.DayOfMonth, ok3 = number("BYMONTHDAY", -1, 31)
	month, ok4 = number("BYMONTH", 1, 12)
	position, ok5 = number("BYSETPOS", -1, 4)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !readUntil(r, take("UNTIL"), loc) {
		return nil, false
	}
	r.Interval = max(r.Interval, 1)
	days, ok := readDays(take("BYDAY"), &position)
	if !ok {
		return nil, false
	}
	first := take("WKST")
	if len(part) > 0 {
		return nil, false
	}
	local := start.In(loc)
	return r.shape(freq, first, days, month, position, local)
}

// shape finds the pattern a rule's parts make up.
func (r *Recurrence) shape(freq, first, days string, month, position int, local time.Time) (*Recurrence, bool) {
	if freq == "YEARLY" {
		if r.Interval != 1 {
			return nil, false
		}
		if month == 0 {
			month = int(local.Month())
		}
		r.Month, r.Interval = time.Month(month).String(), 0
	} else if month != 0 {
		return nil, false
	}
	kind := map[string]string{"MONTHLY": "MonthlyRecurrence", "YEARLY": "YearlyRecurrence"}[freq]
	switch {
	case freq == "DAILY" && days == "" && r.DayOfMonth == 0 && position == 0:
		r.Pattern = "DailyRecurrence"
	case freq == "WEEKLY" && r.DayOfMonth == 0 && position == 0:
		if r.Pattern, r.DaysOfWeek = "WeeklyRecurrence", days; days == "" {
			r.DaysOfWeek = local.Weekday().String()
		}
		r.FirstDayOfWeek = "Monday" // RFC 5545 3.3.10
		for d, short := range icalWeekdays {
			if short == first {
				r.FirstDayOfWeek = time.Weekday(d).String()
			}
		}
	case kind != "" && days == "" && position == 0:
		r.Pattern = "Absolute" + kind
		switch r.DayOfMonth {
		case 0:
			r.DayOfMonth = local.Day()
		case -1:
			r.DayOfMonth = 31
		}
	case kind != "" && days != "" && position != 0 && r.DayOfMonth == 0:
		r.Pattern, r.DaysOfWeek = "Relative"+kind, groupDays(days)
		r.WeekIndex = map[int]string{1: "First", 2: "Second", 3: "Third", 4: "Fourth", -1: "Last"}[position]
		return r, r.WeekIndex != "" && r.DaysOfWeek != ""
	default:
		return nil, false
	}
	return r, true
}

func readUntil(r *Recurrence, s string, loc *time.Location) bool {
	if s == "" {
		return true
	}
	if t, err := time.Parse(icalUTC, s); err == nil {
		r.End = t.In(loc).Format(time.DateOnly)
		return true
	}
	t, err := time.Parse(icalDay, s[:min(len(s), len(icalDay))])
	r.End = t.Format(time.DateOnly)
	return err == nil
}

// readDays reads BYDAY into day names; a number in front of the only day is a position.
func readDays(s string, position *int) (string, bool) {
	if s == "" {
		return "", true
	}
	var names []string
	for d := range strings.SplitSeq(s, ",") {
		if len(d) > 2 {
			n, err := strconv.Atoi(d[:len(d)-2])
			if err != nil || *position != 0 || strings.Contains(s, ",") || n < -1 || n > 4 {
				return "", false
			}
			*position, d = n, d[len(d)-2:]
		}
		found := false
		for i, short := range icalWeekdays {
			if short == d {
				names, found = append(names, time.Weekday(i).String()), true
			}
		}
		if !found {
			return "", false
		}
	}
	return strings.Join(names, " "), true
}

// groupDays names the sets of days relative patterns know; "" for any other set.
func groupDays(days string) string {
	switch set := weekdaySet(days); set {
	case 0b1111111:
		return "Day"
	case 0b0111110:
		return "Weekday"
	case 0b1000001:
		return "WeekendDay"
	}
	if strings.Contains(days, " ") {
		return ""
	}
	return days
}
