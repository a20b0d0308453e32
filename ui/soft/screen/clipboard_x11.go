//go:build !windows

package screen

import (
	"sync"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// selection is X11's clipboard. It has a connection of its own, so that it can
// answer others, and wait for them, whatever the window does.
type selection struct {
	conn   *xgb.Conn
	window xproto.Window
	atoms  map[string]xproto.Atom
	ended  chan struct{}
	arrive chan xproto.SelectionNotifyEvent
	more   chan struct{} // a further piece of a long text has come

	mu   sync.Mutex
	ours *string // what we offer; nil: somebody else does
}

func newSelection() (*selection, error) {
	conn, err := xgb.NewConn()
	if err != nil {
		return nil, err
	}
	s := &selection{conn: conn, atoms: map[string]xproto.Atom{}, ended: make(chan struct{}),
		arrive: make(chan xproto.SelectionNotifyEvent, 1), more: make(chan struct{}, 64)}
	if s.window, err = xproto.NewWindowId(conn); err == nil {
		root := xproto.Setup(conn).DefaultScreen(conn)
		err = xproto.CreateWindowChecked(conn, 0, s.window, root.Root, 0, 0, 1, 1, 0, xproto.WindowClassInputOnly, root.RootVisual,
			xproto.CwEventMask, []uint32{xproto.EventMaskPropertyChange}).Check()
	}
	for _, name := range []string{"CLIPBOARD", "TARGETS", "UTF8_STRING", "STRING", "TEXT", "text/plain;charset=utf-8", "INCR", "ABGLEICH"} {
		if err != nil {
			break
		}
		var r *xproto.InternAtomReply
		if r, err = xproto.InternAtom(conn, false, uint16(len(name)), name).Reply(); err == nil {
			s.atoms[name] = r.Atom
		}
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	go s.serve()
	return s, nil
}

func (s *selection) close() {
	s.conn.Close()
	<-s.ended
}

// serve answers others until the connection closes.
func (s *selection) serve() {
	defer close(s.ended)
	for {
		e, err := s.conn.WaitForEvent()
		if e == nil && err == nil {
			return
		}
		switch e := e.(type) {
		case xproto.SelectionRequestEvent:
			s.answer(e)
		case xproto.SelectionClearEvent:
			if s.owner() == s.window {
				continue // we have offered something new since
			}
			s.mu.Lock()
			s.ours = nil
			s.mu.Unlock()
		case xproto.SelectionNotifyEvent:
			select {
			case s.arrive <- e:
			default: // nobody waits any more
			}
		case xproto.PropertyNotifyEvent:
			if e.State == xproto.PropertyNewValue && e.Atom == s.atoms["ABGLEICH"] {
				select {
				case s.more <- struct{}{}:
				default:
				}
			}
		}
	}
}

// answer gives another program what we offer.
func (s *selection) answer(r xproto.SelectionRequestEvent) {
	s.mu.Lock()
	ours := s.ours
	s.mu.Unlock()
	property := r.Property
	if property == 0 { // a program from before 1988
		property = r.Target
	}
	put := func(kind xproto.Atom, bits byte, data []byte) {
		xproto.ChangeProperty(s.conn, xproto.PropModeReplace, r.Requestor, property, kind, bits, uint32(len(data)/(int(bits)/8)), data)
	}
	switch {
	case ours == nil:
		property = 0
	case r.Target == s.atoms["TARGETS"]:
		put(xproto.AtomAtom, 32, le32(uint32(s.atoms["TARGETS"]), uint32(s.atoms["UTF8_STRING"]), uint32(s.atoms["text/plain;charset=utf-8"]),
			uint32(s.atoms["TEXT"]), uint32(s.atoms["STRING"])))
	case len(*ours) > 240<<10: // longer than one request; nobody copies such texts here
		property = 0
	case r.Target == s.atoms["UTF8_STRING"], r.Target == s.atoms["text/plain;charset=utf-8"]:
		put(r.Target, 8, []byte(*ours))
	case r.Target == s.atoms["TEXT"]:
		put(s.atoms["UTF8_STRING"], 8, []byte(*ours))
	case r.Target == s.atoms["STRING"]:
		put(r.Target, 8, latin1(*ours))
	default:
		property = 0
	}
	e := xproto.SelectionNotifyEvent{Time: r.Time, Requestor: r.Requestor, Selection: r.Selection, Target: r.Target, Property: property}
	xproto.SendEvent(s.conn, false, r.Requestor, 0, string(e.Bytes()))
}

// latin1 is what STRING means; what it can't hold becomes a question mark.
func latin1(text string) []byte {
	var b []byte
	for _, r := range text {
		if r > 0xff {
			r = '?'
		}
		b = append(b, byte(r))
	}
	return b
}

// owner is whose the clipboard is; 0: nobody's.
func (s *selection) owner() xproto.Window {
	r, err := xproto.GetSelectionOwner(s.conn, s.atoms["CLIPBOARD"]).Reply()
	if err != nil {
		return 0
	}
	return r.Owner
}

// copy offers a text to others.
func (s *selection) copy(text string) {
	s.mu.Lock()
	s.ours = &text
	s.mu.Unlock()
	// Waiting for it: another program that asks from now on gets this text.
	_ = xproto.SetSelectionOwnerChecked(s.conn, s.window, s.atoms["CLIPBOARD"], xproto.TimeCurrentTime).Check()
}

// paste asks for the text of others, for some time.
func (s *selection) paste(patience time.Duration) string {
	switch s.owner() {
	case 0:
		return ""
	case s.window:
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.ours == nil {
			return ""
		}
		return *s.ours
	}
	for len(s.arrive) > 0 {
		<-s.arrive // an answer that came too late
	}
	for len(s.more) > 0 {
		<-s.more
	}
	xproto.ConvertSelection(s.conn, s.window, s.atoms["CLIPBOARD"], s.atoms["UTF8_STRING"], s.atoms["ABGLEICH"], xproto.TimeCurrentTime)
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case e := <-s.arrive:
		if e.Property == 0 {
			return "" // nothing there, or no text
		}
	case <-late.C:
		return ""
	case <-s.ended:
		return ""
	}
	kind, value := s.take()
	if kind != s.atoms["INCR"] {
		return string(value)
	}
	// A long text comes in pieces, the last one empty (ICCCM 2.7.2).
	text := []byte{}
	for len(text) < 4<<20 {
		select {
		case <-s.more:
		case <-late.C:
			return ""
		case <-s.ended:
			return ""
		}
		if kind, value = s.take(); kind == 0 {
			continue // the notice of a piece that was taken already
		}
		if len(value) == 0 {
			break
		}
		text = append(text, value...)
	}
	return string(text)
}

// take reads and removes what another program has put into our property.
func (s *selection) take() (kind xproto.Atom, value []byte) {
	r, err := xproto.GetProperty(s.conn, true, s.window, s.atoms["ABGLEICH"], xproto.GetPropertyTypeAny, 0, 1<<24).Reply()
	if err != nil {
		return 0, nil
	}
	return r.Type, r.Value
}
