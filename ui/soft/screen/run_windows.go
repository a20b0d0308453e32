package screen

import (
	"unicode/utf16"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Run hands every event to handle and calls idle each time nothing is left to do,
// until Stop. It must be called once, on the goroutine of Open.
func (w *Window) Run(handle func(Event), idle func()) error {
	defer w.close()
	w.handle, w.idle = handle, idle
	var inside rect
	procGetClientRect.Call(w.hwnd, uintptr(unsafe.Pointer(&inside)))
	handle(Resized{int(inside.right), int(inside.bottom)})
	if focus, _, _ := procGetFocus.Call(); focus == w.hwnd {
		handle(Focused{true})
	}
	var m message
	const remove = 1
	for !w.stopped {
		w.queue.run()
		did := false
		for !w.stopped {
			if got, _, _ := procPeekMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0, remove); got == 0 {
				break
			}
			did = true
			procTranslateMessage.Call(uintptr(unsafe.Pointer(&m)))
			procDispatchMessage.Call(uintptr(unsafe.Pointer(&m)))
		}
		if w.stopped || did || w.queue.waiting() {
			continue
		}
		idle()
		if !w.queue.waiting() {
			procWaitMessage.Call()
		}
	}
	return nil
}

func (w *Window) close() {
	w.queue.close()
	w.handle = nil
	procDestroyWindow.Call(w.hwnd)
	if name, err := windows.UTF16PtrFromString(className); err == nil {
		procUnregisterClass.Call(uintptr(unsafe.Pointer(name)), w.instance)
	}
	for _, icon := range w.icons {
		procDestroyIcon.Call(icon)
	}
}

// proc is called by Windows with everything that concerns the window.
func (w *Window) proc(hwnd uintptr, msg uint32, wParam, lParam uintptr) uintptr {
	if w.handle != nil && !w.stopped {
		if result, done := w.received(hwnd, msg, wParam, lParam); done {
			return result
		}
	} else if msg == wmEraseBkgnd {
		return 1
	}
	result, _, _ := procDefWindowProc.Call(hwnd, uintptr(msg), wParam, lParam)
	return result
}

// low and high are the halves of a parameter, with their sign.
func low(v uintptr) int  { return int(int16(v)) }
func high(v uintptr) int { return int(int16(v >> 16)) }

// received translates a message; done: Windows needn't do more about it.
func (w *Window) received(hwnd uintptr, msg uint32, wParam, lParam uintptr) (result uintptr, done bool) {
	switch msg {
	case wmSize:
		if width, height := int(lParam&0xffff), int(lParam>>16&0xffff); width > 0 && height > 0 { // not minimised
			w.handle(Resized{width, height})
		}
		w.meanwhile()
		return 0, true
	case wmPaint:
		w.painted()
		w.meanwhile()
		return 0, true
	case wmEraseBkgnd:
		return 1, true // our picture covers everything
	case wmClose:
		w.handle(CloseAsked{})
		return 0, true
	case wmEndSession:
		if wParam != 0 {
			w.handle(CloseAsked{})
		}
		return 0, true
	case wmApp:
		w.meanwhile()
		return 0, true
	case wmEnterSizeMove:
		w.modal = true
	case wmExitSizeMove:
		w.modal = false
	case wmGetMinMaxInfo:
		if w.least.X > 0 {
			width, height := w.outer(w.least.X, w.least.Y)
			pointed[minMaxInfo](lParam).minTrack = point{int32(width), int32(height)}
			return 0, true
		}
	case wmDpiChanged:
		to := pointed[rect](lParam).image()
		w.handle(Rescaled{float32(low(wParam)) / 96})
		procSetWindowPos.Call(hwnd, 0, uintptr(to.Min.X), uintptr(to.Min.Y), uintptr(to.Dx()), uintptr(to.Dy()), swpNoZOrder|swpNoActivate)
		return 0, true
	case wmSettingChange:
		if dark := w.Dark(); dark != w.wasDark {
			w.dress(dark)
			w.handle(Looked{dark})
		}
	case wmSetFocus:
		w.handle(Focused{true})
	case wmKillFocus:
		w.high, w.altGraph = 0, false
		w.handle(Focused{false})
	default:
		return w.input(msg, wParam, lParam)
	}
	return 0, false
}

// meanwhile does what Run would do, while Windows lets a person move or resize
// the window and Run waits for the end of it.
func (w *Window) meanwhile() {
	if w.modal && w.handle != nil {
		w.queue.run()
		w.idle()
	}
}

// painted shows what Windows has lost of the picture.
func (w *Window) painted() {
	var p paintStruct
	dc, _, _ := procBeginPaint.Call(w.hwnd, uintptr(unsafe.Pointer(&p)))
	w.blit(dc, p.area.image())
	procEndPaint.Call(w.hwnd, uintptr(unsafe.Pointer(&p)))
}

// input translates what keyboard and mouse do.
func (w *Window) input(msg uint32, wParam, lParam uintptr) (result uintptr, done bool) {
	switch msg {
	case wmKeyDown, wmSysKeyDown, wmKeyUp, wmSysKeyUp:
		return 0, w.key(msg == wmKeyDown || msg == wmSysKeyDown, wParam, lParam)
	case wmChar:
		w.char(uint16(wParam))
		return 0, true
	case wmUniChar:
		const asked = 0xffff // whether we understand it
		if wParam != asked {
			w.handle(Typed{rune(wParam)})
		}
		return 1, true
	case wmSysCommand:
		const keyMenu = 0xf100
		// Alt alone must not open the window's menu, where no key types any more.
		return 0, wParam&0xfff0 == keyMenu && lParam == 0
	case wmSetCursor:
		const inside = 1
		if low(lParam) == inside {
			w.useCursor()
			return 1, true
		}
	case wmMouseMove:
		w.moved(low(lParam), high(lParam))
		return 0, true
	case wmMouseLeave:
		w.inside = false
		w.handle(Left{})
		return 0, true
	case wmLButtonDown, wmLButtonUp, wmRButtonDown, wmRButtonUp, wmMButtonDown, wmMButtonUp:
		w.button(msg, low(lParam), high(lParam))
		return 0, true
	case wmCaptureChanged:
		w.buttons = 0
	case wmMouseWheel, wmMouseHWheel:
		at := point{int32(low(lParam)), int32(high(lParam))}
		procScreenToClient.Call(w.hwnd, uintptr(unsafe.Pointer(&at)))
		turned := float32(high(wParam)) / 120
		if msg == wmMouseHWheel {
			w.handle(Wheeled{int(at.x), int(at.y), -turned, 0})
		} else {
			w.handle(Wheeled{int(at.x), int(at.y), 0, turned})
		}
		return 0, true
	}
	return 0, false
}

func (w *Window) moved(x, y int) {
	if !w.inside {
		w.inside = true
		const leave = 2
		t := trackMouse{flags: leave, hwnd: w.hwnd}
		t.size = uint32(unsafe.Sizeof(t))
		procTrackMouseEvent.Call(uintptr(unsafe.Pointer(&t)))
	}
	w.handle(Pointed{x, y})
}

// button translates a mouse button. While one is held all movements come to us.
func (w *Window) button(msg uint32, x, y int) {
	b := map[uint32]Button{wmLButtonDown: Primary, wmLButtonUp: Primary, wmRButtonDown: Secondary, wmRButtonUp: Secondary,
		wmMButtonDown: Middle, wmMButtonUp: Middle}[msg]
	down := msg == wmLButtonDown || msg == wmRButtonDown || msg == wmMButtonDown
	if down {
		if w.buttons == 0 {
			procSetCapture.Call(w.hwnd)
		}
		w.buttons |= 1 << b
	} else {
		w.buttons &^= 1 << b
	}
	w.handle(Pressed{x, y, b, down, w.mods()})
	if !down && w.buttons == 0 {
		procReleaseCapture.Call()
	}
}

// char is half a character, or a whole one.
func (w *Window) char(unit uint16) {
	r := rune(unit)
	switch {
	case utf16.IsSurrogate(r) && w.high == 0:
		w.high = unit
		return
	case w.high != 0:
		r, w.high = utf16.DecodeRune(rune(w.high), r), 0
	}
	if r >= ' ' && r != 0x7f { // not what Ctrl, Enter and Backspace type
		w.handle(Typed{r})
	}
}
