package soft

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"abgleich/ui/soft/screen"
)

// keyed is a key going down, again or up.
func (w *window) keyed(k screen.Keyed) {
	e := &fyne.KeyEvent{Name: fyne.KeyName(k.Name)}
	focused := w.canvas.Focused()
	if !k.Repeat {
		w.watched(focused, e, k.Down)
	}
	if !k.Down {
		return
	}
	mods := fyne.KeyModifier(k.Mods)
	if e.Name == fyne.KeyTab && mods&^fyne.KeyModifierShift == 0 && w.tabbed(focused, mods) {
		return
	}
	if w.shortcut(focused, e.Name, mods) {
		return
	}
	if focused = w.canvas.Focused(); focused != nil {
		focused.TypedKey(e)
	} else if f := w.canvas.OnTypedKey(); f != nil {
		f(e)
	}
}

// watched tells those who want to know of a key as such.
func (w *window) watched(focused fyne.Focusable, e *fyne.KeyEvent, down bool) {
	if focused != nil {
		if k, ok := focused.(desktop.Keyable); ok && down {
			k.KeyDown(e)
		} else if ok {
			k.KeyUp(e)
		}
		return
	}
	f := w.canvas.keyUp
	if down {
		f = w.canvas.keyDown
	}
	if f != nil {
		f(e)
	}
}

// tabbed moves the focus on, or back with Shift, unless the focused object wants
// the tab for itself.
func (w *window) tabbed(focused fyne.Focusable, mods fyne.KeyModifier) bool {
	if t, ok := focused.(fyne.Tabbable); ok && t.AcceptsTab() {
		return false
	}
	if mods == fyne.KeyModifierShift {
		w.canvas.FocusPrevious()
	} else {
		w.canvas.FocusNext()
	}
	return true
}

// typed is a character.
func (w *window) typed(r rune) {
	if focused := w.canvas.Focused(); focused != nil {
		focused.TypedRune(r)
	} else if f := w.canvas.OnTypedRune(); f != nil {
		f(r)
	}
}

// shortcutOf is what a key with modifiers means; nil: nothing but the key.
func shortcutOf(name fyne.KeyName, mods fyne.KeyModifier, clip fyne.Clipboard) fyne.Shortcut {
	switch {
	case mods == fyne.KeyModifierControl:
		switch name {
		case fyne.KeyZ:
			return &fyne.ShortcutUndo{}
		case fyne.KeyY:
			return &fyne.ShortcutRedo{}
		case fyne.KeyV:
			return &fyne.ShortcutPaste{Clipboard: clip}
		case fyne.KeyC, fyne.KeyInsert:
			return &fyne.ShortcutCopy{Clipboard: clip}
		case fyne.KeyX:
			return &fyne.ShortcutCut{Clipboard: clip}
		case fyne.KeyA:
			return &fyne.ShortcutSelectAll{}
		}
	case mods == fyne.KeyModifierShift:
		switch name {
		case fyne.KeyInsert:
			return &fyne.ShortcutPaste{Clipboard: clip}
		case fyne.KeyDelete:
			return &fyne.ShortcutCut{Clipboard: clip}
		}
		return nil
	}
	if mods == 0 || name == "" || isModifier(name) {
		return nil
	}
	return &desktop.CustomShortcut{KeyName: name, Modifier: mods}
}

func isModifier(name fyne.KeyName) bool {
	switch name {
	case desktop.KeyShiftLeft, desktop.KeyShiftRight, desktop.KeyControlLeft, desktop.KeyControlRight,
		desktop.KeyAltLeft, desktop.KeyAltRight, desktop.KeySuperLeft, desktop.KeySuperRight:
		return true
	}
	return false
}

// shortcut carries a shortcut out; true: the key is done with.
func (w *window) shortcut(focused fyne.Focusable, name fyne.KeyName, mods fyne.KeyModifier) bool {
	s := shortcutOf(name, mods, w.app.Clipboard())
	if s == nil {
		return false
	}
	if w.menu != nil && menuShortcut(w.menu.Items, s) {
		return true
	}
	on, ok := focused.(fyne.Shortcutable)
	if !ok {
		on, ok = w.canvas.WindowlessCanvas.(fyne.Shortcutable)
	}
	if d, off := on.(fyne.Disableable); off && d.Disabled() {
		if _, copies := s.(*fyne.ShortcutCopy); !copies {
			return false // a field that can't be changed can only be copied from
		}
	}
	if ok {
		on.TypedShortcut(s)
	}
	return true
}

// menuShortcut carries out the menu item with this shortcut.
func menuShortcut(menus []*fyne.Menu, s fyne.Shortcut) bool {
	for _, m := range menus {
		for _, i := range m.Items {
			if i.Shortcut != nil && i.Shortcut.ShortcutName() == s.ShortcutName() && i.Action != nil {
				i.Action()
				return true
			}
			if i.ChildMenu != nil && menuShortcut([]*fyne.Menu{i.ChildMenu}, s) {
				return true
			}
		}
	}
	return false
}
