package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"abgleich/assets"
)

// lookAt shows an administrator one of somebody else's pages. Titles are hidden
// from him unless it was granted, and each look is recorded: the agent sees to it.
func (a *App) lookAt(user, name string, page Page) {
	a.subject, a.subjectName = user, name
	if name == "" {
		a.subjectName = user
	}
	a.anew()
	a.Show(page)
}

// lookHome goes back to the person's own pages.
func (a *App) lookHome(page Page) {
	if a.subject == "" {
		return
	}
	a.subject, a.subjectName = "", ""
	a.anew()
	a.Show(page)
}

// anew makes the pages new that show one user's items.
func (a *App) anew() {
	a.compare.stop()
	a.options.stop()
	a.options = newOptionsPage(a)
	a.problems, a.compare, a.history = newProblemsPage(a), newComparePage(a), newHistoryPage(a)
}

// subjectLine says above a page whose it is.
func (a *App) subjectLine(content fyne.CanvasObject) fyne.CanvasObject {
	if a.subject == "" {
		return content
	}
	t := a.texts
	back := newButton(t.T("subject.back"), func() { a.lookHome(Administration) }, a.escape)
	line := notice(border(nil, nil, nil, back, iconAndText(newTinted(assets.PageAdmin, colorMuted, 20),
		container.New(&centred{}, newText(t.T("subject.whose", "name", a.subjectName), theme.SizeNameText, theme.ColorNameForeground, true, true)))))
	return border(stack(0, line, newGap(12)), nil, nil, nil, content)
}
