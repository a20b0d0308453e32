package ews

import (
	"encoding/binary"
	"errors"
	"syscall"
	"unsafe"

	"github.com/alexbrainman/sspi"

	"abgleich/agent/ews/ntlm"
)

// securityContext is the client's half of one login with Windows' package
// Kerberos. The library's own wrapping of that package is not used: it panics
// where a program starts without the package, and takes no answer for a proof.
// Not safe for several goroutines; release must come last.
type securityContext struct {
	cred     *sspi.Credentials
	context  *sspi.Context
	target   *uint16
	bindings []byte // SEC_CHANNEL_BINDINGS, empty without TLS
	room     int    // the longest token there can be, in bytes
	begun    bool
}

// newSecurityContext begins with name and password, or as the account the process
// runs as when the password is empty. Errors are of Windows, as [syscall.Errno].
func newSecurityContext(login, password string, b Binding) (*securityContext, error) {
	target, err := syscall.UTF16PtrFromString("HTTP/" + b.Host)
	if err != nil {
		return nil, err
	}
	info, err := sspi.QueryPackageInfo(sspi.MICROSOFT_KERBEROS_NAME)
	if err != nil {
		return nil, err
	}
	cred, err := acquire(login, password)
	if err != nil {
		return nil, err
	}
	return &securityContext{
		cred: cred, context: sspi.NewClientContext(cred, sspi.ISC_REQ_CONNECTION|sspi.ISC_REQ_MUTUAL_AUTH),
		target: target, bindings: channelBindings(b), room: int(info.MaxToken),
	}, nil
}

// acquire makes the credentials. Windows looks at name and password only when a
// ticket is wanted, and keeps a copy of them.
func acquire(login, password string) (*sspi.Credentials, error) {
	if password == "" {
		return sspi.AcquireCredentials("", sspi.MICROSOFT_KERBEROS_NAME, sspi.SECPKG_CRED_OUTBOUND, nil)
	}
	domain, user := ntlm.SplitLogin(login)
	d, err := syscall.UTF16FromString(domain)
	if err != nil {
		return nil, err
	}
	u, err := syscall.UTF16FromString(user)
	if err != nil {
		return nil, err
	}
	p, err := syscall.UTF16FromString(password)
	if err != nil {
		return nil, err
	}
	defer clear(p)
	// The lengths do not count the zeroes at the end.
	id := sspi.SEC_WINNT_AUTH_IDENTITY{
		User: &u[0], UserLength: uint32(len(u) - 1), Domain: &d[0], DomainLength: uint32(len(d) - 1),
		Password: &p[0], PasswordLength: uint32(len(p) - 1), Flags: sspi.SEC_WINNT_AUTH_IDENTITY_UNICODE,
	}
	return sspi.AcquireCredentials("", sspi.MICROSOFT_KERBEROS_NAME, sspi.SECPKG_CRED_OUTBOUND, (*byte)(unsafe.Pointer(&id)))
}

// step gives the next token; the server's comes in, nil at first. done tells that
// Windows has nothing left to hear. It may wait for a KDC, for as long as Windows
// thinks right.
func (c *securityContext) step(token []byte) (out []byte, done bool, err error) {
	var in []sspi.SecBuffer
	add := func(kind uint32, data []byte) {
		if len(data) > 0 {
			in = append(in, sspi.SecBuffer{})
			in[len(in)-1].Set(kind, data)
		}
	}
	add(sspi.SECBUFFER_TOKEN, token)
	add(sspi.SECBUFFER_CHANNEL_BINDINGS, c.bindings)
	var input *sspi.SecBufferDesc // none at all, unless there is something to say
	if len(in) > 0 {
		input = sspi.NewSecBufferDesc(in)
	}
	out = make([]byte, c.room)
	var written [1]sspi.SecBuffer
	written[0].Set(sspi.SECBUFFER_TOKEN, out)
	switch ret := c.context.Update(c.target, sspi.NewSecBufferDesc(written[:]), input); ret {
	case sspi.SEC_E_OK:
		done = true
	case sspi.SEC_I_CONTINUE_NEEDED:
	default:
		return nil, false, ret
	}
	c.begun = true
	return out[:written[0].BufferSize], done, nil
}

// prove takes the server's answer: an error unless Windows says that it could only
// come from the server the ticket was made for. A KRB-ERROR does not: after some
// of them Windows wants to begin anew, which is no error to it.
func (c *securityContext) prove(answer []byte) error {
	if len(answer) == 0 {
		return errors.New("the server sent no proof")
	}
	_, done, err := c.step(answer)
	if err != nil {
		return err
	}
	if !done || c.context.EstablishedFlags&sspi.ISC_REQ_MUTUAL_AUTH == 0 { // ISC_RET_ is the same bit
		return errors.New("the server's answer proves nothing")
	}
	return nil
}

// release gives back what Windows holds, the context before its credentials.
func (c *securityContext) release() {
	if c.begun {
		c.context.Release() //nolint:errcheck // there is nothing to be done about it
	}
	c.cred.Release() //nolint:errcheck // as above
}

// channelBindings is SEC_CHANNEL_BINDINGS (sspi.h): type, length and offset of the
// initiator's and of the acceptor's address, all zero, then length and offset of
// the application data behind. Empty without TLS.
func channelBindings(b Binding) []byte {
	if b.Certificate == nil {
		return nil
	}
	const size = 8 * 4
	data := ntlm.EndPoint(b.Certificate)
	out := make([]byte, size, size+len(data))
	binary.LittleEndian.PutUint32(out[24:], uint32(len(data)))
	binary.LittleEndian.PutUint32(out[28:], size)
	return append(out, data...)
}
