package policy

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// templates is where the group policy templates stand.
const templates = "../../installer/policy"

type definitions struct {
	XMLName    xml.Name `xml:"http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions policyDefinitions"`
	Revision   string   `xml:"revision,attr"`
	Schema     string   `xml:"schemaVersion,attr"`
	Categories []struct {
		Name string `xml:"name,attr"`
	} `xml:"categories>category"`
	Supported []struct {
		Name string `xml:"name,attr"`
	} `xml:"supportedOn>definitions>definition"`
	Policies []struct {
		Name         string `xml:"name,attr"`
		Class        string `xml:"class,attr"`
		Key          string `xml:"key,attr"`
		ValueName    string `xml:"valueName,attr"`
		Presentation string `xml:"presentation,attr"`
		Category     struct {
			Ref string `xml:"ref,attr"`
		} `xml:"parentCategory"`
		Supported struct {
			Ref string `xml:"ref,attr"`
		} `xml:"supportedOn"`
		Enabled  *decimal `xml:"enabledValue"`
		Disabled *decimal `xml:"disabledValue"`
		Texts    []struct {
			ID        string `xml:"id,attr"`
			ValueName string `xml:"valueName,attr"`
		} `xml:"elements>text"`
	} `xml:"policies>policy"`
}

type decimal struct {
	Decimal struct {
		Value string `xml:"value,attr"`
	} `xml:"decimal"`
}

type texts struct {
	XMLName  xml.Name `xml:"http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions policyDefinitionResources"`
	Revision string   `xml:"revision,attr"`
	Strings  []struct {
		ID   string `xml:"id,attr"`
		Text string `xml:",chardata"`
	} `xml:"resources>stringTable>string"`
	Presentations []struct {
		ID    string `xml:"id,attr"`
		Boxes []struct {
			Ref   string `xml:"refId,attr"`
			Label string `xml:"label"`
		} `xml:"textBox"`
	} `xml:"resources>presentationTable>presentation"`
}

func load(t *testing.T, name string, v any) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(templates, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(b)
}

func TestEachPolicysValueIsOneThatIsReadAndEachThatIsReadHasAPolicy(t *testing.T) {
	var d definitions
	load(t, "abgleich.admx", &d)
	var decided []string
	for _, p := range d.Policies {
		if p.Key != `Software\Policies\Abgleich` || len(d.Categories) != 1 || p.Category.Ref != d.Categories[0].Name || len(d.Supported) != 1 || p.Supported.Ref != d.Supported[0].Name {
			t.Errorf("%+v", p)
		}
		if len(p.Texts) == 1 {
			decided = append(decided, p.Texts[0].ValueName)
			continue
		}
		decided = append(decided, p.ValueName)
		if p.Enabled == nil || decision(p.Enabled.Decimal.Value) != On || p.Disabled == nil || decision(p.Disabled.Decimal.Value) != Off {
			t.Errorf("%s can't be told on from off", p.Name)
		}
	}
	slices.Sort(decided)
	var asked []string
	note := func(name string) string {
		if !slices.Contains(asked, name) {
			asked = append(asked, name)
		}
		return ""
	}
	var machine, user []string
	read(places{machine: note, user: note, installed: note})
	slices.Sort(asked)
	if !slices.Equal(decided, asked) {
		t.Errorf("templates have %v, read is %v", decided, asked)
	}
	// A policy for users only makes sense where the user's is read, and the other way.
	read(places{
		machine:   func(n string) string { machine = append(machine, n); return "" },
		user:      func(n string) string { user = append(user, n); return "" },
		installed: from(nil),
	})
	for _, p := range d.Policies {
		want := "Machine"
		if slices.Contains(user, p.Name) {
			want = "Both"
		}
		if p.Class != want || !slices.Contains(machine, p.Name) {
			t.Errorf("%s is for %s, want %s", p.Name, p.Class, want)
		}
	}
}

func TestTheTemplatesTextsAreCompleteInBothLanguages(t *testing.T) {
	var d definitions
	source := load(t, "abgleich.admx", &d)
	wanted := map[string]bool{}
	for _, m := range regexp.MustCompile(`\$\(string\.(\w+)\)`).FindAllStringSubmatch(source, -1) {
		wanted[m[1]] = true
	}
	boxes := map[string]string{}
	for _, p := range d.Policies {
		for _, e := range p.Texts {
			boxes[p.Presentation] = e.ID
		}
	}
	for _, lang := range []string{"de-DE", "en-US"} {
		var l texts
		load(t, lang+"/abgleich.adml", &l)
		if l.Revision != d.Revision || d.Schema != "1.0" {
			t.Errorf("%s: revision %s of %s", lang, l.Revision, d.Revision)
		}
		seen := map[string]bool{}
		for _, s := range l.Strings {
			if seen[s.ID] || !wanted[s.ID] || s.Text == "" {
				t.Errorf("%s: %q is doubled, empty or not used", lang, s.ID)
			}
			seen[s.ID] = true
		}
		if len(seen) != len(wanted) {
			t.Errorf("%s has %d texts of %d", lang, len(seen), len(wanted))
		}
		if len(l.Presentations) != len(boxes) {
			t.Errorf("%s: %d presentations, want %d", lang, len(l.Presentations), len(boxes))
		}
		for _, p := range l.Presentations {
			if len(p.Boxes) != 1 || boxes["$(presentation."+p.ID+")"] != p.Boxes[0].Ref || p.Boxes[0].Label == "" {
				t.Errorf("%s: presentation %+v", lang, p)
			}
		}
	}
}
