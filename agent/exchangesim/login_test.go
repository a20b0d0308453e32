package exchangesim_test

import (
	"net/http"
	"strings"
	"testing"

	"abgleich/agent/exchangesim"
)

const getCalendar = `<GetFolder><FolderShape><t:BaseShape>AllProperties</t:BaseShape></FolderShape><FolderIds><t:DistinguishedFolderId Id="calendar"/></FolderIds></GetFolder>`

// post answers the HTTP status and headers of a request.
func post(t *testing.T, url, user, pass string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(envelope(getCalendar)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	req.Header.Set("client-request-id", "me-1")
	req.Header.Set("return-client-request-id", "true")
	if user != "" {
		req.SetBasicAuth(user, pass)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var b strings.Builder
	buf := make([]byte, 64<<10)
	for {
		n, err := res.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			break
		}
	}
	return res.StatusCode, res.Header, b.String()
}

func TestAllNamesOfAUserLogIn(t *testing.T) {
	s := start(t, exchangesim.Options{BasicWithoutTLS: true})
	for name, want := range map[string]int{
		"anna": 200, `LAB\anna`: 200, `lab\Anna`: 200, "anna@lab.test": 200, "ANNA@LAB.TEST": 200,
		`OTHER\anna`: 401, "eve": 401, "anna@elsewhere.test": 401, `LAB\bob`: 401,
	} {
		if got, _, _ := post(t, s.url, name, "secret1"); got != want {
			t.Errorf("%s: HTTP %d, want %d", name, got, want)
		}
	}
	st := s.Stats()
	if st.Accepted["anna"] != 5 || st.Refused["bob"] != 1 || st.Refused["eve"] != 1 {
		t.Errorf("accepted %v, refused %v", st.Accepted, st.Refused)
	}
}

func TestLoginsOnOffer(t *testing.T) {
	for _, c := range []struct {
		name string
		opt  exchangesim.Options
		want string
	}{
		{"plain HTTP offers no Basic", exchangesim.Options{}, "Negotiate NTLM"},
		{"unless told to", exchangesim.Options{BasicWithoutTLS: true}, "Negotiate NTLM Basic"},
		{"and NTLM can be taken away", exchangesim.Options{BasicWithoutTLS: true, NoNTLM: true}, "Basic"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, c.opt)
			status, h, _ := post(t, s.url, "", "")
			var offered []string
			for _, v := range h.Values("WWW-Authenticate") {
				offered = append(offered, strings.Fields(v)[0])
			}
			if got := strings.Join(offered, " "); status != 401 || got != c.want {
				t.Errorf("HTTP %d offering %s, want %s", status, got, c.want)
			}
		})
	}
	t.Run("Basic is refused where it is not on offer", func(t *testing.T) {
		s := start(t, exchangesim.Options{})
		if status, _, _ := post(t, s.url, "anna", "secret1"); status != 401 {
			t.Errorf("HTTP %d", status)
		}
	})
}

func TestALockedUserStaysOutWithTheRightPassword(t *testing.T) {
	s := start(t, exchangesim.Options{BasicWithoutTLS: true, LockAfter: 3})
	for range 2 {
		post(t, s.url, "anna", "wrong")
	}
	if status, _, _ := post(t, s.url, "anna", "secret1"); status != 200 || s.Locked("anna") {
		t.Fatalf("HTTP %d before the lock-out", status)
	}
	for range 3 {
		post(t, s.url, "anna", "wrong")
	}
	if status, _, _ := post(t, s.url, "anna", "secret1"); status != 401 || !s.Locked("anna") {
		t.Fatalf("HTTP %d after the lock-out", status)
	}
	s.Unlock("anna")
	if status, _, _ := post(t, s.url, "anna", "secret1"); status != 200 {
		t.Fatalf("HTTP %d after unlocking", status)
	}
}

func TestOtherReasonsForRefusal(t *testing.T) {
	t.Run("a disabled mailbox answers 401 though the login was right", func(t *testing.T) {
		s := start(t, exchangesim.Options{BasicWithoutTLS: true})
		s.SetMailboxDisabled("anna", true)
		status, _, _ := post(t, s.url, "anna", "secret1")
		if st := s.Stats(); status != 401 || st.Accepted["anna"] != 1 || st.Refused["anna"] != 0 {
			t.Errorf("HTTP %d, accepted %v, refused %v", status, st.Accepted, st.Refused)
		}
	})
	t.Run("required SSL answers 403.4 without asking for a login", func(t *testing.T) {
		s := start(t, exchangesim.Options{BasicWithoutTLS: true, RequireSSL: true})
		status, h, body := post(t, s.url, "anna", "secret1")
		if status != 403 || !strings.Contains(body, "403.4") || h.Get("WWW-Authenticate") != "" {
			t.Errorf("HTTP %d %s", status, body)
		}
	})
	t.Run("another path is not found", func(t *testing.T) {
		s := start(t, exchangesim.Options{BasicWithoutTLS: true})
		if status, _, _ := post(t, strings.Replace(s.url, "/EWS/", "/ews2/", 1), "anna", "secret1"); status != 404 {
			t.Errorf("HTTP %d", status)
		}
	})
	t.Run("a changed password ends Basic at once", func(t *testing.T) {
		s := start(t, exchangesim.Options{BasicWithoutTLS: true})
		s.SetPassword("anna", "new")
		if status, _, _ := post(t, s.url, "anna", "secret1"); status != 401 {
			t.Errorf("HTTP %d", status)
		}
	})
}

func TestRepliesCarryTheTracingHeaders(t *testing.T) {
	s := start(t, exchangesim.Options{BasicWithoutTLS: true})
	_, h, body := post(t, s.url, "anna", "secret1")
	if h.Get("client-request-id") != "me-1" || len(h.Get("request-id")) != 36 || h.Get("X-FEServer") == "" {
		t.Errorf("headers %v", h)
	}
	if !strings.Contains(body, "ServerVersionInfo MajorVersion=\"15\"") {
		t.Error("no server version in the reply")
	}
}

func TestOnlyAnImpersonatorActsForOthers(t *testing.T) {
	users := []exchangesim.User{
		{Name: "svc", Password: "s", Mail: "svc@lab.test", Impersonator: true},
		{Name: "anna", Password: "secret1", Mail: "anna@lab.test"},
	}
	c := basic(t, exchangesim.Options{Users: users})
	as := func(user, pass, whom string) string {
		c.user, c.pass = user, pass
		return c.doc(opening + `<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>` + whom + `</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation></s:Header><s:Body>` + createAppointments(times) + `</s:Body></s:Envelope>`).codes()
	}
	if got := as("svc", "s", "anna@lab.test"); got != "NoError" || c.sim.Mailbox("anna@lab.test").Count(exchangesim.Calendar) != 1 {
		t.Errorf("the impersonator got %s", got)
	}
	if got := as("anna", "secret1", "svc@lab.test"); got != "ErrorImpersonateUserDenied" {
		t.Errorf("somebody else got %s", got)
	}
	if got := as("svc", "s", "eve@lab.test"); got != "ErrorNonExistentMailbox" {
		t.Errorf("for nobody: %s", got)
	}
}

func TestUsersAreWrittenWithColons(t *testing.T) {
	u, err := exchangesim.ParseUser("anna:se:cret@1:anna@lab.test")
	if err != nil || u.Name != "anna" || u.Password != "se:cret@1" || u.Mail != "anna@lab.test" {
		t.Fatalf("%+v %v", u, err)
	}
	if strings.Contains(u.String()+u.GoString(), "cret") {
		t.Error("a user prints with the password")
	}
	for _, bad := range []string{"", "anna", "anna:x", "anna::anna@lab.test", "anna:x:lab.test", ":x:a@b", "anna:hunter2:@b", "an na:hunter2:a@b"} {
		if _, err := exchangesim.ParseUser(bad); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
