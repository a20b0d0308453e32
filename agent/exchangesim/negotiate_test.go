package exchangesim_test

import (
	"os/exec"
	"strings"
	"testing"

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/kdctest"
)

// curl logs in with MIT's Kerberos, an implementation nobody here wrote, and
// answers the HTTP status.
func curl(t *testing.T, kdc *kdctest.KDC, url string, more ...string) string {
	t.Helper()
	path, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed: scripts/setup test installs it")
	}
	version, err := exec.Command(path, "--version").Output()
	if err != nil || !strings.Contains(string(version), "SPNEGO") {
		t.Skip("this curl can't do Negotiate")
	}
	args := append([]string{"--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--noproxy", "*", "--ipv4",
		"-H", "Content-Type: text/xml; charset=utf-8", "--data-binary", envelope(getCalendar)}, more...)
	c := exec.Command(path, append(args, strings.Replace(url, "127.0.0.1", "localhost", 1))...)
	c.Env = kdc.Env
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("curl: %v %s", err, out)
	}
	return string(out)
}

func TestCurlLogsInWithATicket(t *testing.T) {
	kdc := kdctest.Start(t, "HTTP/localhost")
	s := start(t, exchangesim.Options{Kerberos: kdc.Keytab, NoNTLM: true})
	kdc.Login(t, "anna", "secret1")
	if got := curl(t, kdc, s.url, "--negotiate", "--user", ":"); got != "200" {
		t.Errorf("HTTP %s with a ticket", got)
	}
	if st := s.Stats(); st.Accepted["anna"] != 1 {
		t.Errorf("accepted %v", st.Accepted)
	}
	if got := curl(t, kdc, s.url); got != "401" {
		t.Errorf("HTTP %s without", got)
	}
	kdc.Login(t, "noproof", "secret1")
	if got := curl(t, kdc, s.url, "--negotiate", "--user", ":"); got != "401" {
		t.Errorf("HTTP %s for somebody without a mailbox", got)
	}
}

func TestATicketWithoutChannelBindingsIsRefusedWhereTheyAreRequired(t *testing.T) {
	kdc := kdctest.Start(t, "HTTP/localhost")
	kdc.Login(t, "anna", "secret1")
	for protection, want := range map[exchangesim.ExtendedProtection]string{
		exchangesim.ProtectionOff: "200", exchangesim.ProtectionAllowed: "200", exchangesim.ProtectionRequired: "401",
	} {
		s := start(t, exchangesim.Options{TLS: true, Kerberos: kdc.Keytab, ExtendedProtection: protection})
		// This curl sends no bindings; newer ones do.
		if got := curl(t, kdc, s.url, "--insecure", "--negotiate", "--user", ":"); got != want {
			version, _ := exec.Command("curl", "--version").Output()
			if !strings.HasPrefix(string(version), "curl 7.") && got == "200" {
				continue
			}
			t.Errorf("protection %d: HTTP %s, want %s", protection, got, want)
		}
	}
}
