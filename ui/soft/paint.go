package soft

import (
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"abgleich/ui/soft/screen"
)

// keepFor is for how many paints a tile that nobody needs is kept.
const keepFor = 50

// painter puts a canvas together from tiles.
type painter struct {
	tiles map[any]*tile
	count int // paints so far
}

func newPainter() *painter { return &painter{tiles: map[any]*tile{}} }

// forget drops all tiles: the theme or the scale is another.
func (p *painter) forget() { clear(p.tiles) }

// step is something to draw: an object, where it is, and what of it is seen.
type step struct {
	o    fyne.CanvasObject
	at   fyne.Position
	clip image.Rectangle
}

// paint draws trees, the later above the earlier, on a background.
func (p *painter) paint(f *screen.Frame, trees []fyne.CanvasObject, scale float32, background color.Color) {
	p.count++
	fill(f, f.Bounds(), pixel(background)|0xff000000)
	// First all objects are visited, which keeps their renderers alive, then they
	// are drawn: making a tile lets Fyne throw away renderers nobody has used for
	// a minute.
	var steps []step
	for _, t := range trees {
		walk(t, func(o fyne.CanvasObject, at fyne.Position, clip area) bool {
			switch o.(type) {
			case *fyne.Container, fyne.Widget:
			default:
				// Rounded like an object that fills it: the border of a card that
				// fills a scroller isn't cut off.
				x, y := px(clip.x1, scale), px(clip.y1, scale)
				seen := image.Rect(x, y, x+px(clip.x2-clip.x1, scale), y+px(clip.y2-clip.y1, scale))
				if seen = seen.Intersect(f.Bounds()); !seen.Empty() {
					steps = append(steps, step{o, at, seen})
				}
			}
			return false
		})
	}
	for _, s := range steps {
		p.draw(f, s, scale)
	}
	if p.count%keepFor == 0 {
		for key, t := range p.tiles {
			if p.count-t.used > keepFor {
				delete(p.tiles, key)
			}
		}
	}
}

// px is a place in pixels, rounded as Fyne does.
func px(v, scale float32) int { return int(math.Ceil(float64(v * scale))) }

// pixel is a colour as a tile's pixel.
func pixel(c color.Color) uint32 {
	if c == nil {
		return 0
	}
	r, g, b, a := c.RGBA()
	return a>>8<<24 | r>>8<<16 | g>>8<<8 | b>>8
}

// outside tells whether nothing of an object can be seen; slack is how far it may
// draw outside of itself.
func outside(s step, scale, slack float32) bool {
	size := s.o.Size()
	return px(s.at.X-slack, scale) >= s.clip.Max.X || px(s.at.Y-slack, scale) >= s.clip.Max.Y ||
		px(s.at.X+size.Width+slack, scale) < s.clip.Min.X || px(s.at.Y+size.Height+slack, scale) < s.clip.Min.Y
}

// tile gives the tile of a key, made when it isn't there.
func (p *painter) tile(key any, make func() *tile) *tile {
	t, ok := p.tiles[key]
	if !ok {
		t = make()
		p.tiles[key] = t
	}
	t.used = p.count
	return t
}

type textKey struct {
	text  string
	color uint32
	size  float32
	style fyne.TextStyle
	font  string
	scale float32
}

type imageKey struct {
	pixels image.Image
	fill   canvas.ImageFill
	mode   canvas.ImageScale
	pale   float64
	radius float32
	size   fyne.Size
	scale  float32
}

type shapeKey struct {
	kind          string
	size          fyne.Size
	fill, stroke  uint32
	width, radius float32
	more          [5]float32
	scale         float32
}

// draw draws one object.
func (p *painter) draw(f *screen.Frame, s step, scale float32) {
	if s.o.Size().Width < 0 || s.o.Size().Height < 0 {
		return
	}
	switch o := s.o.(type) {
	case *canvas.Rectangle:
		p.rectangle(f, s, o, scale)
	case *canvas.Text:
		p.text(f, s, o, scale)
	case *canvas.Image:
		if o.Image == nil && o.Resource == nil && o.File == "" || outside(s, scale, 0) || o.Size().IsZero() {
			return
		}
		key := imageKey{o.Image, o.FillMode, o.ScaleMode, o.Translucency, o.CornerRadius, o.Size(), scale}
		p.put(f, s, p.tile(key, func() *tile { c := *o; return newTile(&c, o.Size(), 0, scale) }), 0, scale)
	case *canvas.Circle:
		p.shape(f, s, &shapeKey{kind: "circle", fill: pixel(o.FillColor), stroke: pixel(o.StrokeColor), width: o.StrokeWidth},
			room(o.StrokeWidth, o.StrokeColor, 1), scale, func() fyne.CanvasObject { c := *o; return &c })
	case *canvas.Line:
		d := o.Position2.Subtract(o.Position1)
		p.shape(f, s, &shapeKey{kind: "line", stroke: pixel(o.StrokeColor), width: o.StrokeWidth, more: [5]float32{d.X, d.Y}},
			room(o.StrokeWidth, o.StrokeColor, 0), scale, func() fyne.CanvasObject { c := *o; return &c })
	case *canvas.LinearGradient:
		p.shape(f, s, &shapeKey{kind: "linear", fill: pixel(o.StartColor), stroke: pixel(o.EndColor), more: [5]float32{float32(o.Angle)}},
			0, scale, func() fyne.CanvasObject { c := *o; return &c })
	case *canvas.RadialGradient:
		p.shape(f, s, &shapeKey{kind: "radial", fill: pixel(o.StartColor), stroke: pixel(o.EndColor),
			more: [5]float32{float32(o.CenterOffsetX), float32(o.CenterOffsetY)}}, 0, scale, func() fyne.CanvasObject { c := *o; return &c })
	case *canvas.Polygon:
		p.shape(f, s, &shapeKey{kind: "polygon", fill: pixel(o.FillColor), stroke: pixel(o.StrokeColor), width: o.StrokeWidth,
			radius: o.CornerRadius, more: [5]float32{float32(o.Sides), o.Angle}},
			room(o.StrokeWidth, o.StrokeColor, 0), scale, func() fyne.CanvasObject { c := *o; return &c })
	case *canvas.Arc:
		p.shape(f, s, &shapeKey{kind: "arc", fill: pixel(o.FillColor), stroke: pixel(o.StrokeColor), width: o.StrokeWidth,
			radius: o.CornerRadius, more: [5]float32{o.StartAngle, o.EndAngle, o.CutoutRatio}},
			room(o.StrokeWidth, o.StrokeColor, 0), scale, func() fyne.CanvasObject { c := *o; return &c })
	case *canvas.Raster: // draws something else each time
		if !outside(s, scale, 0) && !o.Size().IsZero() {
			c := *o
			p.put(f, s, newTile(&c, o.Size(), 0, scale), 0, scale)
		}
	}
}

// room is how far Fyne draws outside of an object with this stroke.
func room(stroke float32, c color.Color, without float32) float32 {
	if stroke > 0 && c != nil {
		return stroke + 2
	}
	return without
}

// put puts a tile with room around the object where the object is.
func (p *painter) put(f *screen.Frame, s step, t *tile, room, scale float32) {
	t.draw(f, image.Pt(px(s.at.X-room, scale), px(s.at.Y-room, scale)), s.clip)
}

// shape draws what a few numbers describe.
func (p *painter) shape(f *screen.Frame, s step, key *shapeKey, room, scale float32, copied func() fyne.CanvasObject) {
	if outside(s, scale, room) {
		return
	}
	size := s.o.Size()
	key.size, key.scale = size, scale
	p.put(f, s, p.tile(*key, func() *tile { return newTile(copied(), size, room, scale) }), room, scale)
}

// text draws a line of text.
func (p *painter) text(f *screen.Frame, s step, o *canvas.Text, scale float32) {
	if o.Text == "" || outside(s, scale, o.TextSize) {
		return
	}
	key := textKey{text: o.Text, color: pixel(o.Color), size: o.TextSize, style: o.TextStyle, scale: scale}
	if o.FontSource != nil {
		key.font = o.FontSource.Name()
	}
	need := o.MinSize()
	t := p.tile(key, func() *tile {
		c := *o
		c.Alignment = fyne.TextAlignLeading
		size := need
		if o.TextStyle.Italic { // it leans out of its place
			size.Width += o.TextSize / 5
		}
		return newTile(&c, size, 0, scale)
	})
	at := s.at
	switch o.Alignment {
	case fyne.TextAlignCenter:
		at.X += (o.Size().Width - need.Width) / 2
	case fyne.TextAlignTrailing:
		at.X += o.Size().Width - need.Width
	}
	at.Y += max(o.Size().Height-need.Height, 0) / 2
	t.draw(f, image.Pt(px(at.X, scale), px(at.Y, scale)), s.clip)
}

// rectangle draws a plain one by itself. Of one with round corners or a border
// only the corners make a tile, which is stretched: cards are large, and their
// size changes while a window is resized.
func (p *painter) rectangle(f *screen.Frame, s step, o *canvas.Rectangle, scale float32) {
	stroked := o.StrokeColor != nil && o.StrokeWidth > 0
	corners := o.TopLeftCornerRadius + o.TopRightCornerRadius + o.BottomLeftCornerRadius + o.BottomRightCornerRadius
	size := o.Size()
	if o.Aspect == 0 && !stroked && o.CornerRadius == 0 && corners == 0 {
		x, y := px(s.at.X, scale), px(s.at.Y, scale)
		fill(f, image.Rect(x, y, x+px(size.Width, scale), y+px(size.Height, scale)).Intersect(s.clip), pixel(o.FillColor))
		return
	}
	room := room(o.StrokeWidth, o.StrokeColor, 0)
	if outside(s, scale, room) || size.Width <= 0 || size.Height <= 0 {
		return
	}
	if o.Aspect != 0 || corners != 0 {
		p.shape(f, s, &shapeKey{kind: "corners", fill: pixel(o.FillColor), stroke: pixel(o.StrokeColor), width: o.StrokeWidth, radius: o.CornerRadius,
			more: [5]float32{o.Aspect, o.TopLeftCornerRadius, o.TopRightCornerRadius, o.BottomLeftCornerRadius, o.BottomRightCornerRadius}},
			room, scale, func() fyne.CanvasObject { c := *o; return &c })
		return
	}
	if pixel(o.FillColor) == 0 && pixel(o.StrokeColor) == 0 {
		return
	}
	radius := min(o.CornerRadius, size.Width/2, size.Height/2)
	whole := image.Rect(0, 0, px(size.Width+2*room, scale), px(size.Height+2*room, scale))
	corner := px(radius+room+o.StrokeWidth, scale) + 2
	small := size.SubtractWidthHeight(spare(whole.Dx()-(2*corner+1), scale), spare(whole.Dy()-(2*corner+1), scale))
	key := shapeKey{kind: "rectangle", size: small, fill: pixel(o.FillColor), stroke: pixel(o.StrokeColor), width: o.StrokeWidth, radius: radius, scale: scale}
	t := p.tile(key, func() *tile {
		c := *o
		c.CornerRadius = radius
		return newTile(&c, small, room, scale)
	})
	t.stretch(f, whole.Add(image.Pt(px(s.at.X-room, scale), px(s.at.Y-room, scale))), s.clip)
}

// spare is how much, in Fyne units, can be left out of at most this many pixels:
// whole units that are whole pixels, so that edges are rounded as without.
func spare(pixels int, scale float32) float32 {
	for units := float32(math.Floor(float64(float32(pixels) / scale))); units > 0; units-- {
		if p := units * scale; p == float32(math.Trunc(float64(p))) {
			return units
		}
	}
	return 0
}
