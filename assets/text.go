package assets

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Lang is a language of the screen.
type Lang string

// The languages there are. German comes first: it is what an unknown one becomes.
const (
	German  Lang = "de"
	English Lang = "en"
)

// Languages lists the languages in the order of menus.
func Languages() []Lang { return []Lang{German, English} }

// ParseLang understands "de", "en" and locale names such as "en_US.UTF-8" or
// "de-AT". ok tells whether it knew the language; if not, German is given.
func ParseLang(name string) (lang Lang, ok bool) {
	name, _, _ = strings.Cut(strings.ToLower(name), ".")
	name, _, _ = strings.Cut(strings.ReplaceAll(name, "_", "-"), "-")
	for _, l := range Languages() {
		if name == string(l) {
			return l, true
		}
	}
	return German, false
}

// Catalog gives the texts of one language. It is safe for concurrent use and
// never changes.
type Catalog struct {
	lang  Lang
	texts map[string]string
	// region is how days, times and numbers are written.
	region Region
}

// entry is one text as it stands in the file.
type entry struct {
	Text string `json:"text"`
	Note string `json:"note"`
}

// Texts reads the texts of a language, or of German for one there isn't. It
// takes about a millisecond; keep what it returns.
func Texts(lang Lang) *Catalog {
	if l, ok := ParseLang(string(lang)); ok {
		return load(l)
	}
	return load(German)
}

func load(lang Lang) *Catalog {
	c := &Catalog{lang: lang, texts: map[string]string{}}
	entries, err := readEntries(lang)
	if err != nil {
		// The files are part of the program and read by its tests. Keys as
		// texts are ugly and still usable.
		return c
	}
	for key, e := range entries {
		c.texts[key] = e.Text
	}
	return c
}

func readEntries(lang Lang) (map[string]entry, error) {
	data, err := texts.ReadFile("text/" + string(lang) + ".json")
	if err != nil {
		return nil, err
	}
	var entries map[string]entry
	if err := json.Unmarshal(data, &entries); err != nil {
		return nil, fmt.Errorf("text/%s.json: %w", lang, err)
	}
	return entries, nil
}

// Lang tells which language this is.
func (c *Catalog) Lang() Lang { return c.lang }

// Has tells whether there is a text for the key.
func (c *Catalog) Has(key string) bool { _, ok := c.texts[key]; return ok }

// T gives the text for a key. args are names and values in turn; they fill the
// text's {name}s. Whole numbers are written with the language's grouping. A part
// in [square brackets] is left out unless all its names have a value. An unknown
// key comes back as itself, so that a person still sees something.
func (c *Catalog) T(key string, args ...any) string {
	text, ok := c.texts[key]
	if !ok {
		return key
	}
	values := make(map[string]string, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		values[fmt.Sprint(args[i])] = c.value(args[i+1])
	}
	return fill(text, values)
}

// N gives the text for a number: key.one or key.other, with {n} filled.
func (c *Catalog) N(key string, n int, args ...any) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	return c.T(key+form, append([]any{"n", n}, args...)...)
}

// Fault gives the sentence and the hint for a fault code, filled with the
// values that came with it. A code of a newer agent gets a general text.
func (c *Catalog) Fault(code string, args map[string]string) (text, hint string) {
	key := "fault." + code
	if !c.Has(key + ".text") {
		return c.T("fault.unknown.text", "code", code), c.T("fault.unknown.hint")
	}
	return fill(c.texts[key+".text"], args), fill(c.texts[key+".hint"], args)
}

// Stage gives the sentence for a stage of Verify Credentials that went well, "" if it has
// none. args are the stage's: with "access" a service account opened the mailbox.
func (c *Catalog) Stage(name string, args map[string]string) string {
	key := "verify.stage." + name + ".ok"
	if shared := key + ".shared"; args["access"] != "" && c.Has(shared) {
		key = shared
	}
	if !c.Has(key) {
		return ""
	}
	return fill(c.texts[key], args)
}

// Codes lists the problem codes that have a text, sorted.
func (c *Catalog) Codes() (codes []string) {
	for key := range c.texts {
		if code, ok := strings.CutPrefix(key, "fault."); ok && code != "unknown.text" && strings.HasSuffix(code, ".text") {
			codes = append(codes, strings.TrimSuffix(code, ".text"))
		}
	}
	slices.Sort(codes)
	return codes
}

func (c *Catalog) value(v any) string {
	switch n := v.(type) {
	case string:
		return n
	case int:
		return c.Int(int64(n))
	case int64:
		return c.Int(n)
	case uint32:
		return c.Int(int64(n))
	case uint64:
		return c.Int(int64(n))
	}
	return fmt.Sprint(v)
}

// fill replaces {name}s and settles [optional parts]. A name without a value
// outside of brackets becomes "…": better than a hole or a brace.
func fill(text string, values map[string]string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "[")
		part, _ := replace(before, values)
		out.WriteString(part)
		if !found {
			return out.String()
		}
		inside, after, closed := strings.Cut(rest, "]")
		if part, complete := replace(inside, values); complete && closed {
			out.WriteString(part)
		}
		text = after
	}
}

// replace fills the {name}s; complete tells whether each had a value. Values
// are not looked at again, whatever braces they hold.
func replace(text string, values map[string]string) (filled string, complete bool) {
	var out strings.Builder
	complete = true
	for {
		before, rest, found := strings.Cut(text, "{")
		out.WriteString(before)
		if !found {
			return out.String(), complete
		}
		name, after, _ := strings.Cut(rest, "}")
		value := values[name]
		if value == "" {
			complete, value = false, "…"
		}
		out.WriteString(value)
		text = after
	}
}
