package params

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// editLine replaces or adds one "key = value" line and leaves everything else
// as the person wrote it. It knows the plain way of writing TOML only; the
// caller checks the outcome.
func editLine(b []byte, f Field, alias, value string) []byte {
	table, name, _ := cutLast(f.Key)
	header := "[" + table + "]"
	if alias != "" {
		header = "[databases." + quoteKey(alias) + "]"
	}
	line := name + " = " + value
	lines := strings.Split(string(b), "\n")
	from, to := section(lines, table, header)
	if from < 0 {
		return []byte(strings.TrimRight(string(b), "\n") + "\n\n" + header + "\n" + line + "\n")
	}
	assign := regexp.MustCompile(`^\s*` + regexp.QuoteMeta(name) + `\s*=\s*("([^"\\]|\\.)*"|'[^']*'|[^#'"]*?)\s*(#.*)?$`)
	for i := from; i < to; i++ {
		if m := assign.FindStringSubmatch(strings.TrimRight(lines[i], "\r")); m != nil {
			if m[3] != "" {
				line += " " + m[3]
			}
			lines[i] = line
			return []byte(strings.Join(lines, "\n"))
		}
	}
	lines = slices.Insert(lines, from, line)
	return []byte(strings.Join(lines, "\n"))
}

// section finds the lines of a table, without its header; from is -1 when the
// table isn't there. The table "" is everything before the first header.
func section(lines []string, table, header string) (from, to int) {
	from, to = -1, len(lines)
	if table == "" {
		from = 0
	}
	for i, l := range lines {
		l = strings.TrimSpace(l)
		switch {
		case !strings.HasPrefix(l, "["):
		case from >= 0:
			return from, i
		case l == header || strings.HasPrefix(l, header+" ") || strings.HasPrefix(l, header+"#"):
			from = i + 1
		}
	}
	return from, to
}

// Setting is one parameter with its value, for lists on a screen.
type Setting struct {
	// Field describes it; its Key names the alias.
	Field Field
	// Value is what holds, as it is typed: 443, true, mail.lab.
	Value string
	// Default tells that it is the default.
	Default bool
}

// List gives every parameter with its value, in the file's order.
func List(p Params) []Setting {
	var out []Setting
	def := &draft{Params: Default()}
	for _, f := range fields() {
		if table, name, _ := cutLast(f.Key); table == "databases.*" {
			for _, alias := range slices.Sorted(maps.Keys(p.Databases)) {
				g := f
				g.Key = "databases." + alias + "." + name
				out = append(out, Setting{Field: g, Value: plain((&draft{Params: p}).get(f, alias))})
			}
			continue
		}
		v := plain(f.value(&draft{Params: p}))
		out = append(out, Setting{Field: f, Value: v, Default: v == plain(f.value(def))})
	}
	return out
}

func plain(v any) string { return fmt.Sprint(v) }
