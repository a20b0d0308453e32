// Package kerberosserver is the server's half of Kerberos inside Negotiate: it
// judges a client's ticket with the keys of a keytab and proves itself to the
// client.
//
// It owns reading NegTokenInit and AP-REQ (with gokrb5), the channel bindings of
// RFC 4121 4.1.1.2, the memory of logins seen, and writing AP-REP. It promises to
// accept a login once, and never to panic on what a client sends. It must not know
// HTTP, and is not for guarding anything real.
package kerberosserver

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/asn1tools"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/asnAppTag"
	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/iana/flags"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// Why a login is refused.
var (
	ErrToken    = errors.New("not a Negotiate token with a Kerberos login")
	ErrTicket   = errors.New("the ticket is not for this server, or over")
	ErrReplay   = errors.New("a login that was seen before")
	ErrBindings = errors.New("missing or wrong channel bindings")
)

// Bindings say which channel a login must be bound to.
type Bindings struct {
	// Hash is the MD5 of the expected channel bindings; nil when they are not
	// looked at.
	Hash []byte
	// Required refuses clients that send none.
	Required bool
}

// skew is how far a client's clock may be off.
const skew = 5 * time.Minute

// Acceptor accepts logins for the services of one keytab. It is safe for use by
// several goroutines.
type Acceptor struct {
	keys *keytab.Keytab
	now  func() time.Time

	mu   sync.Mutex
	seen map[string]time.Time
}

// Load reads a keytab.
func Load(file string, now func() time.Time) (*Acceptor, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	a := &Acceptor{keys: keytab.New(), now: now, seen: map[string]time.Time{}}
	if err := guarded(func() error { return a.keys.Unmarshal(b) }); err != nil {
		return nil, fmt.Errorf("%s: not a keytab: %w", file, err)
	}
	return a, nil
}

// Accept judges a client's first message: who it is, "anna" of "FIRMA.TEST", and
// what to answer ("" bytes where the client wants no proof).
func (a *Acceptor) Accept(token []byte, b Bindings) (user, realm string, answer []byte, err error) {
	err = guarded(func() (err error) {
		user, realm, answer, err = a.accept(token, b)
		return err
	})
	return user, realm, answer, err
}

// guarded keeps a panic of the message library from going further.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrToken, p)
		}
	}()
	return f()
}

func (a *Acceptor) accept(token []byte, b Bindings) (string, string, []byte, error) {
	req, err := readRequest(token)
	if err != nil {
		return "", "", nil, err
	}
	if ok, err := req.Verify(a.keys, skew, types.HostAddress{}, nil); err != nil || !ok {
		return "", "", nil, fmt.Errorf("%w: %v", ErrTicket, err)
	}
	auth := req.Authenticator
	if !a.fresh(fmt.Sprintf("%s@%s %d %d %x", auth.CName.PrincipalNameString(), auth.CRealm, auth.CTime.Unix(), auth.Cusec, req.EncryptedAuthenticator.Cipher)) {
		return "", "", nil, ErrReplay
	}
	sum := auth.Cksum.Checksum
	if auth.Cksum.CksumType != chksumtype.GSSAPI || len(sum) < 24 || binary.LittleEndian.Uint32(sum) != 16 {
		return "", "", nil, ErrToken
	}
	if err := b.check(sum[4:20]); err != nil {
		return "", "", nil, err
	}
	part := req.Ticket.DecryptedEncPart
	var proof []byte
	if types.IsFlagSet(&req.APOptions, flags.APOptionMutualRequired) {
		if proof, err = reply(auth, part.Key); err != nil {
			return "", "", nil, err
		}
	}
	answer, err := completed(proof)
	return part.CName.PrincipalNameString(), part.CRealm, answer, err
}

func (b Bindings) check(got []byte) error {
	if b.Hash == nil {
		return nil
	}
	if bytes.Equal(got, make([]byte, 16)) {
		if b.Required {
			return ErrBindings
		}
		return nil
	}
	if !bytes.Equal(got, b.Hash) {
		return ErrBindings
	}
	return nil
}

func (a *Acceptor) fresh(login string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	for l, at := range a.seen {
		if now.Sub(at) > 2*skew {
			delete(a.seen, l)
		}
	}
	if _, twice := a.seen[login]; twice {
		return false
	}
	a.seen[login] = now
	return true
}

var (
	oidSPNEGO   = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 2}
	oidKerberos = asn1.ObjectIdentifier{1, 2, 840, 113554, 1, 2, 2}
	oidLegacy   = asn1.ObjectIdentifier{1, 2, 840, 48018, 1, 2, 2}
)

type negTokenInit struct {
	Mechanisms []asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
	Flags      asn1.BitString          `asn1:"explicit,optional,tag:1"`
	Token      []byte                  `asn1:"explicit,optional,omitempty,tag:2"`
	MIC        []byte                  `asn1:"explicit,optional,omitempty,tag:3"`
}

// readRequest finds the AP-REQ in a NegTokenInit (RFC 4178 4.2.1), or in a bare
// Kerberos token.
func readRequest(token []byte) (*messages.APReq, error) {
	var oid asn1.ObjectIdentifier
	rest, err := asn1.UnmarshalWithParams(token, &oid, "application,explicit,tag:0")
	if err != nil {
		return nil, ErrToken
	}
	if oid.Equal(oidSPNEGO) {
		var choice asn1.RawValue
		var init negTokenInit
		if _, err := asn1.Unmarshal(rest, &choice); err != nil || choice.Tag != 0 {
			return nil, ErrToken
		}
		if _, err := asn1.Unmarshal(choice.Bytes, &init); err != nil {
			return nil, ErrToken
		}
		if rest, err = asn1.UnmarshalWithParams(init.Token, &oid, "application,explicit,tag:0"); err != nil {
			return nil, ErrToken
		}
	}
	if !oid.Equal(oidKerberos) && !oid.Equal(oidLegacy) || len(rest) < 3 || rest[0] != 1 || rest[1] != 0 {
		return nil, ErrToken
	}
	req := new(messages.APReq)
	if err := req.Unmarshal(rest[2:]); err != nil {
		return nil, ErrToken
	}
	return req, nil
}

// reply makes the GSS token with AP-REP (RFC 4120 5.5.2): the client's time,
// encrypted with the session key.
func reply(auth types.Authenticator, key types.EncryptionKey) ([]byte, error) {
	plain, err := asn1.Marshal(struct {
		CTime time.Time `asn1:"generalized,explicit,tag:0"`
		Cusec int       `asn1:"explicit,tag:1"`
	}{auth.CTime, auth.Cusec})
	if err != nil {
		return nil, err
	}
	sealed, err := crypto.GetEncryptedData(asn1tools.AddASNAppTag(plain, asnAppTag.EncAPRepPart), key, keyusage.AP_REP_ENCPART, 0)
	if err != nil {
		return nil, err
	}
	rep, err := asn1.Marshal(messages.APRep{PVNO: 5, MsgType: 15, EncPart: sealed})
	if err != nil {
		return nil, err
	}
	oid, err := asn1.Marshal(oidKerberos)
	if err != nil {
		return nil, err
	}
	b := append(oid, 2, 0)
	return asn1tools.AddASNAppTag(append(b, asn1tools.AddASNAppTag(rep, asnAppTag.APREP)...), 0), nil
}

// completed is NegTokenResp with accept-completed.
func completed(proof []byte) ([]byte, error) {
	inner, err := asn1.Marshal(struct {
		State     asn1.Enumerated       `asn1:"explicit,tag:0"`
		Mechanism asn1.ObjectIdentifier `asn1:"explicit,tag:1"`
		Token     []byte                `asn1:"explicit,optional,omitempty,tag:2"`
	}{0, oidKerberos, proof})
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(asn1.RawValue{Class: 2, Tag: 1, IsCompound: true, Bytes: inner})
}
