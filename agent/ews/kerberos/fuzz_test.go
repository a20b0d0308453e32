package kerberos

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"a1073005a0030a0100", "a1143012a0030a0101a10b06092a864886f712010202", "a10930 07a0030a0102a200",
		"60 0d 06092a864886f712010202 0300", "a1163014a0030a0100a10d300b06092a864886f712010202",
	} {
		b, _ := hex.DecodeString(string(bytes.ReplaceAll([]byte(seed), []byte(" "), nil)))
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ParseAnswer(b)
		if err == nil && len(a.Token) > len(b) {
			t.Error("a token longer than the message")
		}
		p := &Proof{now: time.Now, key: types.EncryptionKey{KeyType: 18, KeyValue: make([]byte, 32)}, time: time.Now()}
		if p.Check(b) == nil {
			t.Error("a server proved itself without the key")
		}
		p.Refusal(b)
	})
}

// FuzzKDC lets anything come back from a KDC.
func FuzzKDC(f *testing.F) {
	for _, code := range []int32{6, 24, 25, 37} {
		e := messages.NewKRBError(types.NewPrincipalName(2, "krbtgt/FIRMA.TEST"), "FIRMA.TEST", code, "")
		e.EData, _ = hex.DecodeString("300030133011a103020113a20a0408300630 04a003020112")
		b, _ := e.Marshal()
		f.Add(b)
	}
	f.Add([]byte("\x6b\x03\x30\x01\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 || len(b) > 1<<16 {
			return
		}
		c, err := fakeKDC(t, append([]byte{0, 0, byte(len(b) >> 8), byte(len(b))}, b...)).Credential("anna", "x")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Token(t.Context(), "HTTP/x", nil); err == nil {
			t.Error("a ticket out of nothing")
		}
	})
}
