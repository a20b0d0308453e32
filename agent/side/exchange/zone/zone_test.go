package zone

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func TestZonesGoToWindowsAndBack(t *testing.T) {
	for iana, want := range map[string][2]string{
		"Europe/Vienna":           {"W. Europe Standard Time", "Europe/Berlin"},
		"Europe/Berlin":           {"W. Europe Standard Time", "Europe/Berlin"},
		"Asia/Kolkata":            {"India Standard Time", "Asia/Calcutta"},
		"Asia/Calcutta":           {"India Standard Time", "Asia/Calcutta"},
		"Asia/Kathmandu":          {"Nepal Standard Time", "Asia/Katmandu"},
		"UTC":                     {"UTC", "UTC"},
		"Etc/UTC":                 {"UTC", "UTC"},
		"America/Argentina/Salta": {"Argentina Standard Time", "America/Buenos_Aires"},
	} {
		w, ok := Windows(iana)
		back, ok2 := IANA(w)
		if !ok || !ok2 || w != want[0] || back != want[1] || Canonical(iana) != want[1] {
			t.Errorf("%s: %q %q %q", iana, w, back, Canonical(iana))
		}
	}
	if Canonical("Mars/Olympus") != UTC || Canonical("") != UTC {
		t.Error("unknown zones must become UTC")
	}
	if _, ok := IANA("tzone://Microsoft/Custom"); ok {
		t.Error("a custom zone is known")
	}
}

func TestEveryWindowsZoneStandsForItselfAndCanBeLoaded(t *testing.T) {
	n := 0
	for _, iana := range allNames() {
		w, ok := Windows(iana)
		if !ok {
			continue
		}
		n++
		c, ok := IANA(w)
		if !ok {
			t.Errorf("%s -> %q leads nowhere", iana, w)
			continue
		}
		if Canonical(c) != c {
			t.Errorf("%s is no fixpoint: %s", c, Canonical(c))
		}
		if _, err := time.LoadLocation(c); err != nil {
			t.Errorf("%s: %v", c, err)
		}
	}
	if n < 15 {
		t.Errorf("only %d zones known", n)
	}
}

func allNames() []string {
	return []string{
		"Africa/Cairo", "Africa/Johannesburg", "America/New_York", "America/Sao_Paulo", "America/St_Johns",
		"Asia/Beirut", "Asia/Tokyo", "Asia/Kathmandu", "Atlantic/Azores", "Australia/Lord_Howe", "Australia/Sydney",
		"Europe/London", "Europe/Kiev", "Europe/Kyiv", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Pago_Pago",
		"Etc/GMT+12", "US/Pacific",
	}
}

// FuzzNames: zone names come from other programs; any answer is a name that stands
// for itself.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"", "Europe/Vienna", "W. Europe Standard Time", "UTC", "Customized Time Zone", "europe/vienna", "../etc/passwd", "tzone://Microsoft/Utc"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if w, ok := Windows(name); ok {
			i, known := IANA(w)
			if again, same := Windows(i); !known || !same || again != w {
				t.Errorf("%q is %q, that is %q, that is %q", name, w, i, again)
			}
		}
		if c := Canonical(name); Canonical(c) != c {
			t.Errorf("%q becomes %q becomes %q", name, c, Canonical(c))
		}
	})
}
