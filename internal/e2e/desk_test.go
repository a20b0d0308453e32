package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/godbus/dbus/v5"

	"abgleich/ipc/contract"
	"abgleich/ipc/seal"
)

// desktop is a session of its own: a bus with somebody who takes icons, and a screen.
type desktop struct {
	t     *testing.T
	dir   string // of the programs, and for everything a session keeps
	env   []string
	conn  *dbus.Conn
	icons chan dbus.Sender
}

// RegisterStatusNotifierItem is what an icon calls.
func (d *desktop) RegisterStatusNotifierItem(_ string, sender dbus.Sender) *dbus.Error {
	d.icons <- sender
	return nil
}

func newDesktop(t *testing.T) *desktop {
	t.Helper()
	for _, need := range []string{"dbus-daemon", "Xvfb", "import"} {
		if _, err := exec.LookPath(need); err != nil {
			t.Skip(need + " is not installed; see scripts/setup")
		}
	}
	d := &desktop{t: t, dir: t.TempDir(), icons: make(chan dbus.Sender, 8)}
	for name, source := range map[string]string{"tray": "abgleich/cmd/tray", "window-soft": "abgleich/cmd/window"} {
		c := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(d.dir, name), source)
		c.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	bus := d.service("dbus-daemon", "--session", "--nofork", "--print-address=3", "--address=unix:path="+filepath.Join(d.dir, "bus"))
	display := d.service("Xvfb", "-displayfd", "3", "-screen", "0", "1100x820x24", "-nolisten", "tcp")
	d.env = append(os.Environ(), "DBUS_SESSION_BUS_ADDRESS="+bus, "DISPLAY=:"+display, "XDG_RUNTIME_DIR="+d.dir, "XDG_CONFIG_HOME="+d.dir, "HOME="+d.dir,
		"WAYLAND_DISPLAY=", "FYNE_THEME=light")
	var err error
	d.conn, err = dbus.Connect(bus)
	must(t, err)
	t.Cleanup(func() { d.conn.Close() })
	must(t, d.conn.Export(d, "/StatusNotifierWatcher", "org.kde.StatusNotifierWatcher"))
	_, err = d.conn.RequestName("org.kde.StatusNotifierWatcher", dbus.NameFlagDoNotQueue)
	must(t, err)
	return d
}

// service starts a program of the session and gives the line it writes to file 3.
func (d *desktop) service(name string, args ...string) string {
	d.t.Helper()
	r, w, err := os.Pipe()
	must(d.t, err)
	c := exec.Command(name, args...)
	c.ExtraFiles = []*os.File{w}
	must(d.t, c.Start())
	w.Close()
	d.t.Cleanup(func() { c.Process.Kill(); c.Wait(); r.Close() })
	line := make([]byte, 4096)
	n, err := r.Read(line)
	must(d.t, err)
	return strings.TrimSpace(string(line[:n]))
}

// icon starts the icon and waits until it is there.
func (d *desktop) icon(agent string) (*exec.Cmd, dbus.Sender) {
	d.t.Helper()
	c := exec.Command(filepath.Join(d.dir, "tray"), "--agent", agent, "--lang", "en")
	c.Env = d.env
	must(d.t, c.Start())
	d.t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	select {
	case sender := <-d.icons:
		return c, sender
	case <-time.After(30 * time.Second):
		d.t.Fatal("no icon")
		return nil, ""
	}
}

// tooltip is what the icon says.
func (d *desktop) tooltip(icon dbus.Sender) string {
	v, err := d.conn.Object(string(icon), "/StatusNotifierItem").GetProperty("org.kde.StatusNotifierItem.ToolTip")
	if err != nil {
		return err.Error()
	}
	parts, ok := v.Value().([]any)
	if !ok || len(parts) < 3 {
		return fmt.Sprint(v)
	}
	return fmt.Sprint(parts[2])
}

// click clicks an entry of the icon's menu.
func (d *desktop) click(icon dbus.Sender, label string) {
	d.t.Helper()
	menu := d.conn.Object(string(icon), "/StatusNotifierItem/menu")
	eventually(d.t, "the menu's "+label, func() string {
		var revision uint32
		var root struct {
			ID         int32
			Properties map[string]dbus.Variant
			Children   []dbus.Variant
		}
		if err := menu.Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root); err != nil {
			return err.Error()
		}
		for _, c := range root.Children {
			entry, _ := c.Value().([]any)
			id, _ := entry[0].(int32)
			properties, _ := entry[1].(map[string]dbus.Variant)
			if properties["label"].Value() == label {
				must(d.t, menu.Call("com.canonical.dbusmenu.Event", 0, id, "clicked", dbus.MakeVariant(""), uint32(0)).Err)
				return ""
			}
		}
		return "not there"
	})
}

// windows are the ids of the window's processes.
func (d *desktop) windows() (ids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, link := range all {
		if to, err := os.Readlink(link); err == nil && to == filepath.Join(d.dir, "window-soft") {
			id, _ := strconv.Atoi(strings.Split(link, "/")[2])
			ids = append(ids, id)
		}
	}
	return ids
}

// window opens the status page by the icon's menu and gives its process.
func (d *desktop) window(icon dbus.Sender) (pid int) {
	d.t.Helper()
	d.click(icon, "Open")
	eventually(d.t, "a window", func() string {
		ids := d.windows()
		if len(ids) != 1 {
			return fmt.Sprintf("%d windows", len(ids))
		}
		pid = ids[0]
		return ""
	})
	d.t.Cleanup(func() { d.kill(pid) })
	return pid
}

// kill ends a process without a word.
func (d *desktop) kill(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}

// green is how many pixels of the screen have the colour of the state "all is fine".
func (d *desktop) green() (n int) {
	c := exec.Command("import", "-window", "root", "-depth", "8", "rgb:-")
	c.Env = d.env
	pixels, err := c.Output()
	if err != nil {
		return 0
	}
	for i := 0; i+2 < len(pixels); i += 3 {
		if pixels[i] == 0x1e && pixels[i+1] == 0x8e && pixels[i+2] == 0x5a {
			n++
		}
	}
	return n
}

// shows waits until icon and window, where there is one, tell what they should.
func (d *desktop) shows(icon dbus.Sender, tooltip string, window bool) {
	d.t.Helper()
	eventually(d.t, "the icon's "+tooltip, func() string {
		if got := d.tooltip(icon); !strings.Contains(got, tooltip) {
			return got
		}
		return ""
	})
	if !window {
		return
	}
	fine := tooltip == fineTooltip
	eventually(d.t, "the window's "+tooltip, func() string {
		if n := d.green(); fine != (n > 300) {
			return fmt.Sprintf("%d green pixels", n)
		}
		return ""
	})
}

const fineTooltip, lostTooltip = "Everything is in sync", "The connection to the service is interrupted"

// TestWhoeverIsKilledTheOthersGoOn kills agent, window and icon, each a process of
// its own, without a word: the others stay, say what they miss, and find each other
// again by themselves.
func TestWhoeverIsKilledTheOthersGoOn(t *testing.T) {
	w := newWorld(t, options{people: 1})
	w.start()
	c := w.call()
	proveHimself(t, c, w.people[0])
	c.await("the first sync", rest(1))
	p, _, err := w.file.Load()
	must(t, err)
	socket := p.IPC.Address

	d := newDesktop(t)
	tray, icon := d.icon(socket)
	d.shows(icon, fineTooltip, false)
	window := d.window(icon)
	d.shows(icon, fineTooltip, true)

	// The agent.
	w.kill()
	d.shows(icon, lostTooltip, true)
	w.start()
	w.call()
	back := time.Now()
	d.shows(icon, fineTooltip, true)
	t.Logf("icon and window are back %v after the agent", time.Since(back).Round(time.Millisecond))
	if got := d.windows(); len(got) != 1 || got[0] != window {
		t.Errorf("windows %v, it was %d", got, window)
	}

	// The window. What it leaves behind must not keep the next one from opening.
	d.kill(window)
	eventually(t, "its end", func() string {
		if ids := d.windows(); len(ids) > 0 {
			return fmt.Sprint(ids, " are there")
		}
		return ""
	})
	d.shows(icon, fineTooltip, false)
	w.call()
	window = d.window(icon)
	d.shows(icon, fineTooltip, true)

	// The icon.
	must(t, tray.Process.Kill())
	tray.Wait()
	w.call()
	if got := d.windows(); len(got) != 1 || got[0] != window {
		t.Errorf("windows %v, it was %d", got, window)
	}
	_, icon = d.icon(socket)
	d.shows(icon, fineTooltip, true)
	// It brings the window that is there to the front, and opens no second one.
	d.click(icon, "Open")
	d.shows(icon, fineTooltip, true)
	if got := d.windows(); len(got) != 1 || got[0] != window {
		t.Errorf("windows %v, it was %d", got, window)
	}
}

// proveHimself verifies and saves a login as the person of this desktop: the agent
// knows from then on who he is.
func proveHimself(t *testing.T, c *caller, p person) {
	t.Helper()
	sealed := func() []byte {
		b, err := seal.Seal(c.hello.GetRecipient(), c.hello.GetCallerId(), p.password())
		must(t, err)
		return b
	}
	s, err := c.VerifyCredentials(context.Background(), connect.NewRequest(&contract.VerifyCredentialsRequest{Login: `LAB\` + p.name, SealedPassword: sealed()}))
	must(t, err)
	who := ""
	for s.Receive() {
		who += s.Msg().GetUser()
	}
	must(t, s.Err())
	if who == "" {
		t.Fatal("the check proved nothing")
	}
	_, err = c.SaveCredentials(context.Background(), connect.NewRequest(&contract.SaveCredentialsRequest{
		Sync: true, Appointments: true, Tasks: true, Login: `LAB\` + p.name, SealedPassword: sealed()}))
	must(t, err)
}
