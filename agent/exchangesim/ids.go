package exchangesim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
)

// Ids look like Exchange's: base64, case-sensitive, meaningless to a client.
// Inside: three bytes of type, what is named, the mailbox, a number, a check sum.

type idKind byte

const (
	idItem       idKind = 'I'
	idOccurrence idKind = 'O'
	idFolder     idKind = 'F'
	idState      idKind = 'S'
	idSub        idKind = 'P'
	idMark       idKind = 'W'
	idAttachment idKind = 'A'
)

type mailboxHash [16]byte

func hashMail(mail string) mailboxHash {
	sum := sha256.Sum256([]byte(lowerASCII(mail)))
	return mailboxHash(sum[:16])
}

func encodeID(kind idKind, box mailboxHash, nums ...uint64) string {
	b := make([]byte, 0, 64)
	b = append(b, 0, 3, 0x24, byte(kind))
	b = append(b, box[:]...)
	for _, n := range nums {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return base64.StdEncoding.EncodeToString(b)
}

// decodeID reads an id of count numbers; ok is false for anything malformed.
func decodeID(kind idKind, id string, count int) (box mailboxHash, nums [3]uint64, ok bool) {
	var buf [64]byte
	want := 4 + 16 + 8*count + 4
	if base64.StdEncoding.DecodedLen(len(id)) > len(buf) {
		return box, nums, false
	}
	n, err := base64.StdEncoding.Strict().Decode(buf[:], []byte(id))
	b := buf[:]
	if err != nil || n != want || b[0] != 0 || b[1] != 3 || b[2] != 0x24 || b[3] != byte(kind) {
		return box, nums, false
	}
	b = b[:n]
	if crc32.ChecksumIEEE(b[:n-4]) != binary.BigEndian.Uint32(b[n-4:]) {
		return box, nums, false
	}
	copy(box[:], b[4:20])
	for i := range count {
		nums[i] = binary.BigEndian.Uint64(b[20+8*i:])
	}
	return box, nums, true
}

// changeKeyPrefix is the kind byte of change keys, as Exchange has it.
func changeKeyPrefix(k Kind) byte {
	switch k {
	case Task:
		return 0x13
	case Appointment:
		return 0x0f
	default:
		return 0x09
	}
}

func encodeChangeKey(prefix byte, seq uint64) string {
	b := [24]byte{prefix, 0, 0, 0, 0x16, 0, 0, 0, 0xab, 0x91, 0x1e, 0x17, 0x5a, 0x4c, 0x44, 0x0d}
	binary.BigEndian.PutUint64(b[16:], seq)
	return base64.StdEncoding.EncodeToString(b[:])
}

func decodeChangeKey(s string) (uint64, bool) {
	var b [24]byte
	if len(s) != 32 {
		return 0, false
	}
	n, err := base64.StdEncoding.Decode(b[:], []byte(s))
	if err != nil || n != 24 || b[4] != 0x16 {
		return 0, false
	}
	return binary.BigEndian.Uint64(b[16:]), true
}

func lowerASCII(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if b[j] >= 'A' && b[j] <= 'Z' {
					b[j] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
