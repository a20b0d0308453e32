package exchangesim

import (
	"strconv"
	"strings"
	"time"

	"abgleich/agent/exchangesim/xmltree"
)

func itoa(n int) string { return strconv.Itoa(n) }

func appointmentFields() []field {
	const appt = ofAppointment
	return []field{
		{uri: "calendar:UID", elem: "UID", kinds: appt,
			set: func(_ *setting, it *Item, n *xmltree.Node) string {
				if it.UID != "" {
					return "ErrorInvalidPropertySet"
				}
				it.UID = strings.Clone(n.Text)
				return ""
			},
			put: func(w *writer, it *Item, _ *render) { w.elem("UID", it.UID) }},
		shown("calendar:RecurrenceId", "RecurrenceId", appt, 0, putOriginal("RecurrenceId")),
		shown("calendar:DateTimeStamp", "DateTimeStamp", appt, 0, func(w *writer, it *Item, r *render) {
			w.elemTime("DateTimeStamp", it.Modified, r.loc)
		}),
		instantField("calendar:Start", "Start", func(x *setting) *time.Location { return x.start }, func(it *Item) *time.Time { return &it.Start }),
		instantField("calendar:End", "End", func(x *setting) *time.Location { return x.end }, func(it *Item) *time.Time { return &it.End }),
		shown("calendar:OriginalStart", "OriginalStart", appt, 0, putOriginal("OriginalStart")),
		boolField("calendar:IsAllDayEvent", "IsAllDayEvent", appt, 0, func(it *Item) *bool { return &it.AllDay }),
		wordField("calendar:LegacyFreeBusyStatus", "LegacyFreeBusyStatus", appt, inDefault, "Busy", func(it *Item) *string { return &it.Busy }),
		textField("calendar:Location", "Location", appt, inDefault, func(it *Item) *string { return &it.Location }),
		copied(shown("calendar:IsMeeting", "IsMeeting", appt, 0, func(w *writer, it *Item, _ *render) { w.elemBool("IsMeeting", it.Meeting) }),
			func(to, from *Item) { to.Meeting = from.Meeting }),
		copied(shown("calendar:IsCancelled", "IsCancelled", appt, 0, func(w *writer, it *Item, _ *render) { w.elemBool("IsCancelled", it.Cancelled) }),
			func(to, from *Item) { to.Cancelled = from.Cancelled }),
		shown("calendar:IsRecurring", "IsRecurring", appt, inDefault, func(w *writer, it *Item, _ *render) {
			w.elemBool("IsRecurring", it.IsMaster() || it.master != nil || it.orphan())
		}),
		shown("calendar:MeetingRequestWasSent", "MeetingRequestWasSent", appt, 0, func(w *writer, it *Item, _ *render) {
			w.elemBool("MeetingRequestWasSent", it.Meeting && it.MyResponse == "Organizer" && it.extra["sent"] != "")
		}),
		{uri: "calendar:IsResponseRequested", elem: "IsResponseRequested", kinds: appt,
			set: func(_ *setting, it *Item, n *xmltree.Node) string {
				it.setExtra("calendar:IsResponseRequested", strconv.FormatBool(isTrue(n.Text)))
				return ""
			},
			copy: func(to, from *Item) {
				to.setExtra("calendar:IsResponseRequested", from.extra["calendar:IsResponseRequested"])
			},
			put: func(w *writer, it *Item, _ *render) {
				w.elemBool("IsResponseRequested", it.extra["calendar:IsResponseRequested"] != "false")
			}},
		shown("calendar:CalendarItemType", "CalendarItemType", appt, inDefault, func(w *writer, it *Item, _ *render) {
			w.elem("CalendarItemType", it.seriesWord())
		}),
		copied(shown("calendar:MyResponseType", "MyResponseType", appt, 0, func(w *writer, it *Item, _ *render) {
			r := it.MyResponse
			if r == "" {
				r = "Unknown"
			}
			w.elem("MyResponseType", r)
		}), func(to, from *Item) { to.MyResponse = from.MyResponse }),
		shown("calendar:Organizer", "Organizer", appt, inDefault, func(w *writer, it *Item, _ *render) {
			w.s("<t:Organizer>")
			w.mailbox(it.Organizer)
			w.s("</t:Organizer>")
		}),
		attendeeField("calendar:RequiredAttendees", "RequiredAttendees", func(it *Item) *[]Attendee { return &it.Required }),
		attendeeField("calendar:OptionalAttendees", "OptionalAttendees", func(it *Item) *[]Attendee { return &it.Optional }),
		attendeeField("calendar:Resources", "Resources", func(it *Item) *[]Attendee { return &it.Resources }),
		shown("calendar:Duration", "Duration", appt, 0, func(w *writer, it *Item, _ *render) {
			w.elem("Duration", isoDuration(it.End.Sub(it.Start)))
		}),
		shown("calendar:TimeZone", "TimeZone", appt, 0, func(w *writer, it *Item, _ *render) { w.elem("TimeZone", it.Zone) }),
		shown("calendar:AppointmentSequenceNumber", "AppointmentSequenceNumber", appt, 0, func(w *writer, _ *Item, _ *render) {
			w.elemInt("AppointmentSequenceNumber", 0)
		}),
		shown("calendar:AppointmentState", "AppointmentState", appt, 0, func(w *writer, it *Item, _ *render) {
			state := 0
			if it.Meeting {
				state |= 1
				if it.MyResponse != "Organizer" {
					state |= 2
				}
			}
			if it.Cancelled {
				state |= 4
			}
			w.elemInt("AppointmentState", state)
		}),
		{uri: "calendar:Recurrence", elem: "Recurrence", kinds: appt, set: setRecurrence, del: func(it *Item) { it.Recurrence = nil }, put: putRecurrence},
		shown("calendar:FirstOccurrence", "FirstOccurrence", appt, 0, putFirstOccurrence),
		shown("calendar:LastOccurrence", "LastOccurrence", appt, 0, putLastOccurrence),
		shown("calendar:ModifiedOccurrences", "ModifiedOccurrences", appt, 0, putModifiedOccurrences),
		shown("calendar:DeletedOccurrences", "DeletedOccurrences", appt, 0, putDeletedOccurrences),
		{uri: "calendar:StartTimeZone", elem: "StartTimeZone", kinds: appt, copy: func(to, from *Item) { to.Zone = from.Zone }, set: setZone(func(it *Item) *string { return &it.Zone }), put: putZone("StartTimeZone", func(it *Item) string { return it.Zone })},
		{uri: "calendar:EndTimeZone", elem: "EndTimeZone", kinds: appt, copy: func(to, from *Item) { to.EndZone = from.EndZone }, set: setZone(func(it *Item) *string { return &it.EndZone }), put: putZone("EndTimeZone", func(it *Item) string { return it.EndZone })},
		extraField("calendar:ConferenceType", "ConferenceType", appt),
		extraField("calendar:AllowNewTimeProposal", "AllowNewTimeProposal", appt),
		shown("calendar:IsOnlineMeeting", "IsOnlineMeeting", appt, 0, func(w *writer, it *Item, _ *render) { w.elemBool("IsOnlineMeeting", it.JoinURL != "") }),
		extraField("calendar:MeetingWorkspaceUrl", "MeetingWorkspaceUrl", appt),
		extraField("calendar:NetShowUrl", "NetShowUrl", appt),
		shown("calendar:StartWallClock", "StartWallClock", appt, notInAll, func(w *writer, it *Item, _ *render) { w.elemTime("StartWallClock", it.Start, nil) }),
		shown("calendar:EndWallClock", "EndWallClock", appt, notInAll, func(w *writer, it *Item, _ *render) { w.elemTime("EndWallClock", it.End, nil) }),
		shown("calendar:StartTimeZoneId", "StartTimeZoneId", appt, 0, func(w *writer, it *Item, _ *render) { w.elem("StartTimeZoneId", it.Zone) }),
		shown("calendar:EndTimeZoneId", "EndTimeZoneId", appt, 0, func(w *writer, it *Item, _ *render) { w.elem("EndTimeZoneId", it.EndZone) }),
		copied(shown("calendar:JoinOnlineMeetingUrl", "JoinOnlineMeetingUrl", appt, 0, func(w *writer, it *Item, _ *render) {
			if it.JoinURL != "" {
				w.elem("JoinOnlineMeetingUrl", it.JoinURL)
			}
		}), func(to, from *Item) { to.JoinURL = from.JoinURL }),
		shown("calendar:IsOrganizer", "IsOrganizer", appt, 0, func(w *writer, it *Item, _ *render) {
			w.elemBool("IsOrganizer", it.MyResponse == "Organizer" || it.MyResponse == "")
		}),
	}
}

func instantField(uri, elem string, loc func(*setting) *time.Location, at func(*Item) *time.Time) field {
	return field{uri: uri, elem: elem, kinds: ofAppointment, flags: inDefault,
		set: func(x *setting, it *Item, n *xmltree.Node) string {
			t, ok := x.time(n.Text, loc(x))
			if !ok {
				return "ErrorInvalidPropertySet"
			}
			*at(it) = t
			return ""
		},
		copy: func(to, from *Item) { *at(to) = *at(from) },
		put:  func(w *writer, it *Item, r *render) { w.elemTime(elem, *at(it), r.loc) },
	}
}

func setZone(at func(*Item) *string) func(*setting, *Item, *xmltree.Node) string {
	return func(x *setting, it *Item, n *xmltree.Node) string {
		z, ok := x.zones.find(n.Attr("Id"))
		if !ok {
			return "ErrorTimeZone"
		}
		*at(it) = z.id
		return ""
	}
}

func putZone(elem string, zone func(*Item) string) func(*writer, *Item, *render) {
	return func(w *writer, it *Item, _ *render) {
		w.s("<t:" + elem)
		w.attr("Id", zone(it))
		w.attr("Name", zone(it))
		w.s("/>")
	}
}

func attendeeField(uri, elem string, at func(*Item) *[]Attendee) field {
	return field{uri: uri, elem: elem, kinds: ofAppointment,
		set: func(_ *setting, it *Item, n *xmltree.Node) string {
			var list []Attendee
			for a := n.First; a != nil; a = a.Next {
				box := a.Child("Mailbox")
				mail := strings.Clone(box.ChildText("EmailAddress"))
				if mail == "" {
					return "ErrorMissingInformationEmailAddress"
				}
				name := strings.Clone(box.ChildText("Name"))
				if name == "" {
					name = mail
				}
				list = append(list, Attendee{Name: name, Mail: mail, Response: "Unknown"})
			}
			*at(it) = list
			it.Meeting = len(it.Required)+len(it.Optional)+len(it.Resources) > 0
			return ""
		},
		del: func(it *Item) {
			*at(it) = nil
			it.Meeting = len(it.Required)+len(it.Optional)+len(it.Resources) > 0
		},
		copy: func(to, from *Item) { *at(to) = *at(from) },
		put: func(w *writer, it *Item, _ *render) {
			list := *at(it)
			if len(list) == 0 {
				return
			}
			w.open(elem)
			for _, a := range list {
				w.s("<t:Attendee>")
				w.mailbox(a)
				r := a.Response
				if r == "" {
					r = "Unknown"
				}
				w.elem("ResponseType", r)
				w.s("</t:Attendee>")
			}
			w.close(elem)
		},
	}
}

func (w *writer) mailbox(a Attendee) {
	w.s("<t:Mailbox>")
	w.elem("Name", a.Name)
	if a.Mail != "" {
		w.elem("EmailAddress", a.Mail)
		w.s("<t:RoutingType>SMTP</t:RoutingType>")
	}
	w.s("</t:Mailbox>")
}
