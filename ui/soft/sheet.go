package soft

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"abgleich/ui/soft/screen"
)

// sheet is Fyne's canvas in memory, which lays out and keeps the focus, with
// what a window on a screen adds: it knows when it has to be painted.
type sheet struct {
	test.WindowlessCanvas
	painter        *painter
	sizes          sizes
	dirty          bool
	painting       bool // making tiles refreshes copies of objects
	window         fyne.Size
	keyDown, keyUp func(*fyne.KeyEvent)
	changed        func() // called when it becomes dirty
}

var _ desktop.Canvas = (*sheet)(nil)

func newSheet(changed func()) *sheet {
	return &sheet{WindowlessCanvas: software.NewCanvas(), painter: newPainter(), changed: changed}
}

// SetDirty asks for a paint. Fyne's objects call it when they move or hide.
func (c *sheet) SetDirty() {
	if c.dirty || c.painting {
		return
	}
	c.dirty = true
	c.changed()
}

// Refresh asks for a paint. Fyne's objects call it when they look different.
func (c *sheet) Refresh(fyne.CanvasObject) { c.SetDirty() }

// SetContent shows other content in the size the window has.
func (c *sheet) SetContent(o fyne.CanvasObject) {
	c.WindowlessCanvas.SetContent(o)
	if !c.window.IsZero() {
		c.WindowlessCanvas.Resize(c.window)
	}
	c.SetDirty()
}

// resize takes the window's size on, in Fyne units.
func (c *sheet) resize(size fyne.Size) {
	c.window = size
	c.WindowlessCanvas.Resize(size)
	c.SetDirty()
}

// rescale takes another number of pixels a unit.
func (c *sheet) rescale(scale float32) {
	if scale == c.Scale() {
		return
	}
	c.SetScale(scale)
	c.painter.forget()
	c.SetDirty()
}

// least is the size below which the content doesn't fit.
func (c *sheet) least() fyne.Size {
	if c.Content() == nil {
		return fyne.NewSize(1, 1)
	}
	size := c.Content().MinSize()
	if c.Padded() {
		size = size.Add(fyne.NewSquareSize(2 * theme.Padding()))
	}
	return size
}

// InteractiveArea is all of it: nothing lies over the window's inside.
func (c *sheet) InteractiveArea() (fyne.Position, fyne.Size) { return fyne.Position{}, c.Size() }

// Overlays are what lies above the content: menus and dialogs.
func (c *sheet) Overlays() fyne.OverlayStack { return overlays{c.WindowlessCanvas.Overlays(), c} }

// overlays puts those that cover the canvas where they belong. Fyne's canvas in
// memory has a border that must stay free, for the sake of its tests.
type overlays struct {
	fyne.OverlayStack
	sheet *sheet
}

// Add puts an overlay above the others.
func (o overlays) Add(overlay fyne.CanvasObject) {
	o.OverlayStack.Add(overlay)
	border, inner := o.sheet.WindowlessCanvas.InteractiveArea()
	if overlay != nil && overlay.Position() == border && overlay.Size() == inner {
		overlay.Move(fyne.Position{})
		overlay.Resize(o.sheet.Size())
	}
	o.sheet.SetDirty()
}

// Remove takes an overlay and all above it away.
func (o overlays) Remove(overlay fyne.CanvasObject) {
	o.OverlayStack.Remove(overlay)
	o.sheet.SetDirty()
}

// trees are the content and what lies above it.
func (c *sheet) trees() []fyne.CanvasObject {
	return append([]fyne.CanvasObject{c.Content()}, c.Overlays().List()...)
}

// paint draws the canvas as it is now.
func (c *sheet) paint(f *screen.Frame) {
	c.painting = true
	c.sizes.settle(c.trees())
	c.painter.paint(f, c.trees(), c.Scale(), theme.Color(theme.ColorNameBackground))
	c.painting, c.dirty = false, false
}

// frame is an empty frame of the canvas's size.
func (c *sheet) frame() *screen.Frame {
	return screen.NewFrame(px(c.Size().Width, c.Scale()), px(c.Size().Height, c.Scale()))
}

// Capture paints it into a picture.
func (c *sheet) Capture() image.Image {
	f := c.frame()
	dirty := c.dirty
	c.paint(f)
	c.dirty = dirty
	img := image.NewNRGBA(f.Bounds())
	for i, p := range f.Pix {
		img.Pix[4*i], img.Pix[4*i+1], img.Pix[4*i+2], img.Pix[4*i+3] = uint8(p>>16), uint8(p>>8), uint8(p), 0xff
	}
	return img
}

// OnKeyDown is what SetOnKeyDown set.
func (c *sheet) OnKeyDown() func(*fyne.KeyEvent) { return c.keyDown }

// SetOnKeyDown is told of keys when nothing has the focus.
func (c *sheet) SetOnKeyDown(f func(*fyne.KeyEvent)) { c.keyDown = f }

// OnKeyUp is what SetOnKeyUp set.
func (c *sheet) OnKeyUp() func(*fyne.KeyEvent) { return c.keyUp }

// SetOnKeyUp is told of keys when nothing has the focus.
func (c *sheet) SetOnKeyUp(f func(*fyne.KeyEvent)) { c.keyUp = f }
