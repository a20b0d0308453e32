package window

import (
	"context"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ipc/contract/contractconnect"
	"abgleich/ipc/pin"
	"abgleich/ui/client"
)

// LoginStore is the operating system's credential store, as far as the window
// needs it.
type LoginStore interface {
	// Store keeps the login for the agent. An error is told to the person; the
	// agent has the login all the same.
	Store(ctx context.Context, login, password string) error
	// Forget removes the login kept for the agent; none is no error.
	Forget(ctx context.Context) error
}

// Options are what the window is made of. All but Store, CapsLock, LangChosen,
// PageShown and Reconnect are required.
type Options struct {
	// Window is the empty window to fill.
	Window fyne.Window
	// Clipboard takes what "copy details" copies.
	Clipboard fyne.Clipboard
	// API is the agent.
	API contractconnect.AgentServiceClient
	// Lang is the language to begin with.
	Lang assets.Lang
	// CapsLock asks the system for that key; nil, or not known: it is guessed.
	CapsLock func() (on, known bool)
	// Region is how the person's system writes days, times and numbers.
	Region assets.Region
	// LoggedOn is the user's name as the system knows it, such as DOMAIN\anna.
	LoggedOn string
	// Store keeps the login on this computer; nil: it isn't kept here.
	Store LoginStore
	// Key remembers the agent's key; nil: nothing is asked about it.
	Key *pin.Keeper
	// Decided tells that the administrator decided that it isn't.
	Decided bool
	// Now is the clock, in the zone in which times are shown.
	Now func() time.Time
	// Do runs a function on the goroutine that owns the screen.
	Do func(func())
	// LangChosen is told when the person chooses another language.
	LangChosen func(assets.Lang)
	// PageShown is told which page is shown.
	PageShown func(Page)
	// Version is this program's.
	Version string
	// Downloads is the folder in which diagnostics are saved.
	Downloads string
	// Lead leads somebody who has never synced through the first run.
	Lead bool
	// Reconnect is asked to open the status stream anew after saving.
	Reconnect func()
}

// App is the filled window. Its methods must be called on the goroutine that
// owns the screen, except Close.
type App struct {
	opt    Options
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup

	texts   *assets.Catalog
	picture client.Picture
	page    Page
	// askedTrust is that the person was asked about another key since the last contact.
	askedTrust bool

	nav         map[Page]*navItem
	pages       *container.Scroll // the nav's items
	lang        *choice
	version     *text
	body        *fyne.Container
	lost        *surface
	lostText    *text
	lostHint    *text
	credentials *credentialsPage
	status      *statusPage
	problems    *problemsPage
	setup       *setupPage
	compare     *comparePage
	history     *historyPage
	options     *optionsPage
	diagnostics *diagnosticsPage
	admin       *adminPage

	// subject is whose problems, comparison and history are shown; "": the person's own.
	subject, subjectName string
	// postponed tells that the person has put the first run off.
	postponed bool
}

// New fills the window and shows the page. Nothing is asked of the agent before
// the first picture comes.
func New(opt Options, page Page) *App {
	a := &App{opt: opt, texts: assets.Texts(opt.Lang).In(opt.Region), page: page}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	a.build()
	opt.Window.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) {
		if e.Name == fyne.KeyEscape {
			a.escape()
		}
	})
	return a
}

// Close ends all calls and waits for them. It may be called on any goroutine,
// also on the one that owns the screen.
func (a *App) Close() {
	a.cancel()
	a.work.Wait()
}

// Picture shows a new picture of the agent.
func (a *App) Picture(p client.Picture) {
	came := p.Connection == client.Connected && a.picture.Connection != client.Connected
	decisions := p.Decisions() != a.picture.Decisions()
	a.picture = p
	a.refresh()
	if came {
		a.askedTrust = false
		a.credentials.load()
	}
	a.askTrust()
	if came || decisions {
		a.problems.load()
	}
	if came {
		switch a.page {
		case History:
			a.history.load()
		case Choices:
			a.options.load()
		case Administration:
			a.admin.load()
		case Diagnostics:
			a.diagnostics.load()
		case Compare:
			if c := a.opt.Window.Canvas(); c.Focused() == nil {
				c.Focus(a.compare.start) // it could not be pressed before
			}
		}
	}
}

// lead shows the first run to somebody who has never synced, unless he is already
// at something else.
func (a *App) lead(c *contract.Credentials) {
	if !a.opt.Lead || a.postponed || !a.firstRun() || a.credentials.touched || a.shared() {
		return
	}
	a.setup.resume(c)
	if a.page == Status || a.page == Credentials {
		a.Show(Setup)
	}
}

// Tick brings sentences such as "3 minutes ago" up to date.
func (a *App) Tick() { a.refresh() }

// Page tells which page is shown.
func (a *App) Page() Page { return a.page }

// Show shows a page and puts the keyboard where it is needed first.
func (a *App) Show(page Page) {
	if a.page != page && page != Status {
		a.status.tell("") // it has been read
	}
	if a.page == Administration && page != Administration {
		a.admin.leave()
	}
	if page != Diagnostics {
		a.diagnostics.leave()
	}
	a.page = page
	a.place()
	a.refresh()
	if a.opt.PageShown != nil {
		a.opt.PageShown(page)
	}
	reveal(a.nav[page])
	switch page {
	case Credentials:
		a.credentials.focus()
	case Setup:
		a.setup.show(a.setup.at)
	case Problems:
		a.opt.Window.Canvas().Unfocus()
		a.problems.wanted = true
		a.problems.load()
	case History:
		a.history.load()
		a.opt.Window.Canvas().Focus(a.history.tabs.items[a.history.tabs.at])
	case Compare:
		a.opt.Window.Canvas().Focus(a.compare.start)
	case Choices:
		a.options.load()
		a.options.focus()
	case Diagnostics:
		a.diagnostics.load()
		a.opt.Window.Canvas().Focus(a.diagnostics.tabs.items[a.diagnostics.tabs.at])
	case Administration:
		a.admin.load()
		a.opt.Window.Canvas().Focus(a.admin.tabs.items[a.admin.tabs.at])
	default:
		a.opt.Window.Canvas().Unfocus()
	}
}

// open shows a page from the sidebar: the person's own.
func (a *App) open(page Page) {
	if a.subject != "" && page != Administration {
		a.lookHome(page)
		return
	}
	a.Show(page)
}

// SetLang shows everything in another language. What was typed stays.
func (a *App) SetLang(lang assets.Lang) {
	if lang == a.texts.Lang() {
		return
	}
	a.texts = assets.Texts(lang).In(a.opt.Region)
	kept, first, chosen := a.credentials.keep(), a.setup, a.options
	a.build()
	a.options.restore(chosen)
	a.credentials.restore(kept)
	a.setup.restore(first)
	a.admin.load()
	a.problems.load()
	if a.page == Diagnostics {
		a.diagnostics.load()
	}
	if a.opt.LangChosen != nil {
		a.opt.LangChosen(lang)
	}
}

// build makes all pages in the language of now.
func (a *App) build() {
	if a.credentials != nil {
		a.credentials.stop()
		a.compare.stop()
		a.setup.stop()
		a.options.stop()
		a.admin.leave()
		a.diagnostics.leave()
	}
	a.credentials, a.status, a.problems = newCredentialsPage(a), newStatusPage(a), newProblemsPage(a)
	a.setup = newSetupPage(a)
	a.compare, a.history, a.diagnostics = newComparePage(a), newHistoryPage(a), newDiagnosticsPage(a)
	a.options, a.admin = newOptionsPage(a), newAdminPage(a)

	brand := container.New(layout.NewCustomPaddedLayout(4, 14, 8, 8),
		iconAndText(picture(assets.App, 30), newText(a.texts.T("app.name"), theme.SizeNameSubHeadingText, theme.ColorNameForeground, true, false)))
	items := stack(gapSmall)
	a.nav = map[Page]*navItem{}
	var last *navItem
	for _, p := range Pages() {
		item := newNavItem(a.texts.T("nav."+string(p)), map[Page]assets.Icon{
			Setup: assets.PageSetup, Credentials: assets.PageCredentials, Status: assets.PageStatus, Problems: assets.PageProblems,
			Compare: assets.PageCompare, History: assets.PageHistory, Administration: assets.PageAdmin, Diagnostics: assets.PageDiagnostics, Choices: assets.PageOptions}[p],
			func() { a.open(p) }, a.escape)
		if above := last; above != nil {
			item.previous = func() { a.opt.Window.Canvas().Focus(above) }
			above.next = func() {
				if item.Visible() {
					a.opt.Window.Canvas().Focus(item)
				}
			}
		}
		last, a.nav[p] = item, item
		items.Add(item)
	}
	// On a small screen, or a large scale, the pages scroll, and the window as a whole.
	a.pages = container.NewVScroll(items)
	a.pages.SetMinSize(fyne.NewSize(0, 3*42))
	a.version = caption("")
	bottom := stack(gap, a.newLangSelect(), container.New(layout.NewCustomPaddedLayout(0, 4, 8, 8), a.version))
	side := newSurface(colorSidebar, colorTransparent, 0,
		minWidth(212, padded(12, border(brand, bottom, nil, nil, a.pages))))

	a.lostText = newText("", theme.SizeNameText, theme.ColorNameForeground, true, true)
	a.lostHint = caption("")
	a.lost = notice(iconAndText(picture(assets.StateOffline, 22), stack(2, a.lostText, a.lostHint)))
	a.body = container.NewStack()
	content := container.New(layout.NewCustomPaddedLayout(margin-4, margin-8, margin, margin),
		container.New(&columnLayout{gap: gapBig}, a.lost, a.body))
	whole := container.NewScroll(container.NewStack(canvas.NewRectangle(colorOf(colorTransparent)), border(nil, nil, side, nil, content)))
	whole.SetMinSize(smallest())
	a.opt.Window.SetContent(whole)
	a.place()
	a.refresh()
}

func (a *App) newLangSelect() *choice {
	var names []string
	at := 0
	for i, l := range assets.Languages() {
		names = append(names, a.texts.T("menu.language."+string(l)))
		if l == a.texts.Lang() {
			at = i
		}
	}
	a.lang = newChoice(names, at, func(i int) { a.SetLang(assets.Languages()[i]) }, a.escape)
	return a.lang
}

// place puts the page into the body.
func (a *App) place() {
	content := map[Page]fyne.CanvasObject{Setup: a.setup.content, Credentials: a.credentials.content, Status: a.status.content, Administration: a.admin.content,
		Diagnostics: a.diagnostics.content}[a.page]
	switch a.page {
	case Problems:
		content = a.subjectLine(a.problems.content)
	case Compare:
		content = a.subjectLine(a.compare.content)
	case History:
		content = a.subjectLine(a.history.content)
	case Choices:
		content = a.subjectLine(a.options.content)
	}
	a.body.Objects = []fyne.CanvasObject{content}
	a.fit()
	a.body.Refresh()
	a.fit() // the height of wrapped lines is known only at their width
	a.retitle()
}

// fit lets the window as a whole scroll when the page needs more room than there is.
func (a *App) fit() {
	if whole := a.opt.Window.Content(); whole != nil {
		whole.Refresh()
	}
}

// retitle says in the window's title, which the task bar shows too, which page it
// is, and when the agent can't be reached.
func (a *App) retitle() {
	title := a.texts.T("app.title", "page", a.texts.T("nav."+string(a.page)))
	if c := a.picture.Connection; c == client.Missing || c == client.Reconnecting {
		title = a.texts.T("app.title.lost", "title", title)
	}
	if a.opt.Window.Title() != title {
		a.opt.Window.SetTitle(title)
	}
}

// refresh brings everything on screen up to date with the picture.
func (a *App) refresh() {
	moved := false
	for p, item := range a.nav {
		was := item.Visible()
		badge := 0
		if p == Problems {
			badge = a.picture.Decisions()
		}
		item.set(p == a.page, badge)
		if p == Diagnostics {
			visible(item, a.page == Diagnostics)
		}
		if p == Choices { // nobody who isn't known has any
			visible(item, a.page == p || a.picture.User != nil)
		}
		if p == Administration {
			visible(item, a.page == p || a.picture.Administrator)
		}
		if p == Setup {
			visible(item, a.page == Setup || a.opt.Lead && a.firstRun())
		}
		moved = moved || was != item.Visible()
	}
	if moved { // a hidden one leaves no gap
		a.pages.Refresh()
	}
	version := ""
	if a.picture.Version != "" {
		version = a.texts.T("nav.version", "version", a.picture.Version)
	}
	a.version.show(version)
	a.retitle()
	// The status page says it in its own heading.
	lost := a.picture.Connection == client.Missing || a.picture.Connection == client.Reconnecting
	was := a.lost.Visible()
	if lost && a.page != Status {
		a.lostText.set(a.texts.T("state." + a.picture.StateName() + ".text"))
		a.lostHint.set(a.texts.T("state." + a.picture.StateName() + ".hint"))
		a.lost.Show()
	} else {
		a.lost.Hide()
	}
	if was != a.lost.Visible() {
		a.opt.Window.Content().Refresh()
	}
	a.status.refresh()
	a.problems.refresh()
	a.compare.refresh()
	a.options.refresh()
	a.diagnostics.refresh()
	a.setup.refresh()
	a.admin.params.refresh()
	a.credentials.refresh()
}

// escape stops what runs, or else closes the window.
func (a *App) escape() {
	switch {
	case a.page == Credentials && a.credentials.checking():
		a.credentials.stop()
		return
	case a.page == Setup && a.setup.stopping != nil:
		a.setup.stop()
		return
	case a.page == Choices && a.options.stopping != nil:
		a.options.stop()
		return
	case a.page == Compare && a.compare.stopping != nil:
		a.compare.run()
		return
	}
	a.opt.Window.Close()
}

// smallest is how small the window gets; what has no room then scrolls.
func smallest() fyne.Size { return fyne.NewSize(480, 300) }

// DefaultSize is the size of a window that was never resized.
func DefaultSize() fyne.Size { return fyne.NewSize(980, 700) }
