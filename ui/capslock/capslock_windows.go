package capslock

import "golang.org/x/sys/windows"

// Key is the caps lock key. The zero value can be used, by one goroutine.
type Key struct{}

// On tells whether it is on. It must be asked while a message of the keyboard is being
// handled: Windows answers as of the last message the thread has taken.
func (*Key) On() (on, known bool) {
	const capital = 0x14
	get := windows.NewLazySystemDLL("user32.dll").NewProc("GetKeyState")
	if get.Find() != nil {
		return false, false
	}
	state, _, _ := get.Call(capital)
	return state&1 != 0, true
}

// Close has nothing to give back.
func (*Key) Close() {}
