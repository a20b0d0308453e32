package exchangesim

import (
	"strconv"
	"strings"
	"time"

	"abgleich/agent/exchangesim/xmltree"
)

func taskFields() []field {
	const task = ofTask
	return []field{
		extraField("task:ActualWork", "ActualWork", task),
		extraField("task:BillingInformation", "BillingInformation", task),
		shown("task:ChangeCount", "ChangeCount", task, 0, func(w *writer, it *Item, _ *render) { w.elemInt("ChangeCount", len(it.saves)+1) }),
		stringsField("task:Companies", "Companies", task, func(it *Item) *[]string { return &it.companies }),
		{uri: "task:CompleteDate", elem: "CompleteDate", kinds: task, set: setCompleted,
			del: func(it *Item) {
				if it.Status == "Completed" {
					it.reopen("NotStarted")
				}
			},
			put: func(w *writer, it *Item, r *render) {
				if !it.Completed.IsZero() && r.quirks == NoQuirks {
					w.elemDay("CompleteDate", it.Completed, r.loc)
				}
			}},
		stringsField("task:Contacts", "Contacts", task, func(it *Item) *[]string { return &it.contacts }),
		shown("task:DelegationState", "DelegationState", task, 0, func(w *writer, _ *Item, _ *render) { w.s("<t:DelegationState>NoMatch</t:DelegationState>") }),
		dayField("task:DueDate", "DueDate", inDefault, func(it *Item) *time.Time { return &it.Due }),
		shown("task:IsAssignmentEditable", "IsAssignmentEditable", task, 0, func(w *writer, _ *Item, _ *render) { w.elemInt("IsAssignmentEditable", 0) }),
		shown("task:IsComplete", "IsComplete", task, 0, func(w *writer, it *Item, _ *render) { w.elemBool("IsComplete", it.Status == "Completed") }),
		shown("task:IsRecurring", "IsRecurring", task, 0, func(w *writer, it *Item, _ *render) { w.elemBool("IsRecurring", it.IsMaster()) }),
		shown("task:IsTeamTask", "IsTeamTask", task, 0, constBool("IsTeamTask", false)),
		extraField("task:Mileage", "Mileage", task),
		shown("task:Owner", "Owner", task, 0, func(*writer, *Item, *render) {}),
		{uri: "task:PercentComplete", elem: "PercentComplete", kinds: task, flags: inDefault, set: setPercent,
			del: func(it *Item) { it.reopen("NotStarted") },
			put: func(w *writer, it *Item, r *render) {
				percent := it.Percent
				if r.quirks == Grommunio {
					percent *= 100
				}
				w.elem("PercentComplete", strconv.FormatFloat(percent, 'f', -1, 64))
			}},
		{uri: "task:Recurrence", elem: "Recurrence", kinds: task, set: setRecurrence, del: func(it *Item) { it.Recurrence = nil }, put: putRecurrence},
		dayField("task:StartDate", "StartDate", inDefault, func(it *Item) *time.Time { return &it.TaskStart }),
		{uri: "task:Status", elem: "Status", kinds: task, flags: inDefault, set: setStatus,
			put: func(w *writer, it *Item, _ *render) {
				s := it.Status
				if s == "" {
					s = "NotStarted"
				}
				w.elem("Status", s)
			}},
		shown("task:StatusDescription", "StatusDescription", task, 0, func(w *writer, it *Item, _ *render) {
			w.elem("StatusDescription", statusWords(it.Status))
		}),
		extraField("task:TotalWork", "TotalWork", task),
	}
}

func statusWords(s string) string {
	switch s {
	case "InProgress":
		return "In Progress"
	case "Completed":
		return "Completed"
	case "WaitingOnOthers":
		return "Waiting on someone else"
	case "Deferred":
		return "Deferred"
	}
	return "Not Started"
}

func dayField(uri, elem string, flags uint8, at func(*Item) *time.Time) field {
	return field{uri: uri, elem: elem, kinds: ofTask, flags: flags,
		set: func(x *setting, it *Item, n *xmltree.Node) string {
			d, ok := x.day(n.Text)
			if !ok {
				return "ErrorInvalidPropertySet"
			}
			*at(it) = d
			return ""
		},
		del: func(it *Item) { *at(it) = zeroTime },
		put: dayWriter(elem, func(it *Item) time.Time { return *at(it) }),
	}
}

func dayWriter(elem string, at func(*Item) time.Time) func(*writer, *Item, *render) {
	return func(w *writer, it *Item, r *render) {
		if t := at(it); !t.IsZero() {
			w.elemDay(elem, t, r.loc)
		}
	}
}

// Percent, status and completion date are one thing: each setter brings the other
// two along, so the last one in a request wins.

func (it *Item) complete(day time.Time) {
	it.Status, it.Percent = "Completed", 100
	if it.Completed.IsZero() || !day.IsZero() {
		it.Completed = day
	}
}

func (it *Item) reopen(status string) {
	it.Status, it.Completed = status, zeroTime
	if it.Percent == 100 || status == "NotStarted" {
		it.Percent = 0
	}
}

func setCompleted(x *setting, it *Item, n *xmltree.Node) string {
	d, ok := x.day(n.Text)
	if !ok {
		return "ErrorInvalidPropertySet"
	}
	it.complete(d)
	return ""
}

func setPercent(x *setting, it *Item, n *xmltree.Node) string {
	p, err := strconv.ParseFloat(strings.TrimSpace(n.Text), 64)
	if err != nil || !(p >= 0 && p <= 100) {
		return "ErrorInvalidPercentCompleteValue"
	}
	switch {
	case p == 100:
		it.completeToday(x)
	case p == 0:
		it.reopen("NotStarted")
	default:
		if it.Status == "" || it.Status == "NotStarted" || it.Status == "Completed" {
			it.reopen("InProgress")
		}
		it.Percent = p
	}
	return ""
}

func setStatus(x *setting, it *Item, n *xmltree.Node) string {
	if n.Text == "Completed" {
		it.completeToday(x)
	} else {
		it.reopen(strings.Clone(n.Text))
	}
	return ""
}

func (it *Item) completeToday(x *setting) {
	day := it.Completed
	if day.IsZero() {
		y, m, d := x.now.In(x.loc).Date()
		day = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	it.complete(day)
}
