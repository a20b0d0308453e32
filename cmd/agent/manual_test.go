package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"abgleich/agent/params"
	"abgleich/assets"
)

var update = flag.Bool("update", false, "write the manual's tables anew")

// TestTheManualListsEveryParameterAndCode compares the tables in docs/manual with
// what the program says.
func TestTheManualListsEveryParameterAndCode(t *testing.T) {
	for _, lang := range []assets.Lang{assets.German, assets.English} {
		path := filepath.Join("..", "..", "docs", "manual", string(lang)+".md")
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := between(t, string(b), "parameters", parameterTable(lang))
		text = between(t, text, "codes", codeTable(lang))
		if text == string(b) {
			continue
		}
		if !*update {
			t.Errorf("%s is not up to date: go test ./cmd/agent -run Manual -update", path)
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTheManualsLanguagesHaveTheSameShape keeps a chapter, picture or table row from
// being in one language only.
func TestTheManualsLanguagesHaveTheSameShape(t *testing.T) {
	shape := func(lang assets.Lang) (lines []string) {
		b, err := os.ReadFile(filepath.Join("..", "..", "docs", "manual", string(lang)+".md"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			switch {
			case strings.HasPrefix(line, "#"):
				lines = append(lines, strings.Fields(line)[0])
			case strings.HasPrefix(line, "!["):
				picture := strings.TrimSpace(line[strings.LastIndex(line, "/")+1:])
				for _, end := range []string{"-", "."} {
					picture = strings.Replace(picture, "-"+string(lang)+end, end, 1)
				}
				lines = append(lines, "picture "+picture)
			case strings.HasPrefix(line, "|"), strings.HasPrefix(line, "- "), strings.HasPrefix(line, "```"):
				lines = append(lines, line[:1])
			}
		}
		return lines
	}
	if de, en := shape(assets.German), shape(assets.English); !slices.Equal(de, en) {
		t.Errorf("German:\n%v\nEnglish:\n%v", de, en)
	}
}

func TestTheManualsPicturesAndPagesExist(t *testing.T) {
	links := regexp.MustCompile(`\]\(([^)#]+)\)`)
	for _, lang := range []assets.Lang{assets.German, assets.English} {
		folder := filepath.Join("..", "..", "docs", "manual")
		b, err := os.ReadFile(filepath.Join(folder, string(lang)+".md"))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range links.FindAllStringSubmatch(string(b), -1) {
			if _, err := os.Stat(filepath.Join(folder, filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("%s: %v", lang, err)
			}
		}
	}
}

func between(t *testing.T, text, name, table string) string {
	t.Helper()
	begin, end := "<!-- "+name+" -->\n", "<!-- end -->\n"
	before, rest, ok := strings.Cut(text, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("no place for %s", name)
	}
	return before + begin + table + end + after
}

func parameterTable(lang assets.Lang) string {
	var b strings.Builder
	head := "| Name | Vorgabe | Bedeutung |\n|---|---|---|\n"
	if lang == assets.English {
		head = "| name | default | meaning |\n|---|---|---|\n"
	}
	b.WriteString(head)
	standard := params.Default()
	for _, f := range params.Describe() {
		text := f.DE
		if lang == assets.English {
			text = f.EN
		}
		value, _ := params.Get(standard, f.Key) // an alias has no default of its own
		if strings.HasSuffix(f.Key, ".folder") || f.Key == "ipc.address" {
			value = "" // the system's own
		}
		if value != "" {
			value = "`" + value + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Key, value, cell(text))
	}
	return b.String()
}

func codeTable(lang assets.Lang) string {
	var b strings.Builder
	head := "| Code | was geschehen ist | was zu tun ist |\n|---|---|---|\n"
	if lang == assets.English {
		head = "| code | what happened | what to do |\n|---|---|---|\n"
	}
	b.WriteString(head)
	texts := assets.Texts(lang)
	for _, code := range texts.Codes() {
		text, hint := texts.Fault(code, nil)
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", code, cell(text), cell(hint))
	}
	return b.String()
}

// cell keeps a text in its column.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
