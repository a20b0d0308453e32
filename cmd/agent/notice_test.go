package main

import (
	"strings"
	"testing"

	"abgleich/agent/notice/smtptest"
)

func TestATestNoticeGoesToTheMessageRecipientWithoutAnAgent(t *testing.T) {
	l := configured(t)
	if o := l.want(exitFailed, "notice", "test"); strings.Contains(o.out, "Gesendet") {
		t.Errorf("without a recipient: %s", o.out)
	}
	s := smtptest.Start(t, smtptest.Options{})
	l.want(exitFine, "params", "set", "notice.recipient=admin@lab.test", "notice.smtp_server="+s.Host(), "notice.smtp_port="+s.Port(), "notice.smtp_security=none")
	v := decode[struct{ To, By string }](t, l.want(exitFine, "notice", "test", "--json"))
	if v.To != "admin@lab.test" || v.By != "smtp" || s.Count() != 1 {
		t.Errorf("%+v, %d mails", v, s.Count())
	}
	if m := <-s.Mails(); m.To != "admin@lab.test" || !strings.Contains(m.Data, "Testmeldung") {
		t.Errorf("the mail: %+v", m)
	}
}
