package screen

import (
	"strings"
	"time"
	"unicode/utf16"
	"unsafe"
)

const unicodeText = 13

// open opens the clipboard, which another program may hold for a moment.
func (w *Window) open() bool {
	for range 10 {
		if ok, _, _ := procOpenClipboard.Call(w.hwnd); ok != 0 {
			return true
		}
		<-time.After(10 * time.Millisecond)
	}
	return false
}

// Copy puts a text on the clipboard.
func (w *Window) Copy(text string) {
	units := append(utf16.Encode([]rune(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n"))), 0)
	if !w.open() {
		return
	}
	defer procCloseClipboard.Call()
	procEmptyClipboard.Call()
	const moveable = 2
	memory, _, _ := procGlobalAlloc.Call(moveable, uintptr(2*len(units)))
	if memory == 0 {
		return
	}
	at, _, _ := procGlobalLock.Call(memory)
	if at == 0 {
		procGlobalFree.Call(memory)
		return
	}
	copy(unsafe.Slice(pointed[uint16](at), len(units)), units)
	procGlobalUnlock.Call(memory)
	if taken, _, _ := procSetClipboardData.Call(unicodeText, memory); taken == 0 {
		procGlobalFree.Call(memory) // else it belongs to the clipboard
	}
}

// Paste gives the text on the clipboard; "" when there is none.
func (w *Window) Paste() string {
	if !w.open() {
		return ""
	}
	defer procCloseClipboard.Call()
	memory, _, _ := procGetClipboardData.Call(unicodeText)
	if memory == 0 {
		return ""
	}
	size, _, _ := procGlobalSize.Call(memory)
	at, _, _ := procGlobalLock.Call(memory)
	if at == 0 {
		return ""
	}
	defer procGlobalUnlock.Call(memory)
	units := unsafe.Slice(pointed[uint16](at), size/2)
	for i, u := range units {
		if u == 0 {
			units = units[:i]
			break
		}
	}
	return strings.ReplaceAll(string(utf16.Decode(units)), "\r\n", "\n")
}
