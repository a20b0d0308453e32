// Package screen is a plain window of the operating system, without OpenGL and
// without cgo: it shows pixels that somebody else has painted, and tells what
// keyboard, mouse and window manager do. On Windows it is a Win32 window painted
// by GDI, elsewhere one of X11.
//
// It promises that nothing is painted and nothing runs while nothing happens. All
// methods but [Window.Do] belong to the goroutine that opened the window and runs
// it. The package must not know what is shown: neither Fyne nor Abgleich.
package screen

import "image"

// Frame is a picture for the window, row by row, each pixel 0x00RRGGBB.
type Frame struct {
	W, H int
	Pix  []uint32
}

// NewFrame is a black picture of this size in pixels.
func NewFrame(w, h int) *Frame { return &Frame{w, h, make([]uint32, w*h)} }

// Row is one row of pixels, the first is 0.
func (f *Frame) Row(y int) []uint32 { return f.Pix[y*f.W : (y+1)*f.W] }

// Bounds is the whole picture.
func (f *Frame) Bounds() image.Rectangle { return image.Rect(0, 0, f.W, f.H) }

// Event is something that happened to the window: one of the types below.
type Event any

// Resized tells the size of the window's inside in pixels.
type Resized struct{ W, H int }

// Rescaled tells how many pixels a unit has now: 1 at 96 dots an inch.
type Rescaled struct{ Scale float32 }

// Exposed tells that the window has lost its picture and needs it again.
type Exposed struct{}

// Pointed tells where the pointer is, in pixels from the top left corner.
type Pointed struct{ X, Y int }

// Left tells that the pointer has left the window.
type Left struct{}

// Button is one of the mouse's.
type Button int

// The buttons there are.
const (
	Primary Button = iota + 1
	Middle
	Secondary
)

// Pressed tells that a mouse button went down or up.
type Pressed struct {
	X, Y   int
	Button Button
	Down   bool
	Mods   Mods
}

// Wheeled tells that the wheel was turned, in notches; up and left are positive.
type Wheeled struct {
	X, Y   int
	DX, DY float32
}

// Mods are the keys held beside another.
type Mods int

// The modifiers there are.
const (
	Shift Mods = 1 << iota
	Control
	Alt
	Super
)

// Keyed tells that a key went down, again (Repeat) or up. Name is the key's name
// as Fyne writes it ("A", "Return", "LeftShift"), "" for a key without one.
type Keyed struct {
	Name         string
	Down, Repeat bool
	Mods         Mods
}

// Typed is one character of text, after dead keys and AltGr were applied. It
// follows the Keyed it comes from.
type Typed struct{ Rune rune }

// Focused tells whether the window has the keyboard now.
type Focused struct{ On bool }

// CloseAsked tells that a person wants to close the window; it stays open.
type CloseAsked struct{}

// Looked tells that the desktop became dark or light.
type Looked struct{ Dark bool }

// Cursor is a shape of the pointer.
type Cursor int

// The shapes there are.
const (
	Arrow Cursor = iota
	Beam
	Hand
	Cross
	SizeH
	SizeV
	Hidden
)
