package soft

import (
	"image"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"

	"abgleich/ui/soft/screen"
)

// tile is a piece of picture, painted once and used many times. Its pixels are
// 0xAARRGGBB, the colours multiplied by the alpha.
type tile struct {
	w, h int
	pix  []uint32
	used int // the paint that needed it last
}

// newTile has Fyne's software painter draw one object of this size, with room
// around it for what it draws outside of itself; both in Fyne units. The object
// must be a copy: it is moved.
func newTile(o fyne.CanvasObject, size fyne.Size, room, scale float32) *tile {
	c := software.NewTransparentCanvas()
	c.SetPadded(false)
	c.SetScale(scale)
	c.SetContent(&fyne.Container{})
	o.Resize(size)
	o.Move(fyne.NewPos(room, room))
	c.SetContent(&fyne.Container{Objects: []fyne.CanvasObject{o}})
	c.Resize(size.AddWidthHeight(2*room, 2*room))
	return tileOf(c.Capture())
}

// tileOf takes a picture's pixels over.
func tileOf(img image.Image) *tile {
	b := img.Bounds()
	t := &tile{w: b.Dx(), h: b.Dy(), pix: make([]uint32, b.Dx()*b.Dy())}
	if n, ok := img.(*image.NRGBA); ok { // what Fyne's canvas gives
		for i := range t.pix {
			p := n.Pix[(i/t.w)*n.Stride+(i%t.w)*4:]
			t.pix[i] = multiplied(uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3]))
		}
		return t
	}
	for i := range t.pix {
		r, g, bl, a := img.At(b.Min.X+i%t.w, b.Min.Y+i/t.w).RGBA()
		t.pix[i] = a>>8<<24 | r>>8<<16 | g>>8<<8 | bl>>8
	}
	return t
}

// multiplied makes a tile's pixel of a colour that isn't multiplied by its alpha.
func multiplied(r, g, b, a uint32) uint32 {
	switch a {
	case 0:
		return 0
	case 0xff:
		return 0xff<<24 | r<<16 | g<<8 | b
	}
	return a<<24 | (r*a+127)/255<<16 | (g*a+127)/255<<8 | (b*a+127)/255
}

// over puts a tile's pixel over one of a frame.
func over(under, p uint32) uint32 {
	switch a := p >> 24; a {
	case 0:
		return under
	case 0xff:
		return p & 0xffffff
	default:
		// Two colours at a time; (x*257+257)>>16 divides by 255 well enough.
		rest := 255 - a
		rb := (under & 0xff00ff) * rest
		rb = (rb + 0x800080 + (rb >> 8 & 0xff00ff)) >> 8 & 0xff00ff
		g := (under >> 8 & 0xff) * rest
		g = (g + 0x80 + g>>8) >> 8
		return (p & 0xffffff) + rb + g<<8
	}
}

// draw puts the tile into the frame, within clip.
func (t *tile) draw(f *screen.Frame, at image.Point, clip image.Rectangle) {
	area := image.Rect(at.X, at.Y, at.X+t.w, at.Y+t.h).Intersect(clip)
	if area.Empty() {
		return
	}
	for y := area.Min.Y; y < area.Max.Y; y++ {
		mix(f.Row(y), t.pix[(y-at.Y)*t.w:][:t.w], at.X, area)
	}
}

// stretch puts the tile into a larger area: its middle column and row are
// repeated, the corners stay as they are.
func (t *tile) stretch(f *screen.Frame, area, clip image.Rectangle) {
	if area.Dx() <= t.w && area.Dy() <= t.h {
		t.draw(f, area.Min, clip)
		return
	}
	seen := area.Intersect(clip)
	left, right := t.w/2, t.w-t.w/2-1 // columns beside the middle one
	for y := seen.Min.Y; y < seen.Max.Y; y++ {
		row := t.pix[stretched(y-area.Min.Y, area.Dy(), t.h)*t.w:][:t.w]
		to := f.Row(y)
		if area.Dx() <= t.w {
			mix(to, row, area.Min.X, seen)
			continue
		}
		mix(to, row[:left], area.Min.X, seen)
		mix(to, row[t.w-right:], area.Max.X-right, seen)
		cover(to[max(area.Min.X+left, seen.Min.X):max(min(area.Max.X-right, seen.Max.X), area.Min.X+left, seen.Min.X)], row[left])
	}
}

// mix puts pixels over those of a row from x on, as far as they are seen.
func mix(row, from []uint32, x int, seen image.Rectangle) {
	start, end := max(x, seen.Min.X), min(x+len(from), seen.Max.X)
	if start >= end {
		return
	}
	to := row[start:end]
	from = from[start-x:][:len(to)]
	for i, p := range from {
		switch {
		case p == 0:
		case p >= 0xff000000:
			to[i] = p & 0xffffff
		default:
			to[i] = over(to[i], p)
		}
	}
}

// cover puts one pixel over a row.
func cover(row []uint32, p uint32) {
	switch {
	case p == 0:
	case p >= 0xff000000:
		p &= 0xffffff
		for i := range row {
			row[i] = p
		}
	default:
		for i := range row {
			row[i] = over(row[i], p)
		}
	}
}

// stretched tells which of the have pixels stands at place i of want.
func stretched(i, want, have int) int {
	middle := have / 2
	switch {
	case want <= have || i < middle:
		return i
	case i >= want-(have-middle-1):
		return i - want + have
	}
	return middle
}

// fill covers an area with one colour.
func fill(f *screen.Frame, area image.Rectangle, p uint32) {
	area = area.Intersect(f.Bounds())
	if p == 0 || area.Empty() {
		return
	}
	first := f.Row(area.Min.Y)[area.Min.X:area.Max.X]
	cover(first, p)
	for y := area.Min.Y + 1; y < area.Max.Y; y++ {
		row := f.Row(y)[area.Min.X:area.Max.X]
		if p >= 0xff000000 {
			copy(row, first)
		} else {
			cover(row, p)
		}
	}
}

// changed is the smallest area outside of which both frames are equal.
func changed(a, b *screen.Frame) image.Rectangle {
	if a == nil || a.W != b.W || a.H != b.H {
		return b.Bounds()
	}
	area := image.Rectangle{}
	for y := range b.H {
		old, now := a.Row(y), b.Row(y)
		if slices.Equal(old, now) { // faster than looking where
			continue
		}
		from := 0
		for old[from] == now[from] {
			from++
		}
		to := len(now)
		for old[to-1] == now[to-1] {
			to--
		}
		area = area.Union(image.Rect(from, y, to, y+1))
	}
	return area
}
