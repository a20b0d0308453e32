package window

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"abgleich/assets"
	"abgleich/ipc/diagnosis"
	"abgleich/ui/client"
)

// diagnosticsPage tells the versions, shows what diagnostics would hold, file by
// file, and saves them for whoever helps.
type diagnosticsPage struct {
	app     *App
	content fyne.CanvasObject

	about *text
	note  *text
	save  *button
	copy  *button
	list  *listing
	grid  *widget.TextGrid
	sheet *container.Scroll

	tabs *tabs
	log  *logPart

	bundle *diagnosis.Bundle // nil until the agent has answered
	saved  string            // where it was saved
}

func newDiagnosticsPage(a *App) *diagnosticsPage {
	t := a.texts
	p := &diagnosticsPage{app: a, about: muted(""), note: muted(t.T("diagnostics.loading")), grid: widget.NewTextGrid()}
	p.save = newButton(t.T("diagnostics.save"), p.store, a.escape).strong()
	p.copy = newButton(t.T("diagnostics.copy"), func() { a.opt.Clipboard.SetContent(p.saved); p.copy.SetText(t.T("button.copied")) }, a.escape)
	p.copy.Hide()
	p.list = newListing(p.count, p.entry, p.choose, a.escape)
	p.sheet = container.NewScroll(p.grid)
	bar := border(nil, nil, nil, row(gap, p.copy, p.save), container.New(&centred{}, p.note))
	p.log = newOwnLogPart(a)
	p.tabs = newTabs(func(int) { p.show() }, a.escape,
		part{t.T("diagnostics.tab"), border(stack(6, muted(t.T("diagnostics.intro")), bar, newGap(4)), nil, nil, nil,
			container.New(&sideColumns{width: 300, gap: gapBig}, p.list.frame, card(p.sheet)))},
		part{t.T("diagnostics.errors"), p.log.content})
	p.content = border(stack(4, heading(t.T("diagnostics.title")), p.about, newGap(0)), nil, nil, nil, p.tabs.content)
	p.refresh()
	return p
}

// refresh brings the versions up to date.
func (p *diagnosticsPage) refresh() {
	agent := p.app.picture.Version
	if agent == "" {
		agent = "–"
	}
	p.about.set(p.app.texts.T("diagnostics.about", "window", p.app.opt.Version, "agent", agent))
	enable(&p.save.Button, p.bundle != nil && p.saved == "")
}

// show fetches what is shown, and ends the stream of what is not.
func (p *diagnosticsPage) show() {
	switch {
	case p.tabs.at == 0:
		p.leave()
		if p.bundle == nil {
			p.load()
		}
	case p.app.picture.Connection == client.Connected:
		p.log.load()
	}
}

// leave ends the stream.
func (p *diagnosticsPage) leave() { p.log.stop() }

// load asks the agent anew.
func (p *diagnosticsPage) load() {
	if p.tabs.at != 0 {
		p.show()
		return
	}
	p.bundle, p.saved = nil, ""
	p.copy.Hide()
	p.note.set(p.app.texts.T("diagnostics.loading"))
	p.refresh()
	all := p.app.picture.Administrator
	var b *diagnosis.Bundle
	p.app.ask(func(ctx context.Context) error {
		var err error
		b, err = diagnosis.Collect(ctx, p.app.opt.API, all, p.app.opt.Now())
		return err
	}, func(f *client.Failure) {
		t := p.app.texts
		p.note.set(t.T("diagnostics.ready"))
		if f != nil { // what is here may say why
			b = &diagnosis.Bundle{Made: p.app.opt.Now()}
			b.Add("error.txt", "error", []byte(f.Details+"\n"))
			p.note.set(p.app.fault(f))
		}
		b.Add("window.txt", "window", fmt.Appendf(nil, "window %s\n%s %s/%s\n%s, %s\n", p.app.opt.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH,
			t.Lang(), p.app.picture.StateName()))
		p.bundle = b
		p.list.reset()
		p.grid.SetText("")
		if p.count() > 0 {
			p.list.Select(0)
		}
		p.refresh()
	})
}

func (p *diagnosticsPage) count() int {
	if p.bundle == nil {
		return 0
	}
	return len(p.bundle.Files)
}

func (p *diagnosticsPage) entry(i int) entry {
	f := p.bundle.Files[i]
	return entry{icon: assets.PageDiagnostics, title: f.Name, note: p.say(f.About)}
}

// say tells what is in a file.
func (p *diagnosticsPage) say(about string) string {
	if key := "diagnostics.file." + about; p.app.texts.Has(key) {
		return p.app.texts.T(key)
	}
	return about
}

// mostShown is how many lines of a file are shown: its last ones.
const mostShown = 500

func (p *diagnosticsPage) choose(i int) {
	lines := strings.Split(strings.TrimRight(string(p.bundle.Files[i].Content), "\n"), "\n")
	lines = lines[max(len(lines)-mostShown, 0):]
	p.grid.SetText(strings.ReplaceAll(strings.Join(lines, "\n"), "\t", "    "))
	p.sheet.Refresh()
	p.sheet.ScrollToTop()
}

// store saves the bundle where downloads are, and says where that is.
func (p *diagnosticsPage) store() {
	t := p.app.texts
	path := filepath.Join(p.app.opt.Downloads, p.bundle.FileName())
	if err := p.bundle.Save(path, p.say); err != nil {
		p.note.tint(theme.ColorNameError)
		p.note.set(t.T("diagnostics.unsaved", "cause", err.Error()))
		return
	}
	p.saved = path
	p.note.tint(theme.ColorNameForeground)
	p.note.set(t.T("diagnostics.saved", "file", path))
	p.copy.SetText(t.T("diagnostics.copy"))
	p.copy.Show()
	p.refresh()
	p.content.Refresh()
	p.app.opt.Window.Canvas().Focus(p.copy)
}

// DownloadFolder is where a person looks for saved files: Downloads in his home, or
// the home itself.
func DownloadFolder() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return os.TempDir()
	}
	if d := filepath.Join(home, "Downloads"); isFolder(d) {
		return d
	}
	return home
}

func isFolder(path string) bool {
	i, err := os.Stat(path)
	return err == nil && i.IsDir()
}
