package exchangesim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"abgleich/agent/exchangesim/xmltree"
)

// RecordVariable names the environment variable with the folder in which servers
// without Options.Record keep what their clients and they said, for the judgement of
// a whole test suite.
const RecordVariable = "ABGLEICH_SCHEMA_RECORD"

// Recorder writes request and reply bodies into a folder, one file each, so that a
// judge can look at them: 000001-GetItem-request.xml, 000001-GetItem-reply.xml.
// Bodies hold no passwords; NTLM and Basic live in headers, which are not kept.
// It is safe for concurrent use.
type Recorder struct {
	dir string
	num atomic.Int64

	// distinct keeps only documents in which something is new to the schema; clients
	// and server tell whose documents are kept.
	distinct, clients, server bool

	mu   sync.Mutex
	seen map[[16]byte]bool
}

// NewRecorder makes the folder where it is missing.
func NewRecorder(dir string) (*Recorder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &Recorder{dir: dir, clients: true, server: true}, nil
}

// recorderFor answers the recorder the options ask for, nil for none.
func recorderFor(opt Options) (*Recorder, error) {
	if opt.Record != "" {
		return NewRecorder(opt.Record)
	}
	dir := os.Getenv(RecordVariable)
	if dir == "" {
		return nil, nil
	}
	r, err := NewRecorder(dir)
	if err != nil {
		return nil, err
	}
	r.distinct, r.clients, r.server = true, !opt.HostileClients, opt.Quirks == NoQuirks
	r.seen = map[[16]byte]bool{}
	return r, nil
}

// Next answers the number of the next exchange.
func (r *Recorder) Next() int64 { return r.num.Add(1) }

// Write keeps one body; kind is "request" or "reply".
func (r *Recorder) Write(num int64, op, kind string, body []byte) error {
	// Of a push, the request is the server's.
	byClient := (kind == "request") != (op == "SendNotification")
	if byClient && !r.clients || !byClient && !r.server {
		return nil
	}
	if !r.distinct {
		return os.WriteFile(filepath.Join(r.dir, fmt.Sprintf("%06d-%s-%s.xml", num, op, kind)), body, 0o600)
	}
	if !r.news(op, body) {
		return nil
	}
	// Processes share the folder and may be killed: a document appears whole or not.
	sum := sha256.Sum256(body)
	name := filepath.Join(r.dir, fmt.Sprintf("%s-%s-%s.xml", fileWord(op), hex.EncodeToString(sum[:8]), kind))
	part := fmt.Sprintf("%s.%d.%d.part", name, os.Getpid(), r.num.Add(1))
	if err := os.WriteFile(part, body, 0o600); err != nil {
		return err
	}
	return os.Rename(part, name)
}

// news tells whether a document holds an element whose parent, attributes, kind of
// text or sequence of children was not seen before. A schema judges nothing but
// these, element by element, so what is left out would be judged alike.
func (r *Recorder) news(op string, body []byte) bool {
	root, err := xmltree.Parse(string(body))
	if err != nil {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.newIn(op, "", root)
}

func (r *Recorder) newIn(op, parent string, n *xmltree.Node) bool {
	var b strings.Builder
	b.WriteString(op + " " + parent + " " + n.Space + " " + n.Name)
	for _, a := range n.Attrs {
		b.WriteString(" " + a.Space + a.Name + "=" + valueClass(a.Name, a.Value))
	}
	b.WriteString(">" + valueClass(n.Name, n.Text))
	last := ""
	for k := n.First; k != nil; k = k.Next {
		if name := k.Space + k.Name; name != last {
			b.WriteString("<" + name)
			last = name
		}
	}
	sum := sha256.Sum256([]byte(b.String()))
	key := [16]byte(sum[:])
	found := !r.seen[key]
	r.seen[key] = true
	for k := n.First; k != nil; k = k.Next {
		if r.newIn(op, n.Name, k) {
			found = true
		}
	}
	return found
}

// valueClass is a value as far as a schema looks at it: short ones, which may be words
// of an enumeration, dates or numbers, with every digit as 0; in free text and in long
// ones, runs of letters and of digits count as one.
func valueClass(name, s string) string {
	const short, most = 32, 24
	free := len(s) > short
	switch name {
	case "Subject", "Location", "String", "Value", "DisplayName", "Name", "Body", "TextBody", "MimeContent", "Id", "ChangeKey", "Watermark", "SyncState", "UID", "SubscriptionId", "URL":
		free = true
	}
	class := make([]byte, 0, short)
	for i := 0; i < len(s) && (!free || len(class) < most); i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			c = '0'
		case c >= 0x80:
			c = 'u'
		case free && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'):
			c = 'a'
		}
		if !free || len(class) == 0 || class[len(class)-1] != c {
			class = append(class, c)
		}
	}
	return string(class)
}

// fileWord keeps names out of file names that no operation has.
func fileWord(op string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return c
		}
		return '_'
	}, op[:min(len(op), 40)])
}
