package pipe

import (
	"crypto/sha1" //nolint:gosec // Windows computes service SIDs this way
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf16"
)

// ServiceSID is the security identifier Windows gives a service of this name, on
// every machine the same: S-1-5-80 and the five words of the SHA-1 of the name in
// capitals, in UTF-16. A service's virtual account (`NT SERVICE\name`) is this
// identifier, and a service that runs as somebody else has it as a group.
func ServiceSID(service string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(strings.ToUpper(service))) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	sum := sha1.Sum(b) //nolint:gosec // see above
	sid := "S-1-5-80"
	for i := 0; i < len(sum); i += 4 {
		sid += "-" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(sum[i:])), 10)
	}
	return sid
}

// serviceOf is the service a pipe's name stands for: they are called the same.
func serviceOf(address string) string {
	return address[strings.LastIndexByte(address, '\\')+1:]
}
