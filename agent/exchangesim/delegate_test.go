package exchangesim_test

import (
	"net/http"
	"strings"
	"testing"

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/schemacheck"
)

const bobsCalendar = `<t:DistinguishedFolderId Id="calendar"><t:Mailbox><t:EmailAddress>bob@lab.test</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>`

func TestADelegateDoesWhatTheOwnerAllows(t *testing.T) {
	dir := recordDir(t)
	c := basic(t, exchangesim.Options{Record: dir})
	bob := c.sim.Mailbox("bob@lab.test")
	it, err := bob.Create(exchangesim.Item{Subject: "Bob's"})
	if err != nil {
		t.Fatal(err)
	}
	read := getItems(everything, string(it.ID))
	folder := `<GetFolder><FolderShape><t:BaseShape>IdOnly</t:BaseShape></FolderShape><FolderIds>` + bobsCalendar + `</FolderIds></GetFolder>`
	create := strings.Replace(createAppointments(times), `<t:DistinguishedFolderId Id="calendar"/>`, bobsCalendar, 1)
	write := update(string(it.ID), "", "AlwaysOverwrite", setField("item:Subject", "CalendarItem", `<t:Subject>y</t:Subject>`))
	claim := `<DeleteFolder DeleteType="HardDelete"><FolderIds>` + bobsCalendar + `</FolderIds></DeleteFolder>`
	tasks := strings.Replace(folder, `Id="calendar"`, `Id="tasks"`, 1)
	for _, x := range []struct {
		name  string
		right exchangesim.Right
		want  [6]string
	}{
		{"nothing", exchangesim.NoRight, [6]string{"ErrorAccessDenied", "ErrorAccessDenied", "ErrorAccessDenied", "ErrorAccessDenied", "ErrorAccessDenied", "ErrorAccessDenied"}},
		{"a reader", exchangesim.Reader, [6]string{"NoError", "NoError", "ErrorCreateItemAccessDenied", "ErrorAccessDenied", "ErrorAccessDenied", "ErrorAccessDenied"}},
		{"an editor", exchangesim.Editor, [6]string{"NoError", "NoError", "NoError", "NoError", "ErrorAccessDenied", "ErrorAccessDenied"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := &client{t, c.sim, c.user, c.pass}
			if err := bob.Grant("Anna@lab.test", exchangesim.Calendar, x.right); err != nil {
				t.Fatal(err)
			}
			for i, body := range []string{read, folder, create, write, claim, tasks} {
				c.want(c.do(body), x.want[i])
			}
		})
	}
	r := c.want(c.do(`<Subscribe><PullSubscriptionRequest><t:FolderIds>`+bobsCalendar+`</t:FolderIds><t:EventTypes><t:EventType>ModifiedEvent</t:EventType></t:EventTypes><t:Timeout>10</t:Timeout></PullSubscriptionRequest></Subscribe>`), "NoError")
	if _, err := bob.Touch(it.ID); err != nil {
		t.Fatal(err)
	}
	r = c.want(c.do(`<GetEvents><SubscriptionId>`+r.find(`SubscriptionId>([^<]*)<`)+`</SubscriptionId><Watermark>`+r.find(`Watermark>([^<]*)<`)+`</Watermark></GetEvents>`), "NoError")
	if !strings.Contains(r.raw, "ModifiedEvent") {
		t.Error(r.raw)
	}
	if n := c.sim.Mailbox("anna@lab.test").Count(exchangesim.Calendar); n != 0 || bob.Count(exchangesim.Calendar) != 2 {
		t.Errorf("%d appointments went into the wrong mailbox", n)
	}
	schemacheck.CheckReplies(t, dir)
}

func TestOnlyAnImpersonatorActsAsSomebodyElse(t *testing.T) {
	users := func(may bool) []exchangesim.User {
		return []exchangesim.User{{Name: "anna", Password: "secret1", Mail: "anna@lab.test", Impersonator: may}, {Name: "bob", Password: "secret2", Mail: "bob@lab.test"}}
	}
	as := func(mail string) string {
		return opening + `<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>` + mail + `</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation></s:Header><s:Body>` + createAppointments(times) + `</s:Body></s:Envelope>`
	}
	c := basic(t, exchangesim.Options{Users: users(false)})
	c.want(c.doc(as("bob@lab.test")), "ErrorImpersonateUserDenied")
	c = basic(t, exchangesim.Options{Users: users(true)})
	c.want(c.doc(as("Bob@lab.test")), "NoError")
	c.want(c.doc(as("eve@lab.test")), "ErrorNonExistentMailbox")
	if c.sim.Mailbox("bob@lab.test").Count(exchangesim.Calendar) != 1 || c.sim.Mailbox("anna@lab.test").Count(exchangesim.Calendar) != 0 {
		t.Error("the appointment is in the wrong mailbox")
	}
}

func TestAnchorsAreCountedAndADisabledMailboxSaysSo(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	post := func() *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.sim.url, strings.NewReader(envelope(getCalendar)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "text/xml")
		req.Header.Set("X-AnchorMailbox", "bob@lab.test")
		req.SetBasicAuth(c.user, c.pass)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res
	}
	if res := post(); res.StatusCode != 200 || c.sim.Stats().Anchors["bob@lab.test"] != 1 {
		t.Error(res.Status, c.sim.Stats().Anchors)
	}
	c.sim.SetMailboxDisabled("anna", true)
	if res := post(); res.StatusCode != 401 || res.Header.Get("X-CalculatedBETarget") == "" || res.Header.Get("x-ms-diagnostics") == "" {
		t.Error(res.Status, res.Header)
	}
}
