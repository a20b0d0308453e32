package ews_test

import (
	"strings"
	"testing"

	"abgleich/agent/ews"
	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
)

func TestAMessageIsSentOnceAndKeptNowhere(t *testing.T) {
	sim, url := startSim(t, exchangesim.Options{})
	c := client(t, url, "anna", "secret1", ews.View{}, nil)
	body := "first line\nMüller & <Söhne>\r\nend ]]>\n"
	if err := c.SendMessage(t.Context(), ews.NewMessage{To: []string{"admin@lab.test", "bert@lab.test"}, Subject: `a "quoted" <one>`, Body: body}); err != nil {
		t.Fatal(err)
	}
	sent := sim.Sent()
	if len(sent) != 1 {
		t.Fatalf("%d mails, want 1", len(sent))
	}
	m := sent[0]
	if m.From != "anna@lab.test" || strings.Join(m.To, " ") != "admin@lab.test bert@lab.test" || m.Subject != `a "quoted" <one>` ||
		m.Body != body || !m.Automatic {
		t.Errorf("sent: %+v", m)
	}
	page, err := c.FindItem(t.Context(), ews.FindItemRequest{Folders: []ews.FolderID{ews.Folder("sentitems"), ews.Folder("drafts")}})
	if err == nil && len(page.Items) != 0 {
		t.Errorf("a copy was kept: %+v", page.Items)
	}
	if sim.Stats().Mailed != 1 {
		t.Error("a mail of somebody who is not to send any was not counted")
	}
}

func TestAMessageIsSentInTheNameOfTheMailboxThatIsImpersonated(t *testing.T) {
	sim, url := startSim(t, exchangesim.Options{})
	c := client(t, url, "service", "secret3", ews.View{Mailbox: "bert@lab.test", Impersonate: true}, nil)
	if err := c.SendMessage(t.Context(), ews.NewMessage{To: []string{"admin@lab.test"}, Subject: "s", Body: "b"}); err != nil {
		t.Fatal(err)
	}
	if sent := sim.Sent(); len(sent) != 1 || sent[0].From != "bert@lab.test" {
		t.Errorf("sent: %+v", sent)
	}
}

func TestAMessageThatCannotBeSentSaysSo(t *testing.T) {
	sim, url := startSim(t, exchangesim.Options{})
	c := client(t, url, "anna", "secret1", ews.View{}, nil)
	for _, to := range [][]string{nil, {""}} {
		if err := c.SendMessage(t.Context(), ews.NewMessage{To: to, Subject: "s"}); !fault.Has(err, fault.Internal) {
			t.Errorf("to %q: %v", to, err)
		}
	}
	if err := c.SendMessage(t.Context(), ews.NewMessage{To: []string{"no address"}, Subject: "s"}); err == nil {
		t.Error("a mail to no address was taken")
	}
	if n := len(sim.Sent()); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
}
