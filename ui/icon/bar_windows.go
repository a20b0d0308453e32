package icon

import (
	"context"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// themeKey is where Windows keeps a person's choice of light and dark; the task bar
// goes by SystemUsesLightTheme, which Windows 10 1903 and newer have.
const themeKey = `Software\Microsoft\Windows\CurrentVersion\Themes\Personalize`

// watchBar tells how bright the task bar is until ctx ends. A Windows that doesn't
// say has a dark one.
func watchBar(ctx context.Context, tell func(Bar)) {
	key, err := registry.OpenKey(registry.CURRENT_USER, themeKey, registry.QUERY_VALUE|registry.NOTIFY)
	if err != nil {
		tell(BarDark)
		return
	}
	defer key.Close()
	changed, err := windows.CreateEvent(nil, 0, 0, nil)
	if err != nil {
		return
	}
	defer windows.CloseHandle(changed) //nolint:errcheck // nothing to be done about it
	stop := context.AfterFunc(ctx, func() { _ = windows.SetEvent(changed) })
	defer stop()
	for ctx.Err() == nil {
		// Asked for before the value is read: no change falls in between.
		if err := windows.RegNotifyChangeKeyValue(windows.Handle(key), false, windows.REG_NOTIFY_CHANGE_LAST_SET, changed, true); err != nil {
			return
		}
		bar := BarDark
		if light, _, err := key.GetIntegerValue("SystemUsesLightTheme"); err == nil && light == 1 {
			bar = BarLight
		}
		tell(bar)
		if _, err := windows.WaitForSingleObject(changed, windows.INFINITE); err != nil {
			return
		}
	}
}
