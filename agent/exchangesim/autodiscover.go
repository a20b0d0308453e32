package exchangesim

import (
	"encoding/xml"
	"net/http"
	"strings"

	"abgleich/agent/exchangesim/xmltree"
)

// The paths of Autodiscover, the same as on a real server.
const (
	AutodiscoverPOX  = "/autodiscover/autodiscover.xml"
	AutodiscoverSOAP = "/autodiscover/autodiscover.svc"
)

// Autodiscover says what the server tells those who look for it.
type Autodiscover struct {
	// External and Internal are the EWS addresses told; "" leaves one out.
	External, Internal string
	// NoSOAP and NoPOX leave an endpoint out, as older and newer servers do.
	NoSOAP, NoPOX bool
	// RedirectURL and RedirectMail send a mailbox, by its lower-case address,
	// elsewhere.
	RedirectURL, RedirectMail map[string]string
	// Location answers every request with 302 to this address, before any login.
	Location string
}

// autodiscover answers a request for one of the two endpoints; false: it is none.
func (s *Server) autodiscover(w http.ResponseWriter, r *http.Request) bool {
	a := s.opt.Autodiscover
	if a == nil {
		return false
	}
	pox, soap := strings.EqualFold(r.URL.Path, AutodiscoverPOX), strings.EqualFold(r.URL.Path, AutodiscoverSOAP)
	if !pox && !soap {
		return false
	}
	if a.Location != "" {
		w.Header().Set("Location", a.Location)
		page(w, http.StatusFound, "Object moved")
		return true
	}
	if pox && a.NoPOX || soap && a.NoSOAP {
		page(w, http.StatusNotFound, "404 - File or directory not found.")
		return true
	}
	raw, err := readBody(w, r, 256<<10)
	if err != nil {
		page(w, http.StatusRequestEntityTooLarge, "413 - Request entity too large.")
		return true
	}
	op := "AutodiscoverPOX"
	if soap {
		op = "GetUserSettings"
	}
	if s.login(w, r) == nil {
		return true
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		page(w, http.StatusMethodNotAllowed, "405 - Method not allowed.")
		return true
	}
	s.count.change(func(st *Stats) { st.Requests[op]++ })
	doc, err := xmltree.Parse(raw)
	if err != nil {
		doc = nil
	}
	s.headers(w, r)
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	if soap {
		status, text := s.userSettings(a, doc)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
		return true
	}
	_, _ = w.Write([]byte(s.poxSettings(a, doc)))
	return true
}

func xmlText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return b.String()
}

const (
	poxRequestSpace  = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
	poxReplySpace    = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
	poxErrorSpace    = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
	soapDiscoverNS   = "http://schemas.microsoft.com/exchange/2010/Autodiscover"
	soapEnvelopeNS   = "http://schemas.xmlsoap.org/soap/envelope/"
	soapAddressingNS = "http://www.w3.org/2005/08/addressing"
)

// poxSettings answers as MS-OXDSCLI 2.2.4 has it.
func (s *Server) poxSettings(a *Autodiscover, doc *xmltree.Node) string {
	request := doc.Child("Request")
	mail := lowerASCII(strings.TrimSpace(request.ChildText("EMailAddress")))
	switch {
	case doc == nil || doc.Name != "Autodiscover" || doc.Space != poxRequestSpace || mail == "":
		return s.poxError("600", "Invalid Request")
	case request.ChildText("AcceptableResponseSchema") != poxReplySpace:
		return s.poxError("601", "Provider is not available")
	}
	account := ""
	switch {
	case a.RedirectURL[mail] != "":
		account = "<Action>redirectUrl</Action><RedirectUrl>" + xmlText(a.RedirectURL[mail]) + "</RedirectUrl>"
	case a.RedirectMail[mail] != "":
		account = "<Action>redirectAddr</Action><RedirectAddr>" + xmlText(a.RedirectMail[mail]) + "</RedirectAddr>"
	case s.byMail[mail] == nil:
		return s.poxError("500", "The email address can't be found.")
	default:
		account = "<Action>settings</Action><MicrosoftOnline>False</MicrosoftOnline>"
		for _, p := range [][2]string{{"EXCH", a.Internal}, {"EXPR", a.External}} {
			if p[1] != "" {
				account += "<Protocol><Type>" + p[0] + "</Type><Server>exchsim</Server><ASUrl>" + xmlText(p[1]) + "</ASUrl><EwsUrl>" + xmlText(p[1]) + "</EwsUrl></Protocol>"
			}
		}
	}
	user := ""
	if u := s.byMail[mail]; u != nil {
		user = "<User><DisplayName>" + xmlText(u.Name) + "</DisplayName><AutoDiscoverSMTPAddress>" + xmlText(u.Mail) + "</AutoDiscoverSMTPAddress></User>"
	}
	return `<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="` + poxErrorSpace + `"><Response xmlns="` + poxReplySpace + `">` +
		user + "<Account><AccountType>email</AccountType>" + account + "</Account></Response></Autodiscover>"
}

func (s *Server) poxError(code, message string) string {
	return `<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="` + poxErrorSpace + `"><Response>` +
		`<Error Time="` + s.opt.Now().UTC().Format("15:04:05.0000000") + `" Id="1054084152"><ErrorCode>` + code +
		`</ErrorCode><Message>` + xmlText(message) + `</Message><DebugData /></Error></Response></Autodiscover>`
}

// userSettings answers GetUserSettings of MS-OXWSADISC 3.1.4.2.
func (s *Server) userSettings(a *Autodiscover, doc *xmltree.Node) (int, string) {
	request := doc.Path("Body", "GetUserSettingsRequestMessage", "Request")
	if doc == nil || doc.Name != "Envelope" || doc.Space != soapEnvelopeNS || request == nil || request.Space != soapDiscoverNS ||
		doc.Path("Header", "RequestedServerVersion") == nil {
		return http.StatusInternalServerError, envelope("", `<s:Fault><faultcode>a:InvalidRequest</faultcode><faultstring xml:lang="en-US">The request is invalid.</faultstring></s:Fault>`)
	}
	var replies strings.Builder
	for u := request.Child("Users").FirstChild(); u != nil; u = u.Next {
		replies.WriteString("<UserResponse>" + s.oneUser(a, strings.TrimSpace(u.ChildText("Mailbox")), request.Child("RequestedSettings")) + "</UserResponse>")
	}
	return http.StatusOK, envelope("GetUserSettingsResponse", `<GetUserSettingsResponseMessage xmlns="`+soapDiscoverNS+`">`+
		`<Response xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><ErrorCode>NoError</ErrorCode><ErrorMessage /><UserResponses>`+
		replies.String()+`</UserResponses></Response></GetUserSettingsResponseMessage>`)
}

func envelope(action, body string) string {
	header := ""
	if action != "" {
		header = `<s:Header><a:Action s:mustUnderstand="1">` + soapDiscoverNS + "/Autodiscover/" + action + `</a:Action>` +
			`<h:ServerVersionInfo xmlns:h="` + soapDiscoverNS + `"><h:MajorVersion>15</h:MajorVersion><h:MinorVersion>1</h:MinorVersion>` +
			`<h:MajorBuildNumber>2507</h:MajorBuildNumber><h:MinorBuildNumber>6</h:MinorBuildNumber><h:Version>Exchange2015</h:Version></h:ServerVersionInfo></s:Header>`
	}
	return `<s:Envelope xmlns:s="` + soapEnvelopeNS + `" xmlns:a="` + soapAddressingNS + `">` + header + `<s:Body>` + body + `</s:Body></s:Envelope>`
}

// oneUser is the answer for one mailbox.
func (s *Server) oneUser(a *Autodiscover, mail string, wanted *xmltree.Node) string {
	failure := func(code, message, target string) string {
		return "<ErrorCode>" + code + "</ErrorCode><ErrorMessage>" + xmlText(message) + "</ErrorMessage>" + target + "<UserSettingErrors /><UserSettings />"
	}
	redirect := func(target string) string { return "<RedirectTarget>" + xmlText(target) + "</RedirectTarget>" }
	key := lowerASCII(mail)
	switch {
	case a.RedirectURL[key] != "":
		return failure("RedirectUrl", "Redirection url.", redirect(a.RedirectURL[key]))
	case a.RedirectMail[key] != "":
		return failure("RedirectAddress", "Redirection address.", redirect(a.RedirectMail[key]))
	case s.byMail[key] == nil:
		return failure("InvalidUser", "Invalid user: '"+mail+"'", "")
	}
	dn := "/o=Lab/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=" + s.byMail[key].Name
	values := map[string]string{"UserDN": dn, "MailboxDN": dn, "ExternalEwsUrl": a.External, "InternalEwsUrl": a.Internal, "UserDisplayName": s.byMail[key].Name,
		"AutoDiscoverSMTPAddress": s.byMail[key].Mail, "EwsSupportedSchemas": "Exchange2007, Exchange2007_SP1, Exchange2010, Exchange2010_SP1, Exchange2010_SP2, Exchange2013, Exchange2013_SP1, Exchange2015, Exchange2016"}
	var errs, settings strings.Builder
	for n := wanted.FirstChild(); n != nil; n = n.Next {
		name := strings.TrimSpace(n.Text)
		if v := values[name]; v != "" {
			settings.WriteString(`<UserSetting i:type="StringSetting"><Name>` + xmlText(name) + "</Name><Value>" + xmlText(v) + "</Value></UserSetting>")
		} else {
			errs.WriteString("<UserSettingError><ErrorCode>SettingIsNotAvailable</ErrorCode><ErrorMessage>" + xmlText("The setting '"+name+"' is not available.") +
				"</ErrorMessage><SettingName>" + xmlText(name) + "</SettingName></UserSettingError>")
		}
	}
	return "<ErrorCode>NoError</ErrorCode><ErrorMessage>No error.</ErrorMessage><UserSettingErrors>" + errs.String() +
		"</UserSettingErrors><UserSettings>" + settings.String() + "</UserSettings>"
}
