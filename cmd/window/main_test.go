package main

import (
	"fyne.io/fyne/v2"
	"io"
	"testing"

	"abgleich/ui/window"
)

func TestCommandLine(t *testing.T) {
	tests := []struct {
		name  string
		args  []string
		want  options
		fails bool
	}{
		{"nothing", nil, options{page: window.Status}, false},
		{"a page", []string{"problems"}, options{page: window.Problems, given: true}, false},
		{"a page before flags", []string{"credentials", "--agent", "SRV01", "--lang", "en"}, options{window.Credentials, true, "SRV01", "en"}, false},
		{"a page after flags", []string{"--lang", "de", "status"}, options{page: window.Status, given: true, lang: "de"}, false},
		{"an unknown page", []string{"nowhere"}, options{}, true},
		{"an unknown language", []string{"status", "--lang", "fr"}, options{}, true},
		{"two pages", []string{"status", "problems"}, options{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse(tt.args, io.Discard)
			if (err != nil) != tt.fails || err == nil && got != tt.want {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestAWindowIsNoLargerThanTheScreen(t *testing.T) {
	for name, tt := range map[string]struct {
		width, height int
		scale         float32
		want          fyne.Size
	}{
		"plain":               {1920, 1040, 1, fyne.NewSize(980, 700)},
		"300 % of 2160 lines": {3840, 2100, 3, fyne.NewSize(980, 700)},
		"300 % of 1080 lines": {1920, 1050, 3, fyne.NewSize(640, 350)},
		"no scale":            {1920, 1050, 0, fyne.NewSize(980, 700)},
	} {
		if got := within(fyne.NewSize(980, 700), tt.width, tt.height, tt.scale); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
