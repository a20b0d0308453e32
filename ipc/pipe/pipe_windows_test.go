package pipe

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/user"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/windows"
)

var addresses atomic.Int64

// newAddress is one nobody listens at.
func newAddress(t *testing.T) string {
	return `\\.\pipe\abgleich-test-` + time.Now().Format("150405.000000") + "-" + string(rune('a'+addresses.Add(1)))
}

func underWine() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}

func TestTheServerKnowsItsPeerFromItsToken(t *testing.T) {
	peers := make(chan Peer, 1)
	address, _ := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		p, err := PeerFrom(r.Context())
		if err != nil {
			t.Error(err)
		}
		peers <- p
	}), relaxed)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, BaseURL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	// What a request says about its sender is not looked at.
	for _, h := range []string{"From", "X-User", "X-Remote-User", "Authorization"} {
		req.Header.Set(h, `LAB\somebody-else`)
	}
	res, err := client(t, address).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	want := Peer{ID: me.Uid, Name: me.Username, Admin: true, PID: os.Getpid()}
	if got := <-peers; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAClientThatComesAndGoesLeavesThePipeUsable(t *testing.T) {
	address, _ := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }), relaxed)
	for range 20 * waiting {
		c, err := Dial(t.Context(), address, Trust{})
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	if got, err := get(t.Context(), client(t, address), "/"); got != "ok" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAFloodOfHalfOpenClientsHoldsNobodyUp(t *testing.T) {
	address, _ := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }), relaxed)
	for i := range 200 {
		c, err := Dial(t.Context(), address, Trust{})
		if err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
		defer c.Close()
		if i%2 == 0 {
			if _, err := io.WriteString(c, "PRI * HTTP/2.0\r\n"); err != nil {
				t.Fatal(err)
			}
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if got, err := get(ctx, client(t, address), "/"); got != "ok" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// listenAs makes a pipe with an owner of the test's choice, as a squatter would.
func listenAs(t *testing.T, address, owner string) *pipeListener {
	t.Helper()
	sd, err := windows.SecurityDescriptorFromString("O:" + owner + "D:(A;;GA;;;WD)")
	if err != nil {
		t.Fatal(err)
	}
	l, err := listenPipe(address, sd, ListenOptions{})
	if err != nil {
		t.Skipf("this system lets nobody make a pipe in another's name: %v", err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestASquattedNameLearnsNothing(t *testing.T) {
	address := newAddress(t)
	l := listenAs(t, address, "S-1-5-21-1-2-3-1001")
	received := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil { // the client has gone before it was looked at
			received <- ""
			return
		}
		defer c.Close()
		b, _ := io.ReadAll(c)
		received <- string(b)
	}()
	if _, err := get(t.Context(), client(t, address), "/secret"); !errors.Is(err, ErrUntrusted) {
		t.Errorf("got %v", err)
	}
	l.Close()
	if got := <-received; got != "" {
		t.Errorf("the squatter received %q", got)
	}
}

func TestWhoMayOwnThePipe(t *testing.T) {
	self, err := ownSID()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, owner string
		trust       Trust
		want        bool
	}{
		{"the service of the pipe's name", ServiceSID("abgleich-agent"), Trust{}, true},
		{"another service", ServiceSID("Spooler"), Trust{}, false},
		{"LocalSystem", "S-1-5-18", Trust{}, true},
		{"Administrators", "S-1-5-32-544", Trust{}, true},
		{"this user", self.String(), Trust{}, true},
		{"another user", "S-1-5-21-1-2-3-1001", Trust{}, false},
		{"another user who is configured", "S-1-5-21-1-2-3-1001", Trust{IDs: []string{"S-1-5-21-1-2-3-1001"}}, true},
		{"everybody", "S-1-1-0", Trust{}, false},
		{"users", "S-1-5-32-545", Trust{}, false},
		{"local service", "S-1-5-19", Trust{}, false},
	} {
		sid, err := windows.StringToSid(c.owner)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.trust.allows(sid, "abgleich-agent"); got != c.want || err != nil {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
}

func TestAuthenticatedUsersMayConnectAndNotMakeInstances(t *testing.T) {
	sd, err := descriptor(DefaultAddress(""))
	if err != nil {
		t.Fatal(err)
	}
	text := sd.String()
	if !strings.Contains(text, "(A;;0x12019b;;;AU)") || strings.Contains(text, ";WD)") {
		t.Errorf("the pipe's descriptor is %s", text)
	}
	const createInstance = 0x4 // FILE_CREATE_PIPE_INSTANCE
	if clientAccess&createInstance != 0 {
		t.Error("clients may make instances")
	}
}

func TestASecondAgentIsRefused(t *testing.T) {
	if underWine() {
		t.Skip("Wine lets a second process listen on the same name")
	}
	address, _ := start(t, http.NotFoundHandler(), relaxed)
	if _, err := Listen(address, ListenOptions{}); !errors.Is(err, ErrInUse) {
		t.Errorf("got %v", err)
	}
}

func TestANameThatIsNoPipeIsRefused(t *testing.T) {
	for _, address := range []string{"", `C:\agent.sock`, `\\server\pipe\x`, `\\.\pipe\`} {
		l, err := Listen(address, ListenOptions{})
		if !errors.Is(err, ErrAddress) {
			t.Errorf("%q: %v", address, err)
		}
		if err == nil {
			l.Close()
		}
	}
}

func TestClosingEndsWaitingAndFreesTheName(t *testing.T) {
	address := newAddress(t)
	for range 3 {
		l, err := Listen(address, ListenOptions{Remote: true})
		if err != nil {
			t.Fatal(err)
		}
		accepted := make(chan error, 1)
		go func() { _, err := l.Accept(); accepted <- err }()
		for range 2 {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := <-accepted; !errors.Is(err, net.ErrClosed) {
			t.Errorf("accept: %v", err)
		}
		if _, err := Dial(t.Context(), address, Trust{}); !errors.Is(err, ErrUnreachable) {
			t.Errorf("a closed pipe: %v", err)
		}
	}
}
