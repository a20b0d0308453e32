package engine

import (
	"time"

	"abgleich/agent/pim"
)

// Hint is a number that is equal for items that may be one and the same: equal
// subject but for blanks, start and end to the minute, all-day and pattern (appointments) or subject, due date and
// pattern (tasks), as far as both sides can hold them. Exceptions don't count: one
// more of them makes no other series. 0 is for what is not paired by content:
// series that can't be carried.
func (r *Rules) Hint(i pim.Item) int64 {
	if i == nil || !r.carries(i, pim.Business) || !r.carries(i, pim.Exchange) {
		return 0
	}
	i = r.Business.Project(r.Exchange.Project(i))
	return times(i, squeezed(i.Shared().Subject))
}

func day(d pim.Date) uint64 { return uint64(d.Year)<<16 | uint64(d.Month)<<8 | uint64(d.Day) }

// minute is what both have where one of them drops seconds.
func minute(t time.Time) uint64 { return uint64(t.Unix() / 60) }
