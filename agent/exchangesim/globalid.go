package exchangesim

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// globalIDHead is the fixed start of a global object id (MS-OXOCAL 2.2.1.27).
const globalIDHead = "\x04\x00\x00\x00\x82\x00\xe0\x00\x74\xc5\xb7\x10\x1a\x82\xe0\x08"

func globalID(created time.Time, data []byte) []byte {
	b := make([]byte, 0, 40+len(data))
	b = append(b, globalIDHead...)
	b = append(b, 0, 0, 0, 0) // date of an exception; always zero in the clean id
	ticks := uint64(0)
	if !created.IsZero() {
		ticks = fileTime(created)
	}
	b = binary.LittleEndian.AppendUint64(b, ticks)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}

func newGlobalID(box mailboxHash, seq uint64, created time.Time) []byte {
	var data [16]byte
	copy(data[:8], box[:8])
	binary.BigEndian.PutUint64(data[8:], seq)
	return globalID(created, data[:])
}

// globalIDFromUID answers the id a UID stands for: its hex form, or a foreign UID
// wrapped as vCal-Uid. nil for an empty UID.
func globalIDFromUID(uid string) []byte {
	if uid == "" {
		return nil
	}
	if b, err := hex.DecodeString(uid); err == nil && len(b) >= 40 && strings.HasPrefix(string(b), globalIDHead) {
		return b
	}
	data := append([]byte("vCal-Uid\x01\x00\x00\x00"), uid...)
	return globalID(time.Time{}, append(data, 0))
}

func upperHex(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

// fileTime is Windows' count of 100 ns since 1601.
func fileTime(t time.Time) uint64 {
	return uint64(t.Unix()+11644473600)*10_000_000 + uint64(t.Nanosecond())/100
}
