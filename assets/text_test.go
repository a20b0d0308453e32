package assets

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func entries(t *testing.T, lang Lang) map[string]entry {
	t.Helper()
	e, err := readEntries(lang)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestBothLanguagesHaveTheSameKeys(t *testing.T) {
	de, en := entries(t, German), entries(t, English)
	for key := range de {
		if _, ok := en[key]; !ok {
			t.Errorf("en.json lacks %q", key)
		}
	}
	for key := range en {
		if _, ok := de[key]; !ok {
			t.Errorf("de.json lacks %q", key)
		}
	}
}

func TestEveryTextHasANoteAndNoStrayBlanks(t *testing.T) {
	for _, lang := range Languages() {
		for key, e := range entries(t, lang) {
			if e.Note == "" {
				t.Errorf("%s %s has no note", lang, key)
			}
			if e.Text == "" || strings.TrimSpace(e.Text) != e.Text || strings.Contains(e.Text, "  ") {
				t.Errorf("%s %s is empty or has stray blanks: %q", lang, key, e.Text)
			}
		}
	}
}

var placeholder = regexp.MustCompile(`\{([a-z]+)\}`)

func placeholders(text string) []string {
	names := map[string]bool{}
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		names[m[1]] = true
	}
	return slices.Sorted(maps.Keys(names))
}

func TestPlaceholdersAreTheSameInBothLanguages(t *testing.T) {
	en := entries(t, English)
	for key, e := range entries(t, German) {
		if a, b := placeholders(e.Text), placeholders(en[key].Text); !slices.Equal(a, b) {
			t.Errorf("%s: %v in German, %v in English", key, a, b)
		}
		for _, text := range []string{e.Text, en[key].Text} {
			bare := placeholder.ReplaceAllString(text, "")
			if strings.ContainsAny(bare, "{}") || strings.Count(bare, "[") != strings.Count(bare, "]") {
				t.Errorf("%s: malformed placeholder in %q", key, text)
			}
			if strings.HasPrefix(key, "fault.") && !strings.HasPrefix(key, "fault.unknown") {
				outside := regexp.MustCompile(`\[[^\]]*\]`).ReplaceAllString(text, "")
				if placeholder.MatchString(outside) {
					t.Errorf("%s needs a value the agent may not have: %q", key, text)
				}
			}
		}
	}
}

// limits are the lengths in characters that fit where a text is shown. The
// longest matching prefix counts.
var limits = map[string]int{
	"":                   160,
	"menu.":              40,
	"nav.":               20,
	"button.":            16,
	"state.":             90,
	"tooltip.":           40,
	"kind.":              12,
	"status.":            60,
	"verify.stage.":      60,
	"credentials.ask.":   180,
	"credentials.verify": 22,
	"fault.":             150,
	"time.":              24,
	"span.":              16,
}

func TestNoTextIsLongerThanItsPlace(t *testing.T) {
	for _, lang := range Languages() {
		for key, e := range entries(t, lang) {
			best := ""
			for prefix := range limits {
				if strings.HasPrefix(key, prefix) && len(prefix) > len(best) {
					best = prefix
				}
			}
			if n := utf8.RuneCountInString(e.Text); n > limits[best] {
				t.Errorf("%s %s has %d characters, %d fit", lang, key, n, limits[best])
			}
		}
	}
}

func TestGermanSpeaksFormally(t *testing.T) {
	familiar := regexp.MustCompile(`(?i)\b(du|dein|deine|deinen|dir|dich)\b`)
	for key, e := range entries(t, German) {
		if familiar.MatchString(e.Text) {
			t.Errorf("%s: %q", key, e.Text)
		}
	}
}

// faultCodes reads the codes from the agent's source, whichever file they stand
// in: assets may not import it.
func faultCodes(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "agent", "fault", "codes*.go"))
	if err != nil || len(files) < 3 {
		t.Fatalf("found %v (%v)", files, err)
	}
	var codes []string
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for _, v := range spec.Values {
					if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
						code, _ := strconv.Unquote(lit.Value)
						codes = append(codes, code)
					}
				}
			}
			return true
		})
	}
	if len(codes) < 50 {
		t.Fatalf("found %d codes only: has the file changed its shape?", len(codes))
	}
	return codes
}

func TestEveryFaultCodeHasASentenceAndAHint(t *testing.T) {
	codes := faultCodes(t)
	for _, lang := range Languages() {
		c := Texts(lang)
		for _, code := range codes {
			for _, part := range []string{".text", ".hint"} {
				if !c.Has("fault." + code + part) {
					t.Errorf("%s lacks fault.%s%s", lang, code, part)
				}
			}
		}
	}
	for key := range entries(t, German) {
		code, isText := strings.CutSuffix(strings.TrimPrefix(key, "fault."), ".text")
		if isText && strings.HasPrefix(key, "fault.") && code != "unknown" && !slices.Contains(codes, code) {
			t.Errorf("%s belongs to no code", key)
		}
	}
}

func TestEveryStageOfTheCheckHasItsTexts(t *testing.T) {
	stages := []string{"agent", "employee", "email", "permissions", "service-user", "parameters", "dns", "port",
		"tls", "version", "login", "ssl-required", "mailbox", "folders-calendar", "folders-tasks", "claim", "events", "clock"}
	for _, lang := range Languages() {
		for _, s := range stages {
			if c := Texts(lang); !c.Has("verify.stage."+s) || !c.Has("verify.stage."+s+".ok") {
				t.Errorf("%s lacks stage %s", lang, s)
			}
		}
	}
}

// literals collects the string literals of the program, tests excepted.
func literals(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, root := range []string{"../assets", "../ui", "../cmd", "../agent"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return nil // the compiler will say so
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					s, _ := strconv.Unquote(lit.Value)
					found[s] = true
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func TestNoTextIsUnused(t *testing.T) {
	used := literals(t)
	for key := range entries(t, German) {
		ok := used[key]
		for _, part := range []string{".one", ".other", ".text", ".hint", ".ok"} {
			if base, cut := strings.CutSuffix(key, part); cut && used[base] {
				ok = true
			}
		}
		// Keys put together at run time: "fault." + code, "state." + name.
		for i := range key {
			if key[i] == '.' && used[key[:i+1]] {
				ok = true
			}
		}
		if !ok {
			t.Errorf("%s is used nowhere", key)
		}
	}
}

func TestTextsAreFilled(t *testing.T) {
	c := &Catalog{lang: German, texts: map[string]string{
		"plain": "Fertig", "two": "{done} von {expected}", "optional": "Server[ {server}:{port}] fehlt",
		"broken": "a [b {c", "brace": "{x}", "many.one": "einer", "many.other": "{n} viele",
	}}
	tests := []struct{ name, got, want string }{
		{"a text without names stays as it is", c.T("plain"), "Fertig"},
		{"numbers are grouped", c.T("two", "done", 1234, "expected", uint64(9876543)), "1.234 von 9.876.543"},
		{"a missing value shows dots", c.T("two", "done", 1), "1 von …"},
		{"an optional part appears when complete", c.T("optional", "server", "mail", "port", "443"), "Server mail:443 fehlt"},
		{"an optional part vanishes when incomplete", c.T("optional", "server", "mail"), "Server fehlt"},
		{"a value with braces is not filled again", c.T("brace", "x", "{x}[y]"), "{x}[y]"},
		{"an unknown key comes back", c.T("no.such"), "no.such"},
		{"an odd argument is ignored", c.T("two", "done"), "… von …"},
		{"one is singular", c.N("many", 1), "einer"},
		{"none is plural", c.N("many", 0), "0 viele"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.got != tt.want {
				t.Errorf("got %q, want %q", tt.got, tt.want)
			}
		})
	}
}

func FuzzFill(f *testing.F) {
	f.Add("a [b {c} d] {e}", "value")
	f.Add("[{", "]}")
	f.Fuzz(func(t *testing.T, text, value string) {
		fill(text, map[string]string{"c": value})
	})
}

func TestFaultOfANewerAgentStillHasASentence(t *testing.T) {
	text, hint := Texts(English).Fault("no-such-code", nil)
	if !strings.Contains(text, "no-such-code") || hint == "" {
		t.Errorf("got %q, %q", text, hint)
	}
	_, hint = Texts(German).Fault("tls-certificate-name", map[string]string{"names": "mail.firma.at"})
	if !strings.Contains(hint, "mail.firma.at") {
		t.Errorf("the certificate's name is missing in %q", hint)
	}
}

func TestTimesReadAsAPersonSaysThem(t *testing.T) {
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Skip("no time zones here")
	}
	now := time.Date(2026, 3, 29, 12, 0, 0, 0, vienna) // clocks went forward this night
	tests := []struct {
		name   string
		at     time.Time
		de, en string
	}{
		{"seconds ago", now.Add(-20 * time.Second), "gerade eben", "just now"},
		{"a minute ago", now.Add(-90 * time.Second), "vor einer Minute", "one minute ago"},
		{"minutes ago", now.Add(-5 * time.Minute), "vor 5 Minuten", "5 minutes ago"},
		{"this morning", now.Add(-4 * time.Hour), "heute, 08:00", "today, 08:00"},
		{"the day before a short night", now.Add(-23 * time.Hour), "gestern, 12:00", "yesterday, 12:00"},
		{"last week", now.AddDate(0, 0, -7), "22.03.2026, 12:00", "22 Mar 2026, 12:00"},
		{"seconds ahead", now.Add(20 * time.Second), "in Kürze", "shortly"},
		{"minutes ahead", now.Add(10 * time.Minute), "in 10 Minuten", "in 10 minutes"},
		{"tomorrow", now.Add(24 * time.Hour), "morgen, 12:00", "tomorrow, 12:00"},
		{"another zone's clock is not shown", now.Add(-4 * time.Hour).UTC(), "heute, 08:00", "today, 08:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Texts(German).When(tt.at, now); got != tt.de {
				t.Errorf("German: got %q, want %q", got, tt.de)
			}
			if got := Texts(English).When(tt.at, now); got != tt.en {
				t.Errorf("English: got %q, want %q", got, tt.en)
			}
		})
	}
}

func TestSpansAndNumbers(t *testing.T) {
	c := Texts(English)
	for d, want := range map[time.Duration]string{
		0: "one second", 3 * time.Second: "3 seconds", 59 * time.Second: "one minute", 61 * time.Second: "2 minutes",
		90 * time.Minute: "90 minutes", 91 * time.Minute: "2 hours",
	} {
		if got := c.Span(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"} {
		if got := c.Int(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestLengthsAndAmountsUseTheLanguagesSigns(t *testing.T) {
	de, en := Texts(German), Texts(English)
	for d, want := range map[time.Duration]string{
		0: "0,0 s", 840 * time.Millisecond: "0,8 s", 42 * time.Second: "42 s", 200 * time.Second: "3 min 20 s", 125 * time.Minute: "2 h 5 min",
	} {
		if got := de.Length(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
	for n, want := range map[uint64]string{0: "0 B", 812: "812 B", 3400: "3.4 kB", 12_300: "12 kB", 45_000_000: "45 MB", 2_100_000_000: "2.1 GB"} {
		if got := en.Bytes(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestLanguageNamesOfTheSystemAreUnderstood(t *testing.T) {
	for name, want := range map[string]Lang{"de": German, "de_AT.UTF-8": German, "en-GB": English, "EN": English} {
		if got, ok := ParseLang(name); got != want || !ok {
			t.Errorf("%s: got %s, %v", name, got, ok)
		}
	}
	if got, ok := ParseLang("fr_FR"); got != German || ok {
		t.Errorf("an unknown language gives %s, %v", got, ok)
	}
}
