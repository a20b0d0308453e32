package exchangesim

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"abgleich/agent/exchangesim/xmltree"
)

const (
	// availabilityOp is the operation; its request element is called ...Request.
	availabilityOp = "GetUserAvailability"
	maxMailboxes   = 100
	maxWindow      = 62 * 24 * time.Hour // since Exchange 2013; 42 days before
)

// availability is what a request asks of every mailbox it names.
type availability struct {
	rule       zoneRule
	start, end time.Time // instants
	interval   time.Duration
	view       string
}

// getUserAvailability answers when people are busy: to everybody that they are, to
// those who may read the calendar also what with.
func (c *call) getUserAvailability() {
	list := c.body.Child("MailboxDataArray")
	for n := list.FirstChild(); n != nil; n = n.Next {
		c.items++
	}
	a, fault := c.availability(c.items)
	if fault != nil {
		c.fault(fault)
		c.hung = true
		return
	}
	c.beginAvailability()
	for n := list.FirstChild(); n != nil; n = n.Next {
		box := c.s.boxes[lowerASCII(trimmed(n.Path("Email", "Address")))]
		if box == nil {
			c.failAvailability("ErrorMailRecipientNotFound", 0)
			continue
		}
		c.out.s(`<m:FreeBusyResponse><m:ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode></m:ResponseMessage>`)
		c.freeBusy(box, a)
		c.out.s("</m:FreeBusyResponse>")
	}
	c.endAvailability()
}

func (c *call) beginAvailability() {
	c.out.s(envelopeHead + "<m:GetUserAvailabilityResponse" + namespaces + "><m:FreeBusyResponseArray>")
}

func (c *call) endAvailability() {
	c.out.s("</m:FreeBusyResponseArray></m:GetUserAvailabilityResponse>" + envelopeTail)
}

// failAvailability says why one mailbox can't be answered for.
func (c *call) failAvailability(code string, backOff time.Duration) {
	c.note(code)
	c.out.s(`<m:FreeBusyResponse>`)
	c.failAs("ResponseMessage", code, backOff)
	c.out.s(`</m:FreeBusyResponse>`)
}

// availability reads what is asked; a wrong question fails as a whole.
func (c *call) availability(mailboxes int) (*availability, *soapFault) {
	refuse := func(code, why string) (*availability, *soapFault) { return nil, &soapFault{code: code, message: why} }
	o := c.body.Child("FreeBusyViewOptions")
	switch {
	case mailboxes == 0:
		return refuse("ErrorMissingArgument", "At least one mailbox must be named.")
	case mailboxes > maxMailboxes:
		return refuse("ErrorIndividualMailboxLimitReached", "The request names more than 100 mailboxes.")
	case o == nil:
		// The simulator has no suggestions.
		return refuse("ErrorMissingArgument", "FreeBusyViewOptions is missing.")
	}
	a := &availability{interval: 30 * time.Minute, view: o.ChildText("RequestedView")}
	if a.view == "" {
		a.view = "FreeBusy"
	}
	if a.view == "None" || len(strings.Fields(a.view)) > 1 {
		return refuse("ErrorInvalidFreeBusyViewType", "The requested view is invalid.")
	}
	switch zone := c.body.Child("TimeZone"); {
	case zone != nil:
		var ok bool
		if a.rule, ok = readRule(zone); !ok {
			return refuse("ErrorTimeZone", "The time zone is invalid.")
		}
	case c.zone != nil:
		a.rule = ruleOf(c.zone.loc, c.s.opt.Now().Year())
	default:
		return refuse("ErrorTimeZone", "The time zone is missing.")
	}
	if n := o.Child("MergedFreeBusyIntervalInMinutes"); n != nil {
		minutes, err := strconv.Atoi(strings.TrimSpace(n.Text))
		if err != nil || minutes < 5 || minutes > 1440 {
			return refuse("ErrorInvalidMergedFreeBusyInterval", "The interval must be between 5 and 1440 minutes.")
		}
		a.interval = time.Duration(minutes) * time.Minute
	}
	window := o.Child("TimeWindow")
	start, ok1 := a.time(window.Child("StartTime"))
	end, ok2 := a.time(window.Child("EndTime"))
	switch {
	case !ok1 || !ok2 || !start.Before(end):
		return refuse("ErrorInvalidTimeInterval", "The start of the time window must be before its end.")
	case end.Sub(start) > maxWindow:
		return refuse("ErrorTimeIntervalTooBig", "The requested time duration specified for FreeBusyViewOptions.TimeWindow is too long.")
	}
	a.start, a.end = start, end
	return a, nil
}

// time reads a time; without an offset it is meant in the request's zone.
func (a *availability) time(n *xmltree.Node) (time.Time, bool) {
	x := &setting{}
	t, ok := x.time(trimmed(n), time.UTC)
	if ok && !zoned(trimmed(n)) {
		t = a.rule.instant(t)
	}
	return t, ok
}

func trimmed(n *xmltree.Node) string {
	if n == nil {
		return ""
	}
	return strings.TrimSpace(n.Text)
}

// zoned tells whether a dateTime carries an offset.
func zoned(s string) bool {
	_, clock, _ := strings.Cut(s, "T")
	return strings.HasSuffix(s, "Z") || strings.ContainsAny(clock, "+-")
}

// freeBusy writes the view of one mailbox.
func (c *call) freeBusy(box *Mailbox, a *availability) {
	box.mu.RLock()
	defer box.mu.RUnlock()
	calendar := box.dist[Calendar]
	view := a.view
	// The default permission of a calendar is "free/busy time".
	if box != c.box && box.rights[grant{lowerASCII(c.user.Mail), calendar.num}] < Reader {
		view = strings.Replace(view, "Detailed", "FreeBusy", 1)
	}
	var list []*Item
	for _, it := range calendar.sorted() {
		switch {
		case it.Kind != Appointment:
		case it.IsMaster():
			list = append(list, it.between(a.start, a.end)...)
		case overlaps(it.Start, it.End, a.start, a.end):
			list = append(list, it)
		}
	}
	slices.SortStableFunc(list, func(x, y *Item) int { return x.Start.Compare(y.Start) })
	w := c.out
	w.s("<m:FreeBusyView>")
	w.elem("FreeBusyViewType", view)
	if strings.Contains(view, "Merged") {
		w.elem("MergedFreeBusy", a.merged(list))
	}
	if view != "MergedOnly" {
		w.s("<t:CalendarEventArray>")
		for _, it := range list {
			w.calendarEvent(it, a, strings.HasPrefix(view, "Detailed"))
		}
		w.s("</t:CalendarEventArray>")
	}
	rule := ruleOf(box.zone.loc, a.start.Year())
	w.s("<t:WorkingHours>")
	w.writeRule(&rule)
	w.s("<t:WorkingPeriodArray><t:WorkingPeriod><t:DayOfWeek>Monday Tuesday Wednesday Thursday Friday</t:DayOfWeek><t:StartTimeInMinutes>480</t:StartTimeInMinutes><t:EndTimeInMinutes>1020</t:EndTimeInMinutes></t:WorkingPeriod></t:WorkingPeriodArray></t:WorkingHours></m:FreeBusyView>")
}

func (it *Item) busyWord() string {
	if it.Busy == "" {
		return "Busy"
	}
	return it.Busy
}

// calendarEvent writes times on the clock of the request's zone, without an offset.
func (w *writer) calendarEvent(it *Item, a *availability, details bool) {
	w.s("<t:CalendarEvent>")
	const wallClock = "2006-01-02T15:04:05"
	w.elem("StartTime", a.rule.local(it.Start).Format(wallClock))
	w.elem("EndTime", a.rule.local(it.End).Format(wallClock))
	w.elem("BusyType", it.busyWord())
	if details {
		w.s("<t:CalendarEventDetails>")
		w.elem("ID", upperHex([]byte(it.ID)))
		w.elem("Subject", it.Subject)
		w.elem("Location", it.Location)
		w.elemBool("IsMeeting", it.Meeting)
		w.elemBool("IsRecurring", it.master != nil)
		w.elemBool("IsException", it.Exceptional)
		w.elemBool("IsReminderSet", it.ReminderSet)
		w.elemBool("IsPrivate", it.Sensitivity == "Private")
		w.s("</t:CalendarEventDetails>")
	}
	w.s("</t:CalendarEvent>")
}

// merged is one digit an interval: 0 free, 1 tentative, 2 busy, 3 away, 4 no data or
// working elsewhere. Where several things go on, the one that binds most counts.
func (a *availability) merged(list []*Item) string {
	n := int((a.end.Sub(a.start) + a.interval - 1) / a.interval)
	digits := []byte(strings.Repeat("0", n))
	const order = "04123" // weakest first
	for _, it := range list {
		digit := map[string]byte{"Free": '0', "Tentative": '1', "Busy": '2', "OOF": '3', "WorkingElsewhere": '4', "NoData": '4'}[it.busyWord()]
		from := max(int(it.Start.Sub(a.start)/a.interval), 0)
		for i := from; i < n && a.start.Add(time.Duration(i)*a.interval).Before(it.End); i++ {
			if strings.IndexByte(order, digit) > strings.IndexByte(order, digits[i]) {
				digits[i] = digit
			}
		}
	}
	return string(digits)
}
