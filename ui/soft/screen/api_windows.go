package screen

import (
	"image"
	"unsafe"

	"golang.org/x/sys/windows"
)

// The functions of Windows that golang.org/x/sys doesn't have.
var (
	user32   = windows.NewLazySystemDLL("user32.dll")
	gdi32    = windows.NewLazySystemDLL("gdi32.dll")
	kernel32 = windows.NewLazySystemDLL("kernel32.dll")
	dwmapi   = windows.NewLazySystemDLL("dwmapi.dll")

	procAdjustWindowRectEx            = user32.NewProc("AdjustWindowRectEx")
	procAdjustWindowRectExForDpi      = user32.NewProc("AdjustWindowRectExForDpi")
	procBeginPaint                    = user32.NewProc("BeginPaint")
	procBringWindowToTop              = user32.NewProc("BringWindowToTop")
	procClientToScreen                = user32.NewProc("ClientToScreen")
	procCloseClipboard                = user32.NewProc("CloseClipboard")
	procCreateIconIndirect            = user32.NewProc("CreateIconIndirect")
	procCreateWindowEx                = user32.NewProc("CreateWindowExW")
	procDefWindowProc                 = user32.NewProc("DefWindowProcW")
	procDestroyIcon                   = user32.NewProc("DestroyIcon")
	procDestroyWindow                 = user32.NewProc("DestroyWindow")
	procDispatchMessage               = user32.NewProc("DispatchMessageW")
	procEmptyClipboard                = user32.NewProc("EmptyClipboard")
	procEndPaint                      = user32.NewProc("EndPaint")
	procGetClientRect                 = user32.NewProc("GetClientRect")
	procGetClipboardData              = user32.NewProc("GetClipboardData")
	procGetCursorPos                  = user32.NewProc("GetCursorPos")
	procGetDC                         = user32.NewProc("GetDC")
	procGetDpiForWindow               = user32.NewProc("GetDpiForWindow")
	procGetFocus                      = user32.NewProc("GetFocus")
	procGetKeyState                   = user32.NewProc("GetKeyState")
	procGetMonitorInfo                = user32.NewProc("GetMonitorInfoW")
	procIsIconic                      = user32.NewProc("IsIconic")
	procLoadCursor                    = user32.NewProc("LoadCursorW")
	procMapVirtualKey                 = user32.NewProc("MapVirtualKeyW")
	procMonitorFromPoint              = user32.NewProc("MonitorFromPoint")
	procOpenClipboard                 = user32.NewProc("OpenClipboard")
	procPeekMessage                   = user32.NewProc("PeekMessageW")
	procPostMessage                   = user32.NewProc("PostMessageW")
	procRegisterClassEx               = user32.NewProc("RegisterClassExW")
	procReleaseCapture                = user32.NewProc("ReleaseCapture")
	procReleaseDC                     = user32.NewProc("ReleaseDC")
	procScreenToClient                = user32.NewProc("ScreenToClient")
	procSendMessage                   = user32.NewProc("SendMessageW")
	procSetCapture                    = user32.NewProc("SetCapture")
	procSetClipboardData              = user32.NewProc("SetClipboardData")
	procSetCursor                     = user32.NewProc("SetCursor")
	procSetFocus                      = user32.NewProc("SetFocus")
	procSetForegroundWindow           = user32.NewProc("SetForegroundWindow")
	procSetProcessDPIAware            = user32.NewProc("SetProcessDPIAware")
	procSetProcessDpiAwarenessContext = user32.NewProc("SetProcessDpiAwarenessContext")
	procSetWindowPos                  = user32.NewProc("SetWindowPos")
	procSetWindowText                 = user32.NewProc("SetWindowTextW")
	procShowWindow                    = user32.NewProc("ShowWindow")
	procTrackMouseEvent               = user32.NewProc("TrackMouseEvent")
	procTranslateMessage              = user32.NewProc("TranslateMessage")
	procUnregisterClass               = user32.NewProc("UnregisterClassW")
	procWaitMessage                   = user32.NewProc("WaitMessage")

	procCreateBitmap     = gdi32.NewProc("CreateBitmap")
	procCreateDIBSection = gdi32.NewProc("CreateDIBSection")
	procDeleteObject     = gdi32.NewProc("DeleteObject")
	procGetDeviceCaps    = gdi32.NewProc("GetDeviceCaps")
	procStretchDIBits    = gdi32.NewProc("StretchDIBits")

	procGetModuleHandle = kernel32.NewProc("GetModuleHandleW")
	procGlobalAlloc     = kernel32.NewProc("GlobalAlloc")
	procGlobalFree      = kernel32.NewProc("GlobalFree")
	procGlobalLock      = kernel32.NewProc("GlobalLock")
	procGlobalSize      = kernel32.NewProc("GlobalSize")
	procGlobalUnlock    = kernel32.NewProc("GlobalUnlock")

	procDwmSetWindowAttribute = dwmapi.NewProc("DwmSetWindowAttribute")
)

// Constants of Windows, by their names there.
const (
	wsOverlappedWindow = 0x00cf0000
	useDefault         = 0x80000000

	swHide, swShow, swRestore             = 0, 5, 9
	swpNoMove, swpNoZOrder, swpNoActivate = 0x2, 0x4, 0x10

	wmSize, wmSetFocus, wmKillFocus         = 0x0005, 0x0007, 0x0008
	wmPaint, wmClose, wmEraseBkgnd          = 0x000f, 0x0010, 0x0014
	wmEndSession, wmSettingChange           = 0x0016, 0x001a
	wmSetCursor, wmGetMinMaxInfo, wmSetIcon = 0x0020, 0x0024, 0x0080
	wmKeyDown, wmKeyUp, wmChar              = 0x0100, 0x0101, 0x0102
	wmSysKeyDown, wmSysKeyUp, wmUniChar     = 0x0104, 0x0105, 0x0109
	wmSysCommand                            = 0x0112
	wmMouseMove                             = 0x0200
	wmLButtonDown, wmLButtonUp              = 0x0201, 0x0202
	wmRButtonDown, wmRButtonUp              = 0x0204, 0x0205
	wmMButtonDown, wmMButtonUp              = 0x0207, 0x0208
	wmMouseWheel, wmMouseHWheel             = 0x020a, 0x020e
	wmEnterSizeMove, wmExitSizeMove         = 0x0231, 0x0232
	wmCaptureChanged, wmMouseLeave          = 0x0215, 0x02a3
	wmDpiChanged                            = 0x02e0
	wmApp                                   = 0x8000
)

type point struct{ x, y int32 }

type rect struct{ left, top, right, bottom int32 }

func (r rect) image() image.Rectangle {
	return image.Rect(int(r.left), int(r.top), int(r.right), int(r.bottom))
}

type wndClass struct {
	size, style        uint32
	proc               uintptr
	extra, windowExtra int32
	instance, icon     uintptr
	cursor, background uintptr
	menu, name         *uint16
	small              uintptr
}

type message struct {
	hwnd           uintptr
	message        uint32
	wParam, lParam uintptr
	time           uint32
	at             point
	private        uint32
}

type monitorInfo struct {
	size          uint32
	monitor, work rect
	flags         uint32
}

type minMaxInfo struct{ reserved, maxSize, maxPosition, minTrack, maxTrack point }

type trackMouse struct {
	size, flags uint32
	hwnd        uintptr
	hover       uint32
}

type paintStruct struct {
	dc       uintptr
	erase    int32
	area     rect
	restore  int32
	update   int32
	reserved [32]byte
}

type iconInfo struct {
	icon, x, y  uint32
	mask, color uintptr
}

type bitmapInfo struct {
	size          uint32
	width, height int32
	planes, bits  uint16
	compression   uint32
	imageSize     uint32
	xPels, yPels  int32
	used, needed  uint32
	colors        [1]uint32
}

// bitmapHeader describes pixels as a Frame has them, the first row on top.
func bitmapHeader(width, height int) bitmapInfo {
	return bitmapInfo{size: 40, width: int32(width), height: -int32(height), planes: 1, bits: 32}
}

// pointed is what a message's parameter points to. The memory is the system's.
func pointed[T any](param uintptr) *T { return *(**T)(unsafe.Pointer(&param)) }
