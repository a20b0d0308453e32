package params

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Marshal writes a complete file in which every parameter is explained, in the
// language of the parameters themselves.
func Marshal(p Params) []byte {
	var b strings.Builder
	de := p.Language != English
	if de {
		b.WriteString("# Abgleich: Parameter des Kommunikationssystems.\n# Prüfen mit: agent params check\n")
	} else {
		b.WriteString("# Abgleich: communication-system parameters.\n# Check with: agent params check\n")
	}
	d := &draft{Params: p}
	table := ""
	for _, f := range fields() {
		t, name, _ := cutLast(f.Key)
		if t == "databases.*" {
			if table != t {
				writeDatabases(&b, p, de)
				table = t
			}
			continue
		}
		if t != table {
			fmt.Fprintf(&b, "\n[%s]\n", t)
			table = t
		}
		writeComment(&b, f, de)
		fmt.Fprintf(&b, "%s = %s\n", name, encode(f.value(d)))
	}
	return []byte(b.String())
}

func writeDatabases(b *strings.Builder, p Params, de bool) {
	if len(p.Databases) == 0 {
		if de {
			b.WriteString("\n# Beispiel einer Datenbank:\n")
		} else {
			b.WriteString("\n# Example of a database:\n")
		}
		b.WriteString("# [databases.BMD]\n# driver = \"sqlite\"\n# dsn = \"business.db\"\n# foreign = false\n")
		return
	}
	for _, alias := range slices.Sorted(maps.Keys(p.Databases)) {
		a := p.Databases[alias]
		fmt.Fprintf(b, "\n[databases.%s]\n", quoteKey(alias))
		d := &draft{alias: &a}
		for _, f := range fields() {
			if t, name, _ := cutLast(f.Key); t == "databases.*" {
				writeComment(b, f, de)
				fmt.Fprintf(b, "%s = %s\n", name, encode(f.value(d)))
			}
		}
	}
}

func writeComment(b *strings.Builder, f Field, de bool) {
	text := f.EN
	if de {
		text = f.DE
	}
	fmt.Fprintf(b, "# %s", text)
	switch {
	case f.Kind == Choice:
		fmt.Fprintf(b, " [%s]", strings.Join(f.Choices, " | "))
	case f.Kind == Number && f.Unit != "":
		fmt.Fprintf(b, " [%d – %d %s]", f.Min, f.Max, f.Unit)
	case f.Kind == Number:
		fmt.Fprintf(b, " [%d – %d]", f.Min, f.Max)
	case f.Kind == YesNo:
		b.WriteString(" [true | false]")
	}
	b.WriteString("\n")
}

// quoteKey writes a key the way TOML wants it.
func quoteKey(k string) string {
	bare := k != "" && !strings.ContainsFunc(k, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
	})
	if bare {
		return k
	}
	return encode(k)
}
