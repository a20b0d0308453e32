package window

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

func luminance(c color.NRGBA) float64 {
	f := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*f(c.R) + 0.7152*f(c.G) + 0.0722*f(c.B)
}

func contrast(a, b color.NRGBA) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// WCAG 2.2, 1.4.3 (text) and 1.4.11 (edges of controls).
func TestContrast(t *testing.T) {
	type pair struct{ ink, paper fyne.ThemeColorName }
	text := []pair{}
	for _, paper := range []fyne.ThemeColorName{theme.ColorNameBackground, colorCard, colorSidebar, colorNotice, colorSelected, theme.ColorNameOverlayBackground, theme.ColorNameInputBackground, theme.ColorNameMenuBackground} {
		for _, ink := range []fyne.ThemeColorName{theme.ColorNameForeground, colorMuted} {
			text = append(text, pair{ink, paper})
		}
	}
	text = append(text,
		pair{theme.ColorNameForeground, theme.ColorNameButton},
		pair{theme.ColorNameForegroundOnPrimary, theme.ColorNamePrimary},
		pair{theme.ColorNameForegroundOnError, theme.ColorNameError},
		pair{theme.ColorNameForegroundOnWarning, theme.ColorNameWarning},
		pair{theme.ColorNameWarning, colorNotice}, pair{theme.ColorNameError, theme.ColorNameBackground},
		pair{theme.ColorNameError, colorCard}, pair{theme.ColorNameSuccess, colorCard},
		pair{theme.ColorNamePrimary, colorSelected}, pair{theme.ColorNameHyperlink, colorCard},
		pair{theme.ColorNamePlaceHolder, theme.ColorNameInputBackground},
		pair{theme.ColorNameDisabled, colorCard},
	)
	for name, p := range map[string]palette{"light": light(), "dark": dark()} {
		for _, c := range text {
			if got := contrast(p[c.ink], p[c.paper]); got < 4.5 {
				t.Errorf("%s: %s on %s has %.2f:1", name, c.ink, c.paper, got)
			}
		}
		for _, c := range []pair{{theme.ColorNameInputBorder, theme.ColorNameInputBackground}, {theme.ColorNamePrimary, colorTrack}} {
			if got := contrast(p[c.ink], p[c.paper]); got < 3 {
				t.Errorf("%s: the edge %s on %s has %.2f:1", name, c.ink, c.paper, got)
			}
		}
	}
}

func TestBothVariantsHaveTheSameColours(t *testing.T) {
	for name := range light() {
		if _, ok := dark()[name]; !ok {
			t.Errorf("dark lacks %s", name)
		}
	}
	if len(light()) != len(dark()) {
		t.Error("light lacks some of dark's colours")
	}
}
