package window

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"abgleich/assets"
)

// Distances. Everything stands on multiples of four.
const (
	innerPadding float32 = 8
	gapSmall     float32 = 4
	gap          float32 = 8
	gapBig       float32 = 16
	margin       float32 = 24
)

// text is one paragraph without Fyne's padding around it, so that edges line up.
type text struct {
	widget.BaseWidget
	segment *widget.TextSegment
	rich    *widget.RichText
}

// newText makes a paragraph that breaks its lines when wrap is set.
func newText(content string, size fyne.ThemeSizeName, color fyne.ThemeColorName, bold, wrap bool) *text {
	seg := &widget.TextSegment{Text: content, Style: widget.RichTextStyle{ColorName: color, SizeName: size, TextStyle: fyne.TextStyle{Bold: bold}}}
	t := &text{segment: seg, rich: widget.NewRichText(seg)}
	if wrap {
		t.rich.Wrapping = fyne.TextWrapWord
	}
	t.ExtendBaseWidget(t)
	return t
}

// CreateRenderer draws the paragraph over the padding.
func (t *text) CreateRenderer() fyne.WidgetRenderer {
	flush := layout.NewCustomPaddedLayout(-innerPadding, -innerPadding, -innerPadding, -innerPadding)
	return widget.NewSimpleRenderer(container.New(flush, t.rich))
}

func heading(s string) *text {
	return newText(s, theme.SizeNameHeadingText, theme.ColorNameForeground, true, false)
}

func body(s string) *text {
	return newText(s, theme.SizeNameText, theme.ColorNameForeground, false, true)
}

func muted(s string) *text {
	return newText(s, theme.SizeNameText, colorMuted, false, true)
}

func caption(s string) *text {
	return newText(s, theme.SizeNameCaptionText, colorMuted, false, true)
}

// right aligns to the right on one line.
func (t *text) right() *text {
	t.segment.Style.Alignment = fyne.TextAlignTrailing
	t.rich.Wrapping = fyne.TextWrapOff
	return t
}

// short cuts the end off when there isn't room for all of it on one line.
func (t *text) short() *text {
	t.rich.Wrapping = fyne.TextWrapOff
	t.rich.Truncation = fyne.TextTruncateEllipsis
	return t
}

// set changes the content; nothing is drawn anew when it is the same.
func (t *text) set(content string) {
	if t.segment.Text != content {
		t.segment.Text = content
		t.rich.Refresh()
		t.BaseWidget.Refresh()
	}
}

// tint changes the colour.
func (t *text) tint(color fyne.ThemeColorName) {
	if t.segment.Style.ColorName != color {
		t.segment.Style.ColorName = color
		t.rich.Refresh()
	}
}

// show sets the content, or hides the paragraph when there is none.
func (t *text) show(content string) {
	t.set(content)
	if content == "" {
		t.Hide()
	} else {
		t.Show()
	}
}

// surface paints a rounded area behind its content, in colours of the theme.
type surface struct {
	widget.BaseWidget
	fill, line fyne.ThemeColorName
	radius     float32
	content    fyne.CanvasObject
}

func newSurface(fill, line fyne.ThemeColorName, radius float32, content fyne.CanvasObject) *surface {
	s := &surface{fill: fill, line: line, radius: radius, content: content}
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer draws the area and the content upon it.
func (s *surface) CreateRenderer() fyne.WidgetRenderer {
	r := &surfaceRenderer{s, canvas.NewRectangle(nil), canvas.NewRectangle(nil)}
	r.Refresh()
	return r
}

// surfaceRenderer draws the line as a larger area below: Fyne's software painter
// shifts strokes by some points.
type surfaceRenderer struct {
	s          *surface
	line, area *canvas.Rectangle
}

func (r *surfaceRenderer) Destroy()           {}
func (r *surfaceRenderer) MinSize() fyne.Size { return r.s.content.MinSize() }
func (r *surfaceRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.line, r.area, r.s.content}
}

func (r *surfaceRenderer) Layout(size fyne.Size) {
	r.line.Resize(size)
	border := float32(0)
	if r.s.line != colorTransparent {
		border = 1
	}
	r.area.Resize(fyne.NewSize(max(size.Width-2*border, 0), max(size.Height-2*border, 0)))
	r.area.Move(fyne.NewPos(border, border))
	r.s.content.Resize(size)
}

func (r *surfaceRenderer) Refresh() {
	r.area.FillColor, r.line.FillColor = colorOf(r.s.fill), colorOf(r.s.line)
	r.line.Hidden = r.s.line == colorTransparent
	r.line.CornerRadius, r.area.CornerRadius = r.s.radius, max(r.s.radius-1, 0)
	r.line.Refresh()
	r.area.Refresh()
}

// card is a white sheet with a margin.
func card(content fyne.CanvasObject) *surface {
	return newSurface(colorCard, colorCardBorder, 10, padded(gapBig+2, content))
}

// notice is a sheet that wants to be read.
func notice(content fyne.CanvasObject) *surface {
	return newSurface(colorNotice, colorNoticeLine, 10, container.New(layout.NewCustomPaddedLayout(10, 10, gapBig, 12), content))
}

func padded(by float32, content fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(by, by, by, by), content)
}

// stack puts things below each other.
func stack(between float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(between), objects...)
}

// row puts things beside each other.
func row(between float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedHBoxLayout(between), objects...)
}

// minWidth keeps its content at least so wide.
func minWidth(width float32, content fyne.CanvasObject) *fyne.Container {
	hold := canvas.NewRectangle(colorOf(colorTransparent))
	hold.SetMinSize(fyne.NewSize(width, 0))
	return container.NewStack(hold, content)
}

// iconAndText puts a picture at the first line of what stands beside it.
func iconAndText(picture fyne.CanvasObject, content fyne.CanvasObject) *fyne.Container {
	return container.New(&sideLayout{gap: 10}, picture, content)
}

// sideLayout gives the first object its own size at the top left and the rest
// of the width to the second. Unlike a border it never stretches the first.
type sideLayout struct{ gap float32 }

// MinSize is both beside each other.
func (l *sideLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	a, b := o[0].MinSize(), o[1].MinSize()
	return fyne.NewSize(a.Width+l.gap+b.Width, max(a.Height, b.Height))
}

// Layout centres the second on the first when it is one line only.
func (l *sideLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	a, b := o[0].MinSize(), o[1].MinSize()
	o[0].Resize(a)
	o[0].Move(fyne.NewPos(0, 0))
	top := float32(0)
	if b.Height < a.Height {
		top = (a.Height - b.Height) / 2
	}
	o[1].Resize(fyne.NewSize(max(size.Width-a.Width-l.gap, 0), max(size.Height-top, b.Height)))
	o[1].Move(fyne.NewPos(a.Width+l.gap, top))
}

// picture shows one of our icons at a size.
func picture(icon assets.Icon, size float32) *canvas.Image {
	img := canvas.NewImageFromResource(resource(icon))
	img.FillMode = canvas.ImageFillContain
	img.ScaleMode = canvas.ImageScaleSmooth
	img.SetMinSize(fyne.NewSquareSize(size))
	return img
}

func resource(icon assets.Icon) fyne.Resource {
	return fyne.NewStaticResource(string(icon)+".png", assets.PNG(icon, assets.WindowSize))
}

// tinted is a one-colour icon that takes a colour of the theme.
type tinted struct {
	widget.BaseWidget
	icon  assets.Icon
	color fyne.ThemeColorName
	size  float32
}

func newTinted(icon assets.Icon, color fyne.ThemeColorName, size float32) *tinted {
	t := &tinted{icon: icon, color: color, size: size}
	t.ExtendBaseWidget(t)
	return t
}

// set changes the colour.
func (t *tinted) set(color fyne.ThemeColorName) {
	if t.color != color {
		t.color = color
		t.Refresh()
	}
}

// become changes the picture.
func (t *tinted) become(icon assets.Icon) {
	t.icon = icon
	t.Refresh()
}

// CreateRenderer draws the icon.
func (t *tinted) CreateRenderer() fyne.WidgetRenderer {
	r := &tintedRenderer{t: t, img: &canvas.Image{FillMode: canvas.ImageFillContain}}
	r.img.SetMinSize(fyne.NewSquareSize(t.size))
	r.paint()
	return r
}

type tintedRenderer struct {
	t     *tinted
	icon  assets.Icon // whose mask it is
	mask  image.Image
	img   *canvas.Image
	drawn color.Color
}

func (r *tintedRenderer) Destroy()                     {}
func (r *tintedRenderer) MinSize() fyne.Size           { return r.img.MinSize() }
func (r *tintedRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.img} }
func (r *tintedRenderer) Layout(size fyne.Size)        { r.img.Resize(size) }

func (r *tintedRenderer) Refresh() {
	if colorOf(r.t.color) != r.drawn || r.icon != r.t.icon {
		r.paint()
		r.img.Refresh()
	}
}

func (r *tintedRenderer) paint() {
	if r.icon != r.t.icon {
		r.icon = r.t.icon
		var err error
		if r.mask, err = png.Decode(bytes.NewReader(assets.PNG(r.icon, assets.WindowSize))); err != nil {
			r.mask = image.NewNRGBA(image.Rect(0, 0, 1, 1)) // the tests of assets see to it that this can't be
		}
	}
	r.drawn = colorOf(r.t.color)
	dst := image.NewNRGBA(r.mask.Bounds())
	draw.DrawMask(dst, dst.Bounds(), image.NewUniform(r.drawn), image.Point{}, r.mask, r.mask.Bounds().Min, draw.Src)
	r.img.Image = dst
}

// bar is a slim progress bar.
type bar struct {
	widget.BaseWidget
	value float64
}

func newBar() *bar {
	b := &bar{}
	b.ExtendBaseWidget(b)
	return b
}

// set shows a share from 0 to 1.
func (b *bar) set(value float64) {
	value = min(max(value, 0), 1)
	if value != b.value {
		b.value = value
		b.Refresh()
	}
}

// CreateRenderer draws a track and what is done of it.
func (b *bar) CreateRenderer() fyne.WidgetRenderer {
	r := &barRenderer{b, canvas.NewRectangle(nil), canvas.NewRectangle(nil)}
	r.track.CornerRadius, r.done.CornerRadius = barHeight/2, barHeight/2
	r.Refresh()
	return r
}

const barHeight float32 = 8

type barRenderer struct {
	b           *bar
	track, done *canvas.Rectangle
}

func (r *barRenderer) Destroy()                     {}
func (r *barRenderer) MinSize() fyne.Size           { return fyne.NewSize(80, barHeight) }
func (r *barRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.track, r.done} }
func (r *barRenderer) Layout(size fyne.Size) {
	r.track.Resize(fyne.NewSize(size.Width, barHeight))
	r.done.Resize(fyne.NewSize(size.Width*float32(r.b.value), barHeight))
}

func (r *barRenderer) Refresh() {
	r.track.FillColor, r.done.FillColor = colorOf(colorTrack), colorOf(theme.ColorNamePrimary)
	r.done.Hidden = r.b.value == 0
	r.Layout(r.b.Size())
	r.track.Refresh()
	r.done.Refresh()
}

// colorOf looks a colour up in the theme that is on screen now.
func colorOf(name fyne.ThemeColorName) color.Color {
	return theme.Color(name)
}
