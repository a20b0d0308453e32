// Package seal closes a password so that only the agent can open it, before it
// enters a pipe that others may be able to read.
//
// A sealed secret is an age file (age-encryption.org/v1) for the agent's public
// recipient. Inside stands whom it belongs to, so that a sealed password caught
// on the way is worthless under another name. Its length says nothing about the
// password's: the content is padded.
//
// The package only seals. Opening needs the agent's identity and is the
// business of agent/vault. It must not know where a recipient comes from or
// how it is pinned.
package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// ErrRecipient is a recipient that is no age public key.
var ErrRecipient = errors.New("not an age recipient")

// Envelope is what stands inside a sealed secret, as JSON padded with blanks.
type Envelope struct {
	// Version is 1.
	Version int `json:"v"`
	// Owner is who the secret belongs to: a pipe peer's id, or the agent's own
	// name for a secret of its own. It must be named again to open it.
	Owner string `json:"for"`
	// Secret is the secret itself, byte for byte.
	Secret []byte `json:"secret"`
}

// Version is the envelope's version this package writes.
const Version = 1

// block is what the content's length is rounded up to, in bytes.
const block = 512

// Seal closes a secret for the recipient ("age1…"), to be opened under the
// owner's name only. Each call gives other bytes.
func Seal(recipient, owner, secret string) ([]byte, error) {
	rs, err := age.ParseRecipients(strings.NewReader(recipient))
	if err != nil || len(rs) != 1 {
		// The text is not repeated: someone may have put the secret there.
		return nil, ErrRecipient
	}
	content, err := json.Marshal(Envelope{Version: Version, Owner: owner, Secret: []byte(secret)})
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if rest := len(content) % block; rest != 0 {
		content = append(content, bytes.Repeat([]byte{' '}, block-rest)...)
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, rs[0])
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if _, err := io.Copy(w, bytes.NewReader(content)); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return out.Bytes(), nil
}
