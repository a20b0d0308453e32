package exchangesim

import (
	"strings"
	"time"

	"abgleich/agent/exchangesim/xmltree"
)

type kindMask uint8

const (
	ofAppointment kindMask = 1 << iota
	ofTask
	ofMessage
	ofAll = ofAppointment | ofTask | ofMessage
)

func kindBit(k Kind) kindMask {
	switch k {
	case Task:
		return ofTask
	case Message:
		return ofMessage
	default:
		return ofAppointment
	}
}

func (k Kind) element() string {
	switch k {
	case Task:
		return "Task"
	case Message:
		return "Message"
	default:
		return "CalendarItem"
	}
}

// shapes a field belongs to, besides AllProperties.
const (
	inDefault = 1 << iota
	notInAll  // only on request
	isBody    // never in FindItem and SyncFolderItems
)

// field is one element of an item. The table is in the order of the schema, which
// is also the order of writing.
type field struct {
	uri   string
	elem  string
	kinds kindMask
	flags uint8
	set   func(*setting, *Item, *xmltree.Node) string // answers a response code; nil: read-only
	del   func(*Item)                                 // nil: can't be deleted
	put   func(*writer, *Item, *render)               // writes the element or nothing
	copy  func(to, from *Item)                        // nil: an occurrence has its master's
}

// setting is what reading an item's fields depends on.
type setting struct {
	zones      *zones
	now        time.Time
	loc        *time.Location // for times without offset, and for dates
	start, end *time.Location // the same for Start and End
}

// render is what writing an item depends on.
type render struct {
	loc      *time.Location // nil: UTC
	bodyType string         // Best, HTML, Text
	fields   fieldSet
	props    []wantedProperty
	list     bool // FindItem and SyncFolderItems: no bodies
	idOnly   bool
	mime     bool
	zones    *zones // with mime
	quirks   Quirks
}

// fieldByURI finds the place of a field; fieldByElem by its element for a kind.
var (
	fieldByURI  = indexFields(func(f *field) string { return f.uri })
	fieldByElem = indexElems()
)

func indexFields(key func(*field) string) map[string]int {
	m := make(map[string]int, len(fields))
	for i := range fields {
		m[key(&fields[i])] = i
	}
	return m
}

func indexElems() map[Kind]map[string]int {
	m := map[Kind]map[string]int{}
	for _, k := range []Kind{Appointment, Task, Message} {
		m[k] = map[string]int{}
		for i := range fields {
			if fields[i].kinds&kindBit(k) != 0 {
				m[k][fields[i].elem] = i
			}
		}
	}
	return m
}

// textField is a plain string.
func textField(uri, elem string, kinds kindMask, flags uint8, at func(*Item) *string) field {
	return field{uri: uri, elem: elem, kinds: kinds, flags: flags,
		set: func(_ *setting, it *Item, n *xmltree.Node) string {
			*at(it) = strings.Clone(n.Text)
			return ""
		},
		del:  func(it *Item) { *at(it) = "" },
		copy: func(to, from *Item) { *at(to) = *at(from) },
		put: func(w *writer, it *Item, _ *render) {
			if v := *at(it); v != "" {
				w.elem(elem, v)
			}
		},
	}
}

// wordField is an enumeration with a default, always written. It can't be deleted.
func wordField(uri, elem string, kinds kindMask, flags uint8, def string, at func(*Item) *string) field {
	return field{uri: uri, elem: elem, kinds: kinds, flags: flags,
		set: func(_ *setting, it *Item, n *xmltree.Node) string {
			*at(it) = strings.Clone(n.Text)
			return ""
		},
		del:  func(it *Item) { *at(it) = "" },
		copy: func(to, from *Item) { *at(to) = *at(from) },
		put: func(w *writer, it *Item, _ *render) {
			v := *at(it)
			if v == "" {
				v = def
			}
			w.elem(elem, v)
		},
	}
}

func boolField(uri, elem string, kinds kindMask, flags uint8, at func(*Item) *bool) field {
	return field{uri: uri, elem: elem, kinds: kinds, flags: flags,
		set: func(_ *setting, it *Item, n *xmltree.Node) string {
			*at(it) = isTrue(n.Text)
			return ""
		},
		del:  func(it *Item) { *at(it) = false },
		copy: func(to, from *Item) { *at(to) = *at(from) },
		put:  func(w *writer, it *Item, _ *render) { w.elemBool(elem, *at(it)) },
	}
}

// copied lets occurrences have a field of their own.
func copied(f field, to func(to, from *Item)) field {
	f.copy = to
	return f
}

// shown is a read-only element.
func shown(uri, elem string, kinds kindMask, flags uint8, put func(*writer, *Item, *render)) field {
	return field{uri: uri, elem: elem, kinds: kinds, flags: flags, put: put}
}

// extraField is a plain value the simulator keeps without looking at it.
func extraField(uri, elem string, kinds kindMask) field {
	return field{uri: uri, elem: elem, kinds: kinds,
		set: func(_ *setting, it *Item, n *xmltree.Node) string {
			it.setExtra(uri, strings.Clone(n.Text))
			return ""
		},
		del:  func(it *Item) { it.setExtra(uri, "") },
		copy: func(to, from *Item) { to.setExtra(uri, from.extra[uri]) },
		put: func(w *writer, it *Item, _ *render) {
			if v := it.extra[uri]; v != "" {
				w.elem(elem, v)
			}
		},
	}
}

func (it *Item) setExtra(uri, value string) {
	next := make(map[string]string, len(it.extra)+1)
	for k, v := range it.extra {
		next[k] = v
	}
	if value == "" {
		delete(next, uri)
	} else {
		next[uri] = value
	}
	it.extra = next
}

// stringsField is a list of <t:String>.
func stringsField(uri, elem string, kinds kindMask, at func(*Item) *[]string) field {
	return field{uri: uri, elem: elem, kinds: kinds,
		set: func(_ *setting, it *Item, n *xmltree.Node) string {
			var list []string
			for s := n.First; s != nil; s = s.Next {
				list = append(list, strings.Clone(s.Text))
			}
			*at(it) = list
			return ""
		},
		del:  func(it *Item) { *at(it) = nil },
		copy: func(to, from *Item) { *at(to) = *at(from) },
		put: func(w *writer, it *Item, _ *render) {
			list := *at(it)
			if len(list) == 0 {
				return
			}
			w.open(elem)
			for _, s := range list {
				w.elem("String", s)
			}
			w.close(elem)
		},
	}
}

func isTrue(s string) bool {
	s = strings.TrimSpace(s)
	return s == "true" || s == "1"
}
