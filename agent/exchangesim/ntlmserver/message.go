// Package ntlmserver is the server's half of NTLM: it makes challenges and judges
// the answers, from MS-NLMP.
//
// It owns reading NEGOTIATE and AUTHENTICATE, writing CHALLENGE, and the NTLMv2
// arithmetic including the message integrity code and channel bindings. It
// promises to accept only a proof made with the right password for its own
// challenge, and never to panic on what a client sends. LM and NTLMv1 answers are
// refused. It must not know HTTP, and is not for guarding anything real.
package ntlmserver

import (
	"bytes"
	"encoding/binary"
	"errors"
	"unicode/utf16"
)

var signature = []byte("NTLMSSP\x00")

// The flags used (MS-NLMP 2.2.2.5).
const (
	flagUnicode         = 0x00000001
	flagRequestTarget   = 0x00000004
	flagNTLM            = 0x00000200
	flagAlwaysSign      = 0x00008000
	flagTargetDomain    = 0x00010000
	flagExtendedSession = 0x00080000
	flagTargetInfo      = 0x00800000
	flagVersion         = 0x02000000
	flag128             = 0x20000000
	flagKeyExchange     = 0x40000000
	flag56              = 0x80000000
)

// The AV pair ids used (MS-NLMP 2.2.2.1).
const (
	avEOL             = 0
	avNbComputer      = 1
	avNbDomain        = 2
	avDNSComputer     = 3
	avDNSDomain       = 4
	avFlags           = 6
	avTimestamp       = 7
	avChannelBindings = 10

	avFlagMIC = 2
)

// Why a login is refused.
var (
	ErrMessage    = errors.New("malformed NTLM message")
	ErrOrder      = errors.New("NTLM message out of order")
	ErrUser       = errors.New("unknown user")
	ErrProof      = errors.New("wrong password")
	ErrOldDialect = errors.New("LM and NTLMv1 answers are refused")
	ErrMIC        = errors.New("wrong message integrity code")
	ErrBindings   = errors.New("missing or wrong channel bindings")
)

// MessageType answers 1 (NEGOTIATE), 2, 3 (AUTHENTICATE), or 0 for anything else.
func MessageType(msg []byte) uint32 {
	if len(msg) < 12 || !bytes.Equal(msg[:8], signature) {
		return 0
	}
	t := binary.LittleEndian.Uint32(msg[8:])
	if t > 3 {
		return 0
	}
	return t
}

func utf16le(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func fromUTF16(b []byte) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}

// field reads a length, maximum and offset triple at pos.
func field(msg []byte, pos int) ([]byte, bool) {
	if pos+8 > len(msg) {
		return nil, false
	}
	n := int(binary.LittleEndian.Uint16(msg[pos:]))
	off := int64(binary.LittleEndian.Uint32(msg[pos+4:]))
	if n == 0 {
		return nil, true
	}
	if off < 12 || off+int64(n) > int64(len(msg)) {
		return nil, false
	}
	return msg[off : off+int64(n)], true
}

func appendPair(b []byte, id uint16, value []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, id)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}

// pairs reads AV pairs up to MsvAvEOL; a missing end is malformed.
func pairs(b []byte) (map[uint16][]byte, bool) {
	m := map[uint16][]byte{}
	for len(b) >= 4 {
		id, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if id == avEOL {
			return m, true
		}
		if len(b) < 4+n {
			return nil, false
		}
		m[id] = b[4 : 4+n]
		b = b[4+n:]
	}
	return nil, false
}
