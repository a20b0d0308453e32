package icon_test

import (
	"bytes"
	"context"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/internal/agentdouble"
)

// watcher stands in for the desktop's panel: it hears of icons.
type watcher struct{ registered chan string }

// RegisterStatusNotifierItem is what an icon calls.
func (w *watcher) RegisterStatusNotifierItem(_ string, sender dbus.Sender) *dbus.Error {
	w.registered <- string(sender)
	return nil
}

// portal stands in for the desktop's settings.
type portal struct{ scheme uint32 }

// Read gives the scheme in a variant of its own, as real portals do.
func (p *portal) Read(space, key string) (dbus.Variant, *dbus.Error) {
	if space != "org.freedesktop.appearance" || key != "color-scheme" {
		return dbus.Variant{}, dbus.NewError("org.freedesktop.portal.Error.NotFound", nil)
	}
	return dbus.MakeVariant(dbus.MakeVariant(p.scheme)), nil
}

// board stands in for the desktop's notifications.
type board struct {
	mu     sync.Mutex
	shown  []posted
	closed []uint32
}

// posted is one notification as it came.
type posted struct {
	before      uint32
	title, text string
	actions     []string
}

func (b *board) GetCapabilities() ([]string, *dbus.Error) {
	return []string{"actions", "body", "body-markup"}, nil
}

func (b *board) Notify(app string, before uint32, icon, title, text string, actions []string, hints map[string]dbus.Variant, expire int32) (uint32, *dbus.Error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shown = append(b.shown, posted{before, title, text, actions})
	return uint32(len(b.shown)), nil
}

func (b *board) CloseNotification(id uint32) *dbus.Error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = append(b.closed, id)
	return nil
}

func (b *board) count() (shown, closed int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.shown), len(b.closed)
}

// own exports a stand-in under its name on the bus.
func own(t testing.TB, conn *dbus.Conn, v any, name string, at dbus.ObjectPath, as string) {
	t.Helper()
	if err := conn.Export(v, at, as); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
}

// bus starts a bus of the test's own.
func bus(t testing.TB) (*dbus.Conn, string) {
	t.Helper()
	daemon, err := exec.LookPath("dbus-daemon")
	if err != nil {
		t.Skip("dbus-daemon is not installed (Debian: dbus)")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(daemon, "--session", "--nofork", "--print-address=3")
	cmd.ExtraFiles = []*os.File{w}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait(); r.Close() })
	line := make([]byte, 4096)
	n, err := r.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimSpace(string(line[:n]))
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, address
}

// menu is a menu as com.canonical.dbusmenu gives it.
type menu struct {
	ID         int32
	Properties map[string]dbus.Variant
	Children   []dbus.Variant
}

type entry struct {
	id      int32
	enabled bool
	checked bool
}

// entries gives the entries by label, submenus included.
func entries(t *testing.T, item dbus.BusObject) map[string]entry {
	t.Helper()
	var revision uint32
	var root menu
	if err := item.Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root); err != nil {
		t.Fatal(err)
	}
	found := map[string]entry{}
	var walk func(menu)
	walk = func(m menu) {
		if label, ok := m.Properties["label"].Value().(string); ok {
			enabled, known := m.Properties["enabled"].Value().(bool)
			state, _ := m.Properties["toggle-state"].Value().(int32)
			found[label] = entry{m.ID, enabled || !known, state == 1}
		}
		for _, c := range m.Children {
			var child menu
			if err := dbus.Store([]any{c.Value()}, &child); err != nil {
				t.Fatal(err)
			}
			walk(child)
		}
	}
	walk(root)
	return found
}

// eventually asks again until it is true; the bus tells no one when a desktop
// would have drawn.
func eventually(t *testing.T, what string, true func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !true() {
		select {
		case <-ctx.Done():
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

func build(t testing.TB, dir string) string {
	t.Helper()
	tray := filepath.Join(dir, "tray")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", tray, "abgleich/cmd/tray")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return tray
}

// The real program on a real bus: icon, tooltip and menu appear, follow the
// agent, come back to it after it was away, and clicks arrive.
func TestTheIconOnADesktopBus(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the desktop bus is for Linux")
	}
	conn, address := bus(t)
	w := &watcher{make(chan string, 1)}
	own(t, conn, w, "org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher", "org.kde.StatusNotifierWatcher")
	own(t, conn, &portal{scheme: 1}, "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Settings")
	desk := &board{}
	own(t, conn, desk, "org.freedesktop.Notifications", "/org/freedesktop/Notifications", "org.freedesktop.Notifications")

	dir := t.TempDir()
	tray := build(t, dir)
	opened := filepath.Join(dir, "opened")
	script := "#!/bin/sh\necho \"$@\" >>" + opened + "\n"
	if err := os.WriteFile(filepath.Join(dir, "window"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "agent.sock")
	cmd := exec.Command(tray, "--agent", socket, "--lang", "de")
	cmd.Env = append(os.Environ(), "DBUS_SESSION_BUS_ADDRESS="+address, "XDG_CONFIG_HOME="+dir)
	var stderr bytes.Buffer
	cmd.Stderr, cmd.Stdout = &stderr, io.Discard
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() { cmd.Process.Kill() })

	var sender string
	select {
	case sender = <-w.registered:
		t.Logf("icon after %v", time.Since(began).Round(time.Millisecond))
	case err := <-exited:
		t.Fatalf("the tray ended: %v\n%s", err, stderr.String())
	case <-time.After(15 * time.Second):
		t.Fatal("no icon registered")
	}
	item := conn.Object(sender, "/StatusNotifierItem")
	menuObject := conn.Object(sender, "/StatusNotifierItem/menu")
	tooltip := func() string {
		v, err := item.GetProperty("org.kde.StatusNotifierItem.ToolTip")
		if err != nil {
			t.Fatal(err)
		}
		return v.Value().([]any)[2].(string)
	}
	shows := func(icon assets.Icon) bool {
		v, err := item.GetProperty("org.kde.StatusNotifierItem.IconPixmap")
		if err != nil {
			t.Fatal(err)
		}
		var pixmaps []struct {
			W, H int32
			Pix  []byte
		}
		if err := dbus.Store([]any{v.Value()}, &pixmaps); err != nil || len(pixmaps) != 1 {
			t.Fatalf("%v, %d pictures", err, len(pixmaps))
		}
		want, err := png.Decode(bytes.NewReader(assets.PNG(icon, int(pixmaps[0].W))))
		if err != nil {
			t.Fatal(err)
		}
		if pixmaps[0].W != pixmaps[0].H || int(pixmaps[0].W) < 64 {
			t.Errorf("the picture is %d by %d", pixmaps[0].W, pixmaps[0].H)
		}
		for i := range pixmaps[0].Pix {
			if i%4 == 0 { // alpha tells the shape
				r, _, _, a := want.At(i/4%int(pixmaps[0].W), i/4/int(pixmaps[0].W)).RGBA()
				if a == 0xffff && pixmaps[0].Pix[i+1] != byte(r>>8) { // the twin for dark bars has other colours
					return false
				}
				if pixmaps[0].Pix[i] != byte(a>>8) && pixmaps[0].Pix[i] != byte(a) {
					return false
				}
			}
		}
		return true
	}

	// A second one, as that of another installation on this machine, is one too many.
	second := exec.Command(tray, "--agent", socket)
	second.Env = cmd.Env
	if out, err := second.CombinedOutput(); err != nil {
		t.Errorf("a second start: %v\n%s", err, out)
	}
	eventually(t, "the missing agent is said", func() bool { return tooltip() == "Abgleich – Der Abgleich-Dienst antwortet nicht" })
	eventually(t, "the icon is that of offline, for a dark bar", func() bool { return shows(assets.OnDark(assets.StateOffline)) })
	if err := conn.Emit("/org/freedesktop/portal/desktop", "org.freedesktop.portal.Settings.SettingChanged",
		"org.freedesktop.appearance", "color-scheme", dbus.MakeVariant(uint32(2))); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it fits the bar that became light", func() bool { return shows(assets.StateOffline) })
	eventually(t, "the menu is whole", func() bool { _, ok := entries(t, menuObject)["Bis ich fortsetze"]; return ok })
	for label, enabled := range map[string]bool{"Der Abgleich-Dienst antwortet nicht": false, "Öffnen": true, "Jetzt abgleichen": false, "Keine Probleme": false, "Bis morgen früh": false, "Protokolle und Diagnose …": true, "Über Abgleich …": true, "Sprache": true, "Symbol beenden (Abgleich läuft weiter)": true} {
		if e, ok := entries(t, menuObject)[label]; !ok || e.enabled != enabled {
			t.Errorf("%q: there %v, enabled %v", label, ok, e.enabled)
		}
	}

	agent, err := agentdouble.New()
	if err != nil {
		t.Fatal(err)
	}
	serve := func() (stop func()) {
		ctx, cancel := context.WithCancel(context.Background())
		ready, done := make(chan struct{}), make(chan error, 1)
		go func() { done <- agent.Serve(ctx, socket, func() { close(ready) }) }()
		<-ready
		return func() { cancel(); <-done }
	}
	stop := serve()
	agent.Set(func(s *agentdouble.Script) { s.User = agentdouble.FirstSync(0.6) })
	eventually(t, "the first sync is shown", func() bool { return tooltip() == "Abgleich – Erster Abgleich läuft\n6.720 von 12.000" })
	for _, turn := range assets.Turn() {
		eventually(t, "it moves to "+string(turn), func() bool { return shows(turn) })
	}
	click := func(label string) {
		t.Helper()
		e, ok := entries(t, menuObject)[label]
		if !ok {
			t.Fatalf("no entry %q", label)
		}
		if err := menuObject.Call("com.canonical.dbusmenu.Event", 0, e.id, "clicked", dbus.MakeVariant(""), uint32(0)).Err; err != nil {
			t.Fatal(err)
		}
	}
	click("Jetzt abgleichen")
	eventually(t, "sync now arrived", func() bool { return strings.Contains(strings.Join(agent.Calls(), ","), "sync now") })
	click("Für 1 Stunde")
	eventually(t, "the pause arrived", func() bool { return strings.Contains(strings.Join(agent.Calls(), ","), "pause until=true") })
	eventually(t, "the pause is shown", func() bool { return strings.HasPrefix(tooltip(), "Abgleich – Angehalten bis") })
	before := entries(t, menuObject)["Öffnen"].id
	click("English")
	eventually(t, "English", func() bool { return entries(t, menuObject)["Open"].id == before })
	click("Open")
	eventually(t, "the window was started", func() bool {
		args, _ := os.ReadFile(opened)
		return strings.TrimSpace(string(args)) == "status --agent "+socket+" --lang en"
	})

	agent.Set(func(s *agentdouble.Script) {
		s.User.State, s.User.Code = contract.UserState_USER_STATE_CREDENTIALS_NEEDED, "login-rejected"
	})
	eventually(t, "the person is told", func() bool { shown, _ := desk.count(); return shown == 1 })
	if n := desk.shown[0]; n.title != "Your login is needed" || !strings.Contains(n.text, "User or password is wrong.") || !slices.Contains(n.actions, "default") {
		t.Errorf("told %+v", n)
	}
	if err := conn.Emit("/org/freedesktop/Notifications", "org.freedesktop.Notifications.ActionInvoked", uint32(1), "default"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a click on the note opens its page", func() bool {
		args, _ := os.ReadFile(opened)
		return strings.HasSuffix(strings.TrimSpace(string(args)), "credentials --agent "+socket+" --lang en")
	})
	agent.Set(func(s *agentdouble.Script) { s.User.State, s.User.Code = contract.UserState_USER_STATE_PAUSED, "" })
	eventually(t, "the note is taken away", func() bool { _, closed := desk.count(); return closed == 1 })

	stop()
	eventually(t, "the interruption is said", func() bool {
		return strings.HasPrefix(tooltip(), "Abgleich – The connection to the service is interrupted")
	})
	back := time.Now()
	stop = serve()
	defer stop()
	eventually(t, "connected again", func() bool { return strings.HasPrefix(tooltip(), "Abgleich – Paused until") })
	if took := time.Since(back); took > 5*time.Second {
		t.Errorf("reconnecting took %v", took)
	}
	m := memoryOf(t, cmd.Process.Pid)
	t.Logf("%d kB private, %d kB with the file's pages", m.private, m.resident)
	if m.private > 15<<10 {
		t.Error("60 of these share a terminal server: more than 15 MB are too much")
	}
	click("Quit icon (sync goes on)")
	select {
	case err := <-exited:
		if err != nil {
			t.Errorf("%v\n%s", err, stderr.String())
		}
	case <-time.After(10 * time.Second):
		t.Error("the icon doesn't end")
	}

	// At the next logon the person has no sync functions any more: it ends by itself.
	agent.Set(func(s *agentdouble.Script) {
		s.User.State, s.User.Code = contract.UserState_USER_STATE_DISABLED, "function-missing"
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	next := exec.CommandContext(ctx, tray, "--agent", socket)
	next.Env = cmd.Env
	if out, err := next.CombinedOutput(); err != nil {
		t.Errorf("without functions: %v\n%s", err, out)
	}
}
