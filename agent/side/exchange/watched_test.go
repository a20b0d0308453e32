package exchange_test

import (
	"context"
	"net/http"
	"testing"

	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/exchange"
)

// A folder that was deleted and made anew has its name, and another id.
func TestAFolderMadeAnewIsWatchedAnew(t *testing.T) {
	for name, opts := range map[string]func(*exchange.Options){"stream": func(*exchange.Options) {}, "push": withEvents(t)} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options{side: opts})
			box, a := w.sim.Mailbox("anna@lab.test"), account(t, "anna")
			a.Folders.Appointments = "Team"
			old := box.AddFolder("Team", exchangesim.Appointment)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ready, end := make(chan struct{}), make(chan error, 1)
			go func() { end <- w.side.Watch(ctx, a, func() { close(ready) }, func(pim.Kind) {}) }()
			select {
			case <-ready:
			case err := <-end:
				t.Fatal(err)
			}
			open := func() {
				t.Helper()
				for _, k := range pim.Kinds() {
					if _, err := w.side.Open(t.Context(), a, k); err != nil {
						t.Fatal(err)
					}
				}
			}
			open()
			select {
			case err := <-end:
				t.Fatal("the folder is as it was:", err)
			default:
			}
			c, err := w.side.Client(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := c.Post(t.Context(), http.Header{}, []byte(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">`+
				`<s:Body><DeleteFolder xmlns="http://schemas.microsoft.com/exchange/services/2006/messages" DeleteType="HardDelete"><FolderIds><t:FolderId Id="`+string(old)+`"/></FolderIds></DeleteFolder></s:Body></s:Envelope>`), 1<<20)
			if err != nil || answer.Status != http.StatusOK {
				t.Fatal(err, answer)
			}
			box.AddFolder("Team", exchangesim.Appointment)
			open()
			if err := <-end; !fault.Has(err, fault.FolderUnavailable) {
				t.Error(err)
			}
		})
	}
}
