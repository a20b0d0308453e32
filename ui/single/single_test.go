package single

import (
	"context"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"abgleich/ipc/pipe"
)

// address is one nobody listens at.
func address(t *testing.T) string {
	if runtime.GOOS == "windows" {
		return `\\.\pipe\abgleich-test-` + t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36)
	}
	return filepath.Join(t.TempDir(), "w.sock")
}

// serve runs an instance and gives what it heard.
func serve(t *testing.T, i *Instance) (heard chan string, stop func()) {
	t.Helper()
	heard = make(chan string, 10)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); i.Serve(ctx, func(w string) { heard <- w }) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return heard, stop
}

func claim(t *testing.T, addr, word string) *Instance {
	t.Helper()
	i, err := Claim(t.Context(), addr, word)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestTheSecondStartTellsTheFirst(t *testing.T) {
	addr := address(t)
	first := claim(t, addr, "status")
	if first == nil {
		t.Fatal("the first start was told to end")
	}
	heard, _ := serve(t, first)
	for _, page := range []string{"problems", "credentials"} {
		if claim(t, addr, page) != nil {
			t.Fatal("a second window would open")
		}
		if got := <-heard; got != page {
			t.Errorf("heard %q, want %q", got, page)
		}
	}
}

func TestAfterTheFirstEndedTheNextOneIsFirst(t *testing.T) {
	addr := address(t)
	_, stop := serve(t, claim(t, addr, "status"))
	stop()
	if i := claim(t, addr, "status"); i == nil {
		t.Error("no window opens")
	} else {
		i.Close()
	}
}

func TestAWindowThatDoesNotAnswerIsAnError(t *testing.T) {
	addr := address(t)
	first := claim(t, addr, "status") // never serves
	defer first.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if i, err := Claim(ctx, addr, "status"); err == nil || i != nil {
		t.Errorf("got %v, %v", i, err)
	}
}

func TestHostileWordsAreNotPassedOn(t *testing.T) {
	addr := address(t)
	heard, _ := serve(t, claim(t, addr, "status"))
	for _, bytes := range []string{strings.Repeat("x", 10_000) + "\n", "no end"} {
		c, err := pipe.Dial(t.Context(), addr, pipe.Trust{})
		if err != nil {
			t.Fatal(err)
		}
		c.Write([]byte(bytes)) // the other side may hang up in the middle
		c.Close()
	}
	if claim(t, addr, "after") != nil {
		t.Fatal("the first no longer answers")
	}
	if got := <-heard; got != "after" {
		t.Errorf("heard %q", got)
	}
}

func TestAddressesDifferByAgent(t *testing.T) {
	if Address("/run/a.sock") == Address("/run/b.sock") {
		t.Error("two agents share a window")
	}
}

func TestWindowAndIconHaveEachTheirOwnPlace(t *testing.T) {
	if Address("agent") == IconAddress("agent") || IconAddress("agent") == IconAddress("another") {
		t.Error("one would keep the other from starting")
	}
}
