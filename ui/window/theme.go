package window

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Colours of our own, beside Fyne's names.
const (
	colorCard        fyne.ThemeColorName = "abgleichCard"
	colorCardBorder  fyne.ThemeColorName = "abgleichCardBorder"
	colorSidebar     fyne.ThemeColorName = "abgleichSidebar"
	colorMuted       fyne.ThemeColorName = "abgleichMuted"
	colorTrack       fyne.ThemeColorName = "abgleichTrack"
	colorNotice      fyne.ThemeColorName = "abgleichNotice"
	colorNoticeLine  fyne.ThemeColorName = "abgleichNoticeLine"
	colorSelected    fyne.ThemeColorName = "abgleichSelected"
	colorTransparent fyne.ThemeColorName = "abgleichTransparent"
)

// Theme is the look of the window: quiet surfaces, one strong colour, every
// text with a contrast of at least 4.5:1 (WCAG 2.2, 1.4.3), in light and dark.
type Theme struct{ fixed *fyne.ThemeVariant }

// NewTheme follows the system's choice of light or dark.
func NewTheme() *Theme { return &Theme{} }

// NewThemeVariant is always light or always dark, for pictures and tests.
func NewThemeVariant(v fyne.ThemeVariant) *Theme { return &Theme{&v} }

// palette is the colours of one variant.
type palette map[fyne.ThemeColorName]color.NRGBA

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xff}
}

func rgba(hex uint32, alpha uint8) color.NRGBA {
	c := rgb(hex)
	c.A = alpha
	return c
}

func light() palette {
	return palette{
		theme.ColorNameBackground:          rgb(0xf5f7f9),
		theme.ColorNameForeground:          rgb(0x1b2731),
		theme.ColorNamePrimary:             rgb(0x0b6b8f),
		theme.ColorNameForegroundOnPrimary: rgb(0xffffff),
		theme.ColorNameHyperlink:           rgb(0x0b6b8f),
		theme.ColorNameButton:              rgb(0xe8edf1),
		theme.ColorNameDisabledButton:      rgb(0xeef1f4),
		theme.ColorNameDisabled:            rgb(0x66737f),
		theme.ColorNamePlaceHolder:         rgb(0x66737f),
		theme.ColorNameInputBackground:     rgb(0xffffff),
		theme.ColorNameInputBorder:         rgb(0x8794a0),
		theme.ColorNameError:               rgb(0xb3261e),
		theme.ColorNameForegroundOnError:   rgb(0xffffff),
		theme.ColorNameSuccess:             rgb(0x17744a),
		theme.ColorNameForegroundOnSuccess: rgb(0xffffff),
		theme.ColorNameWarning:             rgb(0x8f5200),
		theme.ColorNameForegroundOnWarning: rgb(0xffffff),
		theme.ColorNameFocus:               rgba(0x0b6b8f, 0x48),
		theme.ColorNameHover:               rgba(0x0b2530, 0x10),
		theme.ColorNamePressed:             rgba(0x0b2530, 0x22),
		theme.ColorNameSelection:           rgba(0x0b6b8f, 0x38),
		theme.ColorNameSeparator:           rgb(0xdfe5ea),
		theme.ColorNameScrollBar:           rgba(0x1b2731, 0x60),
		theme.ColorNameScrollBarBackground: rgba(0x1b2731, 0x0c),
		theme.ColorNameShadow:              rgba(0x0b2530, 0x30),
		theme.ColorNameMenuBackground:      rgb(0xffffff),
		theme.ColorNameOverlayBackground:   rgb(0xffffff),
		theme.ColorNameHeaderBackground:    rgb(0xf5f7f9),
		colorCard:                          rgb(0xffffff),
		colorCardBorder:                    rgb(0xdfe5ea),
		colorSidebar:                       rgb(0xe6ecf0),
		colorMuted:                         rgb(0x566470),
		colorTrack:                         rgb(0xe3e9ed),
		colorNotice:                        rgb(0xfdf3e1),
		colorNoticeLine:                    rgb(0xecd3a4),
		colorSelected:                      rgb(0xffffff),
		colorTransparent:                   {},
	}
}

func dark() palette {
	return palette{
		theme.ColorNameBackground:          rgb(0x171c21),
		theme.ColorNameForeground:          rgb(0xe8edf1),
		theme.ColorNamePrimary:             rgb(0x5ab9dc),
		theme.ColorNameForegroundOnPrimary: rgb(0x0a1d26),
		theme.ColorNameHyperlink:           rgb(0x5ab9dc),
		theme.ColorNameButton:              rgb(0x313b44),
		theme.ColorNameDisabledButton:      rgb(0x283038),
		theme.ColorNameDisabled:            rgb(0x98a4af),
		theme.ColorNamePlaceHolder:         rgb(0x98a4af),
		theme.ColorNameInputBackground:     rgb(0x171c21),
		theme.ColorNameInputBorder:         rgb(0x6c7984),
		theme.ColorNameError:               rgb(0xf58f86),
		theme.ColorNameForegroundOnError:   rgb(0x2a0906),
		theme.ColorNameSuccess:             rgb(0x63cd95),
		theme.ColorNameForegroundOnSuccess: rgb(0x06210f),
		theme.ColorNameWarning:             rgb(0xeab755),
		theme.ColorNameForegroundOnWarning: rgb(0x2a1c00),
		theme.ColorNameFocus:               rgba(0x5ab9dc, 0x50),
		theme.ColorNameHover:               rgba(0xffffff, 0x10),
		theme.ColorNamePressed:             rgba(0xffffff, 0x22),
		theme.ColorNameSelection:           rgba(0x5ab9dc, 0x40),
		theme.ColorNameSeparator:           rgb(0x333d46),
		theme.ColorNameScrollBar:           rgba(0xe8edf1, 0x60),
		theme.ColorNameScrollBarBackground: rgba(0xe8edf1, 0x0c),
		theme.ColorNameShadow:              rgba(0x000000, 0x60),
		theme.ColorNameMenuBackground:      rgb(0x262e36),
		theme.ColorNameOverlayBackground:   rgb(0x262e36),
		theme.ColorNameHeaderBackground:    rgb(0x171c21),
		colorCard:                          rgb(0x20272e),
		colorCardBorder:                    rgb(0x333d46),
		colorSidebar:                       rgb(0x11161a),
		colorMuted:                         rgb(0xa6b2bc),
		colorTrack:                         rgb(0x36414b),
		colorNotice:                        rgb(0x332a17),
		colorNoticeLine:                    rgb(0x5c4a22),
		colorSelected:                      rgb(0x262e36),
		colorTransparent:                   {},
	}
}

// Color gives our colours and, for names of a newer Fyne, its own.
func (t *Theme) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	if t.fixed != nil {
		variant = *t.fixed
	}
	p := light
	if variant == theme.VariantDark {
		p = dark
	}
	if c, ok := p()[name]; ok {
		return c
	}
	return theme.DefaultTheme().Color(name, variant)
}

// Font is Fyne's own, which holds all German letters at every size.
func (t *Theme) Font(style fyne.TextStyle) fyne.Resource { return theme.DefaultTheme().Font(style) }

// Icon is Fyne's own; pictures of ours come from package assets.
func (t *Theme) Icon(name fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(name) }

// Size gives a little more room and rounder corners than Fyne does.
func (t *Theme) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case theme.SizeNameText:
		return 14
	case theme.SizeNameHeadingText:
		return 22
	case theme.SizeNameSubHeadingText:
		return 17
	case theme.SizeNameCaptionText:
		return 12.5
	case theme.SizeNameInputRadius, theme.SizeNameSelectionRadius:
		return 6
	case theme.SizeNameInnerPadding:
		return innerPadding
	case theme.SizeNameScrollBar:
		return 10
	}
	return theme.DefaultTheme().Size(name)
}
