// Package smtptest owns a mail server for tests: it speaks as much SMTP as a client
// that sends one mail needs, with STARTTLS and AUTH PLAIN, keeps what it was given,
// and misbehaves on request.
//
// It knows nothing of who sends mails and why. Its certificate is one it made
// itself; [Server.Roots] trusts it.
package smtptest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options say how the server behaves. The zero value takes every mail.
type Options struct {
	// StartTLS offers it; TLS speaks it from the start.
	StartTLS, TLS bool
	// User and Password are asked for when User is filled.
	User, Password string
	// Name is in the certificate; "" is 127.0.0.1.
	Name string
	// Reply, if not nil, may answer a command in the server's stead: "" for the
	// usual answer, [Stall] for none at all, [Hang] to cut the line.
	Reply func(command string) string
}

// What [Options.Reply] may give besides an answer.
const (
	Stall = "\x00stall"
	Hang  = "\x00hang"
)

// Mail is one that was taken.
type Mail struct{ From, To, Data string }

// Server is a running server.
type Server struct {
	o      Options
	ln     net.Listener
	config *tls.Config
	roots  *x509.CertPool
	mails  chan Mail
	done   chan struct{}

	mu       sync.Mutex
	count    int
	logins   []string
	commands []string
	conns    []net.Conn
}

// Start runs a server until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Name == "" {
		o.Name = "127.0.0.1"
	}
	s := &Server{o: o, mails: make(chan Mail, 1000), done: make(chan struct{})}
	if err := s.certify(); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if o.TLS {
		ln = tls.NewListener(ln, s.config)
	}
	s.ln = ln
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, c)
			s.mu.Unlock()
			all.Go(func() { s.talk(c) })
		}
	})
	t.Cleanup(func() {
		close(s.done)
		_ = ln.Close()
		s.mu.Lock()
		for _, c := range s.conns {
			_ = c.Close()
		}
		s.mu.Unlock()
		all.Wait()
	})
	return s
}

func (s *Server) certify() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := time.Now()
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	if ip := net.ParseIP(s.o.Name); ip != nil {
		c.IPAddresses = []net.IP{ip}
	} else {
		c.DNSNames = []string{s.o.Name}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		return err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	s.roots = x509.NewCertPool()
	s.roots.AddCert(parsed)
	s.config = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	return nil
}

// Host and Port are where it listens.
func (s *Server) Host() string { return "127.0.0.1" }

// Port is the port it listens at.
func (s *Server) Port() string { return fmt.Sprint(s.ln.Addr().(*net.TCPAddr).Port) }

// Roots trust its certificate.
func (s *Server) Roots() *x509.CertPool { return s.roots }

// Mails gives the mails in the order they came.
func (s *Server) Mails() <-chan Mail { return s.mails }

// Count is how many mails were taken.
func (s *Server) Count() int { s.mu.Lock(); defer s.mu.Unlock(); return s.count }

// Logins are the logins tried, "user:password".
func (s *Server) Logins() []string { s.mu.Lock(); defer s.mu.Unlock(); return s.logins }

// Commands are the words clients said.
func (s *Server) Commands() []string { s.mu.Lock(); defer s.mu.Unlock(); return s.commands }

func (s *Server) talk(c net.Conn) {
	defer c.Close() //nolint:errcheck // the talk is over
	secure := s.o.TLS
	r := bufio.NewReader(c)
	var m Mail
	say := func(text string) bool { _, err := c.Write([]byte(text + "\r\n")); return err == nil }
	if !s.answer("CONNECT", "220 test ESMTP", say) {
		return
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		verb = strings.ToUpper(verb)
		reply := "250 ok"
		switch verb {
		case "EHLO", "HELO":
			reply = "250-test\r\n"
			if s.o.StartTLS && !secure {
				reply += "250-STARTTLS\r\n"
			}
			if s.o.User != "" {
				reply += "250-AUTH PLAIN\r\n"
			}
			reply += "250 8BITMIME"
		case "STARTTLS":
			if !s.answer(verb, "220 go", say) {
				return
			}
			t := tls.Server(c, s.config)
			if t.Handshake() != nil {
				return
			}
			c, r, secure = t, bufio.NewReader(t), true
			continue
		case "AUTH":
			reply = s.login(rest)
		case "MAIL":
			m = Mail{From: address(rest)}
		case "RCPT":
			m.To = address(rest)
		case "QUIT":
			reply = "221 bye"
		case "DATA":
			if !s.answer(verb, "354 go", say) {
				return
			}
			var b strings.Builder
			for {
				l, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if strings.TrimRight(l, "\r\n") == "." {
					break
				}
				b.WriteString(l)
			}
			m.Data, verb = b.String(), "END"
			if s.o.Reply == nil || s.o.Reply(verb) == "" {
				s.mu.Lock()
				s.count++
				s.mu.Unlock()
				s.mails <- m
			}
		}
		if !s.answer(verb, reply, say) {
			return
		}
	}
}

func (s *Server) answer(verb, usual string, say func(string) bool) bool {
	s.mu.Lock()
	s.commands = append(s.commands, verb)
	s.mu.Unlock()
	if s.o.Reply != nil {
		switch own := s.o.Reply(verb); own {
		case "":
		case Stall:
			<-s.done
			return false
		case Hang:
			return false
		default:
			usual = own
		}
	}
	return say(usual)
}

func (s *Server) login(rest string) string {
	_, word, _ := strings.Cut(rest, " ")
	b, _ := base64.StdEncoding.DecodeString(word)
	parts := strings.Split(string(b), "\x00")
	if len(parts) != 3 {
		return "501 what"
	}
	s.mu.Lock()
	s.logins = append(s.logins, parts[1]+":"+parts[2])
	s.mu.Unlock()
	if parts[1] != s.o.User || parts[2] != s.o.Password {
		return "535 5.7.8 no"
	}
	return "235 welcome"
}

func address(rest string) string {
	_, a, _ := strings.Cut(rest, "<")
	a, _, _ = strings.Cut(a, ">")
	return a
}
