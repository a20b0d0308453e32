package engine

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"time"

	"abgleich/agent/pim"
)

// Hint is a number that is equal for items that may be one and the same: equal
// subject, start, end, all-day and pattern (appointments) or subject, due date and
// pattern (tasks), as far as both sides can hold them. Exceptions don't count: one
// more of them makes no other series. 0 is for what is not paired by content:
// series that can't be carried.
func (r *Rules) Hint(i pim.Item) int64 {
	if i == nil || !r.carries(i, pim.Business) || !r.carries(i, pim.Exchange) {
		return 0
	}
	i = r.Business.Project(r.Exchange.Project(i))
	h := fnv.New64a()
	h.Write([]byte(i.Shared().Subject)) //nolint:errcheck // a hash never fails
	var b [25]byte
	switch x := i.(type) {
	case *pim.Appointment:
		if x.When.AllDay {
			b[0] = 1
			binary.LittleEndian.PutUint64(b[1:], day(x.When.First))
			binary.LittleEndian.PutUint64(b[9:], day(x.When.Last))
			break
		}
		binary.LittleEndian.PutUint64(b[1:], instant(x.When.Start))
		binary.LittleEndian.PutUint64(b[9:], instant(x.When.End))
	case *pim.Task:
		b[0] = 2
		binary.LittleEndian.PutUint64(b[1:], day(x.Due))
	}
	h.Write(b[:]) //nolint:errcheck // a hash never fails
	if p := i.Shared().Recurrence; p != nil {
		fmt.Fprint(h, p.Pattern, p.Interval, p.Weekdays, p.FirstDayOfWeek, p.DayOfMonth, p.Month, p.Index, p.First, p.Until, p.Count)
	}
	if n := int64(h.Sum64()); n != 0 {
		return n
	}
	return 1
}

func day(d pim.Date) uint64 { return uint64(d.Year)<<16 | uint64(d.Month)<<8 | uint64(d.Day) }

func instant(t time.Time) uint64 { return uint64(t.Unix()) }
