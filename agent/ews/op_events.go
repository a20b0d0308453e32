package ews

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"abgleich/agent/fault"
)

// Subscription names a subscription and how far its events were seen.
type Subscription struct {
	ID        string
	Watermark string // empty for streaming subscriptions
}

// EventKind is the element name of an event.
type EventKind string

// The kinds of event. Status is the heartbeat of push subscriptions.
const (
	CopiedEvent   EventKind = "CopiedEvent"
	CreatedEvent  EventKind = "CreatedEvent"
	DeletedEvent  EventKind = "DeletedEvent"
	ModifiedEvent EventKind = "ModifiedEvent"
	MovedEvent    EventKind = "MovedEvent"
	NewMailEvent  EventKind = "NewMailEvent"
	StatusEvent   EventKind = "StatusEvent"
)

// Event is one event of a notification.
type Event struct {
	Kind      EventKind
	Watermark string
	At        time.Time
	// Item or Folder is what it happened to; the other is empty.
	Item      ItemID
	Folder    FolderID
	Parent    FolderID
	OldItem   ItemID
	OldParent FolderID
}

// Notification is what a server says of one subscription.
type Notification struct {
	Subscription string
	Previous     string // watermark before the first event
	More         bool
	Events       []Event
}

// LostSubscriptionsError names the subscriptions a stream ended for: the server does
// not know them, or not for this login.
type LostSubscriptionsError struct{ IDs []string }

// Error counts them: the ids say nothing to a person.
func (e *LostSubscriptionsError) Error() string {
	return fmt.Sprintf("%d subscriptions are gone", len(e.IDs))
}

func (w *writer) subscription(folders []FolderID) {
	w.open("FolderIds")
	for _, f := range folders {
		w.folderID(f)
	}
	w.close("FolderIds")
	w.open("EventTypes")
	for _, k := range [...]EventKind{CopiedEvent, CreatedEvent, DeletedEvent, ModifiedEvent, MovedEvent} {
		w.text("EventType", string(k))
	}
	w.close("EventTypes")
}

// SubscribePush makes the server post notifications to url. It calls at least
// every frequency (1 to 1440 minutes); after twice that in silence the
// subscription is gone.
func (c *Client) SubscribePush(ctx context.Context, folders []FolderID, url string, frequency time.Duration) (Subscription, error) {
	w := c.request("Subscribe", "")
	w.raw("<m:PushSubscriptionRequest>")
	w.subscription(folders)
	w.int("StatusFrequency", minutes(frequency, 1440))
	w.text("URL", url)
	w.raw("</m:PushSubscriptionRequest>")
	return c.subscribe(ctx, w)
}

// SubscribePull keeps events for GetEvents; the subscription ends after timeout
// (1 to 1440 minutes) without being asked.
func (c *Client) SubscribePull(ctx context.Context, folders []FolderID, timeout time.Duration) (Subscription, error) {
	w := c.request("Subscribe", "")
	w.raw("<m:PullSubscriptionRequest>")
	w.subscription(folders)
	w.int("Timeout", minutes(timeout, 1440))
	w.raw("</m:PullSubscriptionRequest>")
	return c.subscribe(ctx, w)
}

// SubscribeStreaming keeps events for a stream (see Stream).
func (c *Client) SubscribeStreaming(ctx context.Context, folders []FolderID) (Subscription, error) {
	w := c.request("Subscribe", "")
	w.raw("<m:StreamingSubscriptionRequest>")
	w.subscription(folders)
	w.raw("</m:StreamingSubscriptionRequest>")
	return c.subscribe(ctx, w)
}

func minutes(d time.Duration, most int) int {
	return min(max(int(d/time.Minute), 1), most)
}

func (c *Client) subscribe(ctx context.Context, w *writer) (Subscription, error) {
	var s Subscription
	// A lost answer leaves a subscription that nobody reads and that ends by
	// itself: asking again is harmless.
	err := c.do(ctx, operation{name: "Subscribe"}, w.end("Subscribe"), func(r *reader) error {
		s = Subscription{}
		err := r.single("SubscribeResponse", func(name string) {
			switch name {
			case "SubscriptionId":
				s.ID = r.text()
			case "Watermark":
				s.Watermark = r.text()
			}
		})
		if err == nil && s.ID == "" {
			err = fmt.Errorf("%w: no subscription id", errMalformed)
		}
		return err
	})
	return s, err
}

// Unsubscribe ends a pull or streaming subscription. A push subscription can't be
// ended this way: answer its next notification with Unsubscribe.
func (c *Client) Unsubscribe(ctx context.Context, id string) error {
	w := c.request("Unsubscribe", "")
	w.raw("<m:SubscriptionId>")
	w.escape(id, false)
	w.raw("</m:SubscriptionId>")
	return c.do(ctx, operation{name: "Unsubscribe"}, w.end("Unsubscribe"), func(r *reader) error {
		return r.single("UnsubscribeResponse", func(string) {})
	})
}

// GetEvents reads the events of a pull subscription since its watermark.
func (c *Client) GetEvents(ctx context.Context, s Subscription) (Notification, error) {
	w := c.request("GetEvents", "")
	w.raw("<m:SubscriptionId>")
	w.escape(s.ID, false)
	w.raw("</m:SubscriptionId><m:Watermark>")
	w.escape(s.Watermark, false)
	w.raw("</m:Watermark>")
	var n Notification
	err := c.do(ctx, operation{name: "GetEvents"}, w.end("GetEvents"), func(r *reader) error {
		n = Notification{}
		return r.single("GetEventsResponse", func(name string) {
			if name == "Notification" {
				n = r.notification()
			}
		})
	})
	return n, err
}

// Stream reads streaming subscriptions for at most lifetime (1 to 30 minutes),
// calling event for each notification, until the server closes the stream (nil),
// the context ends, or an error. opened is called when the server has answered
// and before the first event, and once more where a stream that a busy server broke
// off was opened anew: what happened in between may be lost. After a loss subscribe afresh. Where the server named
// the subscriptions it knows no more, the error holds a [LostSubscriptionsError].
func (c *Client) Stream(ctx context.Context, subscriptions []string, lifetime time.Duration, opened func(), event func(Notification)) error {
	w := c.request("GetStreamingEvents", "")
	w.raw("<m:SubscriptionIds>")
	for _, id := range subscriptions {
		w.text("SubscriptionId", id)
	}
	w.raw("</m:SubscriptionIds><m:ConnectionTimeout>" + strconv.Itoa(minutes(lifetime, 30)) + "</m:ConnectionTimeout>")
	return c.do(ctx, operation{name: "GetStreamingEvents", stream: true}, w.end("GetStreamingEvents"), func(r *reader) error {
		begun := false
		for {
			over := false
			err := r.envelope("GetStreamingEventsResponse", func() {
				var notes []Notification
				var gone []string
				failure := r.message(func(name string) {
					switch name {
					case "Notifications":
						for range r.children() {
							notes = append(notes, r.notification())
						}
					case "ErrorSubscriptionIds":
						for range r.children() {
							gone = append(gone, r.text())
						}
					case "ConnectionStatus":
						over = r.word() == "Closed"
					}
				})
				if failure == nil && len(gone) > 0 {
					failure = &Error{ResponseCode: "ErrorSubscriptionNotFound"}
				}
				if len(gone) > 0 {
					failure.Err = &LostSubscriptionsError{IDs: gone}
				}
				if failure != nil && failure.ResponseCode == "ErrorSubscriptionNotFound" {
					failure.Code = fault.ItemGone
				}
				if failure != nil {
					r.fail(failure)
					return
				}
				if !begun {
					begun = true
					opened()
				}
				for _, n := range notes {
					event(n)
				}
			})
			switch {
			case err != nil:
				return err
			case over:
				return nil
			case r.endOfDocument():
				return errTruncated // the server left without saying so
			}
		}
	})
}

func (r *reader) notification() Notification {
	var n Notification
	for name := range r.children() {
		switch name {
		case "SubscriptionId":
			n.Subscription = r.text()
		case "PreviousWatermark":
			n.Previous = r.text()
		case "MoreEvents":
			n.More = r.bool()
		default:
			n.Events = append(n.Events, r.event(name))
		}
	}
	return n
}

func (r *reader) event(kind string) Event {
	e := Event{Kind: EventKind(kind)}
	for name := range r.children() {
		id, key := ID(r.attr("Id")), ChangeKey(r.attr("ChangeKey"))
		switch name {
		case "Watermark":
			e.Watermark = r.text()
		case "TimeStamp":
			e.At = r.time()
		case "ItemId":
			e.Item = ItemID{ID: id, ChangeKey: key}
		case "FolderId":
			e.Folder = FolderID{ID: id, ChangeKey: key}
		case "ParentFolderId":
			e.Parent = FolderID{ID: id, ChangeKey: key}
		case "OldItemId":
			e.OldItem = ItemID{ID: id, ChangeKey: key}
		case "OldParentFolderId":
			e.OldParent = FolderID{ID: id, ChangeKey: key}
		}
	}
	return e
}
