package kerberos

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/messages"

	"abgleich/agent/fault"
)

const (
	// kdcPatience is how long one KDC may take, allPatience all of a realm
	// together: a login stands behind them.
	kdcPatience = 3 * time.Second
	allPatience = 10 * time.Second
	// maxKDCReply bounds an answer; tickets with many groups reach some 64 kB.
	maxKDCReply = 1 << 20
)

// ask sends a message to the KDCs of a realm, one after the other, until one
// answers. A KRB-ERROR comes back as messages.KRBError.
func (k *Kerberos) ask(ctx context.Context, realm string, msg []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, allPatience)
	defer cancel()
	kdcs, err := k.kdcs(ctx, realm)
	if err != nil {
		return nil, err
	}
	var all []error
	for _, addr := range kdcs {
		reply, err := k.askOne(ctx, addr, msg)
		if err != nil {
			all = append(all, fmt.Errorf("%s: %w", addr, err))
			if ctx.Err() != nil {
				break
			}
			continue
		}
		var refusal messages.KRBError
		if refusal.Unmarshal(reply) != nil {
			return reply, nil
		}
		if refusal.ErrorCode == errorcode.KDC_ERR_SVC_UNAVAILABLE {
			all = append(all, fmt.Errorf("%s: %w", addr, refusal))
			continue
		}
		return nil, refusal
	}
	return nil, &Error{Code: fault.KerberosUnreachable, Err: errors.Join(all...)}
}

// kdcs gives the addresses of a realm's KDCs: krb5.conf's, else DNS'.
func (k *Kerberos) kdcs(ctx context.Context, realm string) ([]string, error) {
	for _, r := range k.config.Realms {
		if strings.EqualFold(r.Realm, realm) && len(r.KDC) > 0 {
			out := make([]string, len(r.KDC))
			for i, a := range r.KDC {
				if _, _, err := net.SplitHostPort(a); err != nil {
					a = net.JoinHostPort(strings.Trim(a, "[]"), "88")
				}
				out[i] = a
			}
			return out, nil
		}
	}
	records, err := k.o.LookupSRV(ctx, "kerberos", "tcp", strings.ToLower(realm))
	if err != nil || len(records) == 0 {
		code := fault.KerberosUnreachable
		if missing, ok := errors.AsType[*net.DNSError](err); err == nil || ok && missing.IsNotFound {
			code = fault.KerberosRealmUnknown
		}
		return nil, &Error{Code: code, Err: fmt.Errorf("no KDC is known for %s: %w", realm, err)}
	}
	var out []string
	for _, r := range records {
		out = append(out, net.JoinHostPort(strings.TrimSuffix(r.Target, "."), strconv.Itoa(int(r.Port))))
	}
	return out, nil
}

// askOne is RFC 4120 7.2.2: a length of four bytes before each message.
func (k *Kerberos) askOne(ctx context.Context, addr string, msg []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, kdcPatience)
	defer cancel()
	c, err := k.o.Dial(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	if _, err := c.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(msg))), msg...)); err != nil {
		return nil, err
	}
	var head [4]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n == 0 || n > maxKDCReply {
		return nil, fmt.Errorf("an answer of %d bytes", n)
	}
	reply := make([]byte, n)
	_, err = io.ReadFull(c, reply)
	return reply, err
}
