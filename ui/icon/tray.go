package icon

import (
	"context"
	"sync"

	"abgleich/assets"
)

// System is the tray of this system. The library behind it is chosen in the file
// of the operating system; both have the same entries, made in the same way.
type System struct {
	items  [entries]*trayItem
	clicks chan Entry
	bars   chan Bar
	notes  chan *Note // one waits at most: only the newest counts
	pages  chan string
	built  chan struct{} // closed when the last entry is there
	quit   chan struct{}
}

// RunSystem puts an icon into the tray, runs ready beside it and blocks until
// ready returns. It must be called from the program's first goroutine, and only
// once: the library keeps its state in globals. An error means that there is no
// tray to be in.
func RunSystem(ready func(*System)) error {
	if err := available(); err != nil {
		return err
	}
	s := &System{clicks: make(chan Entry), bars: make(chan Bar), notes: make(chan *Note, 1), pages: make(chan string), built: make(chan struct{}), quit: make(chan struct{})}
	runTray(func() {
		nameTray("Abgleich")
		ctx, cancel := context.WithCancel(context.Background())
		var watching sync.WaitGroup
		watching.Go(func() { watchBar(ctx, s.tellBar) })
		go func() {
			settle()
			watching.Go(func() { serveNotes(ctx, s.notes, s.answer) })
			ready(s)
			close(s.quit)
			cancel()
			watching.Wait()
			quitTray()
		}()
		// The desktop asks for the menu after this returns: it shall be whole.
		select {
		case <-s.built:
		case <-s.quit:
		}
	}, func() {})
	return nil
}

// SetIcon shows one of the tray icons.
func (s *System) SetIcon(icon assets.Icon) { setTrayIcon(icon) }

// SetTooltip sets what is shown when the mouse rests on the icon.
func (s *System) SetTooltip(text string) { setTrayTooltip(text) }

// Clicks gives what the person clicks.
func (s *System) Clicks() <-chan Entry { return s.clicks }

// Bars tells how bright the task bar is.
func (s *System) Bars() <-chan Bar { return s.bars }

// tellBar passes on what was found out about the bar.
func (s *System) tellBar(b Bar) {
	select {
	case s.bars <- b:
	case <-s.quit:
	}
}

// Notify shows a note on the desktop, or takes the last one away.
func (s *System) Notify(n *Note) {
	select {
	case <-s.notes: // nobody has shown it yet, and nobody shall
	default:
	}
	s.notes <- n // one sender only: there is room
}

// Answers gives the page of each note the person clicks.
func (s *System) Answers() <-chan string { return s.pages }

// answer passes a clicked page on.
func (s *System) answer(page string) {
	select {
	case s.pages <- page:
	case <-s.quit:
	}
}

// Add makes a menu entry below all others of its level.
func (s *System) Add(e Entry, item Item) {
	if e.SeparatorBefore() {
		addSeparator()
	}
	parent, below := e.Parent()
	var m *trayItem
	switch {
	case below && e.Checkable():
		m = s.items[parent].AddSubMenuItemCheckbox(item.Title, "", item.Checked)
	case below:
		m = s.items[parent].AddSubMenuItem(item.Title, "")
	default:
		m = addTrayItem(item.Title)
	}
	s.items[e] = m
	if item.Disabled {
		m.Disable()
	}
	go s.listen(e, m)
	if e == entries-1 {
		close(s.built)
	}
}

// listen passes clicks on until the tray ends.
func (s *System) listen(e Entry, m *trayItem) {
	for {
		select {
		case <-s.quit:
			return
		case <-m.ClickedCh:
			select {
			case s.clicks <- e:
			case <-s.quit:
				return
			}
		}
	}
}

// Change changes an entry in place.
func (s *System) Change(e Entry, item Item) {
	m := s.items[e]
	if e.Checkable() && item.Checked != m.Checked() {
		if item.Checked {
			m.Check()
		} else {
			m.Uncheck()
		}
	}
	if item.Disabled != m.Disabled() {
		if item.Disabled {
			m.Disable()
		} else {
			m.Enable()
		}
	}
	m.SetTitle(item.Title)
}
