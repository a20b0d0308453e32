package ews

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// Dynamic compression of IIS, and proxies that compress whatever was asked for.
func TestCompressedAnswersAreRead(t *testing.T) {
	text, hold := folderReply(), make(chan struct{})
	close(hold)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, text)
		z.Flush()
		http.NewResponseController(w).Flush()
		<-hold
		z.Close()
	}))
	defer s.Close()
	c := newTestClient(t, setup{url: s.URL})
	for range 2 {
		if err := getCalendar(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	text, hold = streamed("OK", noteXML)+streamed("Closed", ""), make(chan struct{})
	heard := 0
	err := c.Stream(t.Context(), []string{"s1"}, time.Minute, func() {}, func(Notification) {
		heard++
		close(hold) // it is heard before the answer is over
	})
	if err != nil || heard != 1 {
		t.Error(err, heard)
	}
}
