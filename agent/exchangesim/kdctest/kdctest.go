// Package kdctest runs a real Kerberos KDC, MIT's from Debian (krb5-kdc,
// krb5-admin-server, krb5-user), for tests: unprivileged, on a loopback port, with
// every file in a folder of the test. Where the packages are missing it skips the
// test and says so.
//
// It must not be used by anything but tests, and knows nothing of mail servers.
package kdctest

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Realm is the realm of every KDC here.
const Realm = "FIRMA.TEST"

// KDC is a running KDC.
type KDC struct {
	// Folder holds all its files.
	Folder string
	// Config is the krb5.conf for its clients.
	Config string
	// Keytab holds the keys of the services given to Start.
	Keytab string
	// Env is the environment of programs that are to use it.
	Env []string

	port string
}

// Start makes the realm and starts its KDC, with the services (as "HTTP/localhost")
// in the keytab and these principals: anna, with the password secret1; noproof,
// who needs no pre-authentication; locked; expired, who must change the password;
// svc, whose keys are in svc.keytab.
func Start(t testing.TB, services ...string) *KDC {
	t.Helper()
	for _, tool := range []string{"krb5kdc", "kdb5_util", "kadmin.local"} {
		if find(tool) == "" {
			t.Skipf("%s is not installed: scripts/setup test installs it", tool)
		}
	}
	k := &KDC{Folder: t.TempDir()}
	k.Config, k.Keytab = filepath.Join(k.Folder, "krb5.conf"), filepath.Join(k.Folder, "http.keytab")
	k.Env = append(os.Environ(), "KRB5_CONFIG="+k.Config, "KRB5_KDC_PROFILE="+filepath.Join(k.Folder, "kdc.conf"),
		"KRB5CCNAME=FILE:"+filepath.Join(k.Folder, "cache"))
	k.configure(t)
	k.run(t, "kdb5_util", "-r", Realm, "-P", "master", "create", "-s")
	k.Admin(t, "addprinc -pw secret1 anna", "addprinc -pw secret1 locked", "modprinc -allow_tix locked",
		"addprinc -pw secret1 +needchange expired", "addprinc -pw secret1 noproof", "modprinc -requires_preauth noproof",
		"addprinc -randkey svc", "ktadd -k "+k.Folder+"/svc.keytab svc")
	for _, s := range services {
		k.Admin(t, "addprinc -randkey -requires_preauth "+s, "ktadd -k "+k.Keytab+" "+s)
	}
	for range 5 { // somebody else may take the port meanwhile
		if k.serve(t) {
			return k
		}
		k.configure(t)
	}
	t.Fatal("the KDC found no port")
	return nil
}

// configure writes the files for a port that is free now.
func (k *KDC) configure(t testing.TB) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, k.port, _ = net.SplitHostPort(l.Addr().String())
	k.write(t, "krb5.conf", "[libdefaults]\n default_realm = "+Realm+"\n dns_lookup_kdc = false\n dns_canonicalize_hostname = false\n rdns = false\n udp_preference_limit = 1\n"+
		"[realms]\n "+Realm+" = {\n  kdc = 127.0.0.1:"+k.port+"\n }\n[domain_realm]\n localhost = "+Realm+"\n")
	k.write(t, "kdc.conf", "[kdcdefaults]\n kdc_ports = \"\"\n kdc_listen = \"\"\n kdc_tcp_listen = 127.0.0.1:"+k.port+"\n"+
		"[realms]\n "+Realm+" = {\n  database_name = "+k.Folder+"/principal\n  key_stash_file = "+k.Folder+"/stash\n  acl_file = "+k.Folder+"/acl\n"+
		"  max_life = 10h\n  default_principal_flags = +preauth\n  supported_enctypes = aes256-cts:normal aes128-cts:normal\n }\n"+
		"[logging]\n kdc = FILE:"+k.Folder+"/kdc.log\n")
}

// serve starts the KDC; false if it ended at once.
func (k *KDC) serve(t testing.TB) bool {
	t.Helper()
	var log bytes.Buffer
	c := exec.Command(find("krb5kdc"), "-n", "-r", Realm)
	c.Env, c.Stdout, c.Stderr = k.Env, &log, &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.Wait() //nolint:errcheck // it is killed
	}()
	t.Cleanup(func() {
		c.Process.Kill() //nolint:errcheck // it may have ended
		<-ended
	})
	for {
		conn, err := net.Dial("tcp", "127.0.0.1:"+k.port)
		if err == nil {
			conn.Close()
			return true
		}
		select {
		case <-ended:
			t.Logf("the KDC ended: %s", &log)
			return false
		case <-time.After(10 * time.Millisecond): // another process tells nobody when it listens
		}
	}
}

// Admin runs kadmin queries, such as "addprinc -pw secret bernd".
func (k *KDC) Admin(t testing.TB, queries ...string) {
	t.Helper()
	for _, q := range queries {
		k.run(t, "kadmin.local", "-r", Realm, "-q", q)
	}
}

// Program is a program built for Windows, which scripts/wine-tests names in an environment
// variable: without it the test is skipped. With it, nothing else may be missing.
func Program(t testing.TB, variable string) string {
	t.Helper()
	program := os.Getenv(variable)
	if program == "" {
		t.Skip("scripts/wine-tests runs it, with " + variable)
	}
	t.Cleanup(func() {
		if t.Skipped() {
			t.Error("scripts/setup windows installs what is missing")
		}
	})
	return program
}

// Login gets somebody's tickets into the cache that Env names, with kinit, which takes
// more arguments before the name.
func (k *KDC) Login(t testing.TB, name, password string, more ...string) {
	t.Helper()
	if find("kinit") == "" {
		t.Skip("kinit is not installed: scripts/setup test installs it")
	}
	c := exec.Command(find("kinit"), append(more, name)...)
	c.Env, c.Stdin = k.Env, strings.NewReader(password+"\n")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("kinit: %v\n%s", err, out)
	}
}

func (k *KDC) run(t testing.TB, tool string, args ...string) {
	t.Helper()
	c := exec.Command(find(tool), args...)
	c.Env, c.Dir = k.Env, k.Folder
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", tool, err, out)
	}
}

func (k *KDC) write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(k.Folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// find looks where Debian puts a KDC's tools, which a user's path may lack.
func find(tool string) string {
	if p, err := exec.LookPath(tool); err == nil {
		return p
	}
	if p := "/usr/sbin/" + tool; exec.Command(p).Err == nil {
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	return ""
}
