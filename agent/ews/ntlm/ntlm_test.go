package ntlm

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The values of MS-NLMP 4.2.1 and 4.2.4.
var (
	vectorServer = [8]byte{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}
	vectorClient = [8]byte{0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa}
	vectorCred   = NewCredential(`Domain\User`, "Password")
)

const vectorChallenge = `4e544c4d53535000 02000000 0c000c0038000000 33828ae2
	0123456789abcdef 0000000000000000 2400240044000000 060070170000000f
	530065007200760065007200 02000c0044006f006d00610069006e00
	01000c00530065007200760065007200 00000000`

func TestPublishedVectorsOfNTLMv2(t *testing.T) {
	c, err := ParseChallenge(unhex(t, vectorChallenge))
	if err != nil {
		t.Fatal(err)
	}
	key := ntowfv2(vectorCred.hash, "User", "Domain")
	nt, base := ntlmv2Response(key, vectorServer, vectorClient, make([]byte, 8), appendAVPairs(nil, c.info))
	session := bytes.Repeat([]byte{0x55}, 16)
	for _, v := range []struct {
		section string
		got     []byte
		want    string
	}{
		{"4.2.2.1.2 NTOWFv1", vectorCred.hash[:], "a4f49c406510bdcab6824ee7c30fd852"},
		{"4.2.4.1.1 NTOWFv2", key, "0c868a403bfd7a93a3001ef22ef02e3f"},
		{"4.2.4.1.2 SessionBaseKey", base, "8de40ccadbc14a82f15cb0ad0de95ca3"},
		{"4.2.4.2.1 LMv2", lmv2Response(key, vectorServer, vectorClient), "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa"},
		{"4.2.4.2.2 NTProofStr", nt[:16], "68cd0ab851e51c96aabc927bebef6a1c"},
		{"4.2.4.2.3 EncryptedSessionKey", encryptKey(base, session), "c5dad2544fc979909 4ce1ce90bc9d03e"},
	} {
		if !bytes.Equal(v.got, unhex(t, strings.ReplaceAll(v.want, " ", ""))) {
			t.Errorf("%s: got %x, want %s", v.section, v.got, v.want)
		}
	}
}

func TestPublishedAuthenticateMessageCarriesTheVectors(t *testing.T) {
	c, err := ParseChallenge(unhex(t, vectorChallenge))
	if err != nil {
		t.Fatal(err)
	}
	if c.Domain() != "Domain" || c.Computer() != "Server" || c.target != "Server" {
		t.Fatalf("challenge names: %q %q %q", c.Domain(), c.Computer(), c.target)
	}
	var session [16]byte
	copy(session[:], bytes.Repeat([]byte{0x55}, 16))
	zero := time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)
	msg, err := authenticate(vectorCred, Negotiate(), c, Session{Now: zero, Workstation: "COMPUTER"}, vectorClient, session)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]struct {
		at   int
		want string
	}{
		"domain":      {28, "44006f006d00610069006e00"},
		"user":        {36, "5500730065007200"},
		"workstation": {44, "43004f004d0050005500540045005200"},
		"lm":          {12, "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa"},
		"nt": {20, `68cd0ab851e51c96aabc927bebef6a1c 0101000000000000 0000000000000000 aaaaaaaaaaaaaaaa
			00000000 02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000 00000000`},
		"session key": {52, "c5dad2544fc9799094ce1ce90bc9d03e"},
	} {
		got, ok := field(msg, f.at)
		if !ok || !bytes.Equal(got, unhex(t, f.want)) {
			t.Errorf("%s: got %x", name, got)
		}
	}
	if mic := msg[offsetMIC:offsetPayload]; !bytes.Equal(mic, make([]byte, 16)) {
		t.Errorf("a server without time stamp gets no MIC, got %x", mic)
	}
}

// challengeWith builds a server's message with these pairs.
func challengeWith(flags uint32, pairs ...avPair) []byte {
	info := appendAVPairs(nil, pairs)
	b := append([]byte(signature), 2, 0, 0, 0)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, flags)
	b = append(b, vectorServer[:]...)
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(info)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(info)))
	b = binary.LittleEndian.AppendUint32(b, 56)
	b = append(b, version[:]...)
	return append(b, info...)
}

func TestAServerWithTimeGetsMICBindingsAndTargetName(t *testing.T) {
	stamp := fileTime(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	for _, exchange := range []bool{false, true} {
		flags := uint32(flagUnicode | flagTargetInfo | flagExtendedSecurity)
		if exchange {
			flags |= flagKeyExchange
		}
		raw := challengeWith(flags, avPair{avNbDomainName, utf16le("LAB")}, avPair{avTimestamp, stamp})
		c, err := ParseChallenge(raw)
		if err != nil {
			t.Fatal(err)
		}
		cred := NewCredential("anna", "secret1")
		bind := bytes.Repeat([]byte{7}, 16)
		neg := Negotiate()
		msg, err := Authenticate(cred, neg, c, Session{TargetName: "HTTP/mail.lab.test", ChannelBindings: bind})
		if err != nil {
			t.Fatal(err)
		}
		lm, _ := field(msg, 12)
		if !bytes.Equal(lm, make([]byte, 24)) {
			t.Errorf("LM response must be zero, got %x", lm)
		}
		domain, _ := field(msg, 28)
		if fromUTF16le(domain) != "LAB" {
			t.Errorf("a login without domain takes the server's, got %q", fromUTF16le(domain))
		}
		nt, _ := field(msg, 20)
		pairs, err := parseAVPairs(nt[16+28:])
		if err != nil {
			t.Fatal(err)
		}
		if v, _ := find(pairs, avChannelBindings); !bytes.Equal(v, bind) {
			t.Errorf("bindings: %x", v)
		}
		if v, _ := find(pairs, avTargetName); fromUTF16le(v) != "HTTP/mail.lab.test" {
			t.Errorf("target name: %q", fromUTF16le(v))
		}
		if v, _ := find(pairs, avFlags); len(v) != 4 || v[0]&flagMIC == 0 {
			t.Errorf("MsvAvFlags: %x", v)
		}
		// Judge the MIC as a server does.
		key := ntowfv2(cred.hash, "anna", "LAB")
		mac := hmac.New(md5.New, key)
		mac.Write(nt[:16])
		session := mac.Sum(nil)
		if sealed, _ := field(msg, 52); exchange {
			session = encryptKey(session, sealed)
		} else if len(sealed) != 0 {
			t.Errorf("a session key nobody asked for")
		}
		mic := bytes.Clone(msg[offsetMIC:offsetPayload])
		clear(msg[offsetMIC:offsetPayload])
		mac = hmac.New(md5.New, session)
		mac.Write(neg)
		mac.Write(raw)
		mac.Write(msg)
		if !hmac.Equal(mic, mac.Sum(nil)) {
			t.Errorf("MIC does not verify (key exchange %v)", exchange)
		}
	}
}

func TestLoginsAreSplitAsWindowsDoes(t *testing.T) {
	for login, want := range map[string][2]string{
		`LAB\anna`:        {"LAB", "anna"},
		`lab.test/anna`:   {"lab.test", "anna"},
		"anna@lab.test":   {"", "anna@lab.test"},
		" anna ":          {"", "anna"},
		`.\anna`:          {".", "anna"},
		`LAB\anna@b.test`: {"LAB", "anna@b.test"},
	} {
		d, u := SplitLogin(login)
		if d != want[0] || u != want[1] {
			t.Errorf("%q: got %q %q", login, d, u)
		}
	}
}

func TestAUserPrincipalNameGoesWithoutDomain(t *testing.T) {
	c, err := ParseChallenge(unhex(t, vectorChallenge))
	if err != nil {
		t.Fatal(err)
	}
	msg, err := Authenticate(NewCredential("anna@lab.test", "x"), Negotiate(), c, Session{})
	if err != nil {
		t.Fatal(err)
	}
	if d, _ := field(msg, 28); len(d) != 0 {
		t.Errorf("domain %q", fromUTF16le(d))
	}
}

func TestACredentialNeverShowsItsSecret(t *testing.T) {
	c := NewCredential(`LAB\anna`, "secret1")
	js, _ := json.Marshal(c)
	all := fmt.Sprintf("%v %+v %#v %s %x %q %d", c, c, c, c, c, c, []any{c, &c}) + string(js) + c.LogValue().String()
	for _, leak := range []string{"secret1", hex.EncodeToString(c.hash[:]), fmt.Sprint(c.hash), fmt.Sprintf("%#v", c.hash)} {
		if strings.Contains(all, leak) {
			t.Errorf("leaks %q", leak)
		}
	}
}

func TestChannelBindingsFollowTheCertificatesHash(t *testing.T) {
	raw := []byte("certificate")
	seen := map[string]bool{}
	for _, a := range []x509.SignatureAlgorithm{x509.SHA256WithRSA, x509.SHA384WithRSA, x509.ECDSAWithSHA512} {
		seen[string(ChannelBindings(&x509.Certificate{Raw: raw, SignatureAlgorithm: a}))] = true
	}
	if len(seen) != 3 {
		t.Errorf("three hashes must give three bindings, got %d", len(seen))
	}
	if !seen[string(ChannelBindings(&x509.Certificate{Raw: raw, SignatureAlgorithm: x509.SHA1WithRSA}))] {
		t.Error("SHA-1 must be replaced by SHA-256")
	}
}

func TestBrokenChallengesAreRefused(t *testing.T) {
	good := unhex(t, vectorChallenge)
	for name, f := range map[string]func([]byte) []byte{
		"empty":                 func([]byte) []byte { return nil },
		"cut before the nonce":  func(b []byte) []byte { return b[:30] },
		"other signature":       func(b []byte) []byte { b[0] = 'X'; return b },
		"a type 3 message":      func(b []byte) []byte { b[8] = 3; return b },
		"OEM strings only":      func(b []byte) []byte { b[20] &^= 1; return b },
		"offset past the end":   func(b []byte) []byte { b[44] = 0xff; return b },
		"offset that overflows": func(b []byte) []byte { copy(b[44:48], "\xff\xff\xff\xff"); return b },
		"pairs without end":     func(b []byte) []byte { b[40] -= 4; return b },
		"longer than allowed":   func(b []byte) []byte { return append(b, make([]byte, maxMessage)...) },
	} {
		if c, err := ParseChallenge(f(bytes.Clone(good))); err == nil {
			t.Errorf("%s: accepted %+v", name, c)
		}
	}
}

func TestAnyPairsSurviveTheirEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 20).Draw(t, "n")
		var pairs []avPair
		for range n {
			pairs = append(pairs, avPair{
				id:    rapid.Uint16Range(1, 20).Draw(t, "id"),
				value: rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "value"),
			})
		}
		got, err := parseAVPairs(appendAVPairs(nil, pairs))
		if err != nil || len(got) != n {
			t.Fatalf("%v, %d of %d", err, len(got), n)
		}
		for i := range got {
			if got[i].id != pairs[i].id || !bytes.Equal(got[i].value, pairs[i].value) {
				t.Fatalf("pair %d differs", i)
			}
		}
	})
}

func FuzzParseChallenge(f *testing.F) {
	f.Add(unhex(f, vectorChallenge))
	f.Add(challengeWith(flagUnicode, avPair{avTimestamp, make([]byte, 8)}))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseChallenge(b)
		if err != nil {
			return
		}
		if _, err := Authenticate(NewCredential("u", "p"), Negotiate(), c, Session{TargetName: "HTTP/x"}); err != nil {
			t.Fatal(err)
		}
	})
}
