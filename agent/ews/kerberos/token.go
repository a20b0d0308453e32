package kerberos

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jcmturner/gokrb5/v8/asn1tools"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/iana/flags"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"abgleich/agent/fault"
)

// Flags of the authenticator's checksum, RFC 4121 4.1.1.1.
const (
	flagMutual = 2
	flagInteg  = 32
)

// The token kinds of RFC 4121 4.1.
var (
	tokAPReq = [2]byte{1, 0}
	tokAPRep = [2]byte{2, 0}
	tokError = [2]byte{3, 0}
)

// Proof checks the server's half of one login.
type Proof struct {
	who  string
	now  func() time.Time
	key  types.EncryptionKey
	time time.Time // as sent: to the microsecond
}

// Token gives the first and only message to a service ("HTTP/mail.example.com"):
// a NegTokenInit (RFC 4178) with an AP-REQ. bindings is the MD5 of the channel
// bindings (RFC 4121 4.1.1.2), nil without TLS.
func (c *Credential) Token(ctx context.Context, service string, bindings []byte) ([]byte, *Proof, error) {
	t, err := c.forService(ctx, service)
	if err != nil {
		return nil, nil, err
	}
	msg, proof, err := c.request(t, bindings)
	if err != nil {
		return nil, nil, c.coded(ctx, err)
	}
	b, err := WrapInit(msg)
	return b, proof, err
}

// request makes the GSS token with the AP-REQ.
func (c *Credential) request(t ticket, bindings []byte) (_ []byte, _ *Proof, err error) {
	defer guard(&err)
	now := c.k.o.Now().UTC()
	var sequence [4]byte
	rand.Read(sequence[:]) //nolint:errcheck // documented never to fail
	auth := types.Authenticator{
		AVNO: 5, CRealm: c.who.realm, CName: c.cname(), CTime: now, Cusec: now.Nanosecond() / 1000,
		SeqNumber: int64(binary.BigEndian.Uint32(sequence[:]) & 0x3fffffff), // older servers take it as signed
		Cksum:     types.Checksum{CksumType: chksumtype.GSSAPI, Checksum: checksum(bindings)},
	}
	req, err := messages.NewAPReq(t.ticket, t.key, auth)
	if err != nil {
		return nil, nil, err
	}
	types.SetFlag(&req.APOptions, flags.APOptionMutualRequired)
	b, err := req.Marshal()
	if err != nil {
		return nil, nil, err
	}
	return gssToken(tokAPReq, b), &Proof{c.who.String(), c.k.o.Now, t.key, now.Truncate(time.Microsecond)}, nil
}

// checksum is the one of RFC 4121 4.1.1: length and hash of the channel bindings,
// then the flags. No bindings are sixteen zeroes.
func checksum(bindings []byte) []byte {
	b := make([]byte, 24)
	binary.LittleEndian.PutUint32(b, 16)
	copy(b[4:20], bindings)
	binary.LittleEndian.PutUint32(b[20:], flagMutual|flagInteg)
	return b
}

func gssToken(kind [2]byte, msg []byte) []byte {
	b := append(bytes.Clone(derKerberos), kind[:]...)
	return asn1tools.AddASNAppTag(append(b, msg...), 0)
}

// Refusal is [Refusal] of this login.
func (p *Proof) Refusal(token []byte) *Error { return Refusal(p.who, token, p.now()) }

// Refusal reads what a server said with its refusal of somebody's ticket, now by our
// clock: nil if it said nothing that can be understood. Hostile input.
func Refusal(who string, token []byte, now time.Time) *Error {
	answer, err := ParseAnswer(token)
	if err != nil {
		return nil
	}
	if k, ok := serverError(answer.Token); ok {
		e := said(who, k, now)
		if e.Code != fault.ClocksDisagree {
			e.Code = fault.KerberosRefused
		}
		return e
	}
	return nil
}

// Check proves that the server could read the ticket: its answer holds our time,
// encrypted with the session key (RFC 4120 3.2.5). Anything else is
// [fault.ServerUnproven].
func (p *Proof) Check(token []byte) error {
	if err := p.check(token); err != nil {
		return &Error{Code: fault.ServerUnproven, Principal: p.who, Err: err}
	}
	return nil
}

func (p *Proof) check(token []byte) (err error) {
	defer guard(&err)
	answer, err := ParseAnswer(token)
	if err != nil {
		return err
	}
	if k, ok := serverError(answer.Token); ok {
		return k
	}
	kind, msg, err := readGSS(answer.Token)
	if err != nil {
		return err
	}
	if kind != tokAPRep {
		return fmt.Errorf("a token of kind %x", kind)
	}
	var rep messages.APRep
	if err := rep.Unmarshal(msg); err != nil {
		return err
	}
	plain, err := crypto.DecryptEncPart(rep.EncPart, p.key, keyusage.AP_REP_ENCPART)
	if err != nil {
		return err
	}
	var part messages.EncAPRepPart
	if err := part.Unmarshal(plain); err != nil {
		return err
	}
	if got := part.CTime.Truncate(time.Second).Add(time.Duration(part.Cusec) * time.Microsecond); !got.Equal(p.time) {
		return errors.New("the server's answer is to another login")
	}
	return nil
}

// serverError finds a KRB-ERROR in a GSS token.
func serverError(token []byte) (k messages.KRBError, found bool) {
	var err error
	func() {
		defer guard(&err)
		kind, msg, e := readGSS(token)
		if err = e; err == nil && kind == tokError {
			err = k.Unmarshal(msg)
			found = err == nil
		}
	}()
	return k, found && err == nil
}
