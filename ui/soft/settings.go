package soft

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// settings are the look: a theme, light or dark.
type settings struct {
	theme     fyne.Theme
	variant   fyne.ThemeVariant
	fixed     bool // asked for: doesn't follow the desktop
	listeners []func(fyne.Settings)
	channels  []chan fyne.Settings
	restyle   func()
}

// newSettings takes "light" or "dark" when asked for, else what the desktop has.
func newSettings(asked string, dark bool, restyle func()) *settings {
	s := &settings{theme: theme.DefaultTheme(), restyle: restyle}
	switch asked {
	case "light":
		s.variant, s.fixed = theme.VariantLight, true
	case "dark":
		s.variant, s.fixed = theme.VariantDark, true
	default:
		s.variant = variant(dark)
	}
	return s
}

func variant(dark bool) fyne.ThemeVariant {
	if dark {
		return theme.VariantDark
	}
	return theme.VariantLight
}

// look follows the desktop.
func (s *settings) look(dark bool) {
	if v := variant(dark); !s.fixed && v != s.variant {
		s.variant = v
		s.apply()
	}
}

// Theme is the theme in use.
func (s *settings) Theme() fyne.Theme { return s.theme }

// SetTheme shows everything in another theme.
func (s *settings) SetTheme(t fyne.Theme) {
	s.theme = t
	s.apply()
}

func (s *settings) apply() {
	s.restyle()
	for _, f := range s.listeners {
		f(s)
	}
	for _, c := range s.channels {
		select {
		case c <- s:
		default: // nobody listens just now
		}
	}
}

// ThemeVariant is light or dark.
func (s *settings) ThemeVariant() fyne.ThemeVariant { return s.variant }

// Scale is 1: what the person asks for is in the canvas's scale already.
func (s *settings) Scale() float32 { return 1 }

// PrimaryColor is Fyne's default; our theme has its own.
func (s *settings) PrimaryColor() string { return theme.ColorBlue }

// AddListener is told after the theme or its variant changed.
func (s *settings) AddListener(f func(fyne.Settings)) { s.listeners = append(s.listeners, f) }

// AddChangeListener is the old form of AddListener.
func (s *settings) AddChangeListener(c chan fyne.Settings) { s.channels = append(s.channels, c) }

// BuildType is the plain one.
func (s *settings) BuildType() fyne.BuildType { return fyne.BuildStandard }

// ShowAnimations is false: each step would have to cross the network to a remote
// desktop.
func (s *settings) ShowAnimations() bool { return false }
