package exchangesim

import (
	"net/mail"
	"strings"
	"sync"
	"time"

	"abgleich/agent/exchangesim/xmltree"
)

// maxSent is how many sent mails are kept; older ones make way.
const maxSent = 1000

// SentMail is a mail a client sent with CreateItem. Nothing is delivered.
type SentMail struct {
	// From is the address of the mailbox it was sent from.
	From string
	// To are the recipients' addresses.
	To      []string
	Subject string
	// Body is plain text, as it was given.
	Body string
	// Automatic tells that mailboxes are asked not to answer by themselves
	// (PidTagAutoResponseSuppress).
	Automatic bool
	At        time.Time
}

// outbox keeps what was sent.
type outbox struct {
	mu    sync.Mutex
	mails []SentMail
}

func (o *outbox) put(m SentMail) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mails = append(o.mails, m)
	if over := len(o.mails) - maxSent; over > 0 {
		o.mails = o.mails[over:]
	}
}

// Sent lists the mails that were sent, the oldest first.
func (s *Server) Sent() []SentMail {
	s.sent.mu.Lock()
	defer s.sent.mu.Unlock()
	return append([]SentMail(nil), s.sent.mails...)
}

// sends tells that a request wants an item sent, not only saved.
func (c *call) sends(n *xmltree.Node) bool {
	how, _ := c.body.LookupAttr("MessageDisposition")
	return n.Name == "Message" && (how == "SendOnly" || how == "SendAndSaveCopy")
}

// mailOut sends a message; "" or why not. A copy ("SendAndSaveCopy") is not kept: no
// client of ours asks for one. Who isn't [User.MaySend] is counted in
// [Stats.Mailed]: tests of everything else expect none.
func (c *call) mailOut(n *xmltree.Node) string {
	m := SentMail{From: c.box.mail, At: c.s.opt.Now()}
	for e := n.First; e != nil; e = e.Next {
		switch e.Name {
		case "Subject":
			m.Subject = strings.Clone(e.Text)
		case "Body":
			m.Body = strings.Clone(e.Text)
		case "ToRecipients", "CcRecipients", "BccRecipients":
			for to := e.First; to != nil; to = to.Next {
				address := strings.Clone(to.ChildText("EmailAddress"))
				if a, err := mail.ParseAddress(address); err != nil || a.Address != address {
					return "ErrorInvalidRecipients"
				}
				m.To = append(m.To, address)
			}
		case "ExtendedProperty":
			if strings.EqualFold(e.Child("ExtendedFieldURI").Attr("PropertyTag"), "0x3FDF") {
				m.Automatic = e.ChildText("Value") == "-1"
			}
		}
	}
	if len(m.To) == 0 {
		return "ErrorMissingRecipients"
	}
	if owner := c.s.byMail[lowerASCII(c.box.mail)]; owner == nil || !owner.MaySend {
		c.s.count.change(func(st *Stats) { st.Mailed++ })
	}
	c.s.sent.put(m)
	return ""
}
