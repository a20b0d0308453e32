package agent

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"abgleich/agent/credentials"
	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/vault"
)

func TestTheParametersSayWhichWaysToLogInAreTried(t *testing.T) {
	for _, c := range []struct {
		name     string
		p        params.Communication
		login    string
		password string
		tls      bool
		want     string
	}{
		{"auto without a realm", params.Communication{Login: params.LoginAuto}, `FIRMA\anna`, "x", true, "NTLM/ntlm Negotiate/ntlm Basic/basic"},
		{"auto without TLS", params.Communication{Login: params.LoginAuto}, `FIRMA\anna`, "x", false, "NTLM/ntlm Negotiate/ntlm"},
		{"auto with the login's realm", params.Communication{Login: params.LoginAuto, Realm: "FIRMA=FIRMA.TEST"}, `FIRMA\anna`, "x", true,
			"Negotiate/kerberos NTLM/ntlm Negotiate/ntlm Basic/basic"},
		{"a realm through the domain put before", params.Communication{Login: params.LoginAuto, Realm: "FIRMA=FIRMA.TEST", Domain: "FIRMA"}, `anna`, "x", false,
			"Negotiate/kerberos NTLM/ntlm Negotiate/ntlm"},
		{"ntlm", params.Communication{Login: params.LoginNTLM, Realm: "FIRMA.TEST"}, `FIRMA\anna`, "x", true, "NTLM/ntlm Negotiate/ntlm"},
		{"kerberos", params.Communication{Login: params.LoginKerberos, Realm: "FIRMA.TEST"}, `FIRMA\anna`, "x", true, "Negotiate/kerberos"},
		{"kerberos without a realm fails by name", params.Communication{Login: params.LoginKerberos}, `NOWHERE\anna`, "x", true, "Negotiate/kerberos"},
		{"basic", params.Communication{Login: params.LoginBasic}, `FIRMA\anna`, "x", false, "Basic/basic"},
		{"no password never means no login", params.Communication{Login: params.LoginAuto}, `NOWHERE\svc`, "", true, "Negotiate/kerberos"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := params.Params{Communication: c.p}
			book := &opener{way: params.AccessUser, tickets: newTickets(c.p, time.Now)}
			var got []string
			for _, w := range newLogins(book, p, c.tls).of(credentials.Login{Name: c.login, Secret: vault.NewSecret(c.password)}).Logins {
				got = append(got, w.Scheme()+"/"+w.Method())
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got %s, want %s", s, c.want)
			}
		})
	}
}

func TestAKeytabStandsForTheServiceAccountsPassword(t *testing.T) {
	file := filepath.Join(t.TempDir(), "svc.keytab")
	if err := os.WriteFile(file, []byte("no keytab"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := params.Communication{Login: params.LoginAuto, Realm: "FIRMA.TEST", Keytab: file, Account: `FIRMA\svc`}
	keys := newTickets(c, time.Now)
	if !keys.needNoPassword() {
		t.Error("a password is wanted beside the keytab")
	}
	_, err := keys.way(c.Account, "").Begin(context.Background(), ews.Binding{})
	if !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), string(fault.ParameterInvalid)) {
		t.Errorf("a file that is no keytab: %v", err)
	}
	c.Login = params.LoginNTLM
	if newTickets(c, time.Now).needNoPassword() {
		t.Error("NTLM needs a password, whatever the keytab")
	}
}
