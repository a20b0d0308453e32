package region

import (
	"bufio"
	"strconv"
	"strings"
	"unicode/utf8"

	"abgleich/assets"
)

// FromLocale reads what "locale -k LC_TIME LC_NUMERIC" prints (POSIX, locale(1)). The
// C locale is nobody's: what is its is left out.
func FromLocale(output string) assets.Region {
	said := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(output))
	for lines.Scan() {
		if key, value, ok := strings.Cut(lines.Text(), "="); ok && utf8.ValidString(value) {
			said[key] = strings.Trim(value, `"`)
		}
	}
	var r assets.Region
	const dateOfC = "%m/%d/%y"
	if d := said["d_fmt"]; d != "" && d != dateOfC {
		r.Date = pattern(d, said)
		r.Clock = withoutSeconds(pattern(said["t_fmt"], said))
		am, pm, _ := strings.Cut(said["am_pm"], ";")
		r.AM, r.PM = am, pm
	}
	if decimal, group := said["decimal_point"], said["thousands_sep"]; decimal != "" && (decimal != "." || group != "") {
		r.Decimal, r.Group, r.Sizes = decimal, group, sizes(said["grouping"])
	}
	return r
}

// sizes reads the sizes of groups, such as 3;3 or -1.
func sizes(text string) (out []int) {
	for part := range strings.SplitSeq(text, ";") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n <= 0 || n > 9 {
			return out // the last one is repeated, or there is none
		}
		out = append(out, n)
	}
	return out
}

// pattern turns a format of strftime into one of package assets; "" when it has what
// isn't known.
func pattern(format string, said map[string]string) string {
	var out strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			if letter(format[i]) {
				out.WriteString("'" + format[i:i+1] + "'")
			} else {
				out.WriteByte(format[i])
			}
			continue
		}
		for i++; i < len(format) && strings.IndexByte("EO_0^#-", format[i]) >= 0; {
			i++ // how it is filled up, and in which digits
		}
		if i >= len(format) {
			return ""
		}
		part, ok := map[byte]string{'d': "dd", 'e': "d", 'm': "MM", 'b': "MMM", 'h': "MMM", 'B': "MMMM", 'y': "yy", 'Y': "yyyy", 'H': "HH", 'k': "H",
			'I': "hh", 'l': "h", 'M': "mm", 'S': "ss", 'p': "tt", 'P': "tt", 'T': "HH:mm:ss", 'R': "HH:mm", 'F': "yyyy-MM-dd", 'D': "MM/dd/yy",
			'Z': "", 'z': "", 'a': "", 'A': "", 't': " ", 'n': " ", '%': "%"}[format[i]]
		if format[i] == 'r' && said["t_fmt_ampm"] != "" && said["t_fmt_ampm"] != "%r" {
			part, ok = pattern(said["t_fmt_ampm"], said), true
		}
		if !ok {
			return ""
		}
		out.WriteString(part)
	}
	return strings.Trim(out.String(), " ,")
}

func letter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

// withoutSeconds takes the seconds, and what stands before them, out of a pattern.
func withoutSeconds(p string) string {
	at := strings.Index(p, "s")
	if at < 0 || strings.Contains(p, "'") {
		return p
	}
	end := at
	for end < len(p) && p[end] == 's' {
		end++
	}
	if at > 0 && p[at-1] >= utf8.RuneSelf {
		return p // written with words, such as 14時05分07秒
	}
	for at > 0 && !letter(p[at-1]) {
		at--
	}
	return p[:at] + p[end:]
}
