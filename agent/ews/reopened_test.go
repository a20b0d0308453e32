package ews

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"abgleich/agent/fault"
)

func TestAStreamThatIsOpenedAnewAfterAnErrorInsideSaysSo(t *testing.T) {
	var requests atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if requests.Add(1) > 1 {
			io.WriteString(w, streamed("Closed", ""))
			return
		}
		io.WriteString(w, streamed("OK", ""))
		io.WriteString(w, soap("GetStreamingEventsResponse", errorMessage("GetStreamingEvents", "ErrorServerBusy", backOffXML(1))))
	}))
	defer s.Close()
	opened := 0
	err := newTestClient(t, setup{url: s.URL}).Stream(t.Context(), []string{"s1"}, time.Minute, func() { opened++ }, func(Notification) {})
	if err != nil || opened != 2 {
		t.Errorf("%v, opened %d times", err, opened)
	}
}

// What the servers behind the answering one and the directory have to say is no
// matter of the item asked for, nor of the folder's change list.
func TestTroubleBehindTheServerIsNoItems(t *testing.T) {
	for code, want := range map[string]fault.Code{
		"ErrorNoRespondingCASInDestinationSite": fault.ServerFailed,
		"ErrorADOperation":                      fault.ServerFailed,
		"ErrorMailboxLogonFailed":               fault.ServerFailed,
		"ErrorProxyRequestProcessingFailed":     fault.ServerFailed,
		"ErrorTooManyObjectsOpened":             fault.ServerBusy,
		"ErrorMailboxMoveInProgress":            fault.ServerBusy,
		"ErrorSyncFolderNotFound":               fault.FolderUnavailable,
		"ErrorItemSavePropertyError":            fault.ItemRefused,
	} {
		s := httptest.NewServer(reply(soap("GetItemResponse",
			errorMessage("GetItem", code, backOffXML(3600_000)), okMessage("GetItem", "<m:Items/>"))))
		got, err := newTestClient(t, setup{url: s.URL}).GetItem(t.Context(), []ItemID{{ID: "a"}, {ID: "b"}}, Shape{})
		if err != nil || !fault.Has(got[0].Err, want) {
			t.Errorf("%s: %v %v, want %s", code, err, got, want)
		}
		s.Close()
	}
}
