package kerberosserver

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/asn1tools"
	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

func acceptor(t testing.TB) (*Acceptor, *keytab.Keytab) {
	t.Helper()
	keys := keytab.New()
	if err := keys.AddEntry("HTTP/localhost", "FIRMA.TEST", "service", time.Unix(1, 0), 1, 18); err != nil {
		t.Fatal(err)
	}
	b, err := keys.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "keytab")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := Load(file, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return a, keys
}

// login is a client's bare Kerberos token.
func login(t testing.TB, keys *keytab.Keytab, bindings []byte, kind int32, ends time.Time) []byte {
	t.Helper()
	anna, now := types.NewPrincipalName(1, "anna"), time.Now().UTC()
	ticket, key, err := messages.NewTicket(anna, "FIRMA.TEST", types.NewPrincipalName(2, "HTTP/localhost"), "FIRMA.TEST",
		types.NewKrbFlags(), keys, 18, 1, now.Add(-2*time.Hour), now.Add(-2*time.Hour), ends, ends)
	if err != nil {
		t.Fatal(err)
	}
	sum := append([]byte{16, 0, 0, 0}, make([]byte, 20)...)
	copy(sum[4:20], bindings)
	req, err := messages.NewAPReq(ticket, key, types.Authenticator{AVNO: 5, CRealm: "FIRMA.TEST", CName: anna, CTime: now, Cusec: 1,
		Cksum: types.Checksum{CksumType: kind, Checksum: sum}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := req.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	oid, err := asn1.Marshal(oidKerberos)
	if err != nil {
		t.Fatal(err)
	}
	return asn1tools.AddASNAppTag(append(append(oid, 1, 0), b...), 0)
}

func TestALoginIsJudged(t *testing.T) {
	a, keys := acceptor(t)
	_, strangers := acceptor(t)
	strangers.Entries[0].Key.KeyValue[0] ^= 1
	right, later := []byte("0123456789abcdef"), time.Now().UTC().Add(time.Hour)
	good := login(t, keys, right, chksumtype.GSSAPI, later)
	for _, c := range []struct {
		name  string
		token []byte
		b     Bindings
		want  error
	}{
		{"good, with the right bindings", good, Bindings{right, true}, nil},
		{"the same again", good, Bindings{}, ErrReplay},
		{"wrong bindings", login(t, keys, []byte("0123456789abcdeX"), chksumtype.GSSAPI, later), Bindings{right, false}, ErrBindings},
		{"no bindings where they are allowed", login(t, keys, nil, chksumtype.GSSAPI, later), Bindings{right, false}, nil},
		{"no bindings where they are required", login(t, keys, nil, chksumtype.GSSAPI, later), Bindings{right, true}, ErrBindings},
		{"a checksum of another kind", login(t, keys, nil, 7, later), Bindings{}, ErrToken},
		{"a ticket that is over", login(t, keys, nil, chksumtype.GSSAPI, time.Now().UTC().Add(-time.Hour)), Bindings{}, ErrTicket},
		{"a ticket for another server", login(t, strangers, nil, chksumtype.GSSAPI, later), Bindings{}, ErrTicket},
		{"nothing", nil, Bindings{}, ErrToken},
	} {
		user, realm, _, err := a.Accept(c.token, c.b)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if c.want == nil && (user != "anna" || realm != "FIRMA.TEST") {
			t.Errorf("%s: %s@%s", c.name, user, realm)
		}
	}
}

func TestWhatIsNoKeytabIsRefused(t *testing.T) {
	for _, text := range []string{"", "x", "\x05\x02\x00\x00", "\x05\x02\xff\xff\xff\xff", "\x05\x02\x00\x00\x00\x7f\x00\x01"} {
		file := filepath.Join(t.TempDir(), "keytab")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(file, time.Now); err == nil && len(text) < 2 {
			t.Errorf("%q is taken for a keytab", text)
		}
	}
}

func FuzzAccept(f *testing.F) {
	a, keys := acceptor(f)
	f.Add(login(f, keys, nil, chksumtype.GSSAPI, time.Now().Add(time.Hour)))
	for _, seed := range []string{"60820000", "601006062b0601050502a0063004a0020500", "600b06092a864886f712010202"} {
		b, _ := hex.DecodeString(seed)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		user, _, _, err := a.Accept(b, Bindings{})
		if err == nil && user != "anna" {
			t.Errorf("%q logged in", user)
		}
	})
}
