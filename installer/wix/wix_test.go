package wix

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// element is one start tag of a source.
type element struct {
	name string
	attr map[string]string
	text string // what stands between start and end
}

func read(t *testing.T, file string) []element {
	t.Helper()
	b, err := Sources.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range b {
		if c > 126 {
			t.Fatalf("%s: byte %d is no ASCII; wixl writes no code page for it", file, i)
		}
	}
	var all []element
	d := xml.NewDecoder(strings.NewReader(string(b)))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			e := element{tok.Name.Local, map[string]string{}, ""}
			for _, a := range tok.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			all = append(all, e)
		case xml.CharData:
			if len(all) > 0 {
				all[len(all)-1].text += strings.TrimSpace(string(tok))
			}
		}
	}
}

var files = []string{"server.wxs", "workstation.wxs"}

// upgradeCodes are how Windows Installer knows that one installer replaces another:
// with a new one the old version stays beside the new.
var upgradeCodes = map[string]string{
	"server.wxs":      "844F6F02-B5D9-4B6D-AAE1-F3443D6BC9F9",
	"workstation.wxs": "416888EE-46BA-4AA3-B8F3-1886C58369B7",
}

func TestProductsAreUpgradedAndNotDoubled(t *testing.T) {
	for _, f := range files {
		var product, upgrade, pack int
		for _, e := range read(t, f) {
			switch e.name {
			case "Product":
				product++
				if e.attr["UpgradeCode"] != upgradeCodes[f] || e.attr["Id"] != "*" || e.attr["Version"] != "$(var.Version)" {
					t.Errorf("%s: %v", f, e.attr)
				}
			case "Upgrade":
				upgrade++
				if e.attr["Id"] != upgradeCodes[f] {
					t.Errorf("%s replaces another product: %v", f, e.attr)
				}
			case "Package":
				pack++
				if e.attr["InstallScope"] != "perMachine" {
					t.Errorf("%s is not for the machine: %v", f, e.attr)
				}
			}
		}
		if product != 1 || upgrade != 1 || pack != 1 {
			t.Errorf("%s: %d products, %d upgrades, %d packages", f, product, upgrade, pack)
		}
	}
}

func TestComponentsHaveTheirOwnIdentifiersAndAreInstalled(t *testing.T) {
	guid := regexp.MustCompile(`^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$`)
	seen := map[string]string{}
	for _, f := range files {
		var made, wanted []string
		for _, e := range read(t, f) {
			switch e.name {
			case "Component":
				made = append(made, e.attr["Id"])
				id := e.attr["Guid"]
				if !guid.MatchString(id) || seen[id] != "" || e.attr["Win64"] != "yes" {
					t.Errorf("%s: component %s: %v, also %s", f, e.attr["Id"], e.attr, seen[id])
				}
				seen[id] = f + " " + e.attr["Id"]
			case "ComponentRef":
				wanted = append(wanted, e.attr["Id"])
			}
		}
		slices.Sort(made)
		slices.Sort(wanted)
		if !slices.Equal(made, wanted) {
			t.Errorf("%s: components %v, installed %v", f, made, wanted)
		}
	}
}

func TestOnlyWhatWixlUnderstandsIsUsed(t *testing.T) {
	known := strings.Fields("Wix Product Package Upgrade UpgradeVersion Condition Media Property Directory Component File ServiceInstall ServiceControl " +
		"RegistryValue RegistrySearch Shortcut RemoveFolder Feature ComponentRef CustomAction InstallExecuteSequence RemoveExistingProducts Custom")
	for _, f := range files {
		for _, e := range read(t, f) {
			if !slices.Contains(known, e.name) {
				t.Errorf("%s: <%s> is rejected or ignored by wixl", f, e.name)
			}
			if e.attr["Before"] != "" || e.attr["After"] != "" {
				t.Errorf("%s: %s: wixl puts Before and After out of order; give a number", f, e.attr["Action"])
			}
		}
	}
}

func TestActionsRunWhereTheirFilesAreThere(t *testing.T) {
	actions, sequence := map[string]element{}, map[string]int{}
	conditions := map[string]string{}
	for _, e := range read(t, "server.wxs") {
		switch e.name {
		case "CustomAction":
			if e.attr["Property"] != "" {
				continue // needs no file
			}
			actions[e.attr["Id"]] = e
			if e.attr["Impersonate"] != "no" || e.attr["FileKey"] != "AgentExe" {
				t.Errorf("%v", e.attr)
			}
		case "Custom":
			n, err := strconv.Atoi(e.attr["Sequence"])
			if err != nil {
				t.Error(err)
			}
			sequence[e.attr["Action"]], conditions[e.attr["Action"]] = n, e.text
		}
	}
	const appSearch, installInitialize, removeExisting = 400, 1500, 1510
	const stopServices, removeFiles, installFiles, installServices, startServices = 1900, 3500, 4000, 5800, 5900
	for id := range actions {
		n, ok := sequence[id]
		if !ok {
			t.Errorf("%s is never called", id)
		}
		switch removing := strings.HasPrefix(conditions[id], `REMOVE="ALL"`); {
		case id == "ResumeFormer": // it runs last when everything was taken back: it must be written down first
			if n <= installInitialize || n >= removeExisting || actions[id].attr["Execute"] != "rollback" {
				t.Errorf("%s at %d: %v", id, n, actions[id].attr)
			}
		case id == "Resume":
			if n <= startServices {
				t.Errorf("%s at %d: before the service that has no name", id, n)
			}
		case removing && (n >= stopServices || n >= removeFiles):
			t.Errorf("%s at %d: the agent is not there any more", id, n)
		case !removing && (n <= installServices || n <= installFiles || n >= startServices):
			t.Errorf("%s at %d: the service is not there yet, or runs already", id, n)
		}
	}
	if sequence["UndoConfigure"] >= sequence["Configure"] {
		t.Error("what undoes must be written down before what it undoes")
	}
	if a := actions["Done"].attr; a["Execute"] != "commit" || sequence["Done"] <= sequence["Configure"] {
		t.Errorf("what was made is settled before everything is done: %v", a)
	}
	if n := sequence["KeepAccount"]; n <= appSearch || n >= removeExisting {
		t.Errorf("the account is looked at before it is read, or after it is gone: %d", n)
	}
	for _, id := range []string{"Unconfigure", "Purge"} {
		if !strings.Contains(conditions[id], "NOT UPGRADINGPRODUCTCODE") {
			t.Errorf("%s runs in upgrades too: %s", id, conditions[id])
		}
	}
}

func TestBothLanguagesHaveTheSameTexts(t *testing.T) {
	define := regexp.MustCompile(`<\?define (\w+) = "([^"]*)" \?>`)
	used := map[string]bool{"Version": true}
	texts := map[string]map[string]string{}
	for _, f := range []string{"de.wxi", "en.wxi"} {
		b, err := Sources.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		texts[f] = map[string]string{}
		for _, m := range define.FindAllStringSubmatch(string(b), -1) {
			texts[f][m[1]] = m[2]
			used[m[1]] = false
		}
		for _, c := range string(b) {
			if c > 126 {
				t.Errorf("%s: %q is no ASCII", f, c)
			}
		}
	}
	for _, f := range files {
		b, _ := Sources.ReadFile(f)
		for _, m := range regexp.MustCompile(`\$\(var\.(\w+)\)`).FindAllStringSubmatch(string(b), -1) {
			used[m[1]] = true
			if m[1] != "Version" && (texts["de.wxi"][m[1]] == "" || texts["en.wxi"][m[1]] == "") {
				t.Errorf("%s: no text %s in both languages", f, m[1])
			}
		}
	}
	for name, yes := range used {
		if !yes {
			t.Errorf("nobody uses %s", name)
		}
	}
}
