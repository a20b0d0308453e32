package logbook

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/sirupsen/logrus"
)

// Line is one line of a log.
type Line struct {
	// Time with milliseconds and the agent's local offset.
	Time time.Time
	// Level of importance.
	Level logrus.Level
	// User it is about; "" for the service itself.
	User string
	// Text is the message with its fields as " key=value", on one line.
	Text string
}

// stamp is how a time stands in a file.
const stamp = "2006-01-02T15:04:05.000Z07:00"

// String is the line as it stands in a file, without the line break:
//
//	2026-11-23T19:09:24.123+01:00 WARN  [LAB\anna] login rejected code=login-rejected
func (l Line) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %-5s ", l.Time.Format(stamp), levelName(l.Level))
	if l.User != "" {
		b.WriteString("[" + l.User + "] ")
	}
	b.WriteString(l.Text)
	return b.String()
}

// ParseLine reads what String wrote; false for anything else.
func ParseLine(s string) (Line, bool) {
	at, rest, ok := strings.Cut(s, " ")
	if !ok {
		return Line{}, false
	}
	t, err := time.Parse(stamp, at)
	if err != nil || len(rest) < 6 || rest[5] != ' ' {
		return Line{}, false
	}
	level, ok := levelOf(strings.TrimRight(rest[:5], " "))
	if !ok {
		return Line{}, false
	}
	l := Line{Time: t, Level: level, Text: rest[6:]}
	if after, has := strings.CutPrefix(l.Text, "["); has {
		if user, text, ok := strings.Cut(after, "] "); ok {
			l.User, l.Text = user, text
		}
	}
	return l, true
}

func levelName(l logrus.Level) string {
	switch l {
	case logrus.PanicLevel, logrus.FatalLevel:
		return "FATAL"
	case logrus.ErrorLevel:
		return "ERROR"
	case logrus.WarnLevel:
		return "WARN"
	case logrus.InfoLevel:
		return "INFO"
	default:
		return "DEBUG"
	}
}

func levelOf(name string) (logrus.Level, bool) {
	switch name {
	case "FATAL":
		return logrus.FatalLevel, true
	case "ERROR":
		return logrus.ErrorLevel, true
	case "WARN":
		return logrus.WarnLevel, true
	case "INFO":
		return logrus.InfoLevel, true
	case "DEBUG":
		return logrus.DebugLevel, true
	}
	return 0, false
}

// content gives an entry's user, and its message and other fields as one line.
func content(e *logrus.Entry) (user, text string) {
	var b strings.Builder
	b.WriteString(oneLine(e.Message))
	for _, k := range slices.Sorted(maps.Keys(e.Data)) {
		v := fmt.Sprint(e.Data[k])
		if k == UserField {
			user = userName(v)
			continue
		}
		fmt.Fprintf(&b, " %s=%s", oneLine(k), fieldValue(v))
	}
	text = b.String()
	if user == "" && strings.HasPrefix(text, "[") {
		text = " " + text // or it would read as a user
	}
	return user, text
}

// fieldValue quotes a value that has blanks.
func fieldValue(v string) string {
	v = oneLine(v)
	if v == "" || strings.ContainsAny(v, " \"=") {
		return `"` + strings.ReplaceAll(v, `"`, `\"`) + `"`
	}
	return v
}

// oneLine keeps an entry on its line: nobody can forge a second one, or move
// the cursor of the terminal that shows it.
func oneLine(s string) string {
	clean := !strings.ContainsFunc(s, control)
	if clean {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
		case r == '\t':
			b.WriteByte(' ')
		case control(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// control are characters that change how what follows is shown.
func control(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}

// userName is a user as it stands between brackets.
func userName(s string) string {
	return strings.ReplaceAll(oneLine(s), "]", "?")
}
