package screen

import (
	"fmt"
	"image"
	"os/exec"
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

const className = "AbgleichWindow"

// Window is a Win32 window, painted by GDI.
type Window struct {
	hwnd     uintptr
	instance uintptr // this program
	queue    queue
	stopped  bool
	handle   func(Event) // set by Run
	idle     func()      // set by Run

	back     *Frame // what the window shows, for when Windows asks
	shown    bool
	modal    bool // a person moves or resizes it: Windows runs the messages
	inside   bool // the pointer is, and Windows will tell when it leaves
	buttons  int  // held
	least    image.Point
	cursor   Cursor
	high     uint16 // the first half of a character of two
	icons    []uintptr
	wasDark  bool
	altGraph bool
}

// Open opens a window; it isn't shown yet. It ties the calling goroutine to its
// thread, as Windows wants it.
func Open() (*Window, error) {
	runtime.LockOSThread()
	if !called(procSetProcessDpiAwarenessContext, ^uintptr(3)) { // per monitor, version 2 (-4)
		called(procSetProcessDPIAware)
	}
	w := &Window{}
	w.instance, _, _ = procGetModuleHandle.Call(0)
	w.queue.wake = func() { procPostMessage.Call(w.hwnd, wmApp, 0, 0) }
	name, err := windows.UTF16PtrFromString(className)
	if err != nil {
		return nil, fmt.Errorf("screen: %w", err)
	}
	class := wndClass{proc: windows.NewCallback(w.proc), name: name, instance: w.instance}
	class.size = uint32(unsafe.Sizeof(class))
	if atom, _, err := procRegisterClassEx.Call(uintptr(unsafe.Pointer(&class))); atom == 0 {
		return nil, fmt.Errorf("screen: window class: %w", err)
	}
	w.hwnd, _, err = procCreateWindowEx.Call(0, uintptr(unsafe.Pointer(name)), 0, wsOverlappedWindow, useDefault, 0, useDefault, 0, 0, 0, w.instance, 0)
	if w.hwnd == 0 {
		return nil, fmt.Errorf("screen: window: %w", err)
	}
	w.dress(w.Dark())
	return w, nil
}

// called calls a function that older Windows may lack; false: it does, or failed.
func called(p *windows.LazyProc, args ...uintptr) bool {
	if p.Find() != nil {
		return false
	}
	r, _, _ := p.Call(args...)
	return r != 0
}

// Do has f run on the goroutine of Run. It may be called on any goroutine; false
// means that the window is gone.
func (w *Window) Do(f func()) bool { return w.queue.add(f) }

// Stop ends Run.
func (w *Window) Stop() { w.stopped = true; w.queue.wake() }

// dpi is the dots an inch of the monitor the window is on.
func (w *Window) dpi() int {
	if procGetDpiForWindow.Find() == nil {
		if d, _, _ := procGetDpiForWindow.Call(w.hwnd); d > 0 {
			return int(d)
		}
	}
	dc, _, _ := procGetDC.Call(w.hwnd)
	defer procReleaseDC.Call(w.hwnd, dc)
	const logPixelsX = 88
	if d, _, _ := procGetDeviceCaps.Call(dc, logPixelsX); d > 0 {
		return int(d)
	}
	return 96
}

// Scale is how many pixels a unit has: the monitor's dots an inch, over 96.
func (w *Window) Scale() float32 { return float32(w.dpi()) / 96 }

// Dark tells whether the person wants programs to be dark.
func (w *Window) Dark() bool {
	k, err := registry.OpenKey(registry.CURRENT_USER, `SOFTWARE\Microsoft\Windows\CurrentVersion\Themes\Personalize`, registry.QUERY_VALUE)
	if err != nil {
		return false // older Windows
	}
	defer k.Close()
	light, _, err := k.GetIntegerValue("AppsUseLightTheme")
	return err == nil && light == 0
}

// dress gives the title bar the right colour.
func (w *Window) dress(dark bool) {
	w.wasDark = dark
	if procDwmSetWindowAttribute.Find() == nil {
		const immersiveDark = 20
		v := uint32(0)
		if dark {
			v = 1
		}
		procDwmSetWindowAttribute.Call(w.hwnd, immersiveDark, uintptr(unsafe.Pointer(&v)), 4)
	}
}

// outer is the size of the whole window around an inside of this size.
func (w *Window) outer(width, height int) (int, int) {
	r := rect{right: int32(width), bottom: int32(height)}
	if procAdjustWindowRectExForDpi.Find() == nil {
		procAdjustWindowRectExForDpi.Call(uintptr(unsafe.Pointer(&r)), wsOverlappedWindow, 0, 0, uintptr(w.dpi()))
	} else {
		procAdjustWindowRectEx.Call(uintptr(unsafe.Pointer(&r)), wsOverlappedWindow, 0, 0)
	}
	return int(r.right - r.left), int(r.bottom - r.top)
}

// workArea is what the task bar leaves of the monitor the pointer is on.
func workArea() image.Rectangle {
	var at point
	procGetCursorPos.Call(uintptr(unsafe.Pointer(&at)))
	const nearest = 2
	m, _, _ := procMonitorFromPoint.Call(uintptr(uint32(at.x))|uintptr(uint32(at.y))<<32, nearest)
	info := monitorInfo{}
	info.size = uint32(unsafe.Sizeof(info))
	if ok, _, _ := procGetMonitorInfo.Call(m, uintptr(unsafe.Pointer(&info))); ok == 0 {
		return image.Rect(0, 0, 1024, 768)
	}
	return info.work.image()
}

// Show puts the window on the screen, no larger than it.
func (w *Window) Show(width, height int, centre bool) {
	area := workArea()
	ow, oh := w.outer(width, height)
	ow, oh = min(ow, area.Dx()), min(oh, area.Dy())
	flags := uintptr(swpNoZOrder | swpNoActivate)
	x, y := area.Min.X+(area.Dx()-ow)/2, area.Min.Y+(area.Dy()-oh)/2
	if !centre {
		flags |= swpNoMove
	}
	procSetWindowPos.Call(w.hwnd, 0, uintptr(x), uintptr(y), uintptr(ow), uintptr(oh), flags)
	procShowWindow.Call(w.hwnd, swShow)
	procSetForegroundWindow.Call(w.hwnd)
	w.shown = true
}

// Hide takes the window off the screen.
func (w *Window) Hide() {
	procShowWindow.Call(w.hwnd, swHide)
	w.shown = false
}

// Raise brings the window to the front and asks for the keyboard.
func (w *Window) Raise() {
	if !w.shown {
		return
	}
	if iconic, _, _ := procIsIconic.Call(w.hwnd); iconic != 0 {
		procShowWindow.Call(w.hwnd, swRestore)
	}
	procBringWindowToTop.Call(w.hwnd)
	procSetForegroundWindow.Call(w.hwnd)
	procSetFocus.Call(w.hwnd)
}

// Resize asks for a size of the window's inside.
func (w *Window) Resize(width, height int) {
	ow, oh := w.outer(width, height)
	procSetWindowPos.Call(w.hwnd, 0, 0, 0, uintptr(ow), uintptr(oh), swpNoZOrder|swpNoActivate|swpNoMove)
}

// SetLeast keeps the window from becoming smaller.
func (w *Window) SetLeast(width, height int) { w.least = image.Pt(width, height) }

// SetTitle sets the title.
func (w *Window) SetTitle(title string) {
	if p, err := windows.UTF16PtrFromString(title); err == nil {
		procSetWindowText.Call(w.hwnd, uintptr(unsafe.Pointer(p)))
	}
}

// SetIcon sets the icons of title bar and task bar.
func (w *Window) SetIcon(sizes []image.Image) {
	if len(sizes) == 0 {
		return
	}
	for _, old := range w.icons {
		defer procDestroyIcon.Call(old)
	}
	w.icons = nil
	for which, size := range []int{16, 32} { // ICON_SMALL, ICON_BIG
		if icon := makeIcon(shrink(sizes[0], size*w.dpi()/96)); icon != 0 {
			procSendMessage.Call(w.hwnd, wmSetIcon, uintptr(which), icon)
			w.icons = append(w.icons, icon)
		}
	}
}

// makeIcon makes a system's icon of a picture; 0: it can't.
func makeIcon(img *image.NRGBA) uintptr {
	width, height := img.Bounds().Dx(), img.Bounds().Dy()
	header := bitmapHeader(width, height)
	var bits unsafe.Pointer
	dc, _, _ := procGetDC.Call(0)
	defer procReleaseDC.Call(0, dc)
	color, _, _ := procCreateDIBSection.Call(dc, uintptr(unsafe.Pointer(&header)), 0, uintptr(unsafe.Pointer(&bits)), 0, 0)
	if color == 0 {
		return 0
	}
	defer procDeleteObject.Call(color)
	pixels := unsafe.Slice((*uint32)(bits), width*height)
	for i := range pixels {
		pixels[i] = plain(img.At(i%width, i/width))
	}
	mask, _, _ := procCreateBitmap.Call(uintptr(width), uintptr(height), 1, 1, 0)
	defer procDeleteObject.Call(mask)
	info := iconInfo{icon: 1, mask: mask, color: color}
	icon, _, _ := procCreateIconIndirect.Call(uintptr(unsafe.Pointer(&info)))
	return icon
}

// SetCursor gives the pointer another shape.
func (w *Window) SetCursor(c Cursor) {
	w.cursor = c
	if w.inside {
		w.useCursor()
	}
}

func (w *Window) useCursor() {
	id, ok := map[Cursor]uintptr{Arrow: 32512, Beam: 32513, Cross: 32515, SizeH: 32644, SizeV: 32645, Hand: 32649}[w.cursor]
	cursor := uintptr(0)
	if ok {
		cursor, _, _ = procLoadCursor.Call(0, id)
	}
	procSetCursor.Call(cursor)
}

// Present shows the changed part of a picture, which has the window's size.
func (w *Window) Present(f *Frame, changed image.Rectangle) {
	if w.back == nil || w.back.W != f.W || w.back.H != f.H {
		w.back = NewFrame(f.W, f.H)
		changed = f.Bounds()
	}
	changed = changed.Intersect(f.Bounds())
	for y := changed.Min.Y; y < changed.Max.Y; y++ {
		copy(w.back.Row(y)[changed.Min.X:changed.Max.X], f.Row(y)[changed.Min.X:changed.Max.X])
	}
	dc, _, _ := procGetDC.Call(w.hwnd)
	defer procReleaseDC.Call(w.hwnd, dc)
	w.blit(dc, changed)
}

// blit shows part of the picture we keep.
func (w *Window) blit(dc uintptr, area image.Rectangle) {
	if w.back == nil {
		return
	}
	if area = area.Intersect(w.back.Bounds()); area.Empty() {
		return
	}
	// Only the rows that are needed: a remote desktop looks at all it is given.
	header := bitmapHeader(w.back.W, area.Dy())
	const rgbColors, sourceCopy = 0, 0x00cc0020
	procStretchDIBits.Call(dc, uintptr(area.Min.X), uintptr(area.Min.Y), uintptr(area.Dx()), uintptr(area.Dy()),
		uintptr(area.Min.X), 0, uintptr(area.Dx()), uintptr(area.Dy()),
		uintptr(unsafe.Pointer(&w.back.Row(area.Min.Y)[0])), uintptr(unsafe.Pointer(&header)), rgbColors, sourceCopy)
}

// Browse opens a page in the person's browser.
func Browse(url string) error {
	cmd := exec.Command("rundll32", "url.dll,FileProtocolHandler", url)
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait() // takes its exit status from the system
	return nil
}
