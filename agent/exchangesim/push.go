package exchangesim

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"abgleich/agent/exchangesim/xmltree"
)

// push sends one subscription's notifications until it ends: by the listener's
// Unsubscribe, by silence for longer than the status frequency, or by Close.
func (s *Server) push(m *Mailbox, sub *subscription) {
	defer func() {
		m.mu.Lock()
		m.endSubscription(sub)
		m.mu.Unlock()
	}()
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	timer := time.NewTimer(0) // the first status event comes at once
	defer timer.Stop()
	for {
		select {
		case <-sub.gone:
			return
		case <-s.ctx.Done():
			return
		case <-sub.wake:
		case <-timer.C:
		}
		list, previous, more := m.take(sub, 100)
		if !s.deliver(ctx, m, sub, list, previous, more) {
			return
		}
		timer.Reset(sub.every)
	}
}

// deliver posts one notification, again after growing pauses; false: the
// subscription is over.
func (s *Server) deliver(ctx context.Context, m *Mailbox, sub *subscription, list []event, previous uint64, more bool) bool {
	var w writer
	w.s(`<?xml version="1.0" encoding="utf-8"?><soap11:Envelope xmlns:soap11="http://schemas.xmlsoap.org/soap/envelope/"><soap11:Header><t:RequestServerVersion Version="Exchange2016" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"/></soap11:Header><soap11:Body><m:SendNotification` + namespaces + `><m:ResponseMessages><m:SendNotificationResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:Notification>`)
	m.notification(&w, sub, list, previous, more, true)
	w.s(`</m:Notification></m:SendNotificationResponseMessage></m:ResponseMessages></m:SendNotification></soap11:Body></soap11:Envelope>`)
	retry, spent := s.opt.PushRetry, time.Duration(0)
	for {
		status, err := s.post(ctx, sub.url, w.b)
		if err == nil {
			s.count.change(func(st *Stats) { st.Pushed++ })
			return status == "OK"
		}
		s.count.change(func(st *Stats) { st.PushFailed++ })
		if spent += retry; spent > sub.every {
			return false
		}
		t := time.NewTimer(retry)
		select {
		case <-t.C:
		case <-sub.gone:
			t.Stop()
			return false
		case <-s.ctx.Done():
			t.Stop()
			return false
		}
		retry *= 2
	}
}

var errNotAccepted = errors.New("the listener did not answer with a SendNotificationResult")

// post sends one notification and reads the listener's answer.
func (s *Server) post(ctx context.Context, url string, body []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(string(body)))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	req.Header.Set("SOAPAction", "http://schemas.microsoft.com/exchange/services/2006/messages/SendNotification")
	req.Header.Set("User-Agent", "ExchangeWebServicesPush/15.01.2507.006")
	res, err := s.opt.PushClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return "", err
	}
	if s.record != nil {
		num := s.record.Next()
		_ = s.record.Write(num, "SendNotification", "request", body)
		if res.StatusCode == http.StatusOK {
			_ = s.record.Write(num, "SendNotification", "reply", data)
		}
	}
	root, err := xmltree.Parse(string(data))
	if err != nil || res.StatusCode != http.StatusOK {
		return "", errNotAccepted
	}
	result := root.Path("Body", "SendNotificationResult")
	if result == nil || s.schema.Check(result) != nil {
		return "", errNotAccepted
	}
	return result.ChildText("SubscriptionStatus"), nil
}
