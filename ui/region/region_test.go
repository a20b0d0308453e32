package region

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"abgleich/assets"
)

// written is how a region writes the afternoon of 9 March 2026, and two numbers.
func written(lang assets.Lang, r assets.Region) string {
	c := assets.Texts(lang).In(r)
	at := time.Date(2026, 3, 9, 14, 5, 7, 0, time.UTC)
	return strings.Join([]string{c.Date(at), c.Clock(at), c.Int(1234), c.Int(-1234567), c.Length(2500 * time.Millisecond)}, " | ")
}

// What glibc 2.36 prints.
func locale(date, clock, ampm, amPM, decimal, thousands, grouping string) string {
	return "LC_TIME\nabday=\"So;Mo\"\nd_fmt=\"" + date + "\"\nt_fmt=\"" + clock + "\"\nam_pm=\"" + amPM + "\"\nt_fmt_ampm=\"" + ampm +
		"\"\ndecimal_point=\"" + decimal + "\"\nthousands_sep=\"" + thousands + "\"\ngrouping=" + grouping + "\n"
}

func TestLocalesOfLinux(t *testing.T) {
	for name, tt := range map[string]struct {
		output string
		lang   assets.Lang
		want   string
	}{
		"de_AT":                             {locale("%Y-%m-%d", "%T", "", ";", ",", ".", "3;3"), assets.German, "2026-03-09 | 14:05 | 1.234 | -1.234.567 | 2,5 s"},
		"de_DE":                             {locale("%d.%m.%Y", "%T", "", ";", ",", ".", "3;3"), assets.English, "09.03.2026 | 14:05 | 1.234 | -1.234.567 | 2,5 s"},
		"de_CH":                             {locale("%d.%m.%Y", "%T", "", ";", ".", "’", "3;3"), assets.German, "09.03.2026 | 14:05 | 1’234 | -1’234’567 | 2.5 s"},
		"en_US":                             {locale("%m/%d/%Y", "%r", "%I:%M:%S %p", "AM;PM", ".", ",", "3;3"), assets.English, "03/09/2026 | 02:05 PM | 1,234 | -1,234,567 | 2.5 s"},
		"en_GB":                             {locale("%d/%m/%y", "%T", "%l:%M:%S %P %Z", "am;pm", ".", ",", "3;3"), assets.English, "09/03/26 | 14:05 | 1,234 | -1,234,567 | 2.5 s"},
		"en_IN":                             {locale("%d/%m/%y", "%I:%M:%S %p %Z", "%I:%M:%S %p %Z", "AM;PM", ".", ",", "3;2"), assets.English, "09/03/26 | 02:05 PM | 1,234 | -12,34,567 | 2.5 s"},
		"ja_JP":                             {locale("%Y年%m月%d日", "%H時%M分%S秒", "", "午前;午後", ".", ",", "3;3"), assets.English, "2026年03月09日 | 14時05分07秒 | 1,234 | -1,234,567 | 2.5 s"},
		"one that groups nothing":           {locale("%d-%m-%Y", "%H.%M.%S", "", ";", ",", "", "-1"), assets.German, "09-03-2026 | 14.05 | 1234 | -1234567 | 2,5 s"},
		"C: the language's":                 {locale("%m/%d/%y", "%H:%M:%S", "%I:%M:%S %p", "AM;PM", ".", "", "-1"), assets.German, "09.03.2026 | 14:05 | 1.234 | -1.234.567 | 2,5 s"},
		"nothing: the language's":           {"", assets.English, "9 Mar 2026 | 14:05 | 1,234 | -1,234,567 | 2.5 s"},
		"what nobody knows: the language's": {locale("%Q", "%Q", "", ";", ",", ".", "3;3"), assets.German, "09.03.2026 | 14:05 | 1.234 | -1.234.567 | 2,5 s"},
	} {
		if got := written(tt.lang, FromLocale(tt.output)); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestSettingsOfWindows(t *testing.T) {
	for name, tt := range map[string]struct {
		s    Settings
		lang assets.Lang
		want string
	}{
		"de-AT":                             {Settings{"dd.MM.yyyy", "HH:mm", "", "", ",", " ", "3;0"}, assets.German, "09.03.2026 | 14:05 | 1 234 | -1 234 567 | 2,5 s"},
		"de-CH":                             {Settings{"dd.MM.yyyy", "HH:mm", "", "", ".", "’", "3;0"}, assets.German, "09.03.2026 | 14:05 | 1’234 | -1’234’567 | 2.5 s"},
		"de-CH as it was before Windows 10": {Settings{"dd.MM.yyyy", "HH:mm", "", "", ".", "'", "3;0"}, assets.German, "09.03.2026 | 14:05 | 1'234 | -1'234'567 | 2.5 s"},
		"en-US":                             {Settings{"M/d/yyyy", "h:mm tt", "AM", "PM", ".", ",", "3;0"}, assets.English, "3/9/2026 | 2:05 PM | 1,234 | -1,234,567 | 2.5 s"},
		"en-GB":                             {Settings{"dd/MM/yyyy", "HH:mm", "AM", "PM", ".", ",", "3;0"}, assets.English, "09/03/2026 | 14:05 | 1,234 | -1,234,567 | 2.5 s"},
		"en-IN":                             {Settings{"dd-MM-yyyy", "HH:mm", "AM", "PM", ".", ",", "3;2;0"}, assets.English, "09-03-2026 | 14:05 | 1,234 | -12,34,567 | 2.5 s"},
		"bg-BG":                             {Settings{"d.M.yyyy 'г.'", "H:mm", "", "", ",", " ", "3;0"}, assets.German, "9.3.2026 г. | 14:05 | 1 234 | -1 234 567 | 2,5 s"},
		"one changed by hand":               {Settings{"ddd, d-MMM-yy", "h.mm t", "v", "n", ",", "", "0;0"}, assets.English, "9-Mar-26 | 2.05 n | 1234 | -1234567 | 2,5 s"},
		"one that groups once":              {Settings{"", "", "", "", ",", ".", "3"}, assets.German, "09.03.2026 | 14:05 | 1234 | -1234567 | 2,5 s"},
	} {
		if got := written(tt.lang, FromSettings(tt.s)); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestNoonAndMidnightWithTwelveHours(t *testing.T) {
	c := assets.Texts(assets.English).In(assets.Region{Clock: "h:mm tt"})
	for hour, want := range map[int]string{0: "12:05 AM", 1: "1:05 AM", 11: "11:05 AM", 12: "12:05 PM", 13: "1:05 PM", 23: "11:05 PM"} {
		if got := c.Clock(time.Date(2026, 3, 9, hour, 5, 0, 0, time.UTC)); got != want {
			t.Errorf("%d o'clock: %s", hour, got)
		}
	}
}

// The system itself is asked, with a locale made for the test.
func TestTheSystemsLocaleIsTheEnvironments(t *testing.T) {
	if _, err := exec.LookPath("localedef"); err != nil {
		t.Skip("no localedef here")
	}
	folder := t.TempDir()
	if out, err := exec.Command("localedef", "-i", "de_CH", "-f", "UTF-8", filepath.Join(folder, "de_CH.UTF-8")).CombinedOutput(); err != nil {
		t.Skipf("no sources of locales here: %s", out)
	}
	for _, name := range []string{"LC_ALL", "LC_NUMERIC", "LC_TIME"} {
		t.Setenv(name, "")
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("LOCPATH", folder)
	t.Setenv("LANG", "C")
	t.Setenv("LC_NUMERIC", "de_CH.UTF-8")
	if got, want := written(assets.German, System(t.Context())), "09.03.2026 | 14:05 | 1’234 | -1’234’567 | 2.5 s"; got != want {
		t.Errorf("numbers as in Switzerland: %s, want %s", got, want)
	}
	t.Setenv("LC_ALL", "C")
	if got, want := written(assets.German, System(t.Context())), "09.03.2026 | 14:05 | 1.234 | -1.234.567 | 2,5 s"; got != want {
		t.Errorf("the locale of no country: %s, want %s", got, want)
	}
}
