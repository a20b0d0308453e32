package notice

import (
	"strings"
	"time"

	"abgleich/assets"
)

// namesShown bounds how many names stand in a mail.
const namesShown = 20

// compose puts a message into words.
func compose(m message, s Settings, now time.Time) Mail {
	c := assets.Texts(assets.Lang(s.Language))
	who := c.T("notice.everybody")
	if m.User != "" {
		who = string(m.User)
		if len(m.Names) > 0 {
			who = m.Names[0]
		}
	}
	key := "notice." + string(m.Code)
	if !c.Has(key + ".subject") {
		key = "notice.other"
	}
	text, hint := c.Fault(string(m.Code), nil)
	at := func(t time.Time) string {
		t = t.In(now.Location())
		return c.Date(t) + ", " + c.Clock(t)
	}
	subject := c.T(key+".subject", "who", who)
	lines := []string{c.T(key+".body", "who", who), "", c.T("notice.what", "text", text), c.T("notice.do", "hint", hint)}
	if m.Over {
		subject = c.T("notice.over.subject", "subject", subject)
		lines = []string{c.T("notice.over.body", "who", who, "time", at(m.Ended)), "", c.T("notice.what", "text", text)}
	}
	if m.Cause != "" {
		text, hint := c.Fault(string(m.Cause), nil)
		lines = append(lines, c.T("notice.cause", "text", text, "hint", hint, "code", string(m.Cause)))
	}
	lines = append(lines, c.T("notice.since", "time", at(m.Since)))
	if m.User == "" && len(m.Names) > 0 {
		shown := m.Names[:min(len(m.Names), namesShown)]
		list := strings.Join(shown, ", ")
		if len(shown) < len(m.Names) {
			list += ", …"
		}
		lines = append(lines, c.N("notice.concerned", len(m.Names), "names", list))
	}
	lines = append(lines, c.T("notice.code", "code", string(m.Code)), "")
	lookup := "agent status"
	if m.User != "" {
		lookup = "agent problems " + string(m.User)
	}
	lines = append(lines, c.T("notice.lookup", "command", lookup, "machine", s.Machine))
	if !m.Over {
		lines = append(lines, c.T("notice.once"))
	}
	return Mail{To: s.Mail.Recipient, Subject: oneLine(subject), Body: strings.Join(lines, "\n") + "\n"}
}

// TestMail is a mail that only shows that mails arrive.
func TestMail(s Settings, now time.Time) Mail {
	c := assets.Texts(assets.Lang(s.Language))
	body := c.T("notice.test.body", "time", c.Date(now)+", "+c.Clock(now)) + "\n" + c.T("notice.lookup", "command", "agent status", "machine", s.Machine) + "\n"
	return Mail{To: s.Mail.Recipient, Subject: oneLine(c.T("notice.test.subject")), Body: body}
}

// oneLine keeps a name out of master data from breaking a header.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
