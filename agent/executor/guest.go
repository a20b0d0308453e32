package executor

import "abgleich/agent/pim"

// rebased tells whether a new base must be recorded: it differs from the one before,
// or it is now somebody else's item, which decides who may write what.
func rebased(was, now pim.Item) bool {
	if was == nil || pim.Diff(was, now) != 0 {
		return true
	}
	a, ok := was.(*pim.Appointment)
	b, is := now.(*pim.Appointment)
	return ok && is && a.Guest != b.Guest
}
