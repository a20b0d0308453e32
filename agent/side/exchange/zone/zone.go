// Package zone owns the translation between IANA time zones, which the business
// side and pim use, and the Windows ids that Exchange uses. The tables come from
// Unicode CLDR (see gen).
//
// Several IANA zones share one Windows id: what comes back for Europe/Vienna is
// Europe/Berlin. It promises IANA(Windows(x)) to be a fixpoint. It must not know
// items or sides.
package zone

//go:generate go run ./gen -core cldr-core-48.2.0.tgz -bcp47 cldr-bcp47-48.2.0.tgz

// UTC is the Windows id and the IANA name of coordinated universal time.
const UTC = "UTC"

// Windows gives the Windows id for an IANA name; false for a name not known.
func Windows(iana string) (string, bool) {
	if iana == UTC {
		return UTC, true
	}
	w := windowsTable(iana)
	return w, w != ""
}

// IANA gives the IANA name that stands for a Windows id; false for an id not
// known, such as one of a zone defined by a user.
func IANA(windows string) (string, bool) {
	if windows == UTC {
		return UTC, true
	}
	n := worldTable(windows)
	return n, n != ""
}

// Canonical gives the IANA name that comes back from Exchange for a name written
// to it: UTC for names it cannot know.
func Canonical(iana string) string {
	if w, ok := Windows(iana); ok {
		if n, ok := IANA(w); ok {
			return n
		}
	}
	return UTC
}
