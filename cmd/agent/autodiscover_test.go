package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
)

// nowhere knows no service records.
type nowhere struct{}

func (nowhere) LookupSRV(_ context.Context, _, _, name string) (string, []*net.SRV, error) {
	return "", nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// discoverable is a command line in a world where autodiscover.lab.test is a
// simulated Exchange that the parameters trust.
func discoverable(t *testing.T, external string) func(code int, input string, args ...string) outcome {
	t.Helper()
	l := configured(t)
	cert, err := exchangesim.SelfSigned(time.Now(), "autodiscover.lab.test")
	if err != nil {
		t.Fatal(err)
	}
	sim, err := exchangesim.New(exchangesim.Options{TLS: true, Certificate: cert, Users: []exchangesim.User{{Name: "anna", Password: "secret1", Mail: "anna@lab.test"}},
		Autodiscover: &exchangesim.Autodiscover{External: external}})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- sim.Serve(ctx, ln) }()
	t.Cleanup(func() { cancel(); <-done; _ = sim.Close() })
	ca := filepath.Join(l.dir, "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}
	l.want(exitFine, "params", "set", "communication.certificate_file="+ca)
	return func(code int, input string, args ...string) outcome {
		t.Helper()
		args = append(args, "--parameters", filepath.Join(l.dir, "abgleich.toml"))
		var out, errOut bytes.Buffer
		g := &global{in: strings.NewReader(input), out: &out, err: &errOut, managers: l.manager.of, pathOf: l.pathOf, resolver: nowhere{},
			connect: func(ctx context.Context, network, address string) (net.Conn, error) {
				if address != "autodiscover.lab.test:443" {
					return nil, &net.DNSError{Err: "no such host", Name: address, IsNotFound: true}
				}
				return (&net.Dialer{}).DialContext(ctx, network, ln.Addr().String())
			}}
		o := outcome{g.execute(t.Context(), args), out.String(), errOut.String()}
		if o.code != code {
			t.Fatalf("%v: exit code %d, want %d\n%s%s", args, o.code, code, o.out, o.err)
		}
		if strings.Contains(o.out+o.err, "secret1") {
			t.Errorf("%v prints the password", args)
		}
		return o
	}
}

func TestTheMailServerIsFoundAndTakenOver(t *testing.T) {
	run := discoverable(t, "https://mail.lab.test:8443/EWS/Exchange.asmx")
	o := run(exitFine, "secret1\n", "params", "autodiscover", "anna@lab.test", "--json")
	v := decode[found](t, o)
	if len(v.Proposals) != 1 || v.Proposals[0].Server != "mail.lab.test" || v.Proposals[0].Port != 8443 || len(v.Steps) != 2 || v.Applied != nil {
		t.Errorf("%+v", v)
	}
	if o := run(exitFine, "secret1\n", "params", "autodiscover", "anna@lab.test", "--user", `LAB\anna`, "--apply"); !strings.Contains(o.out, "mail.lab.test") {
		t.Error(o.out)
	}
	for key, want := range map[string]string{"communication.server": "mail.lab.test", "communication.port": "8443", "communication.ssl": "true", "communication.address": ""} {
		if got := decode[parameter](t, run(exitFine, "", "params", "show", key, "--json")).Value; got != want {
			t.Errorf("%s = %q", key, got)
		}
	}
}

func TestAnUnusualPathIsTakenOverAsAWholeAddress(t *testing.T) {
	const address = "https://mail.lab.test/exchange/ews.asmx"
	run := discoverable(t, address)
	v := decode[found](t, run(exitFine, "secret1\n", "params", "autodiscover", "anna@lab.test", "--apply", "--json"))
	if v.Applied["communication.address"] != address {
		t.Errorf("%+v", v.Applied)
	}
}

func TestAFixedAddressWins(t *testing.T) {
	run := discoverable(t, "https://mail.lab.test/EWS/Exchange.asmx")
	const fixed = "https://fixed.lab.test/EWS/Exchange.asmx"
	run(exitFine, "", "params", "set", "communication.address="+fixed)
	if v := decode[found](t, run(exitFine, "secret1\n", "params", "autodiscover", "anna@lab.test", "--json")); v.Fixed != fixed {
		t.Errorf("%+v", v)
	}
	run(exitFailed, "secret1\n", "params", "autodiscover", "anna@lab.test", "--apply")
	if got := decode[parameter](t, run(exitFine, "", "params", "show", "communication.server", "--json")).Value; got != "" {
		t.Errorf("server became %q", got)
	}
}

func TestASearchThatFailsShowsItsSteps(t *testing.T) {
	run := discoverable(t, "https://mail.lab.test/EWS/Exchange.asmx")
	o := run(exitFailed, "wrong\n", "params", "autodiscover", "anna@lab.test", "--lang", "en")
	if !strings.Contains(o.out, "autodiscover.lab.test") || !strings.Contains(o.out, "401") {
		t.Error(o.out)
	}
	run(exitUsage, "secret1\n", "params", "autodiscover", "anna")
	run(exitUsage, "", "params", "autodiscover", "anna@lab.test") // no password
}
