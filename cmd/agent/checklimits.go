package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// limit is from which value on a monitoring system is to warn and to alarm; the
// zero value never does either.
type limit struct {
	set        bool
	warn, crit float64
}

// String is how a monitoring system writes it behind a value.
func (l limit) String() string {
	if !l.set {
		return ""
	}
	return fmt.Sprintf(";%s;%s", plainNumber(l.warn), plainNumber(l.crit))
}

func plainNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// level judges a value.
func (l limit) level(v float64) int {
	switch {
	case !l.set || v < l.warn:
		return levelOK
	case v < l.crit:
		return levelWarn
	}
	return levelCritical
}

// parseLimit reads "WARN,CRIT"; one takes a value apart.
func parseLimit(text string, one func(string) (float64, error)) (limit, error) {
	if text == "" {
		return limit{}, nil
	}
	w, c, ok := strings.Cut(text, ",")
	if !ok {
		return limit{}, fmt.Errorf("%q: WARN,CRIT", text)
	}
	warn, err := one(strings.TrimSpace(w))
	if err != nil {
		return limit{}, err
	}
	crit, err := one(strings.TrimSpace(c))
	if err != nil {
		return limit{}, err
	}
	if warn <= 0 || crit < warn {
		return limit{}, fmt.Errorf("%q: 0 < WARN <= CRIT", text)
	}
	return limit{true, warn, crit}, nil
}

func count(s string) (float64, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	return float64(n), err
}

func seconds(s string) (float64, error) {
	d, err := time.ParseDuration(s)
	return d.Seconds(), err
}

// checkLimits are a check's thresholds.
type checkLimits struct{ age, problems, attention, offline limit }

// judged raises a check's level where a threshold is passed, and says which.
func (l checkLimits) judged(g *global, v checkup) checkup {
	for _, x := range []struct {
		limit  limit
		value  float64
		de, en string
	}{
		{l.age, v.OldestSuccessSeconds, "ältester Abgleich vor %s", "oldest sync %s ago"},
		{l.problems, float64(v.Problems), "%s Probleme", "%s problems"},
		{l.attention, float64(v.Attention), "brauchen jemanden: %s", "need somebody: %s"},
		{l.offline, float64(v.Offline), "%s nicht erreichbar", "%s cannot be reached"},
	} {
		level := x.limit.level(x.value)
		if level == levelOK || v.Level == levelUnknown {
			continue
		}
		value := plainNumber(x.value)
		if x.limit == l.age {
			value = time.Duration(x.value * float64(time.Second)).Round(time.Minute).String()
		}
		text := fmt.Sprintf(g.t(x.de, x.en), value)
		if level > v.Level {
			v.Level, v.Text = level, text
		} else if !strings.Contains(v.Text, text) {
			v.Text += ", " + text
		}
	}
	return v
}
