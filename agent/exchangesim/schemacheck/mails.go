package schemacheck

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"abgleich/agent/exchangesim/xmltree"
)

// Mails looks at the requests recorded in dir and complains about each that could
// have mailed somebody, or leaves it to the server: Exchange's own default sends
// invitations and cancellations. The one exception is a notice of the agent, which is
// a message that asks mailboxes not to answer by themselves. It needs no schema.
func Mails(dir string) (requests int, complaints []string, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*-request.xml"))
	if err != nil {
		return 0, nil, err
	}
	for _, f := range files {
		doc, err := os.ReadFile(f)
		if err != nil {
			return len(files), complaints, err
		}
		root, err := xmltree.Parse(string(doc))
		if err != nil {
			continue // the schema's judge says so
		}
		if op := root.Child("Body").FirstChild(); op != nil {
			if why := mails(op); why != "" {
				complaints = append(complaints, filepath.Base(f)+": "+why)
			}
		}
	}
	return len(files), complaints, nil
}

// mails tells why a request may mail somebody, "" if it can't.
func mails(op *xmltree.Node) string {
	switch op.Name {
	case "CreateItem":
		return creates(op)
	case "UpdateItem":
		if !holds(op, "CalendarItem") {
			return asks(op, "MessageDisposition", "SaveOnly", false)
		}
		return first(asks(op, "MessageDisposition", "SaveOnly", false), asks(op, "SendMeetingInvitationsOrCancellations", "SendToNone", true))
	case "DeleteItem": // of what kind of item, ids don't say; of tasks, this attribute does
		_, tasks := op.LookupAttr("AffectedTaskOccurrences")
		return asks(op, "SendMeetingCancellations", "SendToNone", !tasks)
	case "SendItem", "SetUserOofSettings", "UpdateInboxRules":
		return "nobody has a reason for " + op.Name
	}
	return ""
}

func creates(op *xmltree.Node) string {
	for it := op.Child("Items").FirstChild(); it != nil; it = it.Next {
		switch it.Name {
		case "CalendarItem":
			if why := asks(op, "SendMeetingInvitations", "SendToNone", true); why != "" {
				return why
			}
		case "Task":
		case "Message", "Item":
			if op.Attr("MessageDisposition") == "SendOnly" && quiet(it) {
				continue // a notice
			}
		default: // AcceptItem, CancelCalendarItem, ReplyToItem and their like
			return it.Name + " answers somebody"
		}
		if why := asks(op, "MessageDisposition", "SaveOnly", it.Name == "Message"); why != "" {
			return why
		}
	}
	return ""
}

// quiet tells that mailboxes are asked not to answer a message (PidTagAutoResponseSuppress).
func quiet(it *xmltree.Node) bool {
	for p := it.First; p != nil; p = p.Next {
		if p.Name == "ExtendedProperty" && strings.EqualFold(p.Child("ExtendedFieldURI").Attr("PropertyTag"), "0x3FDF") {
			return p.ChildText("Value") == "-1"
		}
	}
	return false
}

// asks complains when an attribute says anything else, or nothing where it must.
func asks(op *xmltree.Node, attribute, want string, must bool) string {
	switch v, there := op.LookupAttr(attribute); {
	case !there && must:
		return op.Name + " leaves " + attribute + " to the server"
	case there && v != want:
		return fmt.Sprintf("%s asks for %s=%q", op.Name, attribute, v)
	}
	return ""
}

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// holds tells that an element of this name is somewhere beneath.
func holds(n *xmltree.Node, name string) bool {
	for k := n.First; k != nil; k = k.Next {
		if k.Name == name || holds(k, name) {
			return true
		}
	}
	return false
}
