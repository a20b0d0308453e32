package exchangesim

import "net/http"

// Quirks names a server whose deviations from Exchange are imitated, so that clients
// can be tried against them. They were seen with grommunio 3.10.
type Quirks string

// The known values.
const (
	NoQuirks Quirks = ""
	// Grommunio: dates of recurrences with a time part; empty Groups in FindItem; an
	// XML declaration before each streamed envelope; StartTimeZone out of order;
	// unexpanded masters in a CalendarView; PercentComplete times 100; no CompleteDate;
	// stale change keys accepted; a broken reply on a connection that asked for an
	// unknown operation.
	Grommunio Quirks = "grommunio"
)

func (q Quirks) known() bool { return q == NoQuirks || q == Grommunio }

// breakNext spoils the next reply on a connection.
func (s *Server) breakNext(r *http.Request) {
	if conn, ok := r.Context().Value(connKey{}).(*connection); ok && s.opt.Quirks == Grommunio {
		conn.mu.Lock()
		defer conn.mu.Unlock()
		conn.broken = true
	}
}

// breaks tells whether the reply on this connection is to be spoilt.
func (s *Server) breaks(r *http.Request) bool {
	conn, ok := r.Context().Value(connKey{}).(*connection)
	if !ok {
		return false
	}
	conn.mu.Lock()
	defer conn.mu.Unlock()
	return conn.broken
}

// broken answers with the rest of an earlier reply instead of an HTTP one.
func broken(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = conn.Write([]byte("</s:Envelope>\r\n0\r\n\r\n"))
	_ = conn.Close()
}
