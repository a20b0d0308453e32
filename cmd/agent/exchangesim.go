package main

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"abgleich/agent/exchangesim"
)

// simFlags are the flags of exchange-sim.
type simFlags struct {
	listen, certificate, record string
	protection                  string
	users, faults               []string
	throttle                    int
	autodiscover                bool
	backOff                     time.Duration
	options                     exchangesim.Options
}

// effects are the faults by the names they have on the command line.
func effects() map[string]exchangesim.Effect {
	return map[string]exchangesim.Effect{
		"cut": exchangesim.CutBefore, "drop-reply": exchangesim.DropReply, "unavailable": exchangesim.Unavailable,
		"html": exchangesim.HTMLPage, "truncate": exchangesim.TruncatedReply, "stall": exchangesim.Stall,
		"busy": exchangesim.BusyFault, "busy-503": exchangesim.Busy503, "busy-response": exchangesim.BusyResponse,
		"connection-count": exchangesim.ConnectionCount, "internal-error": exchangesim.InternalError, "unsupported": exchangesim.Unsupported,
	}
}

func simCommand(g *global) *cobra.Command {
	var s simFlags
	c := &cobra.Command{
		Use: "exchange-sim", Short: g.t("Einen nachgebildeten Exchange-Server betreiben, zum Ausprobieren", "run a simulated Exchange server, for trying out"),
		Long: g.t("Postfächer mit Kalender und Aufgaben im Speicher, erreichbar über EWS mit NTLM und (mit TLS) Basic. Nur zum Ausprobieren.",
			"Mailboxes with calendar and tasks in memory, reached through EWS with NTLM and (with TLS) Basic. For trying out only.") + "\n\n" +
			g.t("Störungen: --fault NAME[:CHANCE], NAME ist ", "Faults: --fault NAME[:CHANCE], NAME is ") +
			strings.Join(slices.Sorted(maps.Keys(effects())), ", ") + ".",
		Example: "  agent exchange-sim --listen 127.0.0.1:8081 --domain LAB --user anna:secret1:anna@lab.test --user bernd:secret2:bernd@lab.test\n" +
			"  agent exchange-sim --tls --certificate ca.pem --user anna:secret1:anna@lab.test\n" +
			"  agent exchange-sim --user anna:secret1:anna@lab.test --latency 50ms --fault busy:0.05 --fault drop-reply:0.02",
		Args: g.arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error { return g.simulate(c.Context(), s) },
	}
	f := c.Flags()
	f.StringVar(&s.listen, "listen", "127.0.0.1:8081", g.t("Adresse und Port", "address and port"))
	f.StringVar(&s.options.Domain, "domain", "LAB", g.t("Windows-Domäne", "Windows domain"))
	f.StringArrayVar(&s.users, "user", nil, g.t("Benutzer als name:passwort:adresse, mehrfach", "user as name:password:address, repeatable"))
	f.BoolVar(&s.options.TLS, "tls", false, g.t("HTTPS mit selbst erstelltem Zertifikat", "HTTPS with a self-made certificate"))
	f.StringVar(&s.certificate, "certificate", "", g.t("das Zertifikat in diese Datei schreiben (PEM), für communication.certificate_file",
		"write the certificate to this file (PEM), for communication.certificate_file"))
	f.StringArrayVar(&s.options.Hostnames, "hostname", nil, g.t("weiterer Name im Zertifikat, mehrfach", "further name in the certificate, repeatable"))
	f.DurationVar(&s.options.Latency, "latency", 0, g.t("Wartezeit vor jeder Antwort", "wait before every answer"))
	f.StringArrayVar(&s.faults, "fault", nil, g.t("Störung NAME[:CHANCE], mehrfach", "fault NAME[:CHANCE], repeatable"))
	f.IntVar(&s.throttle, "throttle", 0, g.t("höchstens so viele Anfragen eines Benutzers zugleich", "at most so many requests of one user at once"))
	f.DurationVar(&s.backOff, "back-off", time.Second, g.t("Wartezeit, die bei Überlast genannt wird; Dauer von stall", "back-off told when busy; length of a stall"))
	f.BoolVar(&s.options.NoNTLM, "no-ntlm", false, g.t("NTLM nicht anbieten", "do not offer NTLM"))
	f.StringVar(&s.options.Kerberos, "kerberos", "", g.t("Kerberos anbieten, mit der Keytab-Datei von HTTP/<Servername>", "offer Kerberos, with the keytab of HTTP/<server>"))
	f.BoolVar(&s.options.NegotiateOnly, "negotiate-only", false, g.t("NTLM nur innerhalb von Negotiate anbieten", "offer NTLM inside Negotiate only"))
	f.StringVar(&s.protection, "extended-protection", "off", g.t("Kanalbindungen von NTLM und Kerberos über TLS: off, allowed oder required",
		"channel bindings of NTLM and Kerberos over TLS: off, allowed or required"))
	f.BoolVar(&s.options.BasicWithoutTLS, "basic-without-tls", false, g.t("Basic auch ohne TLS anbieten", "offer Basic without TLS too"))
	f.BoolVar(&s.options.RequireSSL, "require-ssl", false, g.t("ohne TLS mit 403.4 antworten", "answer plain HTTP with 403.4"))
	f.IntVar(&s.options.LockAfter, "lock-after", 0, g.t("Konto nach so vielen falschen Anmeldungen sperren", "lock an account after so many wrong logins"))
	f.StringVar((*string)(&s.options.Quirks), "quirks", "", g.t("sich verhalten wie: grommunio", "behave like: grommunio"))
	f.BoolVar(&s.autodiscover, "autodiscover", false, g.t("auch Autodiscover beantworten, mit der eigenen Adresse (dem ersten --hostname)",
		"answer Autodiscover too, with the own address (the first --hostname)"))
	f.StringVar(&s.record, "record", "", g.t("Anfragen und Antworten in diesen Ordner schreiben", "write requests and replies into this folder"))
	return c
}

// check reads users and faults.
func (s *simFlags) check() ([]exchangesim.Fault, error) {
	if len(s.users) == 0 {
		return nil, usageError{errors.New("--user name:password:address")}
	}
	for _, u := range s.users {
		user, err := exchangesim.ParseUser(u)
		if err != nil {
			return nil, usageError{err}
		}
		s.options.Users = append(s.options.Users, user)
	}
	switch s.protection {
	case "", "off":
	case "allowed":
		s.options.ExtendedProtection = exchangesim.ProtectionAllowed
	case "required":
		s.options.ExtendedProtection = exchangesim.ProtectionRequired
	default:
		return nil, usageError{fmt.Errorf("--extended-protection %s: off, allowed, required", s.protection)}
	}
	var list []exchangesim.Fault
	for _, f := range s.faults {
		name, chance, given := strings.Cut(f, ":")
		x := exchangesim.Fault{Effect: effects()[name], Times: -1, For: s.backOff, BackOff: s.backOff}
		if given {
			if _, err := fmt.Sscanf(chance, "%g", &x.Chance); err != nil || x.Chance <= 0 || x.Chance > 1 {
				return nil, usageError{fmt.Errorf("--fault %s: 0 < CHANCE ≤ 1", f)}
			}
		}
		if x.Effect == 0 {
			return nil, usageError{fmt.Errorf("--fault %s: %s", name, strings.Join(slices.Sorted(maps.Keys(effects())), ", "))}
		}
		list = append(list, x)
	}
	return list, nil
}

// build makes the server that will listen at an address.
func (s *simFlags) build(list []exchangesim.Fault, at net.Addr) (*exchangesim.Server, error) {
	s.options.Record = s.record
	if s.autodiscover {
		url := s.url(s.named(at))
		s.options.Autodiscover = &exchangesim.Autodiscover{External: url, Internal: url}
	}
	server, err := exchangesim.New(s.options)
	if err != nil {
		return nil, usageError{err}
	}
	for _, x := range list {
		server.Faults().Add(x)
	}
	if s.throttle > 0 {
		server.Faults().Throttle(s.throttle, exchangesim.BusyFault, s.backOff)
	}
	return server, nil
}

func (g *global) simulate(ctx context.Context, s simFlags) (err error) {
	list, err := s.check()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.listen)
	if err != nil {
		return err
	}
	defer l.Close() //nolint:errcheck // closed by Serve, or never served
	server, err := s.build(list, l.Addr())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	if s.certificate != "" {
		if !s.options.TLS {
			return usageError{errors.New(g.t("--certificate braucht --tls", "--certificate needs --tls"))}
		}
		b := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Certificate[0]})
		if err := os.WriteFile(s.certificate, b, 0o644); err != nil {
			return err
		}
	}
	g.announce(g.out, s, l.Addr())
	return server.Serve(ctx, l)
}

// url is where EWS is reached on a host and port.
func (s *simFlags) url(host string) string {
	if s.options.TLS {
		return "https://" + host + exchangesim.Endpoint
	}
	return "http://" + host + exchangesim.Endpoint
}

// named is the address with the first name of the certificate, if one was given.
func (s *simFlags) named(at net.Addr) string {
	_, port, err := net.SplitHostPort(at.String())
	if err != nil || len(s.options.Hostnames) == 0 {
		return at.String()
	}
	return net.JoinHostPort(s.options.Hostnames[0], port)
}

// announce says how to reach the server, and how to tell the agent.
func (g *global) announce(w io.Writer, s simFlags, at net.Addr) {
	url := s.url(at.String())
	if g.json {
		fmt.Fprintf(w, "{\"url\":%q}\n", url)
		return
	}
	fmt.Fprintln(w, g.t("Nachgebildeter Exchange-Server:", "Simulated Exchange server:"), url)
	for _, u := range s.options.Users {
		fmt.Fprintf(w, "  %s\\%s  %s\n", s.options.Domain, u.Name, u.Mail)
	}
	fmt.Fprintf(w, "  agent params set communication.address=%s", url)
	if s.certificate != "" {
		fmt.Fprintf(w, " communication.certificate_file=%s", s.certificate)
	}
	fmt.Fprintln(w)
	fmt.Fprintln(w, g.t("Ende mit Strg+C.", "Ctrl+C ends it."))
}
