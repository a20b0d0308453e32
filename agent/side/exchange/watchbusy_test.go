package exchange_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/exchange"
)

func soapReply(op, class, content string) string {
	return `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` +
		`<m:` + op + `Response xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">` +
		`<m:ResponseMessages><m:` + op + `ResponseMessage ResponseClass="` + class + `">` + content + `</m:` + op + `ResponseMessage></m:ResponseMessages></m:` + op + `Response></s:Body></s:Envelope>`
}

const streamOpen = `<m:ResponseCode>NoError</m:ResponseCode><m:ConnectionStatus>OK</m:ConnectionStatus>`

// A server that is busy may say so inside a stream that is open. What happened until
// the next one is open is told by nobody.
func TestABusyServerInsideAnOpenStreamCostsNoChange(t *testing.T) {
	var streams atomic.Int64
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		switch body := string(b); {
		case strings.Contains(body, "<m:GetFolder>"):
			io.WriteString(w, soapReply("GetFolder", "Success", `<m:ResponseCode>NoError</m:ResponseCode><m:Folders><t:CalendarFolder><t:FolderId Id="f"/></t:CalendarFolder></m:Folders>`))
		case strings.Contains(body, "<m:Subscribe>"):
			io.WriteString(w, soapReply("Subscribe", "Success", `<m:ResponseCode>NoError</m:ResponseCode><m:SubscriptionId>s</m:SubscriptionId>`))
		case streams.Add(1) == 1:
			io.WriteString(w, soapReply("GetStreamingEvents", "Success", streamOpen))
			io.WriteString(w, soapReply("GetStreamingEvents", "Error", `<m:MessageText>busy</m:MessageText><m:ResponseCode>ErrorServerBusy</m:ResponseCode>`+
				`<m:MessageXml><t:Value Name="BackOffMilliseconds">1</t:Value></m:MessageXml>`))
		default:
			io.WriteString(w, soapReply("GetStreamingEvents", "Success", streamOpen))
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}
	}))
	defer fake.Close()
	w := newWorld(t, options{
		server: func(o *ews.ServerOptions) { o.URL = fake.URL },
		side: func(o *exchange.Options) {
			o.Credentials = func(context.Context, pim.UserID) (exchange.Credential, error) {
				return exchange.Credential{ID: "1"}, nil
			}
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begun, hints, end := 0, make(chan pim.Kind, 10), make(chan error, 1)
	go func() {
		end <- w.side.Watch(ctx, account(t, "anna"), func() { begun++ }, func(k pim.Kind) { hints <- k })
	}()
	for range pim.Kinds() {
		select {
		case <-hints:
		case err := <-end:
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-end; !fault.Has(err, fault.Cancelled) || begun != 1 {
		t.Errorf("%v, begun %d times", err, begun)
	}
}
