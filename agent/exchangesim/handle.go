package exchangesim

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// handle answers one HTTP request: transport, login, parsing, faults, operation.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	if s.autodiscover(w, r) {
		return
	}
	if !isEndpoint(r.URL.Path) {
		http.NotFound(w, r)
		return
	}
	if s.opt.RequireSSL && r.TLS == nil {
		page(w, http.StatusForbidden, "403.4 - Forbidden: SSL is required to view this resource.")
		return
	}
	// The whole body is read before any answer, so that a refused login keeps its
	// connection: NTLM needs it.
	raw, err := readBody(w, r, s.opt.MaxRequestBytes)
	if err != nil {
		page(w, http.StatusRequestEntityTooLarge, "413 - Request entity too large.")
		return
	}
	if s.breaks(r) {
		broken(w)
		return
	}
	user := s.login(w, r)
	if user == nil {
		return
	}
	if user.disabled() {
		s.headers(w, r)
		w.Header().Set("x-ms-diagnostics", `4000000;reason="The mailbox is disabled for Exchange Web Services.";error_category="disabled_mailbox"`)
		s.unauthorized(w, r, "", "")
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		page(w, http.StatusMethodNotAllowed, "405 - Method not allowed.")
		return
	}
	if ct := r.Header.Get("Content-Type"); !strings.HasPrefix(strings.ToLower(ct), "text/xml") {
		page(w, http.StatusUnsupportedMediaType, "415 - Cannot process the message because the content type was not the expected type 'text/xml; charset=utf-8'.")
		return
	}
	s.answer(w, r, user, raw)
}

func readBody(w http.ResponseWriter, r *http.Request, limit int64) (string, error) {
	var b strings.Builder
	if r.ContentLength > 0 && r.ContentLength <= limit {
		b.Grow(int(r.ContentLength))
	}
	_, err := io.Copy(&b, http.MaxBytesReader(w, r.Body, limit))
	return b.String(), err
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, user *account, raw string) {
	s.headers(w, r)
	c, fault := s.envelope(raw)
	if c == nil {
		c = &call{s: s, op: "Unreadable"}
	}
	c.r, c.w, c.user, c.out = r, w, user, s.buffers.Get().(*writer)
	defer s.recycle(c.out)
	if s.record != nil {
		c.num = s.record.Next()
		_ = s.record.Write(c.num, c.op, "request", []byte(raw))
	}
	if fault == nil && c.box != nil && c.box != user.box && !user.Impersonator {
		fault = &soapFault{code: "ErrorImpersonateUserDenied", message: "The account does not have permission to impersonate the requested user."}
	}
	if c.box == nil {
		c.box = user.box
	}
	if fault == nil {
		c.asDelegate()
	}
	s.count.change(func(st *Stats) {
		st.Requests[c.op]++
		st.Anchors[r.Header.Get("X-AnchorMailbox")]++
	})
	var n int64 // hanging requests don't count as parallel work
	if c.op != "GetStreamingEvents" {
		n = user.enter()
		defer user.leave()
		s.count.change(func(st *Stats) { st.MaxParallel = max(st.MaxParallel, n) })
	}
	bad, latency, hit := s.faults.next(c.op, user.Name, n)
	if !pause(r, latency) || hit && s.before(c, bad) {
		return
	}
	if hit {
		c.spoil = bad.Effect
	}
	if s.ops[c.op] == nil {
		s.breakNext(r)
	}
	if fault != nil {
		c.fault(fault)
		return
	}
	op := s.ops[c.op]
	if op == nil {
		c.fault(&soapFault{code: "ErrorInvalidRequest", message: "The request is invalid."})
		return
	}
	op(c)
	if !c.hung {
		c.send(http.StatusOK)
	}
	s.count.change(func(st *Stats) {
		st.Items[c.op] += int64(c.items)
		for code, n := range c.errs {
			st.Errors[code] += n
		}
	})
}

// recycle keeps a reply's buffer for the next one, unless it is a giant.
func (s *Server) recycle(w *writer) {
	if cap(w.b) <= 4<<20 {
		w.b = w.b[:0]
		s.buffers.Put(w)
	}
}

// headers are the ones a real server sends along.
func (s *Server) headers(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("request-id", newRequestID())
	h.Set("X-FEServer", "EXCHSIM")
	h.Set("X-CalculatedBETarget", "exchsim."+lowerASCII(s.opt.Domain)+".test")
	h.Set("X-DiagInfo", "EXCHSIM")
	h.Set("X-BEServer", "EXCHSIM")
	if id := r.Header.Get("client-request-id"); id != "" && strings.EqualFold(r.Header.Get("return-client-request-id"), "true") {
		h.Set("client-request-id", id)
	}
	if strings.EqualFold(r.Header.Get("X-PreferServerAffinity"), "true") {
		at := (&call{s: s, r: r}).backEnd()
		h.Add("Set-Cookie", backEndCookie+"=EXCHSIM~"+strconv.FormatUint(at, 10)+"; path=/; HttpOnly")
	}
}

// pause waits; false: the client has gone.
func pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// before applies the faults that come before the operation; true: the request is done.
func (s *Server) before(c *call, bad Fault) bool {
	back := bad.BackOff
	if back <= 0 {
		back = time.Second
	}
	busy := &soapFault{code: "ErrorServerBusy", message: "The server cannot service this request right now. Try again later.", backOff: back}
	switch bad.Effect {
	case CutBefore:
		panic(http.ErrAbortHandler)
	case Unavailable:
		c.w.Header().Set("Retry-After", strconv.Itoa(int(back.Seconds()+0.999)))
		page(c.w, http.StatusServiceUnavailable, "Service Unavailable")
	case HTMLPage:
		page(c.w, http.StatusOK, "Outlook Web App")
	case Stall:
		return !pause(c.r, bad.For)
	case BusyFault:
		c.faultStatus(busy, http.StatusInternalServerError)
	case Busy503:
		c.faultStatus(busy, http.StatusServiceUnavailable)
	case BusyResponse:
		c.failAll("ErrorServerBusy", back)
		c.send(http.StatusOK)
	case ConnectionCount:
		c.fault(&soapFault{code: "ErrorExceededConnectionCount", message: "You have exceeded the available concurrent connections for your account. Try again once your other requests have completed."})
	case InternalError:
		c.fault(&soapFault{code: "ErrorInternalServerError", message: "An internal server error occurred. The operation failed."})
	case Unsupported:
		c.fault(&soapFault{code: "ErrorUnsupportedMethod", message: "This method is not supported."})
	default:
		return false
	}
	return true
}

func page(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<!DOCTYPE html><html><head><title>"+text+"</title></head><body><h1>"+text+"</h1><br></body></html>")
}
