package exchangesim_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/schemacheck"
)

// managedAPI is where scripts/setup puts the library.
const managedAPI = "../../build/managedapi/node_modules"

// TestTheManagedAPIIsServed runs Microsoft's EWS Managed API, in its translation to
// JavaScript, through appointments, series, attachments, tasks and notifications.
func TestTheManagedAPIIsServed(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("Node.js is not installed")
	}
	modules, err := filepath.Abs(managedAPI)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(modules, "ews-javascript-api")); err != nil {
		t.Skip("ews-javascript-api is not installed: scripts/setup test, with npm")
	}
	t.Parallel()
	dir := recordDir(t)
	sim := start(t, exchangesim.Options{Record: dir})
	run := exec.CommandContext(t.Context(), node, "testdata/managedapi/client.js", sim.url)
	run.Env = append(os.Environ(), "NODE_PATH="+modules)
	out, err := run.CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "passed") {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := sim.Stats().Mailed; n != 0 {
		t.Errorf("%d writes would have mailed somebody", n)
	}
	schemacheck.Check(t, dir)
}
