package main

import (
	"io"
	"testing"

	"abgleich/assets"
	"abgleich/ui/preferences"
)

func TestCommandLine(t *testing.T) {
	tests := []struct {
		name          string
		args          []string
		address, lang string
		fails         bool
	}{
		{"nothing", nil, "", "", false},
		{"both", []string{"--agent", "a-socket", "--lang", "en"}, "a-socket", "en", false},
		{"an instance", []string{"--agent", "localhost/steyr"}, "localhost/steyr", "", false},
		{"an instance with a name none can have", []string{"--agent", "localhost/a b"}, "", "", true},
		{"an unknown language", []string{"--lang", "fr"}, "", "", true},
		{"started by the logon", []string{"--autostart"}, "", "", false},
		{"a stray word", []string{"status"}, "", "", true},
		{"an unknown flag", []string{"--password", "x"}, "", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := parse(tt.args, io.Discard)
			if (err != nil) != tt.fails || !tt.fails && (o.address != tt.address || o.lang != tt.lang) {
				t.Errorf("%+v, %v", o, err)
			}
		})
	}
}

func TestTheLanguageIsTheOneAskedForThenChosenThenOfTheSystem(t *testing.T) {
	env := func(vars map[string]string) func(string) string { return func(k string) string { return vars[k] } }
	tests := []struct {
		name, asked, chosen string
		env                 map[string]string
		want                assets.Lang
	}{
		{"asked for", "en", "de", nil, assets.English},
		{"chosen", "", "en", map[string]string{"LANG": "de_AT.UTF-8"}, assets.English},
		{"of the system", "", "", map[string]string{"LANG": "en_GB.UTF-8"}, assets.English},
		{"LC_ALL before LANG", "", "", map[string]string{"LANG": "en_GB.UTF-8", "LC_ALL": "de_DE"}, assets.German},
		{"one we don't have", "", "", map[string]string{"LANG": "fr_FR"}, assets.German},
		{"the C locale", "", "", map[string]string{"LANG": "C"}, assets.German},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := language(tt.asked, preferences.Preferences{Lang: tt.chosen}, env(tt.env)); got != tt.want {
				t.Errorf("got %s", got)
			}
		})
	}
}
