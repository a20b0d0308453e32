package region

import (
	"context"
	"unsafe"

	"golang.org/x/sys/windows"

	"abgleich/assets"
)

// What GetLocaleInfoEx is asked for (winnls.h).
const (
	localeDecimal   = 0x0e
	localeThousand  = 0x0f
	localeGrouping  = 0x10
	localeShortDate = 0x1f
	localeAM        = 0x28
	localePM        = 0x29
	localeShortTime = 0x79
)

// System asks Windows for the person's settings, with what he changed by hand.
func System(context.Context) assets.Region {
	return FromSettings(Settings{ShortDate: ask(localeShortDate), ShortTime: ask(localeShortTime), AM: ask(localeAM), PM: ask(localePM),
		Decimal: ask(localeDecimal), Thousand: ask(localeThousand), Grouping: ask(localeGrouping)})
}

// ask gives a value of the user's locale, "" where there is none.
func ask(what uint32) string {
	get := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetLocaleInfoEx")
	if get.Find() != nil {
		return ""
	}
	var buf [80]uint16 // no value is longer
	n, _, _ := get.Call(0, uintptr(what), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)))
	if n == 0 {
		return ""
	}
	return windows.UTF16ToString(buf[:])
}
