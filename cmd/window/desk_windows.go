package main

import "golang.org/x/sys/windows"

// desk is the size of the main screen in pixels; 0 when it isn't known.
func desk() (width, height int) {
	get := windows.NewLazySystemDLL("user32.dll").NewProc("GetSystemMetrics")
	if get.Find() != nil {
		return 0, 0
	}
	// What a maximised window has inside: without task bar and title.
	const fullWidth, fullHeight = 16, 17
	w, _, _ := get.Call(fullWidth)
	h, _, _ := get.Call(fullHeight)
	return int(int32(w)), int(int32(h))
}
