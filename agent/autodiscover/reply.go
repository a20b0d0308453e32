package autodiscover

import (
	"bytes"
	"encoding/xml"
	"strings"

	"abgleich/agent/fault"
)

// reply is what one service answered, in either protocol: addresses, a redirect,
// or a failure.
type reply struct {
	// external and internal are EWS addresses, as the server wrote them.
	external, internal []string
	// schemas is EwsSupportedSchemas.
	schemas string
	// redirectURL is another service to ask, redirectMail another address to ask for.
	redirectURL, redirectMail string
	// code is why nothing came of it, and detail the server's own words.
	code   fault.Code
	detail string
}

func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a bytes.Buffer takes everything
	return b.String()
}

// poxRequest asks for the settings of a mailbox (MS-OXDSCLI 2.2.3).
func poxRequest(mail string) []byte {
	return []byte(`<?xml version="1.0" encoding="utf-8"?>` +
		`<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request>` +
		`<EMailAddress>` + escaped(mail) + `</EMailAddress>` +
		`<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>` +
		`</Request></Autodiscover>`)
}

// soapAction names GetUserSettings (MS-OXWSADISC 3.1.4.2).
const soapAction = "http://schemas.microsoft.com/exchange/2010/Autodiscover/Autodiscover/GetUserSettings"

// soapRequest asks for the EWS addresses of a mailbox.
func soapRequest(mail, to string) []byte {
	return []byte(`<?xml version="1.0" encoding="utf-8"?>` +
		`<soap:Envelope xmlns:a="http://schemas.microsoft.com/exchange/2010/Autodiscover"` +
		` xmlns:wsa="http://www.w3.org/2005/08/addressing" xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header>` +
		`<a:RequestedServerVersion>Exchange2013_SP1</a:RequestedServerVersion>` +
		`<wsa:Action>` + soapAction + `</wsa:Action><wsa:To>` + escaped(to) + `</wsa:To></soap:Header><soap:Body>` +
		`<a:GetUserSettingsRequestMessage><a:Request><a:Users><a:User><a:Mailbox>` + escaped(mail) + `</a:Mailbox></a:User></a:Users>` +
		`<a:RequestedSettings><a:Setting>ExternalEwsUrl</a:Setting><a:Setting>InternalEwsUrl</a:Setting>` +
		`<a:Setting>EwsSupportedSchemas</a:Setting></a:RequestedSettings></a:Request></a:GetUserSettingsRequestMessage>` +
		`</soap:Body></soap:Envelope>`)
}

// parsePOX reads a reply of MS-OXDSCLI 2.2.4.
func parsePOX(doc []byte) (reply, error) {
	top, err := parse(doc)
	if err != nil {
		return reply{}, err
	}
	response := top.child("Response")
	if top.name != "Autodiscover" || response == nil {
		return reply{}, errShape
	}
	if e := response.child("Error"); e != nil {
		r := reply{code: fault.AutodiscoverNothing, detail: words(e.at("ErrorCode"), e.at("Message"))}
		if e.at("ErrorCode") == "500" {
			r.code = fault.AutodiscoverUser // 2.2.4.1.1.2: the address is not known
		}
		return r, nil
	}
	account := response.child("Account")
	if account == nil {
		return reply{}, errShape
	}
	switch strings.ToLower(account.at("Action")) {
	case "redirecturl":
		return reply{redirectURL: account.at("RedirectUrl")}, nil
	case "redirectaddr":
		return reply{redirectMail: account.at("RedirectAddr")}, nil
	}
	var r reply
	for _, p := range account.all("Protocol") {
		// WEB and EXHTTP nest the protocols they stand for.
		for _, q := range append([]*node{p}, append(p.child("Internal").all("Protocol"), p.child("External").all("Protocol")...)...) {
			r.take(q.at("Type"), q.at("EwsUrl"))
		}
	}
	return r, nil
}

// take sorts an address: EXCH is for clients inside, EXPR for those outside.
func (r *reply) take(kind, url string) {
	switch {
	case url == "":
	case strings.EqualFold(kind, "EXCH"):
		r.internal = append(r.internal, url)
	default:
		r.external = append(r.external, url)
	}
}

// parseSOAP reads a GetUserSettings reply of MS-OXWSADISC 3.1.4.2.
func parseSOAP(doc []byte) (reply, error) {
	top, err := parse(doc)
	if err != nil {
		return reply{}, err
	}
	body := top.child("Body")
	if top.name != "Envelope" || body == nil {
		return reply{}, errShape
	}
	if f := body.child("Fault"); f != nil {
		return reply{code: fault.AutodiscoverNothing, detail: words(f.at("faultcode"), f.at("faultstring"))}, nil
	}
	response := body.child("GetUserSettingsResponseMessage", "Response")
	if response == nil {
		return reply{}, errShape
	}
	if code := response.at("ErrorCode"); code != "" && code != "NoError" {
		return failedWith(code, response), nil
	}
	user := response.child("UserResponses", "UserResponse")
	if user == nil {
		return reply{}, errShape
	}
	switch code := user.at("ErrorCode"); code {
	case "", "NoError":
	case "RedirectUrl":
		return reply{redirectURL: user.at("RedirectTarget")}, nil
	case "RedirectAddress":
		return reply{redirectMail: user.at("RedirectTarget")}, nil
	default:
		return failedWith(code, user), nil
	}
	var r reply
	for _, s := range user.child("UserSettings").all("UserSetting") {
		v := s.at("Value")
		switch name := s.at("Name"); {
		case v == "":
		case name == "ExternalEwsUrl":
			r.external = append(r.external, v)
		case name == "InternalEwsUrl":
			r.internal = append(r.internal, v)
		case name == "EwsSupportedSchemas":
			r.schemas = v
		}
	}
	return r, nil
}

// failedWith reads an error of MS-OXWSADISC 2.2.5.2.
func failedWith(code string, n *node) reply {
	r := reply{code: fault.AutodiscoverNothing, detail: words(code, n.at("ErrorMessage"))}
	switch code {
	case "InvalidUser", "InvalidDomain", "NotFederated":
		r.code = fault.AutodiscoverUser
	case "ServerBusy":
		r.code = fault.ServerBusy
	case "InternalServerError":
		r.code = fault.ServerFailed
	}
	return r
}

// words joins what a server says about a failure, cut to what a log line bears and
// without control characters.
func words(parts ...string) string {
	text := strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
}

func (r reply) empty() bool { return len(r.external) == 0 && len(r.internal) == 0 }
