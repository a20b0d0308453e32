package ews_test

import (
	"bytes"
	"encoding/binary"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim/kdctest"
)

// sspiProgram names the variable with this package's tests built for Windows.
const sspiProgram = "ABGLEICH_SSPI_PROGRAM"

// TestWindowsLogsInWithItsOwnKerberos runs the Windows tests under Wine, whose package
// Kerberos is MIT's, with a real KDC and the tickets of an account that is logged on.
// scripts/wine-tests calls it.
func TestWindowsLogsInWithItsOwnKerberos(t *testing.T) {
	program := kdctest.Program(t, sspiProgram)
	kdc := kdctest.Start(t, onLoopback)
	silent := freeAddress(t) // a KDC that takes questions and answers none: the test is it
	config, err := os.ReadFile(kdc.Config)
	noError(t, err)
	config = append(config, "[realms]\n SILENT.TEST = {\n  kdc = "+silent+"\n }\n"...)
	noError(t, os.WriteFile(kdc.Config, config, 0o600))

	kdc.Login(t, "anna", "secret1", "-c", filepath.Join(kdc.Folder, "good"))
	kdc.Admin(t, "addprinc -randkey other", "ktadd -k "+kdc.Folder+"/other.keytab other")
	good, err := os.ReadFile(filepath.Join(kdc.Folder, "good"))
	noError(t, err)
	noError(t, os.WriteFile(filepath.Join(kdc.Folder, "over"), yesterdays(t, good), 0o600))

	c := exec.CommandContext(t.Context(), "../../scripts/wine", "run", program, "-test.run", "SSPI", "-test.v", "-test.timeout", "1m")
	// Without a garbage collector, what is to be given back is given back by our code.
	c.Env = append(kdc.Env, "WINEDEBUG=-all,+kerberos", "GOGC=off", sspiFolder+"="+kdc.Folder, silentKDC+"="+silent)
	var trace strings.Builder // Wine's own, of every call that reaches MIT's library
	c.Stderr = &trace
	out, err := c.Output()
	t.Logf("%s", out)
	if passed := strings.Count(string(out), "--- PASS: Test"); err != nil || passed == 0 || strings.Contains(string(out), "--- SKIP") {
		t.Errorf("%d tests passed: %v\n%s", passed, err, &trace)
	}
	for taken, given := range map[string]string{
		"gss_acquire_cred returned 0 ":       "gss_release_cred returned 0 ",
		"gss_init_sec_context returned 0x1 ": "gss_delete_sec_context returned 0 ", // 1: begun, there is more to come
	} {
		if n, back := strings.Count(trace.String(), taken), strings.Count(trace.String(), given); n == 0 || back != n {
			t.Errorf("%d × %s, %d × %s", n, taken, back, given)
		}
	}
}

// yesterdays makes the tickets of a cache a day older. Waiting for their end would take
// five minutes: by so much all of Kerberos lets clocks differ.
func yesterdays(t *testing.T, cache []byte) []byte {
	t.Helper()
	const day = 24 * 60 * 60
	at := func(i int) uint32 { return binary.BigEndian.Uint32(cache[i:]) }
	cache = bytes.Clone(cache)
	now, found := uint32(time.Now().Unix()), false
	for i := 0; i+12 <= len(cache); i++ {
		// Since when it is known, from when and until when it is good.
		if known, end := at(i), at(i+8); known == at(i+4) && known <= now && known > now-60 && end > now && end < now+day {
			for j := i; j < i+12; j += 4 {
				binary.BigEndian.PutUint32(cache[j:], at(j)-day)
			}
			found = true
		}
	}
	if !found {
		t.Fatal("there is no ticket in the cache")
	}
	return cache
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	noError(t, err)
	defer l.Close()
	return l.Addr().String()
}
