// Package assets holds what a person sees and no code should repeat: the icons
// (drawn as SVG, kept as PNG and as Windows icons too) and every text of screen,
// tray and notice in German and English.
//
// Texts are found by key ([Texts], [Catalog]). Each key has a note for the
// translator, and the tests make sure that both languages have the same keys and
// placeholders, that every fault code has its sentence and its hint, and that
// none is missing, unused or too long. Numbers, times and spans are written in
// the language's own format.
//
// The package promises never to fail: an unknown key comes back as itself, an
// unknown language is German. It imports nothing of ours and must not know who
// shows an icon or a text.
package assets

import (
	"embed"
	"fmt"
)

//go:embed icon/*.svg icon/png/*.png icon/ico/*.ico
var icons embed.FS

//go:embed text/de.json text/en.json
var texts embed.FS

// Icon names a picture. The seven states differ in shape, not only in colour.
type Icon string

// The icons there are. Those for the window only have no ICO.
const (
	App               Icon = "app"
	StateNotSetUp     Icon = "not-set-up"
	StateFine         Icon = "fine"
	StateSyncing      Icon = "syncing"
	StatePaused       Icon = "paused"
	StateOffline      Icon = "offline"
	StateAttention    Icon = "attention"
	StateCredentials  Icon = "credentials"
	StageFailed       Icon = "failed"              // window only
	StageSkipped      Icon = "skipped"             // window only
	StageRunning      Icon = "running"             // window only
	PageCredentials   Icon = "page-credentials"    // window only, one colour, to be tinted
	PageStatus        Icon = "page-status"         // window only, one colour, to be tinted
	PageProblems      Icon = "page-problems"       // window only, one colour, to be tinted
	PageSetup         Icon = "page-setup"          // window only, one colour, to be tinted
	PageCompare       Icon = "page-compare"        // window only, one colour, to be tinted
	PageHistory       Icon = "page-history"        // window only, one colour, to be tinted
	PageDiagnostics   Icon = "page-diagnostics"    // window only, one colour, to be tinted
	PageAdmin         Icon = "page-administration" // window only, one colour, to be tinted
	PageOptions       Icon = "page-options"        // window only, one colour, to be tinted
	KindOfAppointment Icon = "kind-appointment"    // window only, one colour, to be tinted
	KindOfTask        Icon = "kind-task"           // window only, one colour, to be tinted
)

// TrayIcons lists the icons a tray shows, the program's own first.
func TrayIcons() []Icon {
	return []Icon{App, StateNotSetUp, StateFine, StateSyncing, StatePaused, StateOffline, StateAttention, StateCredentials}
}

// Turn gives the pictures of the state that moves, in the order of the turn.
func Turn() []Icon { return []Icon{StateSyncing, "syncing-2", "syncing-3", "syncing-4"} }

// OnDark gives a state's twin for dark task bars. The plain one is for light bars,
// and readable where nobody knows how bright the bar is.
func OnDark(state Icon) Icon { return state + "-dark" }

// IconSizes lists the edge lengths in pixels in which a tray icon exists as PNG
// and inside its ICO: 16 points at 100 to 300 %, and 32 points, which Windows asks
// for, at up to 300 %.
func IconSizes() []int { return []int{16, 20, 24, 32, 40, 48, 64, 96} }

// SVG gives an icon's source, or nil for a name that doesn't exist. What is made
// from another drawing ([Turn], [OnDark]) has none of its own.
func SVG(icon Icon) []byte { return read("icon/" + string(icon) + ".svg") }

// WindowSize is the edge length in pixels in which every icon exists as PNG, for
// use inside a window.
const WindowSize = 96

// PNG gives a tray icon in one of [IconSizes], any icon in [WindowSize], or nil.
func PNG(icon Icon, size int) []byte {
	return read(fmt.Sprintf("icon/png/%s-%d.png", icon, size))
}

// ICO gives a tray icon as Windows icon file with all sizes, or nil.
func ICO(icon Icon) []byte { return read("icon/ico/" + string(icon) + ".ico") }

func read(name string) []byte {
	data, err := icons.ReadFile(name)
	if err != nil {
		return nil
	}
	return data
}
