package ntlm

import (
	"encoding/binary"
	"errors"
)

const signature = "NTLMSSP\x00"

// Negotiate flags, MS-NLMP 2.2.2.5.
const (
	flagUnicode          = 0x00000001
	flagRequestTarget    = 0x00000004
	flagNTLM             = 0x00000200
	flagAlwaysSign       = 0x00008000
	flagExtendedSecurity = 0x00080000
	flagTargetInfo       = 0x00800000
	flagVersion          = 0x02000000
	flag128              = 0x20000000
	flagKeyExchange      = 0x40000000
	flag56               = 0x80000000
)

// clientFlags is what Windows sends for HTTP, without OEM strings: no signing
// or sealing follows, so no key exchange is asked for.
const clientFlags = flagUnicode | flagRequestTarget | flagNTLM | flagAlwaysSign |
	flagExtendedSecurity | flagVersion | flag128 | flag56

// version is an arbitrary recent Windows with NTLMSSP revision 15 (2.2.2.10);
// servers use it for their logs only.
var version = [8]byte{10, 0, 0x63, 0x45, 0, 0, 0, 15}

// maxMessage bounds what a server may send; challenges are a few hundred bytes.
const maxMessage = 16 << 10

// Negotiate gives the first message (2.2.1.1), without domain and workstation.
func Negotiate() []byte {
	b := append(make([]byte, 0, 40), signature...)
	b = binary.LittleEndian.AppendUint32(b, 1)
	b = binary.LittleEndian.AppendUint32(b, clientFlags)
	b = append(b, make([]byte, 16)...)
	return append(b, version[:]...)
}

// Challenge is a parsed CHALLENGE_MESSAGE (2.2.1.2).
type Challenge struct {
	flags  uint32
	nonce  [8]byte
	target string
	info   []avPair
	raw    []byte
}

// Domain is the NetBIOS domain the server says it belongs to; may be empty.
func (c *Challenge) Domain() string {
	if v, ok := find(c.info, avNbDomainName); ok {
		return fromUTF16le(v)
	}
	return c.target
}

// Computer is the DNS name the server gives itself, else its NetBIOS name.
func (c *Challenge) Computer() string {
	if v, ok := find(c.info, avDNSComputerName); ok {
		return fromUTF16le(v)
	}
	v, _ := find(c.info, avNbComputerName)
	return fromUTF16le(v)
}

// ErrChallenge is a server message that is no usable NTLMv2 challenge.
var ErrChallenge = errors.New("ntlm: not a usable challenge message")

// ParseChallenge reads a server's message. It accepts nothing it can't answer
// with NTLMv2 in Unicode.
func ParseChallenge(b []byte) (*Challenge, error) {
	if len(b) < 32 || len(b) > maxMessage || string(b[:8]) != signature ||
		binary.LittleEndian.Uint32(b[8:]) != 2 {
		return nil, ErrChallenge
	}
	c := &Challenge{flags: binary.LittleEndian.Uint32(b[20:]), raw: append([]byte(nil), b...)}
	copy(c.nonce[:], b[24:32])
	if c.flags&flagUnicode == 0 {
		return nil, ErrChallenge
	}
	name, ok := field(b, 12)
	if !ok {
		return nil, ErrChallenge
	}
	c.target = fromUTF16le(name)
	if len(b) >= 48 {
		info, ok := field(b, 40)
		if !ok {
			return nil, ErrChallenge
		}
		if len(info) > 0 {
			pairs, err := parseAVPairs(append([]byte(nil), info...))
			if err != nil {
				return nil, err
			}
			c.info = pairs
		}
	}
	return c, nil
}

// field reads a length/offset pair at position at, checked against the message.
func field(b []byte, at int) ([]byte, bool) {
	n := int(binary.LittleEndian.Uint16(b[at:]))
	off := binary.LittleEndian.Uint32(b[at+4:])
	if n == 0 {
		return nil, true
	}
	if uint64(off)+uint64(n) > uint64(len(b)) {
		return nil, false
	}
	return b[off : int(off)+n], true
}
