package soft

import (
	"fmt"
	"image"
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	fynecanvas "fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"abgleich/ui/soft/screen"
)

// gallery has one of everything there is to paint.
func gallery() fyne.CanvasObject {
	round := fynecanvas.NewRectangle(color.NRGBA{0x20, 0x80, 0xc0, 0xff})
	round.CornerRadius, round.StrokeWidth, round.StrokeColor = 9, 2, color.NRGBA{0x90, 0x10, 0x10, 0x80}
	round.SetMinSize(fyne.NewSize(180, 60))
	pill := fynecanvas.NewRectangle(color.NRGBA{0, 0x60, 0, 0x90})
	pill.CornerRadius = fynecanvas.RadiusMaximum
	pill.SetMinSize(fyne.NewSize(60, 20))
	odd := fynecanvas.NewRectangle(color.NRGBA{0xc0, 0xc0, 0, 0xff})
	odd.TopLeftCornerRadius = 8
	odd.SetMinSize(fyne.NewSize(40, 30))
	right := fynecanvas.NewText("rechts: Grüße, žluťoučký, Ελλάδα", color.Black)
	right.Alignment, right.TextStyle = fyne.TextAlignTrailing, fyne.TextStyle{Italic: true}
	middle := fynecanvas.NewText("Mitte", color.NRGBA{0xff, 0, 0, 0x80})
	middle.Alignment = fyne.TextAlignCenter
	circle := fynecanvas.NewCircle(color.NRGBA{0xff, 0x80, 0, 0xff})
	line := fynecanvas.NewLine(color.Black)
	line.StrokeWidth = 3
	shade := fynecanvas.NewVerticalGradient(color.Black, color.White)
	icon := fynecanvas.NewImageFromResource(theme.ConfirmIcon())
	icon.FillMode = fynecanvas.ImageFillContain
	icon.SetMinSize(fyne.NewSize(30, 24))
	entry := widget.NewEntry()
	entry.SetText("some text")
	long := widget.NewLabel("a\nb\nc\nd\ne\nf\ng\nh\ni\nj")
	scroll := container.NewVScroll(long)
	scroll.SetMinSize(fyne.NewSize(100, 60))
	return container.NewVBox(
		container.NewHBox(round, pill, odd, container.NewGridWrap(fyne.NewSize(33, 33), circle, line, shade)),
		right, middle, icon, entry, scroll, widget.NewButtonWithIcon("OK", theme.ConfirmIcon(), func() {}),
		widget.NewProgressBar(), widget.NewCheck("check", nil), widget.NewSlider(0, 9))
}

// Tiles must look like what Fyne itself paints, at every scale.
func TestTilesLookLikeFynesOwnPainting(t *testing.T) {
	for _, scale := range []float32{1, 1.25, 1.5, 2, 3} {
		t.Run(fmt.Sprint(scale), func(t *testing.T) {
			d := newDesk(t, scale, fyne.NewSize(400, 460), gallery)
			theirs := software.NewCanvas()
			theirs.SetPadded(false)
			theirs.SetScale(scale)
			theirs.SetContent(d.w.Content())
			theirs.Resize(d.w.canvas.Size())
			want := theirs.Capture()
			got := d.w.canvas.Capture()
			if got.Bounds() != want.Bounds() {
				t.Fatalf("%v, want %v", got.Bounds(), want.Bounds())
			}
			different := 0
			b := got.Bounds()
			for y := b.Min.Y; y < b.Max.Y; y++ {
				for x := b.Min.X; x < b.Max.X; x++ {
					if apart(got.At(x, y), want.At(x, y)) > 12 {
						different++
					}
				}
			}
			// Italic letters at the very edge, and Fyne's rounding of a stretched
			// border, may differ by a pixel here and there.
			if share := float64(different) / float64(b.Dx()*b.Dy()); share > 0.001 {
				t.Errorf("%d pixels of %d differ", different, b.Dx()*b.Dy())
			}
		})
	}
}

// apart is the largest difference of two colours' parts, of 255.
func apart(a, b color.Color) int {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	d := func(x, y uint32) int { return max(int(x>>8)-int(y>>8), int(y>>8)-int(x>>8)) }
	return max(d(ar, br), d(ag, bg), d(ab, bb))
}

func TestNothingIsPaintedWhileNothingChanges(t *testing.T) {
	d := newDesk(t, 1, fyne.NewSize(400, 460), gallery)
	paints, presents := d.w.canvas.painter.count, len(d.host.presents)
	d.settle()
	d.event(screen.Pointed{X: 399, Y: 459}) // over nothing
	if d.w.canvas.painter.count != paints || len(d.host.presents) != presents {
		t.Errorf("%d paints and %d pictures too many", d.w.canvas.painter.count-paints, len(d.host.presents)-presents)
	}
}

func TestOnlyWhatChangedGoesToTheScreen(t *testing.T) {
	var entry *widget.Entry
	d := newDesk(t, 1, fyne.NewSize(600, 500), func() fyne.CanvasObject {
		entry = widget.NewEntry()
		return container.NewVBox(gallery(), entry)
	})
	d.click(entry, screen.Primary)
	before := len(d.host.presents)
	d.types("x")
	if len(d.host.presents) == before {
		t.Fatal("the letter isn't shown")
	}
	field := image.Rectangle{}
	for _, p := range d.host.presents[before:] {
		field = field.Union(p)
	}
	at := d.driver.AbsolutePositionForObject(entry)
	size := entry.Size()
	if in := image.Rect(int(at.X)-2, int(at.Y)-2, int(at.X+size.Width)+2, int(at.Y+size.Height)+2); !field.In(in) || field.Dx() > 40 {
		t.Errorf("%v was painted for one letter in %v", field, in)
	}
	assertScreen(t, d)
}

// assertScreen fails when the screen doesn't show what a fresh painting does.
func assertScreen(t *testing.T, d *desk) {
	t.Helper()
	f := d.w.canvas.frame()
	d.w.canvas.paint(f)
	if c := changed(d.host.picture, f); !c.Empty() {
		t.Errorf("the screen is out of date in %v", c)
	}
}

func TestALostPictureIsShownAgainAsAWhole(t *testing.T) {
	d := newDesk(t, 1, fyne.NewSize(400, 460), gallery)
	d.host.picture = nil
	d.event(screen.Exposed{})
	if last := d.host.presents[len(d.host.presents)-1]; last != image.Rect(0, 0, d.host.w, d.host.h) {
		t.Errorf("only %v", last)
	}
	assertScreen(t, d)
}

func TestTilesNobodyNeedsAreForgotten(t *testing.T) {
	var label *widget.Label
	d := newDesk(t, 1, fyne.NewSize(300, 60), func() fyne.CanvasObject { label = widget.NewLabel(""); return label })
	for i := range 400 {
		label.SetText(fmt.Sprint(i))
		d.settle()
	}
	if n := len(d.w.canvas.painter.tiles); n > 2*keepFor+20 {
		t.Errorf("%d tiles are kept for one number", n)
	}
}

func TestATextThatGrowsPushesWhatIsBelow(t *testing.T) {
	var top *widget.Label
	var below *widget.Button
	d := newDesk(t, 1, fyne.NewSize(300, 200), func() fyne.CanvasObject {
		top, below = widget.NewLabel("one"), widget.NewButton("below", nil)
		return container.NewVBox(top, below)
	})
	before := below.Position().Y
	top.SetText("one\ntwo")
	d.settle()
	if below.Position().Y <= before {
		t.Error("the button lies under the text")
	}
}

func TestStretchingKeepsTheCorners(t *testing.T) {
	small := &tile{w: 3, h: 3, pix: make([]uint32, 9)}
	for i := range small.pix {
		small.pix[i] = 0xff000000 | uint32(i)
	}
	f := screen.NewFrame(6, 5)
	small.stretch(f, f.Bounds(), f.Bounds())
	want := [][]uint32{{0, 1, 1, 1, 1, 2}, {3, 4, 4, 4, 4, 5}, {3, 4, 4, 4, 4, 5}, {3, 4, 4, 4, 4, 5}, {6, 7, 7, 7, 7, 8}}
	for y, row := range want {
		for x, p := range row {
			if f.Row(y)[x] != p {
				t.Errorf("at %d, %d: %d, want %d", x, y, f.Row(y)[x], p)
			}
		}
	}
}

func TestMixingColours(t *testing.T) {
	for under := uint32(0); under < 256; under += 5 {
		for alpha := uint32(0); alpha < 256; alpha += 3 {
			for c := uint32(0); c < 256; c += 17 {
				want := float64(c)*float64(alpha)/255 + float64(under)*float64(255-alpha)/255
				got := over(under<<16|under<<8|under, multiplied(c, c, c, alpha))
				for shift := 0; shift <= 16; shift += 8 {
					if part := float64(got >> shift & 0xff); part < want-1.5 || part > want+1.5 || got>>24 != 0 {
						t.Fatalf("%d over %d with %d: %x, want %.1f", c, under, alpha, got, want)
					}
				}
			}
		}
	}
}
