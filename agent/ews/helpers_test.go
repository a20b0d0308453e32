package ews

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf16"

	//lint:ignore SA1019 MS-NLMP 3.3.1 defines the NT hash as MD4.
	"golang.org/x/crypto/md4"
)

// manualClock stands still until it is moved.
type manualClock struct {
	mu     sync.Mutex
	now    time.Time
	timers map[int]*manualTimer
	next   int
	armed  chan struct{} // a token for each timer set
}

type manualTimer struct {
	at time.Time
	f  func()
}

func newClock() *manualClock {
	return &manualClock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), timers: map[int]*manualTimer{}, armed: make(chan struct{}, 1000)}
}

func (c *manualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *manualClock) AfterFunc(d time.Duration, f func()) func() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	id := c.next
	c.timers[id] = &manualTimer{c.now.Add(d), f}
	select {
	case c.armed <- struct{}{}:
	default:
	}
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		_, ok := c.timers[id]
		delete(c.timers, id)
		return ok
	}
}

func (c *manualClock) advance(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	var due []func()
	for id, t := range c.timers {
		if !t.at.After(c.now) {
			due = append(due, t.f)
			delete(c.timers, id)
		}
	}
	c.mu.Unlock()
	for _, f := range due {
		f()
	}
}

// ntlmServer verifies NTLMv2 logins bound to connections, as IIS does, written
// apart from the client's code. Handlers see the user in the header X-Test-User.
type ntlmServer struct {
	*httptest.Server
	users    map[string]string // upper-case name -> password
	bindings []byte            // required channel bindings; nil for none
	handler  http.Handler

	mu         sync.Mutex
	conns      map[string]*serverConn
	logins     atomic.Int64 // complete logins tried
	accepted   atomic.Int64
	concurrent atomic.Int64
	most       atomic.Int64
	bodies     atomic.Int64 // bodies sent before the login was complete
}

type serverConn struct {
	negotiate, challenge []byte
	user                 string
}

var serverNonce = []byte("12345678")

func newNTLMServer(t *testing.T, users map[string]string, handler http.HandlerFunc) *ntlmServer {
	t.Helper()
	s := &ntlmServer{users: users, handler: handler, conns: map[string]*serverConn{}}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.Config.ConnState = func(c net.Conn, st http.ConnState) {
		if st == http.StateClosed {
			s.mu.Lock()
			delete(s.conns, c.RemoteAddr().String())
			s.mu.Unlock()
		}
	}
	t.Cleanup(s.Close)
	return s
}

func (s *ntlmServer) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	c := s.conns[r.RemoteAddr]
	if c == nil {
		c = new(serverConn)
		s.conns[r.RemoteAddr] = c
	}
	s.mu.Unlock()
	refuse := func(challenge string) {
		w.Header().Add("WWW-Authenticate", "Negotiate")
		w.Header().Add("WWW-Authenticate", strings.TrimSpace("NTLM "+challenge))
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, "<html>401</html>")
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "NTLM "); ok {
		raw, _ := base64.StdEncoding.DecodeString(token)
		if len(raw) > 12 && raw[8] == 1 {
			if len(body) > 0 {
				s.bodies.Add(1)
			}
			c.negotiate, c.user = raw, ""
			c.challenge = serverChallenge()
			refuse(base64.StdEncoding.EncodeToString(c.challenge))
			return
		}
		s.logins.Add(1)
		n := s.concurrent.Add(1)
		for m := s.most.Load(); n > m && !s.most.CompareAndSwap(m, n); m = s.most.Load() {
		}
		c.user = s.verify(c, raw)
		s.concurrent.Add(-1)
		if c.user == "" {
			refuse("")
			return
		}
		s.accepted.Add(1)
	}
	if c.user == "" {
		refuse("")
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.Header.Set("X-Test-User", c.user)
	s.handler.ServeHTTP(w, r)
}

func utf16Bytes(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func serverChallenge() []byte {
	info := []byte{2, 0, 6, 0}
	info = append(info, utf16Bytes("LAB")...)
	info = append(info, 7, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0)
	b := append([]byte("NTLMSSP\x00"), 2, 0, 0, 0, 0, 0, 0, 0, 56, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, 0x20888205)
	b = append(b, serverNonce...)
	b = append(b, make([]byte, 8)...)
	b = append(b, byte(len(info)), 0, byte(len(info)), 0, 56, 0, 0, 0)
	b = append(b, make([]byte, 8)...)
	return append(b, info...)
}

func (s *ntlmServer) verify(c *serverConn, msg []byte) string {
	part := func(at int) []byte {
		n, off := binary.LittleEndian.Uint16(msg[at:]), binary.LittleEndian.Uint32(msg[at+4:])
		return msg[off : off+uint32(n)]
	}
	text := func(b []byte) string {
		var u []uint16
		for i := 0; i+1 < len(b); i += 2 {
			u = append(u, binary.LittleEndian.Uint16(b[i:]))
		}
		return string(utf16.Decode(u))
	}
	mac := func(key []byte, parts ...[]byte) []byte {
		h := hmac.New(md5.New, key)
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	if c.challenge == nil || len(msg) < 88 {
		return ""
	}
	user, domain, nt := text(part(36)), text(part(28)), part(20)
	password, ok := s.users[strings.ToUpper(user)]
	if !ok {
		return ""
	}
	h := md4.New()
	h.Write(utf16Bytes(password))
	key := mac(h.Sum(nil), utf16Bytes(strings.ToUpper(user)), utf16Bytes(domain))
	if !hmac.Equal(nt[:16], mac(key, serverNonce, nt[16:])) {
		return ""
	}
	clean := bytes.Clone(msg)
	clear(clean[72:88])
	if !hmac.Equal(msg[72:88], mac(mac(key, nt[:16]), c.negotiate, c.challenge, clean)) {
		return ""
	}
	if s.bindings != nil {
		for b := nt[44:]; len(b) >= 4 && (b[0] != 0 || b[1] != 0); b = b[4+int(b[2])+int(b[3])<<8:] {
			if b[0] == 10 && bytes.Equal(b[4:20], s.bindings) {
				return user
			}
		}
		return ""
	}
	return user
}

const soapHead = `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>` +
	`<h:ServerVersionInfo MajorVersion="15" MinorVersion="2" MajorBuildNumber="1118" MinorBuildNumber="7" Version="V2017_07_11" xmlns:h="http://schemas.microsoft.com/exchange/services/2006/types"/>` +
	`</s:Header><s:Body>`
const soapTail = `</s:Body></s:Envelope>`

func soap(response string, messages ...string) string {
	return soapHead + `<m:` + response + ` xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><m:ResponseMessages>` +
		strings.Join(messages, "") + `</m:ResponseMessages></m:` + response + `>` + soapTail
}

func okMessage(op, content string) string {
	return `<m:` + op + `ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>` + content + `</m:` + op + `ResponseMessage>`
}

func errorMessage(op, code, xml string) string {
	return `<m:` + op + `ResponseMessage ResponseClass="Error"><m:MessageText>no</m:MessageText><m:ResponseCode>` + code +
		`</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>` + xml + `</m:` + op + `ResponseMessage>`
}

func backOffXML(ms int) string {
	return fmt.Sprintf(`<m:MessageXml><t:Value Name="BackOffMilliseconds">%d</t:Value></m:MessageXml>`, ms)
}

func soapFault(code string, ms int) string {
	return `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>` +
		`<faultcode xmlns:a="x">a:` + code + `</faultcode><faultstring xml:lang="en-US">no</faultstring><detail>` +
		`<e:ResponseCode xmlns:e="y">` + code + `</e:ResponseCode><e:Message xmlns:e="y">no</e:Message>` +
		fmt.Sprintf(`<t:MessageXml xmlns:t="z"><t:Value Name="BackOffMilliseconds">%d</t:Value></t:MessageXml>`, ms) +
		`</detail></s:Fault></s:Body></s:Envelope>`
}

func folderReply() string {
	return soap("GetFolderResponse", okMessage("GetFolder", `<m:Folders><t:CalendarFolder><t:FolderId Id="f" ChangeKey="c"/><t:DisplayName>Kalender</t:DisplayName></t:CalendarFolder></m:Folders>`))
}

type setup struct {
	url     string
	clock   Clock
	logins  []Login
	options func(*ServerOptions, *ClientOptions)
}

func newTestClient(t testing.TB, s setup) *Client {
	t.Helper()
	so := ServerOptions{URL: s.url, Clock: s.clock}
	var n atomic.Int64
	co := ClientOptions{Logins: s.logins, View: View{Mailbox: "anna@lab.test", TimeZone: "W. Europe Standard Time"},
		NewRequestID: func() string { return fmt.Sprintf("00000000-0000-0000-0000-%012d", n.Add(1)) }}
	if s.options != nil {
		s.options(&so, &co)
	}
	srv, err := NewServer(so)
	if err != nil {
		t.Fatal(err)
	}
	c := NewClient(srv, co)
	t.Cleanup(c.Close)
	return c
}

func getCalendar(ctx context.Context, c *Client) error {
	r, err := c.GetFolder(ctx, []FolderID{Folder(Calendar)}, nil)
	if err == nil {
		err = r[0].Err
	}
	return err
}
