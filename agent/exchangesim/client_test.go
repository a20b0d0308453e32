package exchangesim_test

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/xmltree"
)

const opening = `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" xmlns="http://schemas.microsoft.com/exchange/services/2006/messages"><s:Header><t:RequestServerVersion Version="Exchange2016"/>`

func envelope(body string) string {
	return opening + `</s:Header><s:Body>` + body + `</s:Body></s:Envelope>`
}

func viennaEnvelope(body string) string {
	return opening + `<t:TimeZoneContext><t:TimeZoneDefinition Id="W. Europe Standard Time"/></t:TimeZoneContext></s:Header><s:Body>` + body + `</s:Body></s:Envelope>`
}

// reply is what came back: the HTTP status and the parsed document.
type reply struct {
	status int
	raw    string
	root   *xmltree.Node
}

// client posts hand-written requests with Basic.
type client struct {
	t    testing.TB
	sim  *sim
	user string
	pass string
}

func basic(t testing.TB, opt exchangesim.Options) *client {
	opt.BasicWithoutTLS = true
	return &client{t, start(t, opt), `LAB\anna`, "secret1"}
}

func (c *client) try(doc string) (*reply, error) {
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.sim.url, strings.NewReader(doc))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	req.SetBasicAuth(c.user, c.pass)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	r := &reply{status: res.StatusCode, raw: string(data)}
	r.root, err = xmltree.Parse(r.raw)
	return r, err
}

func (c *client) do(body string) *reply {
	c.t.Helper()
	return c.doc(envelope(body))
}

func (c *client) doc(doc string) *reply {
	c.t.Helper()
	r, err := c.try(doc)
	if err != nil {
		c.t.Fatalf("%v\n%s", err, doc)
	}
	return r
}

var codes = regexp.MustCompile(`<(?:m|e):ResponseCode[^>]*>(\w+)<`)

// codes lists the response codes of a reply, of messages and faults.
func (r *reply) codes() string {
	var list []string
	for _, m := range codes.FindAllStringSubmatch(r.raw, -1) {
		list = append(list, m[1])
	}
	return strings.Join(list, " ")
}

// find answers the first group of a pattern in the reply.
func (r *reply) find(pattern string) string {
	m := regexp.MustCompile(pattern).FindStringSubmatch(r.raw)
	if m == nil {
		return ""
	}
	return m[len(m)-1]
}

func (c *client) want(r *reply, codes string) *reply {
	c.t.Helper()
	if r.codes() != codes {
		c.t.Fatalf("answered %s, want %s\n%s", r.codes(), codes, r.raw)
	}
	return r
}

func createAppointments(inner ...string) string {
	return `<CreateItem SendMeetingInvitations="SendToNone"><SavedItemFolderId><t:DistinguishedFolderId Id="calendar"/></SavedItemFolderId><Items><t:CalendarItem>` +
		strings.Join(inner, `</t:CalendarItem><t:CalendarItem>`) + `</t:CalendarItem></Items></CreateItem>`
}

func createTask(inner string) string {
	return `<CreateItem><Items><t:Task>` + inner + `</t:Task></Items></CreateItem>`
}

func getItems(shape string, ids ...string) string {
	list := ""
	for _, id := range ids {
		list += `<t:ItemId Id="` + id + `"/>`
	}
	return `<GetItem><ItemShape>` + shape + `</ItemShape><ItemIds>` + list + `</ItemIds></GetItem>`
}

const everything = `<t:BaseShape>AllProperties</t:BaseShape>`

func syncItems(folder, state string, limit int) string {
	if state != "" {
		state = `<SyncState>` + state + `</SyncState>`
	}
	return fmt.Sprintf(`<SyncFolderItems><ItemShape><t:BaseShape>IdOnly</t:BaseShape></ItemShape><SyncFolderId><t:DistinguishedFolderId Id="%s"/></SyncFolderId>%s<MaxChangesReturned>%d</MaxChangesReturned></SyncFolderItems>`, folder, state, limit)
}

func update(id, key, resolution, change string) string {
	if key != "" {
		key = ` ChangeKey="` + key + `"`
	}
	return `<UpdateItem ConflictResolution="` + resolution + `" SendMeetingInvitationsOrCancellations="SendToNone"><ItemChanges><t:ItemChange><t:ItemId Id="` + id + `"` + key + `/><t:Updates>` + change + `</t:Updates></t:ItemChange></ItemChanges></UpdateItem>`
}

func setField(uri, kind, inner string) string {
	return `<t:SetItemField><t:FieldURI FieldURI="` + uri + `"/><t:` + kind + `>` + inner + `</t:` + kind + `></t:SetItemField>`
}
