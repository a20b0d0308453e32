package main

import (
	"net"
	"testing"
)

func TestTheSimulatorTellsThroughAutodiscoverWhereItIs(t *testing.T) {
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8443}
	for name, c := range map[string]struct {
		tls   bool
		names []string
		want  string
	}{
		"without TLS":            {false, nil, "http://127.0.0.1:8443/EWS/Exchange.asmx"},
		"with TLS":               {true, nil, "https://127.0.0.1:8443/EWS/Exchange.asmx"},
		"with a name of its own": {true, []string{"mail.lab.test", "autodiscover.lab.test"}, "https://mail.lab.test:8443/EWS/Exchange.asmx"},
	} {
		for _, on := range []bool{true, false} {
			s := simFlags{users: []string{"anna:secret1:anna@lab.test"}, autodiscover: on}
			s.options.TLS, s.options.Hostnames = c.tls, c.names
			list, err := s.check()
			if err != nil {
				t.Fatal(name, err)
			}
			server, err := s.build(list, at)
			if err != nil {
				t.Fatal(name, err)
			}
			if err := server.Close(); err != nil {
				t.Error(name, err)
			}
			switch a := s.options.Autodiscover; {
			case !on && a != nil:
				t.Errorf("%s: answered without being asked to", name)
			case on && (a == nil || a.External != c.want || a.Internal != c.want):
				t.Errorf("%s: tells %+v, want %s", name, a, c.want)
			}
		}
	}
}
