// Package ical owns the way between iCalendar files (RFC 5545) and a user's
// appointments and tasks in the business database: VEVENT and VTODO.
//
// It promises that importing what was exported changes nothing; that a UID known
// already is an update and not a second item; that a file with a mistake changes
// nothing and is refused with the number of the component; and that nothing in a
// file sends mail: organisers and attendees are neither written nor read.
//
// Times are read in IANA zones, in zones the file defines itself (VTIMEZONE) and,
// where they have none, in the employee's. A recurrence rule is kept as it is; deleted
// occurrences (EXDATE) and changed ones (RECURRENCE-ID) go both ways. Cancelled
// events, added occurrences (RDATE), changes of an occurrence and all that follow
// (RANGE), and exceptions nobody can carry are not taken over, and listed as such.
//
// The package must not know SQL, Exchange or the engine.
package ical
