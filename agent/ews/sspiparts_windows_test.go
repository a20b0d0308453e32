package ews

import (
	"bytes"
	"crypto/md5"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"abgleich/agent/ews/ntlm"
	"abgleich/agent/fault"
)

// Windows reads the structure as C does and hashes it as RFC 4121 4.1.1.2 says: what
// comes out must be what the other ways to log in show the same server.
func TestSSPIsChannelBindingsAreThoseOfTheOtherLogins(t *testing.T) {
	cert := &x509.Certificate{Raw: []byte("a certificate"), SignatureAlgorithm: x509.SHA384WithRSA}
	b := channelBindings(Binding{Certificate: cert})
	var s struct {
		InitiatorType, InitiatorLength, InitiatorOffset uint32
		AcceptorType, AcceptorLength, AcceptorOffset    uint32
		DataLength, DataOffset                          uint32
	}
	if err := binary.Read(bytes.NewReader(b), binary.LittleEndian, &s); err != nil {
		t.Fatal(err)
	}
	part := func(offset, length uint32) []byte { return b[offset : offset+length] }
	var hashed []byte
	for _, p := range []struct {
		kind *uint32
		data []byte
	}{
		{&s.InitiatorType, part(s.InitiatorOffset, s.InitiatorLength)}, {&s.AcceptorType, part(s.AcceptorOffset, s.AcceptorLength)},
		{nil, part(s.DataOffset, s.DataLength)},
	} {
		if p.kind != nil {
			hashed = binary.LittleEndian.AppendUint32(hashed, *p.kind)
		}
		hashed = append(binary.LittleEndian.AppendUint32(hashed, uint32(len(p.data))), p.data...)
	}
	if got := md5.Sum(hashed); !bytes.Equal(got[:], ntlm.ChannelBindings(cert)) {
		t.Errorf("% x", b)
	}
	if end := int(s.DataOffset + s.DataLength); end != len(b) {
		t.Errorf("ends at %d of %d", end, len(b))
	}
	if b := channelBindings(Binding{}); b != nil {
		t.Errorf("% x without TLS", b)
	}
}

func TestSSPIsErrorsHaveTheirCodes(t *testing.T) {
	for _, c := range []struct {
		status uint64
		own    fault.Code // logging in as the account of the process
		named  fault.Code // with name and password
		over   bool       // another way is tried
	}{
		{0x8009030C, fault.LoginRejected, fault.LoginRejected, false},
		{0xC0000234, fault.AccountLocked, fault.AccountLocked, false},
		{0xC0000071, fault.PasswordExpired, fault.PasswordExpired, false},
		{0x80090303, fault.KerberosServiceUnknown, fault.KerberosServiceUnknown, true},
		{0x80090311, fault.KerberosUnreachable, fault.KerberosUnreachable, true},
		{0x80090324, fault.ClocksDisagree, fault.ClocksDisagree, true},
		{0x8009030E, fault.KerberosNoTicket, fault.KerberosRealmUnknown, true},
		{0x80090317, fault.KerberosNoTicket, fault.KerberosRealmUnknown, true},
		{0x80090304, fault.KerberosFailed, fault.KerberosFailed, true},
		// A negative number in a register of 64 bits.
		{0xFFFFFFFF80090303, fault.KerberosServiceUnknown, fault.KerberosServiceUnknown, true},
	} {
		for _, l := range []*sspiLogin{{}, {`LAB\anna`, "hunter2"}} {
			want := c.own
			if l.password != "" {
				want = c.named
			}
			err := l.sspiError(syscall.Errno(c.status))
			if e, _ := errors.AsType[*Error](err); e == nil || e.Code != want {
				t.Errorf("%#x as %q: %v, want %s", c.status, l.login, err, want)
			}
			if _, over := err.(*passedOver); over != c.over {
				t.Errorf("%#x: passed over: %v", c.status, over)
			}
			if s := fmt.Sprintf("%v %v %+v %#v", err, l, l, l); strings.Contains(s, "hunter2") {
				t.Errorf("the password shows: %s", s)
			}
		}
	}
}
