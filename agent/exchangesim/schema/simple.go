package schema

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

type builtin uint8

const (
	anyString builtin = iota + 1
	boolean
	integer32
	integer64
	integer16
	integerAny
	natural
	unsigned16
	unsigned32
	float
	dateTime
	date
	timeOfDay
	duration
	base64Binary
	token
)

func builtins(name string) (builtin, bool) {
	b, ok := map[string]builtin{
		"xs:string": anyString, "xs:anyURI": anyString, "xs:QName": anyString, "xs:anySimpleType": anyString,
		"xs:boolean": boolean, "xs:int": integer32, "xs:long": integer64, "xs:short": integer16,
		"xs:integer": integerAny, "xs:nonNegativeInteger": natural, "xs:unsignedShort": unsigned16,
		"xs:unsignedInt": unsigned32, "xs:double": float, "xs:float": float, "xs:dateTime": dateTime,
		"xs:date": date, "xs:time": timeOfDay, "xs:duration": duration, "xs:base64Binary": base64Binary,
		"xs:language": token, "xs:NCName": token, "xs:ID": token,
	}[name]
	return b, ok
}

func (b builtin) String() string {
	return [...]string{"", "String", "Boolean", "Int32", "Int64", "Int16", "Integer", "NonNegativeInteger",
		"UInt16", "UInt32", "Double", "DateTime", "Date", "Time", "Duration", "Base64Binary", "NCName"}[b]
}

// simple is a simple type: a built-in one, a restriction, a list or a union.
type simple struct {
	base    builtin
	of      *typ
	list    bool
	members []*typ
	enum    map[string]bool
	pattern []*regexp.Regexp
	low     *int64
	high    *int64
	minLen  int
	maxLen  int
	length  bool // minLen is exact
}

func (s *simple) facet(kind, value string) error {
	var err error
	switch kind {
	case "enumeration":
		if s.enum == nil {
			s.enum = map[string]bool{}
		}
		s.enum[value] = true
	case "pattern":
		var re *regexp.Regexp
		if re, err = regexp.Compile("^(?:" + value + ")$"); err == nil {
			s.pattern = append(s.pattern, re)
		}
	case "minInclusive":
		s.low, err = number(value)
	case "maxInclusive":
		s.high, err = number(value)
	case "minLength":
		s.minLen, err = strconv.Atoi(value)
	case "maxLength":
		s.maxLen, err = strconv.Atoi(value)
	case "length":
		s.length = true
		s.minLen, err = strconv.Atoi(value)
	}
	return err
}

func number(s string) (*int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	return &n, err
}

// check answers "" or why the value is wrong, in the words of .NET's validator.
func (t *typ) check(value string) string {
	s := t.simple
	switch {
	case s.base != 0:
		if !s.base.valid(value) {
			return fmt.Sprintf("The string '%s' is not a valid %s value.", value, s.base)
		}
		return ""
	case s.list:
		for _, w := range strings.Fields(value) {
			if why := s.members[0].check(w); why != "" {
				return why
			}
		}
		return ""
	case s.members != nil:
		for _, m := range s.members {
			if m.check(value) == "" {
				return ""
			}
		}
		return "The value '" + value + "' is not valid according to any of the memberTypes of the union."
	}
	if s.of.simple == nil {
		return ""
	}
	if why := s.of.check(value); why != "" {
		return why
	}
	return s.restrict(value)
}

func (s *simple) restrict(value string) string {
	if s.enum != nil && !s.enum[value] {
		return "The Enumeration constraint failed."
	}
	for _, re := range s.pattern {
		if !re.MatchString(value) {
			return "The Pattern constraint failed."
		}
	}
	if s.low != nil || s.high != nil {
		n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		if err != nil || s.low != nil && n < *s.low {
			return "The MinInclusive constraint failed."
		}
		if s.high != nil && n > *s.high {
			return "The MaxInclusive constraint failed."
		}
	}
	if s.minLen > 0 || s.maxLen > 0 || s.length {
		n := len([]rune(value))
		if n < s.minLen || s.length && n != s.minLen {
			return "The actual length is less than the MinLength value."
		}
		if s.maxLen > 0 && n > s.maxLen {
			return "The actual length is greater than the MaxLength value."
		}
	}
	return ""
}

func (b builtin) valid(v string) bool {
	if b == anyString {
		return true
	}
	v = strings.Trim(v, " \t\r\n")
	switch b {
	case boolean:
		return v == "true" || v == "false" || v == "1" || v == "0"
	case integer16:
		return isInt(v, 16)
	case integer32:
		return isInt(v, 32)
	case integer64, integerAny:
		return isInt(v, 64)
	case natural:
		return isInt(v, 64) && v[0] != '-'
	case unsigned16:
		_, err := strconv.ParseUint(v, 10, 16)
		return err == nil
	case unsigned32:
		_, err := strconv.ParseUint(v, 10, 32)
		return err == nil
	case float:
		_, err := strconv.ParseFloat(v, 64)
		return err == nil && !strings.ContainsAny(v, "_xXpP") || v == "INF" || v == "-INF" || v == "NaN"
	case dateTime:
		_, _, ok := ParseDateTime(v)
		return ok
	case date:
		_, err := time.Parse(time.DateOnly, cutZone(v))
		return err == nil
	case timeOfDay:
		_, err := time.Parse("15:04:05.999999999", cutZone(v))
		return err == nil
	case duration:
		return isDuration(v)
	case base64Binary:
		_, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(v), ""))
		return err == nil
	case token:
		return v != "" && !strings.ContainsAny(v, " \t\r\n:")
	}
	return false
}

func isInt(v string, bits int) bool {
	if strings.Contains(v, "_") {
		return false
	}
	_, err := strconv.ParseInt(v, 10, bits)
	return err == nil
}

// ParseDateTime reads an xs:dateTime; zoned tells whether it has an offset. A time
// without one is answered as if it were UTC.
func ParseDateTime(v string) (t time.Time, zoned, ok bool) {
	if len(v) < len("2006-01-02T15:04:05") {
		return t, false, false
	}
	if i := strings.IndexAny(v[19:], "Z+-"); i >= 0 {
		t, err := time.Parse("2006-01-02T15:04:05.999999999Z07:00", v)
		return t, true, err == nil
	}
	t, err := time.Parse("2006-01-02T15:04:05.999999999", v)
	return t, false, err == nil
}

func cutZone(v string) string {
	if s, ok := strings.CutSuffix(v, "Z"); ok {
		return s
	}
	if n := len(v) - 6; n > 0 && (v[n] == '+' || v[n] == '-') && v[n+3] == ':' {
		return v[:n]
	}
	return v
}

func isDuration(v string) bool {
	v = strings.TrimPrefix(v, "-")
	v, ok := strings.CutPrefix(v, "P")
	if !ok || v == "" {
		return false
	}
	day, clock, timed := strings.Cut(v, "T")
	return (!timed || clock != "") && parts(day, "YMD", false) && parts(clock, "HMS", true)
}

func parts(s, units string, fraction bool) bool {
	for s != "" {
		n := 0
		for n < len(s) && (s[n] >= '0' && s[n] <= '9' || fraction && s[n] == '.') {
			n++
		}
		if n == 0 || n == len(s) {
			return false
		}
		i := strings.IndexByte(units, s[n])
		if i < 0 {
			return false
		}
		units, s = units[i+1:], s[n+1:]
	}
	return true
}
