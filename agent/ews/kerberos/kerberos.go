package kerberos

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/keytab"

	"abgleich/agent/fault"
)

// Options make a Kerberos. Zero values take the defaults in brackets.
type Options struct {
	// ConfigFile is a krb5.conf; one that doesn't exist says nothing
	// [/etc/krb5.conf].
	ConfigFile string
	// Mapping says which realm a Windows domain is.
	Mapping Mapping
	// Now is our clock [time.Now].
	Now func() time.Time
	// Dial and LookupSRV reach the network [the system's].
	Dial      func(ctx context.Context, network, addr string) (net.Conn, error)
	LookupSRV func(ctx context.Context, service, proto, name string) ([]*net.SRV, error)
}

// Kerberos knows the realms, and the tickets got so far. It is safe for use by
// several goroutines.
type Kerberos struct {
	o      Options
	config *config.Config
	// key marks a secret without telling it; it lives as long as the process.
	key [32]byte

	mu    sync.Mutex
	known map[[32]byte]*Credential
}

// maxKnown bounds the credentials whose tickets are kept.
const maxKnown = 4096

// New reads krb5.conf: [fault.ParameterInvalid] if it can't be read.
func New(o Options) (*Kerberos, error) {
	if o.ConfigFile == "" {
		o.ConfigFile = "/etc/krb5.conf"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if o.LookupSRV == nil {
		o.LookupSRV = func(ctx context.Context, service, proto, name string) ([]*net.SRV, error) {
			_, all, err := net.DefaultResolver.LookupSRV(ctx, service, proto, name)
			return all, err
		}
	}
	c, err := readConfig(o.ConfigFile)
	if err != nil {
		return nil, fault.New(fault.ParameterInvalid, "kerberos.New", o.ConfigFile, err)
	}
	k := &Kerberos{o: o, config: c, known: map[[32]byte]*Credential{}}
	rand.Read(k.key[:]) //nolint:errcheck // documented never to fail
	return k, nil
}

func readConfig(path string) (c *config.Config, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return config.New(), nil
	}
	if err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			c, err = nil, fmt.Errorf("not a krb5.conf: %v", p)
		}
	}()
	c, err = config.NewFromString(string(b))
	if _, partly := errors.AsType[config.UnsupportedDirective](err); partly {
		err = nil // include lines: what stands in the file itself holds
	}
	return c, err
}

// Realm is the realm a login belongs to, "" if none is known for it.
func (k *Kerberos) Realm(login string) string {
	p, _ := k.principalOf(login)
	return p.realm
}

// Configured tells that somebody said which KDC or realm is meant, so that asking
// for tickets is worth a try.
func (k *Kerberos) Configured(login string) bool {
	p, ok := k.principalOf(login)
	if !ok {
		return false
	}
	for _, r := range k.o.Mapping {
		if r == p.realm {
			return true
		}
	}
	for _, r := range k.config.Realms {
		if strings.EqualFold(r.Realm, p.realm) {
			return true
		}
	}
	return strings.EqualFold(k.config.LibDefaults.DefaultRealm, p.realm)
}

func (k *Kerberos) principalOf(login string) (principal, bool) {
	return k.o.Mapping.principalOf(login, k.config.LibDefaults.DefaultRealm)
}

// Credential gives what a login and its password open. The same two give the same
// credential, and so the same tickets. [fault.KerberosRealmUnknown] if nobody
// knows the login's realm.
func (k *Kerberos) Credential(login, password string) (*Credential, error) {
	return k.credential(login, "password\x00"+password, func(c *Credential) { c.password = password })
}

// FromKeytab is Credential with the keys of a keytab file instead of a password:
// [fault.ParameterInvalid] if the file can't be read or holds no key of the login.
func (k *Kerberos) FromKeytab(login, file string) (*Credential, error) {
	keys, b, err := readKeytab(file)
	if err != nil {
		return nil, fault.New(fault.ParameterInvalid, "kerberos.FromKeytab", file, err)
	}
	c, err := k.credential(login, "keytab\x00"+string(b), func(c *Credential) { c.keys = keys })
	if err != nil {
		return nil, err
	}
	for _, e := range keys.Entries {
		if strings.Join(e.Principal.Components, "/") == c.who.user && e.Principal.Realm == c.who.realm {
			return c, nil
		}
	}
	return nil, fault.New(fault.ParameterInvalid, "kerberos.FromKeytab", file, fmt.Errorf("no key of %s in the keytab", c.who))
}

func readKeytab(file string) (keys *keytab.Keytab, b []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			keys, b, err = nil, nil, fmt.Errorf("not a keytab: %v", p)
		}
	}()
	if b, err = os.ReadFile(file); err != nil {
		return nil, nil, err
	}
	keys = keytab.New()
	return keys, b, keys.Unmarshal(b)
}

func (k *Kerberos) credential(login, secret string, with func(*Credential)) (*Credential, error) {
	p, ok := k.principalOf(login)
	if !ok {
		return nil, &Error{Code: fault.KerberosRealmUnknown, Principal: login}
	}
	mark := hmac.New(sha256.New, k.key[:])
	fmt.Fprintf(mark, "%s\x00%s", p, secret)
	id := [32]byte(mark.Sum(nil))
	k.mu.Lock()
	defer k.mu.Unlock()
	if c := k.known[id]; c != nil {
		return c, nil
	}
	if len(k.known) >= maxKnown {
		clear(k.known) // those in use stay with whoever uses them
	}
	c := &Credential{k: k, who: p, busy: make(chan struct{}, 1), tickets: map[string]ticket{}}
	with(c)
	k.known[id] = c
	return c, nil
}
