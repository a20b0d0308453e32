package exchangesim

import (
	"slices"
	"sort"
)

// folder is one folder of a mailbox; the mailbox's lock guards it.
type folder struct {
	num     uint64
	id      string
	dist    Folder // distinguished name, "" for a folder a person made
	name    string
	class   string
	parent  *folder
	props   []Property
	seq     uint64 // feed position of the last save of the folder itself
	entered uint64

	items map[uint64]*Item
	// log holds what changed, by feed position; an entry counts only while it is
	// the last one of its item.
	log   []logEntry
	gone  map[uint64]tombstone
	stale int
}

type logEntry struct{ seq, num uint64 }

// tombstone remembers an item that left the folder.
type tombstone struct{ entered, left uint64 }

func (f *folder) changeKey() string { return encodeChangeKey(1, f.seq) }

// note appends to the log and drops outdated entries once they are the majority.
func (f *folder) note(seq, num uint64, again bool) {
	f.log = append(f.log, logEntry{seq, num})
	if again {
		f.stale++
	}
	if f.stale > 1024 && f.stale > len(f.log)/2 {
		f.log = slices.DeleteFunc(f.log, func(e logEntry) bool { return !f.current(e) })
		f.stale = 0
	}
}

func (f *folder) current(e logEntry) bool {
	if it, ok := f.items[e.num]; ok {
		return it.seq == e.seq
	}
	t, ok := f.gone[e.num]
	return ok && t.left == e.seq
}

// change is one entry of a folder's feed.
type change struct {
	item    *Item // nil for a deletion
	num     uint64
	created bool
}

// changes lists at most limit changes after pos, for a reader who has seen
// everything up to base. An item that entered between the two is told as created:
// telling a creation twice does less harm than an update of something unknown.
func (f *folder) changes(base, pos uint64, limit int) (list []change, newPos uint64, last bool) {
	i := sort.Search(len(f.log), func(i int) bool { return f.log[i].seq > pos })
	newPos = pos
	for ; i < len(f.log); i++ {
		e := f.log[i]
		if !f.current(e) {
			continue
		}
		if it, ok := f.items[e.num]; ok {
			if len(list) == limit {
				return list, newPos, false
			}
			list = append(list, change{item: it, num: e.num, created: it.entered > base})
		} else if f.gone[e.num].entered <= pos {
			if len(list) == limit {
				return list, newPos, false
			}
			list = append(list, change{num: e.num})
		}
		newPos = e.seq
	}
	return list, newPos, true
}

// sorted lists the items in the order they came in.
func (f *folder) sorted() []*Item {
	list := make([]*Item, 0, len(f.items))
	for _, it := range f.items {
		list = append(list, it)
	}
	slices.SortFunc(list, func(a, b *Item) int {
		switch {
		case a.num < b.num:
			return -1
		case a.num > b.num:
			return 1
		}
		return 0
	})
	return list
}
