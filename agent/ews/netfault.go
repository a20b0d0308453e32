package ews

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"abgleich/agent/fault"
)

// connectFault classifies what went wrong before or beneath HTTP.
func connectFault(err error) (code fault.Code, certificateNames []string) {
	if host, ok := errors.AsType[x509.HostnameError](err); ok {
		return fault.TLSCertificateName, namesOf(host.Certificate)
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return fault.TLSUntrusted, nil
	}
	if _, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return fault.TLSUntrusted, nil
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fault.TLSUntrusted, nil
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return fault.TLSMismatch, nil
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return fault.TLSMismatch, nil
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsTimeout || dns.IsTemporary && !dns.IsNotFound {
			return fault.ServerUnreachable, nil
		}
		return fault.NameNotResolved, nil
	}
	if refused(err) {
		return fault.ConnectionRefused, nil
	}
	if errors.Is(err, errStalled) {
		return fault.ServerStalled, nil
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return fault.ServerStalled, nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || reset(err) {
		return fault.ReplyTruncated, nil
	}
	// net/http says these in words only.
	switch text := err.Error(); {
	case strings.Contains(text, "malformed HTTP"), strings.Contains(text, "malformed MIME header"):
		return fault.NotSOAP, nil
	case strings.Contains(text, "server closed idle connection"), strings.Contains(text, "use of closed"):
		return fault.ReplyTruncated, nil
	}
	return fault.ServerUnreachable, nil
}

// refused includes WSAECONNREFUSED, which is no syscall.ECONNREFUSED on Windows.
func refused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.Errno(10061))
}

// reset includes WSAECONNRESET and WSAECONNABORTED.
func reset(err error) bool {
	for _, n := range [...]syscall.Errno{syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED, 10054, 10053} {
		if errors.Is(err, n) {
			return true
		}
	}
	return false
}

func namesOf(c *x509.Certificate) []string {
	if c == nil {
		return nil
	}
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 && c.Subject.CommonName != "" {
		names = append(names, c.Subject.CommonName)
	}
	return names
}
