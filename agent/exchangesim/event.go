package exchangesim

import (
	"time"

	"abgleich/agent/exchangesim/xmltree"
)

// event is one change told to subscribers.
type event struct {
	name            string // element name
	item, key       string
	folder          *folder
	oldItem, oldKey string
	oldFolder       *folder
	stamp           time.Time
	mark            uint64
}

type subscriptionKind uint8

const (
	pull subscriptionKind = iota
	push
	streaming
)

// subscription is what a client wants to be told. The mailbox's lock guards it.
type subscription struct {
	num     uint64
	id      string
	box     *Mailbox
	owner   *account // the login that made it: nobody else may use it
	backEnd uint64   // the server that keeps it
	kind    subscriptionKind
	folders map[*folder]bool // nil: all
	types   map[string]bool
	queue   []event
	last    uint64        // mark of the last event delivered
	wake    chan struct{} // holds one token while there is something new
	gone    chan struct{} // closed at the end
	stream  chan struct{} // closed when another connection takes over; nil without one; guarded by Server.streamMu

	timeout time.Duration // pull: dies when not asked for so long
	used    time.Time
	url     string // push
	every   time.Duration
}

const (
	maxSubscriptions = 5000
	maxQueue         = 10_000 // a subscriber this far behind is dropped
	keptEvents       = 2048   // for subscribing with an old watermark
)

func (s *subscription) wants(e *event) bool {
	if !s.types[e.name] {
		return false
	}
	return s.folders == nil || s.folders[e.folder] || e.oldFolder != nil && s.folders[e.oldFolder]
}

// emit tells an event to all who want it; the lock is held.
func (m *Mailbox) emit(e event) {
	m.mark++
	e.mark, e.stamp = m.mark, m.now().UTC()
	if len(m.history) >= 2*keptEvents {
		m.history = append([]event(nil), m.history[keptEvents:]...)
	}
	m.history = append(m.history, e)
	for _, s := range m.subs {
		if s.kind == pull && e.stamp.Sub(s.used) > s.timeout || len(s.queue) >= maxQueue {
			m.endSubscription(s)
			continue
		}
		if s.wants(&e) {
			s.queue = append(s.queue, e)
			select {
			case s.wake <- struct{}{}:
			default:
			}
		}
	}
}

func (m *Mailbox) endSubscription(s *subscription) {
	if m.subs[s.num] == s {
		delete(m.subs, s.num)
		close(s.gone)
	}
}

// take hands out what is queued, up to limit events.
func (m *Mailbox) take(s *subscription, limit int) (list []event, previous uint64, more bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	previous = s.last
	n := min(limit, len(s.queue))
	list = s.queue[:n:n]
	s.queue = s.queue[n:]
	if n > 0 {
		s.last = list[n-1].mark
	}
	if len(s.queue) > 0 {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	return list, previous, len(s.queue) > 0
}

func (m *Mailbox) watermark(mark uint64) string { return encodeID(idMark, m.hash, mark) }

// notification writes the inside of a Notification; no events: a status event.
func (m *Mailbox) notification(w *writer, s *subscription, list []event, previous uint64, more, marks bool) {
	w.s("<t:SubscriptionId>" + s.id + "</t:SubscriptionId>")
	if marks {
		w.s("<t:PreviousWatermark>" + m.watermark(previous) + "</t:PreviousWatermark><t:MoreEvents>")
		w.bool(more)
		w.s("</t:MoreEvents>")
	}
	mark := func(n uint64) {
		if marks {
			w.s("<t:Watermark>" + m.watermark(n) + "</t:Watermark>")
		}
	}
	if len(list) == 0 {
		w.s("<t:StatusEvent>")
		mark(previous)
		w.s("</t:StatusEvent>")
	}
	for i := range list {
		e := &list[i]
		w.open(e.name)
		mark(e.mark)
		w.elemTime("TimeStamp", e.stamp, nil)
		w.itemID("ItemId", ItemID(e.item), e.key)
		w.itemID("ParentFolderId", ItemID(e.folder.id), "")
		if e.oldFolder != nil {
			w.itemID("OldItemId", ItemID(e.oldItem), e.oldKey)
			w.itemID("OldParentFolderId", ItemID(e.oldFolder.id), "")
		}
		w.close(e.name)
	}
}

// newSubscription reads the part all kinds of subscription share.
func (c *call) newSubscription(n *xmltree.Node, kind subscriptionKind) (*subscription, string) {
	m := c.box
	s := &subscription{
		box: m, owner: c.user, backEnd: c.backEnd(),
		kind: kind, types: map[string]bool{}, wake: make(chan struct{}, 1), gone: make(chan struct{}), used: m.now().UTC(),
	}
	for t := n.Child("EventTypes").FirstChild(); t != nil; t = t.Next {
		s.types[t.Text] = true
	}
	ids := n.Child("FolderIds")
	all := isTrue(n.Attr("SubscribeToAllFolders"))
	if (ids != nil) == all {
		return nil, "ErrorInvalidSubscriptionRequest"
	}
	if !all {
		s.folders = map[*folder]bool{}
		for f := ids.First; f != nil; f = f.Next {
			found, code := c.folderLocked(f)
			if code != "" {
				return nil, code
			}
			s.folders[found] = true
		}
	}
	if len(m.subs) >= maxSubscriptions {
		return nil, "ErrorExceededSubscriptionCount"
	}
	s.last = m.mark
	if mark := n.ChildText("Watermark"); mark != "" {
		if code := m.replay(s, mark); code != "" {
			return nil, code
		}
	}
	return s, ""
}

// replay queues what happened since an old watermark.
func (m *Mailbox) replay(s *subscription, mark string) string {
	box, nums, ok := decodeID(idMark, mark, 1)
	if !ok || box != m.hash || nums[0] > m.mark {
		return "ErrorInvalidWatermark"
	}
	if nums[0] < m.mark && (len(m.history) == 0 || m.history[0].mark > nums[0]+1) {
		return "ErrorEventNotFound"
	}
	s.last = nums[0]
	for i := range m.history {
		if e := &m.history[i]; e.mark > nums[0] && s.wants(e) {
			s.queue = append(s.queue, *e)
		}
	}
	if len(s.queue) > 0 {
		s.wake <- struct{}{}
	}
	return ""
}
