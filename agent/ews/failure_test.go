package ews

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"abgleich/agent/fault"
)

func status(code int, contentType, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(code)
		io.WriteString(w, body)
	}
}

// cut announces more than it sends and breaks the connection.
func cut(body string, at int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:at])
		conn.Close()
	}
}

func TestEachFailureHasItsOwnCode(t *testing.T) {
	good := folderReply()
	deep := soapHead + strings.Repeat("<a>", 200) + strings.Repeat("</a>", 200) + soapTail
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    fault.Code
	}{
		"a web page instead of SOAP":              {status(200, "text/html", "<!DOCTYPE html><html><body>Outlook</body></html>"), fault.NotSOAP},
		"a web page without document type":        {status(200, "text/html", "<html><body>hi</body></html>"), fault.NotSOAP},
		"plain words":                             {status(200, "text/plain", "hello"), fault.NotSOAP},
		"XML that is no SOAP":                     {status(200, "text/xml", "<feed/>"), fault.NotSOAP},
		"an empty answer":                         {status(200, "text/xml", ""), fault.ReplyTruncated},
		"SOAP cut off, its length kept":           {status(200, "text/xml", good[:len(good)-40]), fault.ReplyTruncated},
		"SOAP cut off by a lost connection":       {cut(good, len(good)/2), fault.ReplyTruncated},
		"a connection that closes without answer": {cut(good, 0), fault.ReplyTruncated},
		"nesting without end":                     {status(200, "text/xml", deep), fault.ReplyInvalid},
		"tags that don't match":                   {status(200, "text/xml", strings.Replace(good, "</t:DisplayName", "</t:X", 1)), fault.ReplyInvalid},
		"an entity bomb":                          {status(200, "text/xml", `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`), fault.NotSOAP},
		"the answer to another request":           {status(200, "text/xml", soap("GetItemResponse")), fault.ReplyInvalid},
		"fewer answers than questions":            {status(200, "text/xml", soap("GetFolderResponse")), fault.ReplyInvalid},
		"more answers than questions":             {status(200, "text/xml", soap("GetFolderResponse", okMessage("GetFolder", ""), okMessage("GetFolder", ""))), fault.ReplyInvalid},
		"a message without a response code":       {status(200, "text/xml", soap("GetFolderResponse", `<m:GetFolderResponseMessage ResponseClass="Error"/>`)), fault.ReplyInvalid},
		"403.4":                                   {status(403, "text/html", "<h3>403.4 - Forbidden</h3>"), fault.SSLRequired},
		"403":                                     {status(403, "text/html", "<h3>Forbidden</h3>"), fault.AccessDenied},
		"404":                                     {status(404, "text/html", "<h3>not here</h3>"), fault.NotSOAP},
		"a redirect to a logon page":              {status(302, "text/html", "", "Location", "/owa/auth/logon.aspx"), fault.NotSOAP},
		"a redirect to TLS":                       {status(301, "text/html", "", "Location", "https://127.0.0.1/EWS/Exchange.asmx"), fault.SSLRequired},
		"a redirect to TLS of another host":       {status(301, "text/html", "", "Location", "https://mail.lab.test/EWS/Exchange.asmx"), fault.NotSOAP},
		"500 with a page of IIS":                  {status(500, "text/html", "<html>500 - Internal server error.</html>"), fault.ServerFailed},
		"502 of a proxy":                          {status(502, "text/html", "bad gateway"), fault.ServerFailed},
		"500 without SOAP":                        {status(500, "text/plain", "oops"), fault.ServerFailed},
		"plain HTTP to a TLS port":                {status(400, "text/plain", "Client sent an HTTP request to an HTTPS server."), fault.TLSMismatch},
		"a fault: access denied":                  {status(500, "text/xml", soapFault("ErrorAccessDenied", 0)), fault.AccessDenied},
		"a fault: mailbox disabled":               {status(500, "text/xml", soapFault("ErrorNonExistentMailbox", 0)), fault.MailboxDisabled},
		"a fault: version":                        {status(500, "text/xml", soapFault("ErrorInvalidServerVersion", 0)), fault.VersionUnsupported},
		"a fault: schema":                         {status(500, "text/xml", soapFault("ErrorSchemaValidation", 0)), fault.BadRequest},
		"a fault: never heard of":                 {status(500, "text/xml", soapFault("ErrorSomethingNew", 0)), fault.BadRequest},
		"busy for an hour (fault)":                {status(500, "text/xml", soapFault("ErrorServerBusy", 3600_000)), fault.ServerBusy},
		"busy for an hour (503)":                  {status(503, "text/html", "busy", "Retry-After", "3600"), fault.ServerBusy},
		"busy for an hour (200)":                  {status(200, "text/xml", soap("GetFolderResponse", errorMessage("GetFolder", "ErrorServerBusy", backOffXML(3600_000)))), fault.ServerBusy},
		"folder not found":                        {status(200, "text/xml", soap("GetFolderResponse", errorMessage("GetFolder", "ErrorFolderNotFound", ""))), fault.FolderUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.handler)
			defer s.Close()
			cl := newTestClient(t, setup{url: s.URL})
			err := getCalendar(t.Context(), cl)
			if !fault.Has(err, c.want) {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			if d := Detail(err); d == nil || d.ClientRequestID == "" && d.BackOff == 0 || d.Status == 0 && d.ResponseCode != "" {
				t.Errorf("no request id in %v", err)
			}
			if running, _ := cl.server.Concurrency(); running != 0 {
				t.Errorf("%d requests still count as running", running)
			}
		})
	}
}

func TestAServerThatCannotBeReachedIsToldApart(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + l.Addr().String()
	l.Close()
	plain := httptest.NewServer(reply(folderReply()))
	defer plain.Close()
	secure := httptest.NewTLSServer(reply(folderReply()))
	defer secure.Close()
	pool := x509.NewCertPool()
	pool.AddCert(secure.Certificate())
	_, port, _ := net.SplitHostPort(secure.Listener.Addr().String())
	for name, c := range map[string]struct {
		url  string
		tls  *tls.Config
		want fault.Code
	}{
		"refused":               {refused, nil, fault.ConnectionRefused},
		"name unknown":          {"http://no-such-host.invalid", nil, fault.NameNotResolved},
		"certificate untrusted": {secure.URL, &tls.Config{RootCAs: x509.NewCertPool()}, fault.TLSUntrusted},
		"name not in certificate": {"https://localhost:" + port,
			&tls.Config{RootCAs: pool}, fault.TLSCertificateName},
		"TLS to a plain port": {strings.Replace(plain.URL, "http:", "https:", 1), nil, fault.TLSMismatch},
		"plain to a TLS port": {strings.Replace(secure.URL, "https:", "http:", 1), nil, fault.TLSMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			cl := newTestClient(t, setup{url: c.url, options: func(o *ServerOptions, _ *ClientOptions) { o.TLS = c.tls }})
			err := getCalendar(t.Context(), cl)
			if !fault.Has(err, c.want) {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			if c.want == fault.TLSCertificateName && !slices.Contains(Detail(err).CertificateNames, "example.com") {
				t.Errorf("names: %v", Detail(err).CertificateNames)
			}
		})
	}
}

func TestASilentServerBecomesStalled(t *testing.T) {
	good := folderReply()
	for name, head := range map[string]string{
		"before the answer":    "",
		"inside the headers":   "HTTP/1.1 200 OK\r\nContent-",
		"in the middle of XML": fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(good), good[:100]),
	} {
		t.Run(name, func(t *testing.T) {
			silent := make(chan struct{}, 1)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				conn, _, _ := http.NewResponseController(w).Hijack()
				t.Cleanup(func() { conn.Close() })
				io.WriteString(conn, head)
				silent <- struct{}{}
			}))
			defer s.Close()
			clock := newClock()
			c := newTestClient(t, setup{url: s.URL, clock: clock})
			done := make(chan error)
			go func() { done <- getCalendar(t.Context(), c) }()
			<-silent
			// Progress noted late sets the timer anew: go on until it gives up.
			for {
				clock.advance(15 * time.Second)
				select {
				case err := <-done:
					if !fault.Has(err, fault.ServerStalled) {
						t.Fatalf("got %v", err)
					}
					return
				case <-clock.armed:
				}
			}
		})
	}
}

func TestALostWriteSaysThatItsOutcomeIsUnknown(t *testing.T) {
	var calls atomic.Int64
	good := soap("CreateItemResponse", okMessage("CreateItem", `<m:Items><t:Task><t:ItemId Id="i" ChangeKey="k"/></t:Task></m:Items>`))
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		unknown bool
	}{
		"the answer is cut":        {cut(good, len(good)-50), true},
		"no answer at all":         {cut(good, 0), true},
		"a proxy's gateway error":  {status(504, "text/html", "timeout"), true},
		"an internal server error": {status(500, "text/xml", soapFault("ErrorInternalServerError", 0)), true},
		"refused by the schema":    {status(500, "text/xml", soapFault("ErrorSchemaValidation", 0)), false},
		"no access":                {status(403, "text/html", "no"), false},
		"no id in the answer":      {reply(soap("CreateItemResponse", okMessage("CreateItem", "<m:Items/>"))), true},
	} {
		t.Run(name, func(t *testing.T) {
			calls.Store(0)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				c.handler(w, r)
			}))
			defer s.Close()
			cl := newTestClient(t, setup{url: s.URL})
			r, err := cl.CreateItem(t.Context(), Folder(Tasks), []NewItem{{Item: Item{Element: TaskElement, Subject: "x"}, Set: Fields(FieldSubject)}})
			if err == nil {
				err = r[0].Err
			}
			if err == nil || OutcomeUnknown(err) != c.unknown {
				t.Errorf("got %v, unknown %v", err, OutcomeUnknown(err))
			}
			if calls.Load() != 1 {
				t.Errorf("a write was sent %d times", calls.Load())
			}
		})
	}
}

func TestALostReadIsRepeatedOnce(t *testing.T) {
	var calls atomic.Int64
	good := folderReply()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			cut(good, 50)(w, r)
			return
		}
		reply(good)(w, r)
	}))
	defer s.Close()
	if err := getCalendar(t.Context(), newTestClient(t, setup{url: s.URL})); err != nil || calls.Load() != 2 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}

func TestABusyServerIsLeftAloneByAllItsUsers(t *testing.T) {
	for name, busy := range map[string]http.HandlerFunc{
		"a fault":              status(500, "text/xml", soapFault("ErrorServerBusy", 4000)),
		"a response message":   status(200, "text/xml", soap("GetFolderResponse", errorMessage("GetFolder", "ErrorServerBusy", backOffXML(4000)))),
		"503 with Retry-After": status(503, "text/html", "", "Retry-After", "4"),
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if calls.Add(1) == 1 {
					busy(w, r)
					return
				}
				reply(folderReply())(w, r)
			}))
			defer s.Close()
			clock := newClock()
			first := newTestClient(t, setup{url: s.URL, clock: clock})
			second := NewClient(first.server, first.opts)
			defer second.Close()
			done := make(chan error, 2)
			go func() { done <- getCalendar(t.Context(), first) }()
			for first.server.NotBefore().IsZero() {
				<-clock.armed
			}
			if wait := first.server.NotBefore().Sub(clock.Now()); wait != 4*time.Second {
				t.Fatalf("back-off %v", wait)
			}
			go func() { done <- getCalendar(t.Context(), second) }()
			clock.advance(3900 * time.Millisecond)
			if calls.Load() != 1 {
				t.Fatalf("%d calls during the back-off", calls.Load())
			}
			clock.advance(100 * time.Millisecond)
			for range 2 {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestTheServersLimitHoldsOverAllClients(t *testing.T) {
	var now, most atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		reply(folderReply())(w, r)
		now.Add(-1)
	}))
	defer s.Close()
	first := newTestClient(t, setup{url: s.URL, options: func(o *ServerOptions, _ *ClientOptions) { o.MaxConcurrency = 3 }})
	done := make(chan error)
	for range 5 {
		c := NewClient(first.server, first.opts)
		t.Cleanup(c.Close)
		for range 20 {
			go func() { done <- getCalendar(t.Context(), c) }()
		}
	}
	for range 100 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if most.Load() > 3 {
		t.Errorf("%d requests at once", most.Load())
	}
	// A caller that gives up gives its place up.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := getCalendar(ctx, first); !fault.Has(err, fault.Cancelled) {
		t.Errorf("got %v", err)
	}
	if running, _ := first.server.Concurrency(); running != 0 {
		t.Errorf("%d places lost", running)
	}
}

func TestARequestThatIsTooLargeIsToldApart(t *testing.T) {
	for name, x := range map[string]struct {
		answer http.HandlerFunc
		want   bool
	}{
		"HTTP 413":      {status(413, "text/html", "413 - Request entity too large."), true},
		"IIS's filter":  {status(404, "text/html", "HTTP Error 404.13 - Content Length Too Large"), true},
		"no such page":  {status(404, "text/html", "404 - File or directory not found."), false},
		"a busy server": {status(500, "text/xml", soapFault("ErrorServerBusy", 1)), false},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(x.answer)
			defer s.Close()
			if err := getCalendar(t.Context(), newTestClient(t, setup{url: s.URL})); TooLarge(err) != x.want || OutcomeUnknown(err) {
				t.Errorf("%v", err)
			}
		})
	}
}
