package exchangesim_test

import (
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"abgleich/agent/exchangesim"
)

// TestAForeignClientFindsTheServer has exchangelib judge the SOAP replies.
func TestAForeignClientFindsTheServer(t *testing.T) {
	needExchangelib(t)
	t.Parallel()
	sim := start(t, exchangesim.Options{TLS: true, ExtendedProtection: exchangesim.ProtectionRequired, Autodiscover: &exchangesim.Autodiscover{
		External:     "https://mail.lab.test/EWS/Exchange.asmx",
		RedirectMail: map[string]string{"moved@lab.test": "anna@lab.test"},
		RedirectURL:  map[string]string{"sent@lab.test": "https://other.lab.test/autodiscover/autodiscover.svc"},
	}})
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: sim.Certificate().Certificate[0]})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSuffix(sim.url, exchangesim.Endpoint) + exchangesim.AutodiscoverSOAP
	out, err := exec.CommandContext(t.Context(), systemPython, "testdata/exchangelib_autodiscover.py", url, ca).CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "passed") {
		t.Fatalf("%v\n%s", err, out)
	}
}
