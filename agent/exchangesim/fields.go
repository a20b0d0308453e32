package exchangesim

import (
	"strconv"
	"strings"

	"abgleich/agent/exchangesim/xmltree"
)

// fields is the table of all elements of all items, in schema order: those of
// every item first, then those of each kind.
var fields = append(append(itemFields(), appointmentFields()...), taskFields()...)

func itemFields() []field {
	return []field{
		mimeField(),
		shown("item:ParentFolderId", "ParentFolderId", ofAll, 0, func(w *writer, it *Item, _ *render) {
			if it.folder != nil {
				w.itemID("ParentFolderId", ItemID(it.folder.id), "")
			}
		}),
		textField("item:ItemClass", "ItemClass", ofAll, 0, func(it *Item) *string { return &it.Class }),
		textField("item:Subject", "Subject", ofAll, inDefault, func(it *Item) *string { return &it.Subject }),
		wordField("item:Sensitivity", "Sensitivity", ofAll, inDefault, "Normal", func(it *Item) *string { return &it.Sensitivity }),
		{uri: "item:Body", elem: "Body", kinds: ofAll, flags: isBody | inDefault, set: setBody, del: func(it *Item) { it.Body, it.BodyIsHTML = "", false }, put: putBody,
			copy: func(to, from *Item) { to.Body, to.BodyIsHTML = from.Body, from.BodyIsHTML }},
		// Set with a new item only, see newAttachments; after that by operations of their own.
		copied(shown("item:Attachments", "Attachments", ofAll, isBody, putAttachments), func(to, from *Item) { to.Attachments = from.Attachments }),
		shown("item:DateTimeReceived", "DateTimeReceived", ofAll, 0, func(w *writer, it *Item, r *render) {
			w.elemTime("DateTimeReceived", it.Created, r.loc)
		}),
		shown("item:Size", "Size", ofAll, 0, func(w *writer, it *Item, _ *render) {
			w.elemInt("Size", 1024+2*(len(it.Subject)+len(it.Body)+len(it.Location))+it.attachedBytes())
		}),
		stringsField("item:Categories", "Categories", ofAll, func(it *Item) *[]string { return &it.Categories }),
		wordField("item:Importance", "Importance", ofAll, 0, "Normal", func(it *Item) *string { return &it.Importance }),
		shown("item:IsSubmitted", "IsSubmitted", ofAll, 0, constBool("IsSubmitted", false)),
		shown("item:IsDraft", "IsDraft", ofAll, 0, constBool("IsDraft", false)),
		shown("item:IsFromMe", "IsFromMe", ofAll, 0, constBool("IsFromMe", false)),
		shown("item:IsResend", "IsResend", ofAll, 0, constBool("IsResend", false)),
		shown("item:IsUnmodified", "IsUnmodified", ofAll, 0, constBool("IsUnmodified", false)),
		shown("item:DateTimeSent", "DateTimeSent", ofAll, 0, func(w *writer, it *Item, r *render) {
			w.elemTime("DateTimeSent", it.Created, r.loc)
		}),
		shown("item:DateTimeCreated", "DateTimeCreated", ofAll, 0, func(w *writer, it *Item, r *render) {
			w.elemTime("DateTimeCreated", it.Created, r.loc)
		}),
		{uri: "item:ReminderDueBy", elem: "ReminderDueBy", kinds: ofAll, set: setReminderDue, del: func(it *Item) { it.ReminderDue = zeroTime }, put: putReminderDue},
		boolField("item:ReminderIsSet", "ReminderIsSet", ofAll, 0, func(it *Item) *bool { return &it.ReminderSet }),
		{uri: "item:ReminderMinutesBeforeStart", elem: "ReminderMinutesBeforeStart", kinds: ofAll,
			set: func(_ *setting, it *Item, n *xmltree.Node) string {
				m, err := strconv.Atoi(strings.TrimSpace(n.Text))
				if err != nil {
					return "ErrorInvalidPropertySet"
				}
				it.ReminderMinutes = m
				return ""
			},
			del:  func(it *Item) { it.ReminderMinutes = 0 },
			copy: func(to, from *Item) { to.ReminderMinutes = from.ReminderMinutes },
			put: func(w *writer, it *Item, _ *render) {
				w.elemInt("ReminderMinutesBeforeStart", it.ReminderMinutes)
			}},
		shown("item:DisplayCc", "DisplayCc", ofAll, 0, func(w *writer, it *Item, _ *render) {
			w.elem("DisplayCc", names(it.Optional))
		}),
		shown("item:DisplayTo", "DisplayTo", ofAll, 0, func(w *writer, it *Item, _ *render) {
			w.elem("DisplayTo", names(it.Required))
		}),
		shown("item:HasAttachments", "HasAttachments", ofAll, inDefault, func(w *writer, it *Item, _ *render) {
			w.elemBool("HasAttachments", it.hasAttachments())
		}),
		// Extended properties stand here: see writeItem.
		extraField("item:Culture", "Culture", ofAll),
		shown("item:EffectiveRights", "EffectiveRights", ofAll, 0, func(w *writer, _ *Item, _ *render) { w.s(allRights) }),
		shown("item:LastModifiedName", "LastModifiedName", ofAll, 0, func(w *writer, it *Item, _ *render) {
			if it.Organizer.Name != "" {
				w.elem("LastModifiedName", it.Organizer.Name)
			}
		}),
		shown("item:LastModifiedTime", "LastModifiedTime", ofAll, 0, func(w *writer, it *Item, r *render) {
			w.elemTime("LastModifiedTime", it.Modified, r.loc)
		}),
		shown("item:IsAssociated", "IsAssociated", ofAll, 0, constBool("IsAssociated", false)),
		shown("item:TextBody", "TextBody", ofAll, isBody|notInAll, func(w *writer, it *Item, _ *render) {
			if it.Body != "" {
				w.s(`<t:TextBody BodyType="Text">`)
				w.text(bodyText(it))
				w.s(`</t:TextBody>`)
			}
		}),
	}
}

// propertiesAfter is the field in front of which extended properties stand.
const propertiesAfter = "item:Culture"

const allRights = `<t:EffectiveRights><t:CreateAssociated>false</t:CreateAssociated><t:CreateContents>false</t:CreateContents><t:CreateHierarchy>false</t:CreateHierarchy><t:Delete>true</t:Delete><t:Modify>true</t:Modify><t:Read>true</t:Read><t:ViewPrivateItems>true</t:ViewPrivateItems></t:EffectiveRights>`

func constBool(elem string, v bool) func(*writer, *Item, *render) {
	return func(w *writer, _ *Item, _ *render) { w.elemBool(elem, v) }
}

func names(list []Attendee) string {
	var all []string
	for _, a := range list {
		all = append(all, a.Name)
	}
	return strings.Join(all, "; ")
}

func setBody(_ *setting, it *Item, n *xmltree.Node) string {
	it.Body, it.BodyIsHTML = strings.Clone(n.Text), n.Attr("BodyType") == "HTML"
	return ""
}

func putBody(w *writer, it *Item, r *render) {
	html := r.bodyType == "HTML" || r.bodyType != "Text" && it.BodyIsHTML
	if html {
		w.s(`<t:Body BodyType="HTML">`)
		w.text(bodyHTML(it))
	} else {
		w.s(`<t:Body BodyType="Text">`)
		w.text(bodyText(it))
	}
	w.s(`</t:Body>`)
}

func setReminderDue(x *setting, it *Item, n *xmltree.Node) string {
	t, ok := x.time(n.Text, x.loc)
	if !ok {
		return "ErrorInvalidPropertySet"
	}
	it.ReminderDue = t
	return ""
}

func putReminderDue(w *writer, it *Item, r *render) {
	t := it.ReminderDue
	if it.Kind == Appointment {
		t = it.Start
	}
	if !t.IsZero() && (it.ReminderSet || it.Kind == Appointment) {
		w.elemTime("ReminderDueBy", t, r.loc)
	}
}
