package assets

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// Region is how a person's system writes days, times and numbers, whatever language
// the texts have. What is empty is written as the texts' language does.
type Region struct {
	// Date and Clock are patterns: d, dd, M, MM, MMM, MMMM, yy, yyyy, H, HH, h, hh, mm,
	// ss, tt; 'quoted' text and other signs stand for themselves.
	Date, Clock string
	// AM and PM are written for tt; "" for AM and PM.
	AM, PM string
	// Decimal is the decimal sign, Group what stands between groups of digits. A Group
	// is heeded only together with a Decimal.
	Decimal, Group string
	// Sizes are those of the groups from the right, the last one repeated; none for no
	// groups.
	Sizes []int
}

// In gives the same texts with days, times and numbers as the region writes them.
func (c *Catalog) In(r Region) *Catalog {
	out := *c
	out.region = r
	return &out
}

// numbers gives the signs of numbers.
func (c *Catalog) numbers() (decimal, group string, sizes []int) {
	switch {
	case c.region.Decimal != "":
		return c.region.Decimal, c.region.Group, c.region.Sizes
	case c.lang == English:
		return ".", ",", []int{3}
	}
	return ",", ".", []int{3}
}

// grouped writes digits in groups.
func grouped(digits, group string, sizes []int) string {
	var parts []string
	for i := 0; len(sizes) > 0 && group != ""; i++ {
		size := sizes[min(i, len(sizes)-1)]
		if size <= 0 || len(digits) <= size {
			break
		}
		parts = append([]string{digits[len(digits)-size:]}, parts...)
		digits = digits[:len(digits)-size]
	}
	return strings.Join(append([]string{digits}, parts...), group)
}

// write writes an instant by a pattern, in its own zone.
func (c *Catalog) write(t time.Time, pattern string) string {
	var out strings.Builder
	for i := 0; i < len(pattern); {
		b := pattern[i]
		if b == '\'' {
			text, rest, _ := strings.Cut(pattern[i+1:], "'")
			out.WriteString(text)
			i = len(pattern) - len(rest)
			continue
		}
		n := 1
		for i+n < len(pattern) && pattern[i+n] == b {
			n++
		}
		if part, ok := c.part(t, b, n); ok {
			out.WriteString(part)
		} else {
			out.WriteString(pattern[i : i+n])
		}
		i += n
	}
	return out.String()
}

// part is what n times a letter stands for.
func (c *Catalog) part(t time.Time, letter byte, n int) (string, bool) {
	padded := func(v int) string {
		if n > 1 && v < 10 {
			return "0" + strconv.Itoa(v)
		}
		return strconv.Itoa(v)
	}
	switch letter {
	case 'd':
		return padded(t.Day()), true
	case 'M':
		switch name := t.Month().String(); {
		case n == 3 && c.lang == English:
			return name[:3], true
		case n > 3 && c.lang == English:
			return name, true
		}
		return padded(int(t.Month())), true // the texts have no names of months
	case 'y':
		if n <= 2 {
			n = 2
			return padded(t.Year() % 100), true
		}
		return strconv.Itoa(t.Year()), true
	case 'H':
		return padded(t.Hour()), true
	case 'h':
		return padded((t.Hour()+11)%12 + 1), true
	case 'm':
		return padded(t.Minute()), true
	case 's':
		return padded(t.Second()), true
	case 't':
		half := cmp.Or(c.region.AM, "AM")
		if t.Hour() >= 12 {
			half = cmp.Or(c.region.PM, "PM")
		}
		return half, true
	}
	return "", false
}
