package exchangesim

// event is one change told to subscribers.
type event struct {
	name            string // element name
	item, key       string
	folder          *folder
	oldItem, oldKey string
	oldFolder       *folder
	stamp           string
	watermark       string
}

type subscription struct{ num uint64 }

func (m *Mailbox) emit(event) {}

func (m *Mailbox) endSubscription(s *subscription) { delete(m.subs, s.num) }
