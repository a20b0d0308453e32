package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// detail is the sheet beside a listing that tells of the chosen entry.
type detail struct {
	content *surface
	scroll  *container.Scroll
	nothing fyne.CanvasObject
}

// newDetail makes the sheet; while nothing is chosen it says what to do.
func newDetail(idle string) *detail {
	d := &detail{nothing: muted(idle)}
	d.scroll = container.NewVScroll(d.nothing)
	d.content = card(d.scroll)
	return d
}

// show shows an entry from its top.
func (d *detail) show(content fyne.CanvasObject) {
	// The bar of the scroll stands beside the content, not upon it.
	d.scroll.Content = container.New(&rightGap{12}, content)
	d.scroll.Refresh()
	d.scroll.ScrollToTop()
}

// tell shows a sentence in one of the sheet's paragraphs; "" hides it.
func (d *detail) tell(line *text, color fyne.ThemeColorName, sentence string) {
	line.tint(color)
	line.show(sentence)
	d.scroll.Content.Refresh()
	d.scroll.Refresh()
}

// empty shows that nothing is chosen.
func (d *detail) empty() {
	if d.scroll.Content != d.nothing {
		d.scroll.Content = d.nothing
		d.scroll.Refresh()
	}
}

// rightGap leaves some room at the right.
type rightGap struct{ width float32 }

// MinSize is a little wider than the content's.
func (l *rightGap) MinSize(o []fyne.CanvasObject) fyne.Size {
	return o[0].MinSize().AddWidthHeight(l.width, 0)
}

// Layout gives the content the rest.
func (l *rightGap) Layout(o []fyne.CanvasObject, size fyne.Size) {
	o[0].Move(fyne.NewPos(0, 0))
	o[0].Resize(fyne.NewSize(max(size.Width-l.width, 0), size.Height))
}
