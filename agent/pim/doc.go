// Package pim owns the words both sides speak: [Appointment], [Task],
// [Recurrence], their ids, and the set of mapped fields ([Field], [FieldSet]).
//
// It promises one canonical form ([Canonical]) and a fingerprint over it
// ([Fingerprint]), so that two ways of writing the same thing compare equal; a
// difference field by field ([Diff]); and a transfer of fields from one item to
// another ([Apply]). A field here is what is merged and fought over as one: start,
// end, all-day and zone are one field, because half of each side's answer may end
// before it starts.
//
// Times are stored in UTC together with the IANA zone they were entered in;
// all-day items are dates and have no instant at all.
//
// The package does no I/O, reads no clock, imports nothing of ours, and must not
// know which sides exist beyond their two names.
package pim
