package exchangesim_test

import (
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/schemacheck"
)

const systemPython = "/usr/bin/python3"

// needExchangelib skips where the foreign client can't be had.
func needExchangelib(t *testing.T) {
	t.Helper()
	if err := exec.Command(systemPython, "-c", "import exchangelib").Run(); err != nil {
		t.Skip("exchangelib is not installed (Debian package python3-exchangelib)")
	}
}

// TestAForeignClientIsServed runs exchangelib, which nobody here wrote, through
// everything the agent needs, once with NTLM over plain HTTP and once with Basic
// over TLS.
func TestAForeignClientIsServed(t *testing.T) {
	needExchangelib(t)
	for _, c := range []struct {
		name, mode string
		tls        bool
		protection exchangesim.ExtendedProtection
	}{
		{"NTLM", "ntlm", false, exchangesim.ProtectionOff},
		{"Basic over TLS", "basic", true, exchangesim.ProtectionOff},
		// It sends channel bindings, so this judges our idea of them too.
		{"NTLM over TLS with extended protection", "ntlm", true, exchangesim.ProtectionRequired},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := recordDir(t)
			sim := start(t, exchangesim.Options{TLS: c.tls, ExtendedProtection: c.protection, Record: dir})
			ca := "-"
			if c.tls {
				ca = filepath.Join(t.TempDir(), "ca.pem")
				block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: sim.Certificate().Certificate[0]})
				if err := os.WriteFile(ca, block, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			out, err := exec.CommandContext(t.Context(), systemPython, "testdata/exchangelib_client.py", sim.url, c.mode, ca).CombinedOutput()
			if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "passed") {
				t.Fatalf("%v\n%s", err, out)
			}
			st := sim.Stats()
			if st.Refused["anna"] == 0 {
				t.Error("the wrong password was not counted")
			}
			if st.Mailed != 0 {
				t.Errorf("%d writes would have mailed somebody", st.Mailed)
			}
			schemacheck.Check(t, dir)
		})
	}
}
