package ntlmserver

import (
	"bytes"
	"crypto/rc4"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"testing"
	"time"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The numbers of MS-NLMP 4.2.1 and 4.2.4.
func TestThePublishedVectorsHold(t *testing.T) {
	key := ntowf2("Password", "User", "Domain")
	if got := hex.EncodeToString(key); got != "0c868a403bfd7a93a3001ef22ef02e3f" {
		t.Errorf("NTOWFv2 = %s", got)
	}
	temp := unhex(t, "01010000000000000000000000000000aaaaaaaaaaaaaaaa00000000"+
		"02000c0044006f006d00610069006e00"+"01000c005300650072007600650072000000000000000000")
	proof := hmacMD5(key, unhex(t, "0123456789abcdef"), temp)
	if got := hex.EncodeToString(proof); got != "68cd0ab851e51c96aabc927bebef6a1c" {
		t.Errorf("NTProofStr = %s", got)
	}
	if got := hex.EncodeToString(hmacMD5(key, proof)); got != "8de40ccadbc14a82f15cb0ad0de95ca3" {
		t.Errorf("SessionBaseKey = %s", got)
	}
}

// The MD5 was computed with another program from RFC 5929's prefix and RFC 2744's
// struct: four empty address fields, the length, the data.
func TestTheBindingHashHasTheStructBeforeTheData(t *testing.T) {
	if got := hex.EncodeToString(BindingHash(make([]byte, 32))); got != "c9ec5cb29e8f57f7ee6429cde733efeb" {
		t.Fatalf("binding hash %s", got)
	}
}

var negotiate = append(append([]byte("NTLMSSP\x00\x01\x00\x00\x00"), 0x97, 0x82, 0x08, 0xe2), make([]byte, 24)...)

// answerer is a small client made for the tests only.
type answerer struct {
	user, domain, password string
	mic                    bool
	binding                []byte
	keyExchange            bool
	oldDialect             bool
}

func (a answerer) answer(challenge []byte) []byte {
	info, _ := field(challenge, 40)
	av, _ := pairs(info)
	var extra []byte
	for _, id := range []uint16{avNbDomain, avNbComputer, avTimestamp} {
		extra = appendPair(extra, id, av[id])
	}
	if a.mic {
		extra = appendPair(extra, avFlags, []byte{avFlagMIC, 0, 0, 0})
	}
	if a.binding != nil {
		extra = appendPair(extra, avChannelBindings, a.binding)
	}
	extra = appendPair(extra, avEOL, nil)
	temp := append([]byte{1, 1, 0, 0, 0, 0, 0, 0}, av[avTimestamp]...)
	temp = append(append(append(temp, 9, 8, 7, 6, 5, 4, 3, 2), 0, 0, 0, 0), extra...)
	key := ntowf2(a.password, a.user, a.domain)
	proof := hmacMD5(key, challenge[24:32], temp)
	nt := append(bytes.Clone(proof), temp...)
	if a.oldDialect {
		nt = nt[:24]
	}
	session := hmacMD5(key, proof)
	exported := session
	var sealed []byte
	flags := uint32(flagUnicode | flagNTLM)
	if a.keyExchange {
		flags |= flagKeyExchange
		exported = bytes.Repeat([]byte{0x55}, 16)
		c, _ := rc4.NewCipher(session)
		sealed = make([]byte, 16)
		c.XORKeyStream(sealed, exported)
	}
	parts := [][]byte{make([]byte, 24), nt, utf16le(a.domain), utf16le(a.user), utf16le("WS"), sealed}
	msg := append([]byte("NTLMSSP\x00"), 3, 0, 0, 0)
	off := 88
	for _, p := range parts {
		msg = appendField(msg, len(p), off)
		off += len(p)
	}
	msg = binary.LittleEndian.AppendUint32(msg, flags)
	msg = append(msg, make([]byte, 8+16)...)
	for _, p := range parts {
		msg = append(msg, p...)
	}
	if a.mic {
		copy(msg[72:], hmacMD5(exported, negotiate, challenge, msg))
	}
	return msg
}

func host() Host {
	return Host{Domain: "LAB", Computer: "EXCH", DNSDomain: "lab.test", DNSComputer: "exch.lab.test", Now: time.Now}
}

func passwords(user, _ string) (string, bool) { return "gehéim1", user == "anna" }

func TestLoginsAreJudged(t *testing.T) {
	right := answerer{user: "anna", domain: "LAB", password: "gehéim1", mic: true, keyExchange: true}
	binding := BindingHash([]byte("certificate"))
	with := func(f func(*answerer)) answerer { a := right; f(&a); return a }
	for _, c := range []struct {
		name    string
		a       answerer
		host    func(*Host)
		tamper  func([]byte)
		wantErr error
	}{
		{name: "the right password", a: right},
		{name: "no integrity code", a: with(func(a *answerer) { a.mic = false })},
		{name: "no key exchange", a: with(func(a *answerer) { a.keyExchange = false })},
		{name: "another domain in the proof", a: with(func(a *answerer) { a.domain = "lab.test" })},
		{name: "a wrong password", a: with(func(a *answerer) { a.password = "falsch" }), wantErr: ErrProof},
		{name: "an unknown user", a: with(func(a *answerer) { a.user = "eve" }), wantErr: ErrUser},
		{name: "an old dialect", a: with(func(a *answerer) { a.oldDialect = true }), wantErr: ErrOldDialect},
		{name: "a changed integrity code", a: right, tamper: func(m []byte) { m[72] ^= 1 }, wantErr: ErrMIC},
		{name: "changed flags under an integrity code", a: right, tamper: func(m []byte) { m[60] ^= 2 }, wantErr: ErrMIC},
		{name: "a changed proof", a: right, tamper: func(m []byte) { m[88+24] ^= 1 }, wantErr: ErrProof},
		{name: "bindings where nobody looks", a: with(func(a *answerer) { a.binding = make([]byte, 16) })},
		{name: "the right bindings", a: with(func(a *answerer) { a.binding = binding }), host: func(h *Host) { h.Binding, h.BindingRequired = binding, true }},
		{name: "no bindings where optional", a: right, host: func(h *Host) { h.Binding = binding }},
		{name: "no bindings where required", a: right, host: func(h *Host) { h.Binding, h.BindingRequired = binding, true }, wantErr: ErrBindings},
		{name: "zero bindings where required", a: with(func(a *answerer) { a.binding = make([]byte, 16) }), host: func(h *Host) { h.Binding, h.BindingRequired = binding, true }, wantErr: ErrBindings},
		{name: "bindings of another certificate", a: with(func(a *answerer) { a.binding = BindingHash([]byte("other")) }), host: func(h *Host) { h.Binding = binding }, wantErr: ErrBindings},
	} {
		t.Run(c.name, func(t *testing.T) {
			hs := host()
			if c.host != nil {
				c.host(&hs)
			}
			h, challenge, err := Start(hs, negotiate)
			if err != nil {
				t.Fatal(err)
			}
			msg := c.a.answer(challenge)
			if c.tamper != nil {
				c.tamper(msg)
			}
			if _, _, err := h.Finish(msg, passwords); !errors.Is(err, c.wantErr) {
				t.Fatalf("got %v, want %v", err, c.wantErr)
			}
		})
	}
}

func TestAnAnswerToAnotherChallengeIsRefused(t *testing.T) {
	_, first, err := Start(host(), negotiate)
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := Start(host(), negotiate)
	if err != nil {
		t.Fatal(err)
	}
	msg := answerer{user: "anna", domain: "LAB", password: "gehéim1"}.answer(first)
	if _, _, err := second.Finish(msg, passwords); !errors.Is(err, ErrProof) {
		t.Fatalf("a replayed answer gave %v", err)
	}
}

func FuzzFinish(f *testing.F) {
	h, challenge, err := Start(host(), negotiate)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(answerer{user: "anna", domain: "LAB", password: "wrong", mic: true, keyExchange: true}.answer(challenge))
	f.Add(negotiate)
	f.Add([]byte("NTLMSSP\x00\x03\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		if _, _, err := h.Finish(msg, passwords); err == nil {
			t.Fatal("accepted without the password")
		}
		if h2, _, err := Start(host(), msg); err == nil && h2 == nil {
			t.Fatal("neither handshake nor error")
		}
	})
}
