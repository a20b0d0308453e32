package params

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// put checks a value as TOML gives it (string, int64, bool, …) and stores it in
// the draft; a mistake stores nothing.
func (f Field) put(d *draft, v any, lim Limits) *Mistake {
	target := reflect.ValueOf(f.at(d)).Elem()
	switch f.Kind {
	case YesNo:
		b, ok := v.(bool)
		if !ok {
			return &Mistake{Reason: WrongType, Allowed: "true, false", Detail: show(v)}
		}
		target.SetBool(b)
	case Number:
		n, ok := v.(int64)
		least, most := f.bounds(lim)
		allowed := fmt.Sprintf("%d – %d", least, most)
		if f.Unit != "" {
			allowed += " " + f.Unit
		}
		if !ok {
			return &Mistake{Reason: WrongType, Allowed: allowed, Detail: show(v)}
		}
		if n < int64(least) || n > int64(most) {
			return &Mistake{Reason: NotAllowed, Allowed: allowed, Detail: show(v)}
		}
		if target.Type() == reflect.TypeFor[time.Duration]() {
			n *= int64(time.Second)
		}
		target.SetInt(n)
	case Text, Choice:
		s, ok := v.(string)
		if !ok {
			return &Mistake{Reason: WrongType, Allowed: f.textAllowed(), Detail: show(v)}
		}
		if m := f.checkText(s); m != nil {
			return m
		}
		target.SetString(s)
	}
	return nil
}

func (f Field) checkText(s string) *Mistake {
	if f.Kind == Choice {
		for _, c := range f.Choices {
			if s == string(Graph) && f.Key == "communication.system" {
				return &Mistake{Reason: GraphNotYet, Allowed: `"ews"`}
			}
			if c == s {
				return nil
			}
		}
		return &Mistake{Reason: NotAllowed, Allowed: f.textAllowed(), Detail: show(s)}
	}
	if s == "" {
		if f.needed {
			return &Mistake{Reason: Needed}
		}
		return nil
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return &Mistake{Reason: BadForm, Detail: show(s)}
	}
	if f.form != nil {
		if right := f.form(s); right != "" {
			m := &Mistake{Reason: BadForm, Allowed: right, Detail: show(s)}
			if strings.Contains(s, "://") && strings.Contains(s, "@") {
				m.Detail = "" // an address may hold a password
			}
			return m
		}
	}
	return nil
}

func (f Field) textAllowed() string {
	if f.Kind != Choice {
		return `"…"`
	}
	quoted := make([]string, len(f.Choices))
	for i, c := range f.Choices {
		quoted[i] = strconv.Quote(c)
	}
	return strings.Join(quoted, ", ")
}

func (f Field) bounds(lim Limits) (least, most int) {
	least = f.Min
	if f.Key == "sync.interval" {
		least = int(lim.minInterval() / time.Second)
	}
	return least, f.Max
}

// read turns what a person typed into the value TOML would give.
func (f Field) read(s string) (any, *Mistake) {
	switch f.Kind {
	case Number:
		n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		if err != nil {
			return s, nil // put says what is allowed
		}
		return n, nil
	case YesNo:
		switch strings.ToLower(strings.TrimSpace(s)) {
		case "true", "yes", "ja", "1", "on":
			return true, nil
		case "false", "no", "nein", "0", "off":
			return false, nil
		}
		return nil, &Mistake{Reason: NotAllowed, Allowed: "true, false, ja, nein", Detail: show(s)}
	}
	return s, nil
}

// value gives the field's value as TOML would: string, int64 or bool.
func (f Field) value(d *draft) any {
	v := reflect.ValueOf(f.at(d)).Elem()
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.String:
		return v.String()
	}
	if v.Type() == reflect.TypeFor[time.Duration]() {
		return int64(time.Duration(v.Int()) / time.Second)
	}
	return v.Int()
}

// encode writes a value the way TOML wants it.
func encode(v any) string {
	if s, ok := v.(string); ok {
		// toml's own encoder, since Go's quoting knows escapes TOML doesn't.
		b, err := toml.Marshal(map[string]string{"v": s})
		if err == nil {
			return strings.TrimSpace(strings.TrimPrefix(string(b), "v = "))
		}
	}
	return fmt.Sprint(v)
}

// show prints a refused value, cut short. What a table or list holds is not
// shown: there may be anything in it.
func show(v any) string {
	s := fmt.Sprint(v)
	switch v := v.(type) {
	case string:
		s = strconv.Quote(v)
	case map[string]any:
		s = "{…}"
	case []any, []map[string]any:
		s = "[…]"
	}
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return s
}
