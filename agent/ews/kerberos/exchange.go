package kerberos

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/iana/patype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"abgleich/agent/fault"
)

// coded gives an error its type and its principal.
func (c *Credential) coded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if refusal, ok := errors.AsType[messages.KRBError](err); ok {
		return said(c.who.String(), refusal, c.k.o.Now())
	}
	if e, ok := errors.AsType[*Error](err); ok {
		e.Principal = c.who.String()
		return e
	}
	return &Error{Code: fault.KerberosFailed, Principal: c.who.String(), Err: err}
}

// guard turns a panic of the message library, which indexes some of what a KDC
// sends unchecked, into an error.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("a message that makes no sense: %v", p)
	}
}

// first gets a ticket-granting ticket (RFC 4120 3.1). The first question goes
// without the password; the KDC says how it wants to see it.
func (c *Credential) first(ctx context.Context) (_ ticket, err error) {
	defer guard(&err)
	req, err := messages.NewASReqForTGT(c.who.realm, c.k.config, c.cname())
	if err != nil {
		return ticket{}, err
	}
	till := c.k.o.Now().Add(c.k.config.LibDefaults.TicketLifetime)
	req.ReqBody.Till = till.UTC()
	var key types.EncryptionKey
	for asked := false; ; asked = true {
		b, err := req.Marshal()
		if err != nil {
			return ticket{}, err
		}
		reply, err := c.k.ask(ctx, c.who.realm, b)
		refusal, said := errors.AsType[messages.KRBError](err)
		if said && refusal.ErrorCode == errorcode.KDC_ERR_PREAUTH_REQUIRED && !asked {
			if key, err = c.prove(&req, refusal); err != nil {
				return ticket{}, err
			}
			continue
		}
		if err != nil {
			return ticket{}, err
		}
		return c.readFirst(reply, req, key)
	}
}

// prove puts the encrypted time (RFC 4120 5.2.7.2) into the request.
func (c *Credential) prove(req *messages.ASReq, refusal messages.KRBError) (key types.EncryptionKey, err error) {
	var hints types.PADataSequence
	if err := hints.Unmarshal(refusal.EData); err != nil {
		return key, err
	}
	key, kvno, err := c.keyFor(hints, req.ReqBody.EType)
	if err != nil {
		return key, err
	}
	now := c.k.o.Now().UTC()
	b, err := asn1.Marshal(types.PAEncTSEnc{PATimestamp: now, PAUSec: now.Nanosecond() / 1000})
	if err != nil {
		return key, err
	}
	sealed, err := crypto.GetEncryptedData(b, key, keyusage.AS_REQ_PA_ENC_TIMESTAMP, kvno)
	if err != nil {
		return key, err
	}
	if b, err = sealed.Marshal(); err != nil {
		return key, err
	}
	req.PAData = append(req.PAData, types.PAData{PADataType: patype.PA_ENC_TIMESTAMP, PADataValue: b})
	return key, nil
}

// maxIterations bounds the work an unproven KDC can ask of us; RFC 3962 has 4096,
// RFC 8009 32768.
const maxIterations = 1 << 20

// keyFor makes the long-term key by the KDC's hints: kind, salt and parameters.
func (c *Credential) keyFor(hints types.PADataSequence, wanted []int32) (types.EncryptionKey, int, error) {
	kinds := wanted
	var salt, params string
	for _, h := range hints {
		if h.PADataType != patype.PA_ETYPE_INFO2 {
			continue
		}
		infos, err := h.GetETypeInfo2()
		if err != nil {
			return types.EncryptionKey{}, 0, err
		}
		i := slices.IndexFunc(infos, func(e types.ETypeInfo2Entry) bool { return slices.Contains(wanted, e.EType) })
		if i < 0 {
			return types.EncryptionKey{}, 0, fmt.Errorf("the KDC wants a kind of encryption that isn't allowed here")
		}
		kinds, salt = []int32{infos[i].EType}, infos[i].Salt
		if p := infos[i].S2KParams; len(p) == 4 {
			if n := binary.BigEndian.Uint32(p); n == 0 || n > maxIterations {
				return types.EncryptionKey{}, 0, fmt.Errorf("the KDC asks for %d iterations", n)
			}
			params = hex.EncodeToString(p)
		}
	}
	if c.keys != nil {
		for _, kind := range kinds {
			key, kvno, err := c.keys.GetEncryptionKey(c.cname(), c.who.realm, 0, kind)
			if err == nil {
				return key, kvno, nil
			}
		}
		return types.EncryptionKey{}, 0, fmt.Errorf("the keytab holds no key of the kind the KDC wants (%v)", kinds)
	}
	et, err := crypto.GetEtype(kinds[0])
	if err != nil {
		return types.EncryptionKey{}, 0, err
	}
	if params == "" {
		params = et.GetDefaultStringToKeyParams()
	}
	if salt == "" {
		salt = c.cname().GetSalt(c.who.realm)
	}
	b, err := et.StringToKey(c.password, salt, params)
	return types.EncryptionKey{KeyType: kinds[0], KeyValue: b}, 0, err
}

// readFirst opens an AS-REP and checks that it answers the request (3.1.5).
func (c *Credential) readFirst(b []byte, req messages.ASReq, key types.EncryptionKey) (ticket, error) {
	var rep messages.ASRep
	if err := rep.Unmarshal(b); err != nil {
		return ticket{}, err
	}
	proved := key.KeyType == rep.EncPart.EType && key.KeyType != 0
	if !proved {
		// No proof was asked for, or the answer is of another kind.
		var err error
		if key, _, err = c.keyFor(rep.PAData, []int32{rep.EncPart.EType}); err != nil {
			return ticket{}, err
		}
	}
	plain, err := crypto.DecryptEncPart(rep.EncPart, key, keyusage.AS_REP_ENCPART)
	if err != nil {
		// Without a proof this is where a wrong password shows.
		code := fault.LoginRejected
		if proved {
			code = fault.KerberosFailed
		}
		return ticket{}, &Error{Code: code, Err: err}
	}
	var part messages.EncKDCRepPart
	if err := part.Unmarshal(plain); err != nil {
		return ticket{}, err
	}
	if part.Nonce != req.ReqBody.Nonce || !sameName(rep.CName, req.ReqBody.CName) ||
		!strings.EqualFold(rep.CRealm, c.who.realm) || !sameName(part.SName, req.ReqBody.SName) {
		return ticket{}, errors.New("the KDC's answer is to another question")
	}
	return ticket{rep.Ticket, part.Key, c.who.realm, part.EndTime}, nil
}

func sameName(a, b types.PrincipalName) bool {
	return slices.EqualFunc(a.NameString, b.NameString, strings.EqualFold)
}

// maxReferrals is how many realms a service may be away.
const maxReferrals = 5

// granted gets a ticket for a service (RFC 4120 3.3), in another realm where the
// KDC refers to it (RFC 6806 8).
func (c *Credential) granted(ctx context.Context, tgt ticket, service string) (_ ticket, err error) {
	defer guard(&err)
	settings := *c.k.config
	settings.LibDefaults.Canonicalize = true // else no referral is given
	name := types.NewPrincipalName(nametype.KRB_NT_SRV_INST, service)
	for range maxReferrals {
		req, err := messages.NewTGSReq(c.cname(), tgt.realm, &settings, tgt.ticket, tgt.key, name, false)
		if err != nil {
			return ticket{}, err
		}
		b, err := req.Marshal()
		if err != nil {
			return ticket{}, err
		}
		reply, err := c.k.ask(ctx, tgt.realm, b)
		if err != nil {
			return ticket{}, err
		}
		var rep messages.TGSRep
		if err := rep.Unmarshal(reply); err != nil {
			return ticket{}, err
		}
		if err := rep.DecryptEncPart(tgt.key); err != nil {
			return ticket{}, err
		}
		part := rep.DecryptedEncPart
		if part.Nonce != req.ReqBody.Nonce {
			return ticket{}, errors.New("the KDC's answer is to another question")
		}
		got := rep.Ticket.SName.NameString
		if len(got) != 2 {
			return ticket{}, errors.New("a ticket for nobody")
		}
		if got[0] != "krbtgt" {
			return ticket{rep.Ticket, part.Key, "", part.EndTime}, nil
		}
		tgt = ticket{rep.Ticket, part.Key, got[1], part.EndTime}
	}
	return ticket{}, &Error{Code: fault.KerberosServiceUnknown, Err: errors.New("too many referrals")}
}
