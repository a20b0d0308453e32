package exchangesim

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"abgleich/agent/exchangesim/schema"
	"abgleich/agent/exchangesim/xmltree"
)

func (c *call) findItem() {
	shape, code := c.itemShape(c.body.Child("ItemShape"), true)
	if code == "" && c.body.Attr("Traversal") != "Shallow" {
		code = "ErrorUnsupportedQueryFilter"
	}
	var keep func(*Item) bool
	if code == "" {
		keep, code = c.restriction(c.body.Child("Restriction").FirstChild())
	}
	var order []sortKey
	if code == "" {
		order, code = c.sortOrder(c.body.Child("SortOrder"))
	}
	if code != "" {
		c.failAll(code, 0)
		return
	}
	c.box.mu.RLock()
	defer c.box.mu.RUnlock()
	c.begin()
	for n := c.body.Child("ParentFolderIds").FirstChild(); n != nil; n = n.Next {
		f, code := c.folderLocked(n)
		if code == "" {
			code = c.findIn(f, shape, keep, order)
		}
		if code != "" {
			c.fail(code)
		}
	}
	c.end()
}

// findIn writes what is found in one folder; the lock is held.
func (c *call) findIn(f *folder, shape *render, keep func(*Item) bool, order []sortKey) string {
	list := f.sorted()
	view := c.body.Child("CalendarView")
	if view != nil {
		if f.element() != "CalendarFolder" {
			return "ErrorCalendarFolderIsInvalidForCalendarView"
		}
		var code string
		if list, code = c.inView(list, view); code != "" {
			return code
		}
	}
	limit, offset, paged := c.s.opt.FindCount, 0, false
	if keep != nil {
		list = slices.DeleteFunc(list, func(it *Item) bool { return !keep(it) })
		limit = c.s.opt.FindCountRestricted
	}
	sortItems(list, order)
	if v := c.body.Child("IndexedPageItemView"); v != nil {
		paged = true
		offset, _ = strconv.Atoi(v.Attr("Offset"))
		if s, ok := v.LookupAttr("MaxEntriesReturned"); ok {
			n, _ := strconv.Atoi(s)
			if n < 1 {
				return "ErrorInvalidPagingMaxRows"
			}
			limit = min(limit, n)
		}
		if offset < 0 {
			return "ErrorInvalidIndexedPagingParameters"
		}
		if v.Attr("BasePoint") == "End" {
			slices.Reverse(list)
		}
	}
	total, whole := len(list), true
	if view != nil {
		if n, err := strconv.Atoi(view.Attr("MaxEntriesReturned")); err == nil && n > 0 && n < total {
			list, total, whole = list[:n], n, false
		}
	}
	if !paged && total > limit {
		return "ErrorExceededFindCountLimit"
	}
	from := min(offset, total)
	to := min(from+limit, total)
	c.ok()
	w := c.out
	w.s("<m:RootFolder")
	if view == nil {
		c.page(to, total)
	} else {
		w.s(` TotalItemsInView="` + itoa(total) + `" IncludesLastItemInRange="` + strconv.FormatBool(whole) + `"`)
	}
	w.s("><t:Items>")
	for _, it := range list[from:to] {
		w.item(it, shape)
		c.items++
	}
	w.s("</t:Items>")
	if c.s.opt.Quirks == Grommunio {
		w.s("<t:Groups/>")
	}
	w.s("</m:RootFolder>")
	c.done()
	return ""
}

// inView lists the single items and the occurrences that overlap a calendar view,
// by start.
func (c *call) inView(list []*Item, view *xmltree.Node) ([]*Item, string) {
	x := &setting{}
	start, ok1 := x.time(view.Attr("StartDate"), c.loc())
	end, ok2 := x.time(view.Attr("EndDate"), c.loc())
	if !ok1 || !ok2 || end.Before(start) {
		return nil, "ErrorCalendarEndDateIsEarlierThanStartDate"
	}
	if end.Sub(start) > 2*366*24*time.Hour {
		return nil, "ErrorCalendarViewRangeTooBig"
	}
	var found []*Item
	for _, it := range list {
		switch {
		case it.Kind != Appointment:
		case it.IsMaster() && c.s.opt.Quirks == Grommunio:
			if it.Start.Before(end) {
				found = append(found, it)
			}
		case it.IsMaster():
			found = append(found, it.between(start, end)...)
		case overlaps(it.Start, it.End, start, end):
			found = append(found, it)
		}
	}
	slices.SortStableFunc(found, func(a, b *Item) int { return a.Start.Compare(b.Start) })
	return found, ""
}

type sortKey struct {
	get  func(*Item) []string
	down bool
}

func (c *call) sortOrder(n *xmltree.Node) ([]sortKey, string) {
	var keys []sortKey
	for o := n.FirstChild(); o != nil; o = o.Next {
		get, code := c.path(o.First)
		if code != "" {
			return nil, "ErrorUnsupportedPathForSortGroup"
		}
		keys = append(keys, sortKey{get, o.Attr("Order") == "Descending"})
	}
	return keys, ""
}

func sortItems(list []*Item, keys []sortKey) {
	if len(keys) == 0 {
		return
	}
	slices.SortStableFunc(list, func(a, b *Item) int {
		for _, k := range keys {
			n := compareValues(first(k.get(a)), first(k.get(b)))
			if k.down {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return 0
	})
}

func first(v []string) string {
	if len(v) == 0 {
		return ""
	}
	return v[0]
}

// compareValues orders two values: as times or numbers where both are, else as
// text without regard to case.
func compareValues(a, b string) int {
	if ta, _, ok := schema.ParseDateTime(a); ok {
		if tb, _, ok := schema.ParseDateTime(b); ok {
			return ta.Compare(tb)
		}
	}
	if na, err := strconv.ParseFloat(a, 64); err == nil {
		if nb, err := strconv.ParseFloat(b, 64); err == nil {
			switch {
			case na < nb:
				return -1
			case na > nb:
				return 1
			}
			return 0
		}
	}
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}
