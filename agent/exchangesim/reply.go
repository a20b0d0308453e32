package exchangesim

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

const (
	envelopeHead = `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><h:ServerVersionInfo MajorVersion="15" MinorVersion="1" MajorBuildNumber="2507" MinorBuildNumber="6" Version="V2017_07_11" xmlns:h="http://schemas.microsoft.com/exchange/services/2006/types"/></s:Header><s:Body>`
	envelopeTail = `</s:Body></s:Envelope>`
	namespaces   = ` xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"`
)

func newRequestID() string {
	var b [16]byte
	rand.Read(b[:])
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// begin opens a reply with response messages.
func (c *call) begin() {
	c.out.s(envelopeHead)
	c.out.s("<m:" + c.op + "Response" + namespaces + "><m:ResponseMessages>")
}

func (c *call) end() {
	c.out.s("</m:ResponseMessages></m:" + c.op + "Response>" + envelopeTail)
}

// ok opens a response message; done closes it.
func (c *call) ok() {
	c.out.s("<m:")
	c.out.s(c.op)
	c.out.s(`ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>`)
}

func (c *call) done() {
	c.out.s("</m:")
	c.out.s(c.op)
	c.out.s("ResponseMessage>")
}

// fail writes a whole response message with an error.
func (c *call) fail(code string) { c.failWith(code, 0) }

func (c *call) failWith(code string, backOff time.Duration) {
	c.note(code)
	c.failAs(c.op+"ResponseMessage", code, backOff)
}

// note counts an error.
func (c *call) note(code string) {
	if c.errs == nil {
		c.errs = map[string]int64{}
	}
	c.errs[code]++
}

// failAs is failWith under another element name.
func (c *call) failAs(elem, code string, backOff time.Duration) {
	w := c.out
	w.s("<m:" + elem + ` ResponseClass="Error"><m:MessageText>`)
	w.text(messageText(code))
	w.s("</m:MessageText><m:ResponseCode>" + code + "</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>")
	if backOff > 0 {
		w.s(`<m:MessageXml><t:Value Name="BackOffMilliseconds">`)
		w.int(int(backOff.Milliseconds()))
		w.s("</t:Value></m:MessageXml>")
	}
	switch {
	case itemInfo(c.op):
		w.s("<m:Items/>")
	case c.op == "CreateAttachment" || c.op == "GetAttachment":
		w.s("<m:Attachments/>")
	case c.op == "GetServerTimeZones":
		w.s("<m:TimeZoneDefinitions/>")
	}
	w.s("</m:" + elem + ">")
}

// failAll answers every part of the request with the same error.
func (c *call) failAll(code string, backOff time.Duration) {
	n := 1
	if c.body != nil {
		for _, list := range []string{"ItemIds", "Items", "ItemChanges", "AttachmentIds", "Attachments", "FolderIds", "Folders", "FolderChanges", "SourceIds", "MailboxDataArray"} {
			if l := c.body.Child(list); l != nil {
				n = 0
				for k := l.First; k != nil; k = k.Next {
					n++
				}
			}
		}
	}
	if c.op == availabilityOp {
		c.beginAvailability()
		for range n {
			c.failAvailability(code, backOff)
		}
		c.endAvailability()
		return
	}
	c.begin()
	for range n {
		c.failWith(code, backOff)
	}
	c.end()
}

// fault answers with a SOAP fault and HTTP 500.
func (c *call) fault(f *soapFault) { c.faultStatus(f, http.StatusInternalServerError) }

func (c *call) faultStatus(f *soapFault, status int) {
	c.s.count.change(func(st *Stats) { st.Faults[f.code]++ })
	w := c.out
	w.b = w.b[:0]
	w.s(`<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode xmlns:a="http://schemas.microsoft.com/exchange/services/2006/types">a:`)
	w.s(f.code)
	w.s(`</faultcode><faultstring xml:lang="en-US">`)
	w.text(f.message)
	w.s(`</faultstring><detail><e:ResponseCode xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">`)
	w.s(f.code)
	w.s(`</e:ResponseCode><e:Message xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">`)
	if f.viol != "" {
		w.s("The request failed schema validation.")
	} else {
		w.text(f.message)
	}
	w.s(`</e:Message>`)
	const xml = `<t:MessageXml xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">`
	if f.viol != "" {
		w.s(xml + `<t:LineNumber>` + strconv.Itoa(f.line) + `</t:LineNumber><t:LinePosition>` + strconv.Itoa(f.col) + `</t:LinePosition><t:Violation>`)
		w.text(f.viol)
		w.s(`</t:Violation></t:MessageXml>`)
	} else if f.backOff > 0 {
		w.s(xml + `<t:Value Name="BackOffMilliseconds">` + strconv.FormatInt(f.backOff.Milliseconds(), 10) + `</t:Value></t:MessageXml>`)
	}
	w.s(`</detail></s:Fault></s:Body></s:Envelope>`)
	c.send(status)
}

// send writes the reply, or spoils it.
func (c *call) send(status int) {
	if c.s.record != nil {
		_ = c.s.record.Write(c.num, c.op, "reply", c.out.b)
	}
	body := c.out.b
	if c.spoil == DropReply {
		panic(http.ErrAbortHandler)
	}
	h := c.w.Header()
	h.Set("Content-Type", "text/xml; charset=utf-8")
	h.Set("Cache-Control", "private")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if c.spoil == TruncatedReply {
		// A whole HTTP reply with half a document, as a broken proxy sends it.
		body = body[:len(body)/2]
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	c.w.WriteHeader(status)
	_, _ = c.w.Write(body)
}

// messageText is the sentence Exchange gives along with a response code.
func messageText(code string) string {
	switch code {
	case "ErrorItemNotFound":
		return "The specified object was not found in the store."
	case "ErrorFolderNotFound":
		return "The specified folder could not be found in the store."
	case "ErrorInvalidIdMalformed":
		return "Id is malformed."
	case "ErrorInvalidIdEmpty":
		return "Id must be non-empty."
	case "ErrorInvalidChangeKey":
		return "The change key is invalid."
	case "ErrorIrresolvableConflict":
		return "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item."
	case "ErrorChangeKeyRequired":
		return "A change key is required for this operation."
	case "ErrorAccessDenied":
		return "Access is denied. Check credentials and try again."
	case "ErrorInvalidSyncStateData":
		return "Synchronization state data is corrupt or otherwise invalid."
	case "ErrorServerBusy":
		return "The server cannot service this request right now. Try again later."
	case "ErrorSendMeetingInvitationsRequired":
		return "SendMeetingInvitations attribute is required for calendar items."
	case "ErrorSendMeetingInvitationsOrCancellationsRequired":
		return "SendMeetingInvitationsOrCancellations attribute is required for calendar items."
	case "ErrorSendMeetingCancellationsRequired":
		return "SendMeetingCancellations attribute is required for Calendar items."
	case "ErrorAffectedTaskOccurrencesRequired":
		return "AffectedTaskOccurrences attribute is required for Task items."
	case "ErrorCalendarEndDateIsEarlierThanStartDate":
		return "EndDate is earlier than StartDate"
	case "ErrorInvalidPropertySet":
		return "Set action is invalid for property."
	case "ErrorInvalidPropertyDelete":
		return "Delete action is invalid for property."
	case "ErrorNonExistentMailbox":
		return "The SMTP address has no mailbox associated with it."
	case "ErrorSubscriptionNotFound":
		return "The specified subscription was not found."
	}
	return "The request failed: " + code + "."
}
