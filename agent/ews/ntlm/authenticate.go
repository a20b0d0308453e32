package ntlm

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/rc4" //nolint:gosec // MS-NLMP 3.4.4 encrypts the session key with RC4.
	"encoding/binary"
	"strings"
	"time"
)

// Session is what one login is bound to.
type Session struct {
	// Now is the client's time, used where the server sends none.
	Now time.Time
	// TargetName is the service principal name, "HTTP/mail.example.com".
	TargetName string
	// ChannelBindings is the hash of [ChannelBindings]; nil without TLS.
	ChannelBindings []byte
	// Workstation is the client's name in the server's log; may be empty.
	Workstation string
}

// Offsets of AUTHENTICATE_MESSAGE (2.2.1.3).
const (
	offsetMIC     = 72
	offsetPayload = 88
)

// Authenticate gives the third message. negotiate must be the bytes sent
// first: the MIC covers all three messages (3.1.5.1.2).
func Authenticate(cred Credential, negotiate []byte, c *Challenge, s Session) ([]byte, error) {
	var nonce [8]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return nil, err
	}
	var session [16]byte
	if _, err := rand.Read(session[:]); err != nil {
		return nil, err
	}
	return authenticate(cred, negotiate, c, s, nonce, session)
}

func authenticate(cred Credential, negotiate []byte, c *Challenge, s Session, nonce [8]byte, session [16]byte) ([]byte, error) {
	domain := cred.Domain
	if domain == "" && !strings.Contains(cred.User, "@") {
		domain = c.Domain()
	}
	key := ntowfv2(cred.hash, cred.User, domain)

	// 3.1.5.1.2: with a server time the client uses it, adds a MIC, and sends
	// zeroes instead of an LMv2 response.
	info := append([]avPair(nil), c.info...)
	stamp, timed := find(info, avTimestamp)
	if len(stamp) != 8 {
		timed = false
	}
	if timed {
		flags := uint32(flagMIC)
		if v, ok := find(info, avFlags); ok && len(v) == 4 {
			flags |= binary.LittleEndian.Uint32(v)
		}
		info = set(info, avFlags, binary.LittleEndian.AppendUint32(nil, flags))
	} else {
		stamp = fileTime(s.Now)
	}
	if s.ChannelBindings != nil {
		info = set(info, avChannelBindings, s.ChannelBindings)
	}
	if s.TargetName != "" {
		info = set(info, avTargetName, utf16le(s.TargetName))
	}

	nt, base := ntlmv2Response(key, c.nonce, nonce, stamp, appendAVPairs(nil, info))
	lm := make([]byte, 24)
	if !timed {
		lm = lmv2Response(key, c.nonce, nonce)
	}

	flags := uint32(clientFlags)&(c.flags|flagVersion) | c.flags&flagTargetInfo
	exported, sealed := base, []byte(nil)
	if c.flags&flagKeyExchange != 0 {
		flags |= flagKeyExchange
		exported = session[:]
		sealed = encryptKey(base, session[:])
	}
	msg := layout(flags, utf16le(domain), utf16le(cred.User), utf16le(s.Workstation), lm, nt, sealed)
	if timed {
		mac := hmac.New(md5.New, exported)
		mac.Write(negotiate)
		mac.Write(c.raw)
		mac.Write(msg)
		copy(msg[offsetMIC:offsetPayload], mac.Sum(nil))
	}
	return msg, nil
}

// layout writes the message with the MIC field left zero. Strings come before
// responses, as MS-NLMP's own example has it.
func layout(flags uint32, domain, user, workstation, lm, nt, key []byte) []byte {
	b := make([]byte, offsetPayload, 512)
	copy(b, signature)
	binary.LittleEndian.PutUint32(b[8:], 3)
	put := func(at int, value []byte) {
		binary.LittleEndian.PutUint16(b[at:], uint16(len(value)))
		binary.LittleEndian.PutUint16(b[at+2:], uint16(len(value)))
		binary.LittleEndian.PutUint32(b[at+4:], uint32(len(b)))
		b = append(b, value...)
	}
	put(28, domain)
	put(36, user)
	put(44, workstation)
	put(12, lm)
	put(20, nt)
	put(52, key)
	binary.LittleEndian.PutUint32(b[60:], flags)
	copy(b[64:72], version[:])
	return b
}

// ntowfv2 is 3.3.2: the domain keeps its case, the user does not.
func ntowfv2(hash [16]byte, user, domain string) []byte {
	mac := hmac.New(md5.New, hash[:])
	mac.Write(utf16le(strings.ToUpper(user)))
	mac.Write(utf16le(domain))
	return mac.Sum(nil)
}

// ntlmv2Response gives NtChallengeResponse and SessionBaseKey (3.3.2).
func ntlmv2Response(key []byte, server, client [8]byte, stamp, info []byte) (response, base []byte) {
	var temp bytes.Buffer
	temp.Write([]byte{1, 1, 0, 0, 0, 0, 0, 0})
	temp.Write(stamp)
	temp.Write(client[:])
	temp.Write([]byte{0, 0, 0, 0})
	temp.Write(info)
	temp.Write([]byte{0, 0, 0, 0})
	mac := hmac.New(md5.New, key)
	mac.Write(server[:])
	mac.Write(temp.Bytes())
	proof := mac.Sum(nil)
	mac = hmac.New(md5.New, key)
	mac.Write(proof)
	return append(bytes.Clone(proof), temp.Bytes()...), mac.Sum(nil)
}

func lmv2Response(key []byte, server, client [8]byte) []byte {
	mac := hmac.New(md5.New, key)
	mac.Write(server[:])
	mac.Write(client[:])
	return append(mac.Sum(nil), client[:]...)
}

func encryptKey(key, plain []byte) []byte {
	c, err := rc4.NewCipher(key)
	if err != nil {
		panic("ntlm: " + err.Error()) // the key is always an MD5 sum of 16 bytes
	}
	out := make([]byte, len(plain))
	c.XORKeyStream(out, plain)
	return out
}

// fileTime is FILETIME: 100 ns steps since 1601-01-01 UTC.
func fileTime(t time.Time) []byte {
	const epoch = 11644473600
	v := uint64(t.Unix()+epoch)*10_000_000 + uint64(t.Nanosecond()/100)
	return binary.LittleEndian.AppendUint64(nil, v)
}
