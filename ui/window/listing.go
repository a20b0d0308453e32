package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"abgleich/assets"
)

// entry is one line of a listing.
type entry struct {
	icon       assets.Icon
	title      string
	note       string // below the title
	tag        string // at the right of the note
	needsHuman bool   // the tag stands out
	picture    bool   // the icon has colours of its own
}

// listing is a list of any length of which one entry can be chosen. Only what is
// in sight is drawn. Arrows, Home, End and the page keys choose, as a click does.
type listing struct {
	widget.List
	frame  *surface
	count  func() int
	at     int // the chosen entry, -1 for none
	escape func()
}

// newListing makes a listing; chosen is told which entry was chosen.
func newListing(count func() int, at func(int) entry, chosen func(int), escape func()) *listing {
	l := &listing{count: count, at: -1, escape: escape}
	l.Length = count
	l.CreateItem = func() fyne.CanvasObject { return newEntryRow() }
	l.UpdateItem = func(id widget.ListItemID, o fyne.CanvasObject) { o.(*entryRow).show(at(id)) }
	l.OnSelected = func(id widget.ListItemID) { l.at = id; chosen(id) }
	l.HideSeparators = true
	l.ExtendBaseWidget(l)
	l.frame = newSurface(colorCard, colorCardBorder, 10, padded(2, l))
	return l
}

// reset shows other entries, with none chosen, from the top.
func (l *listing) reset() {
	l.at = -1
	l.UnselectAll()
	l.Refresh()
	l.ScrollToTop()
}

// TypedKey lets the arrows choose at once, and passes Escape on.
func (l *listing) TypedKey(e *fyne.KeyEvent) {
	page := max(int(l.Size().Height/entryHeight)-1, 1)
	step := map[fyne.KeyName]int{fyne.KeyUp: -1, fyne.KeyDown: 1, fyne.KeyPageUp: -page, fyne.KeyPageDown: page,
		fyne.KeyHome: -l.count(), fyne.KeyEnd: l.count()}
	switch by, ok := step[e.Name]; {
	case e.Name == fyne.KeyEscape:
		call(l.escape)
	case ok && l.count() > 0:
		l.Select(min(max(l.at+by, 0), l.count()-1))
	case !ok:
		l.List.TypedKey(e)
	}
}

// FocusGained shows where the keyboard is.
func (l *listing) FocusGained() {
	l.List.FocusGained()
	reveal(l.frame)
	l.frame.line = theme.ColorNamePrimary
	l.frame.Refresh()
}

// FocusLost ends what FocusGained began.
func (l *listing) FocusLost() {
	l.List.FocusLost()
	l.frame.line = colorCardBorder
	l.frame.Refresh()
}

const entryHeight float32 = 46

// entryRow draws one entry.
type entryRow struct {
	widget.BaseWidget
	icon             *tinted
	picture          *canvas.Image
	shown            assets.Icon
	title, note, tag *text
	content          *fyne.Container
}

func newEntryRow() *entryRow {
	r := &entryRow{icon: newTinted(assets.KindOfAppointment, colorMuted, 18),
		title: newText("", theme.SizeNameText, theme.ColorNameForeground, false, false).short(),
		note:  newText("", theme.SizeNameCaptionText, colorMuted, false, false).short(),
		tag:   newText("", theme.SizeNameCaptionText, colorMuted, false, false).right()}
	lines := stack(2, r.title, border(nil, nil, nil, r.tag, r.note))
	r.picture = picture(assets.StateFine, 18)
	r.picture.Hide()
	r.content = container.New(&sideLayout{gap: 10}, container.NewStack(r.icon, r.picture), lines)
	r.ExtendBaseWidget(r)
	return r
}

func (r *entryRow) show(e entry) {
	if e.icon != r.shown {
		r.shown = e.icon
		if e.picture {
			r.picture.Resource = resource(e.icon)
			r.picture.Refresh()
		} else {
			r.icon.become(e.icon)
		}
	}
	visible(r.picture, e.picture)
	visible(r.icon, !e.picture)
	r.title.set(e.title)
	r.note.set(e.note)
	color := colorMuted
	if e.needsHuman {
		color = theme.ColorNameWarning
	}
	r.tag.tint(color)
	r.tag.set(e.tag)
	r.content.Refresh()
}

// CreateRenderer draws the lines with a margin.
func (r *entryRow) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(padded(6, r.content))
}

// MinSize is the same for all, whatever they say.
func (r *entryRow) MinSize() fyne.Size {
	return fyne.NewSize(200, entryHeight)
}
