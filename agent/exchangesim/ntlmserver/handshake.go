package ntlmserver

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/rc4"
	"crypto/subtle"
	"encoding/binary"
	"strings"
	"time"

	//lint:ignore SA1019 NTLM is made of it
	"golang.org/x/crypto/md4"
)

// Host is what a server tells about itself in its challenges.
type Host struct {
	Domain, Computer       string // NetBIOS names
	DNSDomain, DNSComputer string
	Now                    func() time.Time
	// Binding is the MD5 of the expected channel bindings (see BindingHash); nil
	// when they are not looked at.
	Binding []byte
	// BindingRequired refuses clients that send none.
	BindingRequired bool
}

// Handshake is one login on one connection. It is not safe for concurrent use.
type Handshake struct {
	host      Host
	random    [8]byte
	negotiate []byte
	challenge []byte
}

// Start reads NEGOTIATE and answers with CHALLENGE. Without NEGOTIATE's signature
// it fails with ErrMessage.
func Start(host Host, negotiate []byte) (*Handshake, []byte, error) {
	var random [8]byte
	rand.Read(random[:])
	return start(host, negotiate, random)
}

func start(host Host, negotiate []byte, random [8]byte) (*Handshake, []byte, error) {
	if MessageType(negotiate) != 1 || len(negotiate) < 16 {
		return nil, nil, ErrMessage
	}
	h := &Handshake{host: host, random: random, negotiate: bytes.Clone(negotiate)}
	client := binary.LittleEndian.Uint32(negotiate[12:])
	flags := uint32(flagUnicode | flagNTLM | flagTargetDomain | flagTargetInfo | flagRequestTarget | flagVersion)
	flags |= client & (flagAlwaysSign | flagExtendedSession | flag128 | flag56 | flagKeyExchange | 0x30)
	target := utf16le(host.Domain)
	var info []byte
	info = appendPair(info, avNbDomain, utf16le(host.Domain))
	info = appendPair(info, avNbComputer, utf16le(host.Computer))
	info = appendPair(info, avDNSDomain, utf16le(host.DNSDomain))
	info = appendPair(info, avDNSComputer, utf16le(host.DNSComputer))
	now := host.Now()
	ticks := uint64(now.Unix()+11644473600)*10_000_000 + uint64(now.Nanosecond())/100
	info = appendPair(info, avTimestamp, binary.LittleEndian.AppendUint64(nil, ticks))
	info = appendPair(info, avEOL, nil)

	const payload = 56
	b := append([]byte{}, signature...)
	b = binary.LittleEndian.AppendUint32(b, 2)
	b = appendField(b, len(target), payload)
	b = binary.LittleEndian.AppendUint32(b, flags)
	b = append(b, random[:]...)
	b = append(b, make([]byte, 8)...)
	b = appendField(b, len(info), payload+len(target))
	b = append(b, 10, 0, 0x7c, 0x4f, 0, 0, 0, 15)
	b = append(append(b, target...), info...)
	h.challenge = b
	return h, b, nil
}

func appendField(b []byte, n, off int) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	return binary.LittleEndian.AppendUint32(b, uint32(off))
}

// UserName reads user and domain of AUTHENTICATE without judging it.
func UserName(msg []byte) (user, domain string, err error) {
	d, ok1 := field(msg, 28)
	u, ok2 := field(msg, 36)
	if MessageType(msg) != 3 || !ok1 || !ok2 {
		return "", "", ErrMessage
	}
	return fromUTF16(u), fromUTF16(d), nil
}

// Finish judges AUTHENTICATE. password answers the password of a user as named by
// the client. A handshake can be finished once.
func (h *Handshake) Finish(msg []byte, password func(user, domain string) (string, bool)) (user, domain string, err error) {
	user, domain, err = UserName(msg)
	if err != nil {
		return "", "", err
	}
	answer, ok1 := field(msg, 20)
	session, ok2 := field(msg, 52)
	if !ok1 || !ok2 || len(msg) < 64 {
		return user, domain, ErrMessage
	}
	if len(answer) <= 24 {
		return user, domain, ErrOldDialect
	}
	if len(answer) < 16+28 || answer[16] != 1 || answer[17] != 1 {
		return user, domain, ErrMessage
	}
	pass, ok := password(user, domain)
	if !ok {
		return user, domain, ErrUser
	}
	key := ntowf2(pass, user, domain)
	proof := hmacMD5(key, h.random[:], answer[16:])
	if subtle.ConstantTimeCompare(proof, answer[:16]) != 1 {
		return user, domain, ErrProof
	}
	av, ok := pairs(answer[16+28:])
	if !ok {
		return user, domain, ErrMessage
	}
	if err := h.checkMIC(msg, av, hmacMD5(key, proof), session); err != nil {
		return user, domain, err
	}
	return user, domain, h.checkBindings(av)
}

// checkMIC verifies the integrity code where the client says it sent one
// (MS-NLMP 3.1.5.1.2 and 3.2.5.1.2).
func (h *Handshake) checkMIC(msg []byte, av map[uint16][]byte, base, session []byte) error {
	f := av[avFlags]
	if len(f) != 4 || binary.LittleEndian.Uint32(f)&avFlagMIC == 0 {
		return nil
	}
	if len(msg) < 88 {
		return ErrMIC
	}
	exported := base
	if binary.LittleEndian.Uint32(msg[60:])&flagKeyExchange != 0 {
		if len(session) != 16 {
			return ErrMIC
		}
		c, err := rc4.NewCipher(base)
		if err != nil {
			return ErrMIC
		}
		exported = make([]byte, 16)
		c.XORKeyStream(exported, session)
	}
	zeroed := bytes.Clone(msg)
	clear(zeroed[72:88])
	if !hmac.Equal(hmacMD5(exported, h.negotiate, h.challenge, zeroed), msg[72:88]) {
		return ErrMIC
	}
	return nil
}

func (h *Handshake) checkBindings(av map[uint16][]byte) error {
	if h.host.Binding == nil {
		return nil
	}
	got := av[avChannelBindings]
	if len(got) == 0 || bytes.Equal(got, make([]byte, 16)) {
		if h.host.BindingRequired {
			return ErrBindings
		}
		return nil
	}
	if !bytes.Equal(got, h.host.Binding) {
		return ErrBindings
	}
	return nil
}

// BindingHash is what MsvAvChannelBindings must hold for a certificate hash
// (RFC 5929 tls-server-end-point in the gss_channel_bindings_struct of RFC 2744).
func BindingHash(certHash []byte) []byte {
	data := append([]byte("tls-server-end-point:"), certHash...)
	b := make([]byte, 16, 20+len(data))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	sum := md5.Sum(append(b, data...))
	return sum[:]
}

// ntowf2 is NTOWFv2 (MS-NLMP 3.3.2).
func ntowf2(password, user, domain string) []byte {
	h := md4.New()
	h.Write(utf16le(password))
	return hmacMD5(h.Sum(nil), utf16le(strings.ToUpper(user)+domain))
}

func hmacMD5(key []byte, parts ...[]byte) []byte {
	m := hmac.New(md5.New, key)
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}
