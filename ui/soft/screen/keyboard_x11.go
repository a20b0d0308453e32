//go:build !windows

package screen

import (
	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// readKeyboard asks what stands on the keys.
func (w *Window) readKeyboard() (keyboard, error) {
	first := w.setup.MinKeycode
	m, err := xproto.GetKeyboardMapping(w.conn, first, byte(w.setup.MaxKeycode-first+1)).Reply()
	if err != nil {
		return keyboard{}, err
	}
	k := keyboard{first: byte(first), width: int(m.KeysymsPerKeycode), syms: make([]keysym, len(m.Keysyms))}
	for i, s := range m.Keysyms {
		k.syms[i] = keysym(s)
	}
	held, err := xproto.GetModifierMapping(w.conn).Reply()
	if err != nil {
		return keyboard{}, err
	}
	for i, code := range held.Keycodes {
		bit := uint16(1) << (i / int(held.KeycodesPerModifier))
		for c := range k.width {
			switch k.sym(byte(code), c) {
			case symLevel3:
				k.level3 |= bit
			case symModeSwitch:
				k.group |= bit
			case symNumLock:
				k.num |= bit
			}
		}
	}
	return k, nil
}

// extended is an event of the keyboard extension: other keys, another keyboard.
type extended struct{}

// Bytes makes it an event.
func (extended) Bytes() []byte { return nil }

// String makes it an event.
func (extended) String() string { return "keyboard" }

// useKeyboardExtension makes the server tell which of several layouts is on (in
// bits 13 and 14 of an event's state). Without the extension there is one. Who
// uses it hears of new keys only through its events (X Keyboard Extension, 4.1).
func (w *Window) useKeyboardExtension() {
	const name = "XKEYBOARD"
	r, err := xproto.QueryExtension(w.conn, uint16(len(name)), name).Reply()
	if err != nil || !r.Present {
		return
	}
	const useExtension, selectEvents = 0, 1
	cookie := w.conn.NewCookie(true, true)
	w.conn.NewRequest([]byte{r.MajorOpcode, useExtension, 2, 0, 1, 0, 0, 0}, cookie) // version 1.0
	if _, err := cookie.Reply(); err != nil {
		return // it stays at one layout
	}
	// The library knows the events of its own extensions only, in one list for all
	// connections.
	if _, known := xgb.NewEventFuncs[int(r.FirstEvent)]; !known {
		xgb.NewEventFuncs[int(r.FirstEvent)] = func([]byte) xgb.Event { return extended{} }
	}
	const coreKeyboardLow, coreKeyboardHigh, both = 0, 1, 3 // NewKeyboardNotify and MapNotify
	w.conn.NewRequest([]byte{r.MajorOpcode, selectEvents, 4, 0, coreKeyboardLow, coreKeyboardHigh, both, 0, 0, 0, both, 0, 0xff, 0, 0xff, 0},
		w.conn.NewCookie(false, false))
}

// mods are the modifiers held, without those that only choose characters.
func mods(state uint16) (m Mods) {
	for bit, mod := range map[uint16]Mods{stateShift: Shift, stateControl: Control, stateAlt: Alt, stateSuper: Super} {
		if state&bit != 0 {
			m |= mod
		}
	}
	return m
}
