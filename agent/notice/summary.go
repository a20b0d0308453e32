package notice

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/assets"
)

// summaryCode marks the daily summary among the messages; it is no fault.
const summaryCode fault.Code = "summary"

// passing is how long what may pass by itself goes on before a summary names it.
const passing = time.Hour

// Wrong is what waits for people at one user.
type Wrong struct {
	User pim.UserID
	Name string
	// Problems and Holds count; both zero is nothing wrong.
	Problems, Holds uint32
}

// sumUp queues the daily summary at its time of day, if anything is wrong then. A
// service that did not run at that time is late with it. The caller holds mu.
func (d *Desk) sumUp(now time.Time, recipient string) {
	slot, ok := lastSlot(now, d.o.Settings().Mail.Summary)
	if !ok || recipient == "" {
		return
	}
	first := d.state.Summed.IsZero()
	if !first && !d.state.Summed.Before(slot) {
		return
	}
	d.state.Summed, d.unsaved = now, true
	if first { // the day it is switched on, nobody has missed one
		return
	}
	if d.unqueue(about{Code: summaryCode}); len(d.ongoing(now))+len(d.wrong()) > 0 {
		d.queue(message{about: about{Code: summaryCode}, Since: now})
	}
}

// lastSlot is when it last was the time of day "15:04", in now's zone.
func lastSlot(now time.Time, clock string) (time.Time, bool) {
	at, err := time.Parse("15:04", clock)
	if err != nil {
		return time.Time{}, false
	}
	y, m, day := now.Date()
	slot := time.Date(y, m, day, at.Hour(), at.Minute(), 0, 0, now.Location())
	if slot.After(now) {
		slot = time.Date(y, m, day-1, at.Hour(), at.Minute(), 0, 0, now.Location())
	}
	return slot, true
}

// ongoing are the troubles a summary names, the oldest first.
func (d *Desk) ongoing(now time.Time) []*trouble {
	var out []*trouble
	for _, t := range d.state.Troubles {
		if len(t.Holders) > 0 && (urgent(t.Code) || t.Told || now.Sub(t.since()) >= passing) {
			out = append(out, t)
		}
	}
	slices.SortStableFunc(out, func(a, b *trouble) int { return a.since().Compare(b.since()) })
	return out
}

func (d *Desk) wrong() []Wrong {
	if d.o.Wrong == nil {
		return nil
	}
	out := slices.DeleteFunc(d.o.Wrong(), func(w Wrong) bool { return w.Problems == 0 && w.Holds == 0 })
	slices.SortFunc(out, func(a, b Wrong) int { return cmp.Compare(a.User, b.User) })
	return out
}

// put puts a message into words; not ok when there is nothing left to say.
func (d *Desk) put(m message, s Settings) (Mail, bool) {
	now := d.o.Now()
	if m.Code != summaryCode {
		return compose(m, s, now), true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	troubles, wrong := d.ongoing(now), d.wrong()
	if len(troubles)+len(wrong) == 0 {
		return Mail{}, false
	}
	c := assets.Texts(assets.Lang(s.Language))
	lines := []string{c.T("notice.summary.body", "date", c.Date(now)), ""}
	for _, t := range troubles[:min(len(troubles), namesShown)] {
		who := c.T("notice.everybody")
		if names := t.names(); len(names) == 1 || t.User != "" && len(names) > 0 {
			who = names[0]
		}
		text, _ := c.Fault(string(t.Code), nil)
		since := t.since().In(now.Location())
		lines = append(lines, "- "+c.T("notice.summary.trouble", "who", who, "text", text,
			"time", c.Date(since)+", "+c.Clock(since), "code", string(t.Code)))
	}
	more := max(0, len(troubles)-namesShown)
	for _, w := range wrong[:min(len(wrong), namesShown)] {
		lines = append(lines, "- "+c.T("notice.summary.user", "who", cmp.Or(w.Name, string(w.User)),
			"problems", c.N("notice.summary.problems", int(w.Problems)), "holds", c.N("notice.summary.holds", int(w.Holds))))
	}
	more += max(0, len(wrong)-namesShown)
	if more > 0 {
		lines = append(lines, "- "+c.N("notice.summary.more", more))
	}
	lines = append(lines, "", c.T("notice.lookup", "command", "agent status", "machine", s.Machine), c.T("notice.summary.off"))
	return Mail{To: s.Mail.Recipient, Subject: oneLine(c.T("notice.summary.subject")),
		Body: strings.Join(lines, "\n") + "\n"}, true
}
