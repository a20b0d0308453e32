package kerberos

import (
	"bytes"
	"encoding/asn1"
	"errors"
)

// The mechanisms of SPNEGO used here.
var (
	// derSPNEGO is 1.3.6.1.5.5.2 (RFC 4178 3).
	derSPNEGO = []byte{6, 6, 0x2b, 6, 1, 5, 5, 2}
	// derKerberos is 1.2.840.113554.1.2.2 (RFC 4121 4.1).
	derKerberos = []byte{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2}
	// derKerberosMS is 1.2.840.48018.1.2.2, what Windows 2000 said instead and
	// servers still may.
	derKerberosMS = []byte{6, 9, 0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 1, 2, 2}
)

// maxToken bounds what a server may send; Kerberos answers are a few hundred bytes.
const maxToken = 64 << 10

// State is how far a server says the negotiation is (RFC 4178 4.2.2).
type State int

// The states. Unsaid is a server that does not say.
const (
	Completed  State = 0
	Incomplete State = 1
	Rejected   State = 2
	RequestMIC State = 3
	Unsaid     State = -1
)

// Answer is a server's NegTokenResp.
type Answer struct {
	// State is how far it is.
	State State
	// Kerberos tells that the mechanism is, or may be, Kerberos.
	Kerberos bool
	// Token is the mechanism's own; may be empty.
	Token []byte
}

// ErrToken is a server's message that is no Negotiate token.
var ErrToken = errors.New("kerberos: not a Negotiate token")

// WrapInit puts a Kerberos token into a NegTokenInit that offers Kerberos alone,
// so that no mechListMIC is needed (RFC 4178 5).
func WrapInit(token []byte) ([]byte, error) {
	inner, err := asn1.Marshal(struct {
		Mechanisms []asn1.RawValue `asn1:"explicit,tag:0"`
		Token      []byte          `asn1:"explicit,tag:2"`
	}{[]asn1.RawValue{{FullBytes: derKerberos}}, token})
	if err != nil {
		return nil, err
	}
	choice, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner})
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(asn1.RawValue{Class: asn1.ClassApplication, Tag: 0, IsCompound: true,
		Bytes: append(bytes.Clone(derSPNEGO), choice...)})
}

// ParseAnswer reads a server's NegTokenResp, or a bare Kerberos token, which some
// servers send instead. Hostile input, bounded.
func ParseAnswer(b []byte) (Answer, error) {
	a := Answer{State: Unsaid, Kerberos: true}
	if len(b) == 0 || len(b) > maxToken {
		return a, ErrToken
	}
	var outer asn1.RawValue
	if rest, err := asn1.Unmarshal(b, &outer); err != nil || len(rest) > 0 {
		return a, ErrToken
	}
	if outer.Class == asn1.ClassApplication && outer.Tag == 0 {
		if _, _, err := readGSS(b); err != nil {
			return a, err
		}
		a.Token = b
		return a, nil
	}
	var fields asn1.RawValue
	if outer.Class != asn1.ClassContextSpecific || outer.Tag != 1 || !outer.IsCompound {
		return a, ErrToken
	}
	if rest, err := asn1.Unmarshal(outer.Bytes, &fields); err != nil || len(rest) > 0 || fields.Tag != asn1.TagSequence {
		return a, ErrToken
	}
	for left := fields.Bytes; len(left) > 0; {
		var f, v asn1.RawValue
		var err error
		if left, err = asn1.Unmarshal(left, &f); err != nil || f.Class != asn1.ClassContextSpecific {
			return a, ErrToken
		}
		if _, err := asn1.Unmarshal(f.Bytes, &v); err != nil {
			return a, ErrToken
		}
		switch f.Tag {
		case 0:
			if v.Tag != asn1.TagEnum || len(v.Bytes) != 1 || v.Bytes[0] > byte(RequestMIC) {
				return a, ErrToken
			}
			a.State = State(v.Bytes[0])
		case 1:
			a.Kerberos = bytes.Equal(v.FullBytes, derKerberos) || bytes.Equal(v.FullBytes, derKerberosMS)
		case 2:
			if v.Tag != asn1.TagOctetString {
				return a, ErrToken
			}
			a.Token = v.Bytes
		}
	}
	return a, nil
}

// readGSS opens the frame of RFC 2743 3.1 around a Kerberos message.
func readGSS(b []byte) (kind [2]byte, msg []byte, err error) {
	var outer asn1.RawValue
	if rest, err := asn1.Unmarshal(b, &outer); err != nil || len(rest) > 0 ||
		outer.Class != asn1.ClassApplication || outer.Tag != 0 {
		return kind, nil, ErrToken
	}
	for _, mechanism := range [][]byte{derKerberos, derKerberosMS} {
		if msg, ok := bytes.CutPrefix(outer.Bytes, mechanism); ok && len(msg) > 2 {
			return [2]byte(msg), msg[2:], nil
		}
	}
	return kind, nil, ErrToken
}
