package ews

import (
	"fmt"
	"io"

	"abgleich/agent/fault"
)

// maxPush bounds a notification: a push is a hint, and anybody may post one.
const maxPush = 1 << 20

// ParsePush reads the SendNotification request a server posts for a push
// subscription. The body is anybody's: it is bounded, and what it says is at
// most a reason to look.
func ParsePush(body io.Reader) (Notification, error) {
	r := newReader(body, maxPush)
	var n Notification
	err := r.sendNotification(&n)
	if err == nil {
		err = r.err
	}
	if err == nil && n.Subscription == "" {
		err = fmt.Errorf("%w: no subscription id", errMalformed)
	}
	if err != nil {
		return Notification{}, fault.New(fault.BadRequest, "ews.ParsePush", "", err)
	}
	return n, nil
}

func (r *reader) sendNotification(n *Notification) error {
	return r.envelope("SendNotification", func() {
		if e := r.message(func(name string) {
			if name == "Notification" {
				*n = r.notification()
			}
		}); e != nil {
			r.fail(e)
		}
	})
}

// PushReply is the answer to a notification: keep it coming, or end it.
func PushReply(keep bool) []byte {
	status := "Unsubscribe"
	if keep {
		status = "OK"
	}
	return []byte(`<?xml version="1.0" encoding="utf-8"?>` +
		`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` +
		`<SendNotificationResult xmlns="http://schemas.microsoft.com/exchange/services/2006/messages">` +
		`<SubscriptionStatus>` + status + `</SubscriptionStatus>` +
		`</SendNotificationResult></s:Body></s:Envelope>`)
}
