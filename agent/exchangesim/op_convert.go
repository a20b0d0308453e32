package exchangesim

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"abgleich/agent/exchangesim/xmltree"
)

// convertID answers ids in another format. It doesn't look whether what they name is
// still there, as Exchange doesn't.
func (c *call) convertID() {
	c.begin()
	for n := c.body.Child("SourceIds").FirstChild(); n != nil; n = n.Next {
		c.items++
		id, code := c.converted(n, c.body.Attr("DestinationFormat"))
		if code != "" {
			c.fail(code)
			continue
		}
		c.ok()
		w := c.out
		w.s(`<m:AlternateId xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="t:AlternateIdType"`)
		w.attr("Format", c.body.Attr("DestinationFormat"))
		w.attr("Id", id)
		w.attr("Mailbox", n.Attr("Mailbox"))
		w.s("/>")
		c.done()
	}
	c.end()
}

func (c *call) converted(n *xmltree.Node, format string) (id, code string) {
	if n.Name != "AlternateId" {
		return "", "ErrorUnsupportedTypeForConversion" // there are no public folders
	}
	box := c.s.boxes[lowerASCII(n.Attr("Mailbox"))]
	if box == nil {
		return "", "ErrorNonExistentMailbox"
	}
	if n.Attr("Id") == "" {
		return "", "ErrorInvalidIdEmpty"
	}
	raw, ok := readAlternate(n.Attr("Format"), n.Attr("Id"))
	if !ok || !knownID(raw, box.hash) {
		if n.Attr("Format") == "EwsLegacyId" {
			return "", "ErrorInvalidIdMalformedEwsLegacyIdFormat"
		}
		return "", "ErrorInvalidIdMalformed"
	}
	return writeAlternate(format, raw), ""
}

// knownID tells whether bytes are an id of an item, occurrence or folder in a mailbox.
func knownID(raw []byte, box mailboxHash) bool {
	text := base64.StdEncoding.EncodeToString(raw)
	for _, x := range []struct {
		kind  idKind
		count int
	}{{idItem, 1}, {idOccurrence, 2}, {idFolder, 1}} {
		if hash, _, ok := decodeID(x.kind, text, x.count); ok {
			return hash == box
		}
	}
	return false
}

// The formats hold the same bytes. MAPI's begin with four zero bytes, the store's with
// their length, the one of Exchange 2007 RTM backwards, so that none passes for another.
func writeAlternate(format string, raw []byte) string {
	switch format {
	case "EntryId":
		return base64.StdEncoding.EncodeToString(entryID(raw))
	case "HexEntryId":
		return upperHex(entryID(raw))
	case "StoreId":
		return base64.StdEncoding.EncodeToString(append([]byte{byte(len(raw))}, raw...))
	case "OwaId":
		return owaEscape.Replace(base64.StdEncoding.EncodeToString(raw))
	case "EwsLegacyId":
		b := slices.Clone(raw)
		slices.Reverse(b)
		return base64.StdEncoding.EncodeToString(b)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func entryID(raw []byte) []byte { return append([]byte{0, 0, 0, 0}, raw...) }

var (
	owaEscape   = strings.NewReplacer("/", "-", "+", "_")
	owaUnescape = strings.NewReplacer("-", "/", "_", "+")
)

func readAlternate(format, id string) ([]byte, bool) {
	if format == "HexEntryId" {
		b, err := hex.DecodeString(id)
		return cut(b, entryID(nil), err)
	}
	if format == "OwaId" {
		if strings.ContainsAny(id, "/+") {
			return nil, false
		}
		id = owaUnescape.Replace(id)
	}
	b, err := base64.StdEncoding.Strict().DecodeString(id)
	switch {
	case format == "EntryId":
		return cut(b, entryID(nil), err)
	case format == "StoreId" && len(b) > 0:
		return b[1:], err == nil && int(b[0]) == len(b)-1
	case format == "EwsLegacyId":
		slices.Reverse(b)
	}
	return b, err == nil
}

func cut(b, head []byte, err error) ([]byte, bool) {
	if err != nil || len(b) < len(head) || string(b[:len(head)]) != string(head) {
		return nil, false
	}
	return b[len(head):], true
}
