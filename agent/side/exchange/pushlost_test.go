package exchange_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"abgleich/agent/ews"
	"abgleich/agent/side/exchange"
)

// A server that lost events says so in place of a notification.
func TestAPushAboutLostEventsIsAReasonToLook(t *testing.T) {
	s := exchange.NewEventServer("http://agent.test:9090")
	var heard []ews.Notification
	url, end := s.Listen(func(n ews.Notification) { heard = append(heard, n) })
	defer end()
	post := func(message string) *httptest.ResponseRecorder {
		body := `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><m:SendNotification xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages">` +
			`<m:ResponseMessages>` + message + `</m:ResponseMessages></m:SendNotification></s:Body></s:Envelope>`
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, url, strings.NewReader(body)))
		return w
	}
	got := post(`<m:SendNotificationResponseMessage ResponseClass="Error"><m:MessageText>lost</m:MessageText><m:ResponseCode>ErrorMissedNotificationEvents</m:ResponseCode></m:SendNotificationResponseMessage>`)
	if got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "OK") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if len(heard) != 1 || len(heard[0].Events) != 1 || heard[0].Events[0].Kind == ews.StatusEvent {
		t.Fatalf("%+v", heard)
	}
	if got := post(""); got.Code != http.StatusBadRequest || len(heard) != 1 {
		t.Errorf("%d after nothing at all", got.Code)
	}
}
