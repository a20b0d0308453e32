package screen

// Windows' numbers of keys (winuser.h, VK_…).
const (
	vkReturn, vkShift, vkControl, vkAlt = 0x0d, 0x10, 0x11, 0x12
	vkLeftWin, vkRightWin, vkF10        = 0x5b, 0x5c, 0x79
	vkLeftControl, vkRightAlt           = 0xa2, 0xa5
	vkRightShift                        = 0xa1
	vkProcess, vkPacket                 = 0xe5, 0xe7
)

func held(key uintptr) bool {
	state, _, _ := procGetKeyState.Call(key)
	return state&0x8000 != 0
}

// mods are the modifiers held, without AltGr, which Windows tells as Ctrl and Alt
// and which only chooses characters.
func (w *Window) mods() (m Mods) {
	if held(vkShift) {
		m |= Shift
	}
	if held(vkLeftWin) || held(vkRightWin) {
		m |= Super
	}
	if held(vkRightAlt) && held(vkLeftControl) {
		return m
	}
	if held(vkControl) {
		m |= Control
	}
	if held(vkAlt) {
		m |= Alt
	}
	return m
}

// key translates a key going down or up; done: Windows needn't do more about it.
func (w *Window) key(down bool, code, flags uintptr) (done bool) {
	if code == vkProcess || code == vkPacket {
		return false // an input method is at work: only its characters count
	}
	extended, repeat := flags>>24&1 == 1, down && flags>>30&1 == 1
	w.handle(Keyed{Name: virtualName(code, flags>>16&0xff, extended), Down: down, Repeat: repeat, Mods: w.mods()})
	return code == vkF10 // Windows would open the window's menu
}

// virtualName is Fyne's name of a key.
func virtualName(code, scan uintptr, extended bool) string {
	switch {
	case code >= '0' && code <= '9', code >= 'A' && code <= 'Z':
		return string(rune(code))
	case code >= 0x60 && code <= 0x69: // keypad
		return string(rune('0' + code - 0x60))
	case code >= 0x70 && code <= 0x7b:
		return [...]string{"F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12"}[code-0x70]
	}
	side := func(left, right string, isRight bool) string {
		if isRight {
			return right
		}
		return left
	}
	switch code {
	case vkReturn:
		return side("Return", "KP_Enter", extended)
	case vkShift:
		const scanToSided = 3
		sided, _, _ := procMapVirtualKey.Call(scan, scanToSided)
		return side("LeftShift", "RightShift", sided == vkRightShift)
	case vkControl:
		return side("LeftControl", "RightControl", extended)
	case vkAlt:
		return side("LeftAlt", "RightAlt", extended)
	}
	if name, ok := map[uintptr]string{0x08: "BackSpace", 0x09: "Tab", 0x14: "CapsLock", 0x1b: "Escape", 0x20: "Space", 0x21: "Prior", 0x22: "Next",
		0x23: "End", 0x24: "Home", 0x25: "Left", 0x26: "Up", 0x27: "Right", 0x28: "Down", 0x2c: "PrintScreen", 0x2d: "Insert", 0x2e: "Delete",
		vkLeftWin: "LeftSuper", vkRightWin: "RightSuper", 0x5d: "Menu", 0x6a: "*", 0x6b: "+", 0x6d: "-", 0x6e: ".", 0x6f: "/"}[code]; ok {
		return name
	}
	const toChar = 2
	r, _, _ := procMapVirtualKey.Call(code, toChar) // the top bit tells a dead key
	return nameOf(rune(r & 0x7fff))
}
