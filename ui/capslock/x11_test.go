//go:build !windows

package capslock

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"
)

func TestTheServerIsAsked(t *testing.T) {
	if _, err := exec.LookPath("Xvfb"); err != nil {
		t.Skip("no Xvfb here; scripts/setup test installs it")
	}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "320x200x24", "-nolisten", "tcp")
	server.ExtraFiles = []*os.File{in}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	stop := func() { _ = server.Process.Kill(); _ = server.Wait() }
	t.Cleanup(stop)
	number, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb doesn't start: %v", err)
	}
	t.Setenv("DISPLAY", ":"+strings.TrimSpace(number))
	person, err := xgb.NewConn()
	if err != nil {
		t.Fatal(err)
	}
	defer person.Close()
	if err := xtest.Init(person); err != nil {
		t.Fatal(err)
	}
	press := func() {
		t.Helper()
		const capsLock = 66 // evdev's, which Xvfb has
		for _, kind := range []byte{xproto.KeyPress, xproto.KeyRelease} {
			if err := xtest.FakeInputChecked(person, kind, capsLock, 0, 0, 0, 0, 0).Check(); err != nil {
				t.Fatal(err)
			}
		}
	}
	var k Key
	defer k.Close()
	for i, want := range []bool{false, true, false, true} {
		if on, known := k.On(); on != want || !known {
			t.Errorf("after %d presses: on %v, known %v", i, on, known)
		}
		press()
	}
	stop()
	if _, known := k.On(); known {
		t.Error("a server that is gone has told it")
	}
	t.Setenv("DISPLAY", "")
	if _, known := (&Key{}).On(); known {
		t.Error("it is known without a server")
	}
}
