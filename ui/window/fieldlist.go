package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"abgleich/ipc/contract"
)

// longestValue is how much of a value is shown, in characters: a text of pages
// would only hide what else differs.
const longestValue = 1200

// fieldList shows fields below each other: of what both sides have the same one
// line, of what differs what each side has. The names stand for the two sides.
func (a *App) fieldList(pairs []*contract.FieldPair, business, exchange string) *fyne.Container {
	zone := a.opt.Now().Location()
	list := stack(12)
	for _, f := range pairs {
		b, e := cut(a.texts.FieldValue(f.GetField(), f.GetBusiness(), zone)), cut(a.texts.FieldValue(f.GetField(), f.GetExchange(), zone))
		name := a.texts.FieldName(f.GetField())
		if !f.GetDiffers() && b == e {
			list.Add(stack(2, caption(name), body(b)))
			continue
		}
		if !f.GetDiffers() {
			list.Add(stack(2, caption(name), sided(business, b), sided(exchange, e)))
			continue
		}
		mark := newText(name+" · "+a.texts.T("field.differs"), theme.SizeNameCaptionText, theme.ColorNameWarning, true, true)
		list.Add(newSurface(colorNotice, colorNoticeLine, 8, padded(10, stack(gapSmall, mark, sided(business, b), sided(exchange, e)))))
	}
	return list
}

// sided is a value beside the name of its side.
func sided(side, value string) fyne.CanvasObject {
	return container.New(&labelled{width: 104, gap: gap}, muted(side), body(value))
}

// labelled gives the first a fixed width and the second the rest.
type labelled struct{ width, gap float32 }

// MinSize is the higher of both.
func (l *labelled) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(l.width+l.gap+60, max(o[0].MinSize().Height, o[1].MinSize().Height))
}

// Layout puts the second beside the first, at the same height.
func (l *labelled) Layout(o []fyne.CanvasObject, size fyne.Size) {
	o[0].Resize(fyne.NewSize(l.width, size.Height))
	o[0].Move(fyne.NewPos(0, 0))
	o[1].Resize(fyne.NewSize(max(size.Width-l.width-l.gap, 0), size.Height))
	o[1].Move(fyne.NewPos(l.width+l.gap, 0))
}

func cut(s string) string {
	if r := []rune(s); len(r) > longestValue {
		return string(r[:longestValue]) + " …"
	}
	return s
}
