package ntlm

import (
	"encoding/binary"
	"errors"
)

// AV_PAIR ids, MS-NLMP 2.2.2.1.
const (
	avEOL             = 0
	avNbComputerName  = 1
	avNbDomainName    = 2
	avDNSComputerName = 3
	avDNSDomainName   = 4
	avFlags           = 6
	avTimestamp       = 7
	avTargetName      = 9
	avChannelBindings = 10
)

// flagMIC in MsvAvFlags tells the server that the message carries a MIC.
const flagMIC = 0x2

// maxAVPairs bounds hostile target information; real servers send fewer than 12.
const maxAVPairs = 64

type avPair struct {
	id    uint16
	value []byte
}

var errAVPairs = errors.New("ntlm: broken target information")

// parseAVPairs reads up to the terminator. A list without terminator is broken.
func parseAVPairs(b []byte) ([]avPair, error) {
	var out []avPair
	for len(b) >= 4 {
		id := binary.LittleEndian.Uint16(b)
		n := int(binary.LittleEndian.Uint16(b[2:]))
		b = b[4:]
		if id == avEOL {
			return out, nil
		}
		if n > len(b) || len(out) == maxAVPairs {
			return nil, errAVPairs
		}
		out = append(out, avPair{id: id, value: b[:n:n]})
		b = b[n:]
	}
	return nil, errAVPairs
}

func find(pairs []avPair, id uint16) ([]byte, bool) {
	for _, p := range pairs {
		if p.id == id {
			return p.value, true
		}
	}
	return nil, false
}

// set replaces the pair of that id or appends one.
func set(pairs []avPair, id uint16, value []byte) []avPair {
	for i := range pairs {
		if pairs[i].id == id {
			pairs[i].value = value
			return pairs
		}
	}
	return append(pairs, avPair{id: id, value: value})
}

func appendAVPairs(dst []byte, pairs []avPair) []byte {
	for _, p := range pairs {
		dst = binary.LittleEndian.AppendUint16(dst, p.id)
		dst = binary.LittleEndian.AppendUint16(dst, uint16(len(p.value)))
		dst = append(dst, p.value...)
	}
	return append(dst, 0, 0, 0, 0)
}
