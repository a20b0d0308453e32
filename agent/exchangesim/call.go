package exchangesim

import (
	"net/http"
	"strings"
	"time"

	"abgleich/agent/exchangesim/schema"
	"abgleich/agent/exchangesim/xmltree"
)

const soapSpace = "http://schemas.xmlsoap.org/soap/envelope/"

// call is one request being answered.
type call struct {
	s    *Server
	r    *http.Request
	w    http.ResponseWriter
	user *account
	box  *Mailbox // whose mailbox: the user's, or the impersonated one's
	// delegate is set when the user works in another's mailbox with rights of his own.
	delegate bool
	op       string
	body     *xmltree.Node // the operation's element
	zone     *zone         // TimeZoneContext; nil means UTC
	out      *writer
	num      int64 // of the recording
	// items counts what the request named or carried.
	items int
	// hung is set when the operation has written its reply itself.
	hung bool
	errs map[string]int64
	// spoil is what happens to the reply: DropReply, TruncatedReply or nothing.
	spoil Effect
}

// loc is the zone times without offset are read in and times are written in.
func (c *call) loc() *time.Location {
	if c.zone == nil {
		return time.UTC
	}
	return c.zone.loc
}

// operations are what the server does.
func operations() map[string]func(*call) {
	return map[string]func(*call){
		"GetFolder":           (*call).getFolder,
		"FindFolder":          (*call).findFolder,
		"CreateFolder":        (*call).createFolder,
		"UpdateFolder":        (*call).updateFolder,
		"DeleteFolder":        (*call).deleteFolder,
		"FindItem":            (*call).findItem,
		"SyncFolderHierarchy": (*call).syncFolderHierarchy,
		"SyncFolderItems":     (*call).syncFolderItems,
		"GetItem":             (*call).getItem,
		"CreateItem":          (*call).createItem,
		"UpdateItem":          (*call).updateItem,
		"DeleteItem":          (*call).deleteItem,
		"MoveItem":            (*call).moveItem,
		"CopyItem":            (*call).copyItem,
		"CreateAttachment":    (*call).createAttachment,
		"GetAttachment":       (*call).getAttachment,
		"DeleteAttachment":    (*call).deleteAttachment,
		"ResolveNames":        (*call).resolveNames,
		"Subscribe":           (*call).subscribe,
		"Unsubscribe":         (*call).unsubscribe,
		"GetEvents":           (*call).getEvents,
		"GetStreamingEvents":  (*call).getStreamingEvents,
		"GetServerTimeZones":  (*call).getServerTimeZones,
		"ConvertId":           (*call).convertID,
		availabilityOp:        (*call).getUserAvailability,
	}
}

// itemInfo tells which operations answer with Items in every response message,
// failed ones too.
func itemInfo(op string) bool {
	switch op {
	case "GetItem", "CreateItem", "UpdateItem", "MoveItem", "CopyItem":
		return true
	}
	return false
}

// soapFault is a request that fails as a whole.
type soapFault struct {
	code    string // response code
	message string
	line    int // with a schema violation
	col     int
	viol    string
	backOff time.Duration
}

func (f *soapFault) Error() string { return f.code + ": " + f.message }

// envelope finds the operation in a request and checks all of it.
func (s *Server) envelope(doc string) (c *call, fault *soapFault) {
	root, err := xmltree.Parse(doc)
	if err != nil {
		return nil, &soapFault{code: "ErrorInvalidRequest", message: "The request is invalid. " + err.Error()}
	}
	body := root.Child("Body")
	if root.Space != soapSpace || root.Name != "Envelope" || body == nil || body.Space != soapSpace || body.First == nil || body.First.Next != nil {
		return nil, &soapFault{code: "ErrorInvalidRequest", message: "The request is invalid."}
	}
	c = &call{s: s, op: body.First.Name, body: body.First}
	if c.op == availabilityOp+"Request" {
		c.op = availabilityOp
	}
	for h := root.Child("Header").FirstChild(); h != nil; h = h.Next {
		if h.Space != schema.Types || !s.schema.Known(h) {
			continue
		}
		if v := s.schema.Check(h); v != nil {
			return c, violation(doc, v)
		}
		switch h.Name {
		case "RequestServerVersion":
			if v := h.Attr("Version"); !strings.HasPrefix(v, "Exchange20") && !strings.HasPrefix(v, "V20") {
				return c, &soapFault{code: "ErrorInvalidServerVersion", message: "The specified server version is invalid."}
			}
		case "TimeZoneContext":
			z, ok := s.zones.find(h.Child("TimeZoneDefinition").Attr("Id"))
			if !ok {
				return c, &soapFault{code: "ErrorTimeZone", message: "There was an error during time zone conversion."}
			}
			c.zone = z
		case "ExchangeImpersonation":
			sid := h.Child("ConnectingSID")
			for _, name := range []string{"PrimarySmtpAddress", "SmtpAddress", "PrincipalName"} {
				if t := sid.ChildText(name); t != "" {
					c.box = s.boxes[lowerASCII(t)]
				}
			}
			if c.box == nil {
				return c, &soapFault{code: "ErrorNonExistentMailbox", message: "The SMTP address has no mailbox associated with it."}
			}
		}
	}
	if !s.schema.Known(c.body) {
		return c, &soapFault{code: "ErrorInvalidRequest", message: "The request is invalid."}
	}
	if v := s.schema.Check(c.body); v != nil {
		return c, violation(doc, v)
	}
	return c, nil
}

func violation(doc string, v *schema.Violation) *soapFault {
	line, col := xmltree.Position(doc, v.Pos)
	return &soapFault{code: "ErrorSchemaValidation", message: "The request failed schema validation: " + v.Reason, line: line, col: col, viol: v.Reason}
}
