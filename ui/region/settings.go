package region

import (
	"strings"

	"abgleich/assets"
)

// Settings are the values of Windows' control panel, as GetLocaleInfoEx gives them.
type Settings struct {
	ShortDate, ShortTime, AM, PM, Decimal, Thousand, Grouping string
}

// FromSettings reads them.
func FromSettings(s Settings) assets.Region {
	r := assets.Region{Date: withoutNames(s.ShortDate), Clock: withoutNames(s.ShortTime), AM: s.AM, PM: s.PM, Decimal: s.Decimal}
	// 3;0 repeats the last size, 3 alone has one group only; 3;2;0 is India's.
	if groups, repeated := strings.CutSuffix(s.Grouping, ";0"); repeated {
		r.Group, r.Sizes = s.Thousand, sizes(groups)
	}
	return r
}

// withoutNames leaves names of weekdays and eras out of a pattern: the texts have none.
func withoutNames(p string) string {
	for _, name := range []string{"dddd", "ddd", "gg", "g"} {
		if !strings.Contains(p, "'") {
			p = strings.ReplaceAll(p, name, "")
		}
	}
	return strings.Trim(p, " ,")
}
