package exchangesim

import (
	"encoding/base64"
	"net/http"
	"strings"

	"abgleich/agent/exchangesim/kerberosserver"
)

// isNTLM tells NTLM inside Negotiate from a ticket, as Windows does.
func isNTLM(value string) bool {
	return strings.HasPrefix(strings.TrimSpace(value), "TlRMTVNTUAA") // "NTLMSSP" and a zero
}

// loginKerberos judges a ticket. The answer to the request itself carries the proof.
func (s *Server) loginKerberos(w http.ResponseWriter, r *http.Request, conn *connection, value string) *account {
	msg, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		s.unauthorized(w, r, "", "")
		return nil
	}
	var b kerberosserver.Bindings
	if r.TLS != nil && s.opt.ExtendedProtection != ProtectionOff {
		b = kerberosserver.Bindings{Hash: s.binding, Required: s.opt.ExtendedProtection == ProtectionRequired}
	}
	conn.mu.Lock()
	defer conn.mu.Unlock()
	conn.user = nil
	user, _, answer, err := s.tickets.Accept(msg, b)
	a := s.account(user, "")
	if err != nil || a == nil || a.isLocked() {
		s.loginFailed(a, user)
		s.unauthorized(w, r, "", "")
		return nil
	}
	conn.user = a
	w.Header().Add("WWW-Authenticate", "Negotiate "+base64.StdEncoding.EncodeToString(answer))
	s.loginOK(a)
	return a
}
