package exchangesim

import (
	"sync"
	"time"
)

// Mailbox is one user's mailbox. Its exported methods act as a person in Outlook
// does, and everything they change is told to subscribers and feeds like any
// other change. It is safe for concurrent use.
type Mailbox struct {
	mail, name string
	zone       *zone
	hash       mailboxHash
	now        func() time.Time
	zones      *zones
	renew      bool // a completed recurring task stays, the next is new
	quirks     Quirks

	// mu guards everything below. Items and properties are never written to once
	// stored: a change stores a new Item, so readers may keep what they got.
	mu      sync.RWMutex
	seq     uint64 // feed position, also the source of change keys
	nextNum uint64
	epoch   uint64 // sync states of another epoch are invalid
	items   map[uint64]*Item
	rights  map[grant]Right
	folders map[uint64]*folder
	dist    map[Folder]*folder
	root    *folder
	goneDir map[uint64]tombstone // folders that were deleted
	subs    map[uint64]*subscription
	mark    uint64  // of the last event
	history []event // the last events
}

func newMailbox(u User, z *zones, now func() time.Time) *Mailbox {
	zoneName := u.Zone
	if zoneName == "" {
		zoneName = "Europe/Vienna"
	}
	zn, ok := z.find(zoneName)
	if !ok {
		zn = &zone{id: "UTC", loc: time.UTC}
	}
	m := &Mailbox{
		mail: u.Mail, name: u.DisplayName, zone: zn, zones: z, hash: hashMail(u.Mail), now: now,
		epoch: 1, items: map[uint64]*Item{}, folders: map[uint64]*folder{},
		dist: map[Folder]*folder{}, goneDir: map[uint64]tombstone{}, subs: map[uint64]*subscription{},
	}
	if m.name == "" {
		m.name = u.Name
	}
	m.root = m.addFolder(nil, "root", "root", "")
	top := m.addFolder(m.root, "msgfolderroot", "Top of Information Store", "IPF.Note")
	m.addFolder(m.root, Recoverable, "Deletions", "IPF.Note")
	m.addFolder(m.root, "recoverableitemsroot", "Recoverable Items", "IPF.Note")
	m.addFolder(top, Inbox, "Inbox", "IPF.Note")
	m.addFolder(top, "drafts", "Drafts", "IPF.Note")
	m.addFolder(top, "sentitems", "Sent Items", "IPF.Note")
	m.addFolder(top, "outbox", "Outbox", "IPF.Note")
	m.addFolder(top, DeletedItems, "Deleted Items", "IPF.Note")
	m.addFolder(top, Calendar, "Calendar", "IPF.Appointment")
	m.addFolder(top, Tasks, "Tasks", "IPF.Task")
	m.addFolder(top, "contacts", "Contacts", "IPF.Contact")
	m.addFolder(top, "junkemail", "Junk Email", "IPF.Note")
	return m
}

// Mail is the primary SMTP address.
func (m *Mailbox) Mail() string { return m.mail }

func (m *Mailbox) addFolder(parent *folder, dist Folder, name, class string) *folder {
	m.nextNum++
	m.seq++
	f := &folder{
		num: m.nextNum, id: encodeID(idFolder, m.hash, m.nextNum), dist: dist, name: name,
		class: class, parent: parent, seq: m.seq, entered: m.seq,
		items: map[uint64]*Item{}, gone: map[uint64]tombstone{},
	}
	m.folders[f.num] = f
	if dist != "" {
		m.dist[dist] = f
	}
	return f
}

// folder finds a folder by its distinguished name or its id; the lock is held.
func (m *Mailbox) folder(name Folder) *folder {
	if f, ok := m.dist[name]; ok {
		return f
	}
	if box, nums, ok := decodeID(idFolder, string(name), 1); ok && box == m.hash {
		return m.folders[nums[0]]
	}
	return nil
}

func (f *folder) ref() Folder {
	if f.dist != "" {
		return f.dist
	}
	return Folder(f.id)
}

func (m *Mailbox) home(k Kind) *folder {
	switch k {
	case Task:
		return m.dist[Tasks]
	case Message:
		return m.dist[Inbox]
	default:
		return m.dist[Calendar]
	}
}

// lookup finds an item by its id. code is "" or the response code.
func (m *Mailbox) lookup(id ItemID) (*Item, string) {
	box, nums, ok := decodeID(idItem, string(id), 1)
	occurrence := false
	if !ok {
		box, nums, ok = decodeID(idOccurrence, string(id), 2)
		occurrence = ok
	}
	switch {
	case id == "":
		return nil, "ErrorInvalidIdEmpty"
	case !ok:
		return nil, "ErrorInvalidIdMalformed"
	case box != m.hash:
		return nil, "ErrorAccessDenied"
	}
	it := m.items[nums[0]]
	if it == nil {
		return nil, "ErrorItemNotFound"
	}
	if occurrence {
		return it.occurrenceOn(int(nums[1]))
	}
	return it, ""
}

// insert stores a new item in a folder, as created, moved or copied by how.
func (m *Mailbox) insert(it *Item, f *folder) {
	m.nextNum++
	m.seq++
	it.num, it.seq, it.entered = m.nextNum, m.seq, m.seq
	it.ID = ItemID(encodeID(idItem, m.hash, it.num))
	it.ChangeKey = encodeChangeKey(changeKeyPrefix(it.Kind), it.seq)
	it.folder, it.Folder = f, f.ref()
	it.saves = nil
	m.items[it.num] = it
	f.items[it.num] = it
	f.note(it.seq, it.num, false)
}

// replace stores the next state of an item; fields says what the save changed.
func (m *Mailbox) replace(old, it *Item, fields fieldSet) {
	m.seq++
	it.num, it.entered, it.ID, it.Created = old.num, old.entered, old.ID, old.Created
	it.folder, it.Folder = old.folder, old.Folder
	it.seq = m.seq
	it.ChangeKey = encodeChangeKey(changeKeyPrefix(it.Kind), it.seq)
	it.Modified = m.now().UTC()

	saves := old.saves
	if len(saves) >= keptSaves {
		saves = saves[len(saves)-keptSaves+1:]
	}
	it.saves = append(saves[:len(saves):len(saves)], save{seq: it.seq, fields: fields})
	m.items[it.num] = it
	it.folder.items[it.num] = it
	it.folder.note(it.seq, it.num, true)
}

// save stores the next state of an item or an occurrence that was read as old, and
// answers it as stored, or a response code.
func (m *Mailbox) save(old, it *Item, changed fieldSet) (*Item, string) {
	m.number(it)
	if it.Kind == Appointment {
		m.normalZones(it)
		if code := it.checkTimes(); code != "" {
			return nil, code
		}
		if it.AllDay {
			it.Start, it.End = m.snap(it)
		}
	}
	if old.master != nil {
		return m.changeOccurrence(it, changed)
	}
	if code := it.settle(old); code != "" {
		return nil, code
	}
	var other *Item
	if it.Kind == Task && it.Recurrence != nil && it.Status == "Completed" && old.Status != "Completed" {
		it, other = m.regenerate(it)
	}
	m.replace(old, it, changed)
	m.emit(event{name: "ModifiedEvent", item: string(it.ID), key: it.ChangeKey, folder: it.folder})
	if other != nil {
		m.insert(other, it.folder)
		m.emit(event{name: "CreatedEvent", item: string(other.ID), key: other.ChangeKey, folder: other.folder})
	}
	return it, ""
}

// remove takes an item out of its folder, and out of the mailbox.
func (m *Mailbox) remove(it *Item) {
	m.seq++
	delete(m.items, it.num)
	delete(it.folder.items, it.num)
	it.folder.gone[it.num] = tombstone{it.entered, m.seq}
	it.folder.note(m.seq, it.num, true)
}

// moveTo puts an item into another folder, under a new id.
func (m *Mailbox) moveTo(it *Item, f *folder) *Item {
	next := *it
	from := it.folder
	m.remove(it)
	next.Modified = m.now().UTC()
	m.insert(&next, f)
	m.emit(event{name: "MovedEvent", item: string(next.ID), key: next.ChangeKey, folder: f, oldItem: string(it.ID), oldKey: it.ChangeKey, oldFolder: from})
	return &next
}

// deleteHow is what DeleteItem and a person can do.
type deleteHow uint8

const (
	toDeletedItems deleteHow = iota
	softDelete
	hardDelete
)

func (m *Mailbox) deleteItem(it *Item, how deleteHow) {
	switch {
	case how == toDeletedItems && it.folder.dist != DeletedItems && it.folder.dist != Recoverable:
		m.moveTo(it, m.dist[DeletedItems])
	case how == hardDelete || it.folder.dist == Recoverable:
		m.remove(it)
		m.emit(event{name: "DeletedEvent", item: string(it.ID), key: it.ChangeKey, folder: it.folder})
	default:
		m.moveTo(it, m.dist[Recoverable])
	}
}

// finish gives a new item what the server gives it.
func (m *Mailbox) finish(it *Item) {
	now := m.now().UTC()
	if it.Kind == 0 {
		it.Kind = Appointment
	}
	it.Created, it.Modified = now, now
	m.number(it)
	if it.Class == "" {
		it.Class = map[Kind]string{Appointment: "IPM.Appointment", Task: "IPM.Task", Message: "IPM.Note"}[it.Kind]
	}
	if it.Kind == Appointment {
		m.finishAppointment(it)
	}
	if it.Kind == Task && it.Status == "" {
		it.Status = "NotStarted"
	}
}

func (m *Mailbox) finishAppointment(it *Item) {
	if len(it.GlobalID) == 0 {
		if id := globalIDFromUID(it.UID); id != nil {
			it.GlobalID = id
		} else {
			it.GlobalID = newGlobalID(m.hash, m.seq+1, it.Created)
		}
	}
	if it.UID == "" {
		it.UID = upperHex(it.GlobalID)
	}
	if it.Busy == "" {
		it.Busy = "Busy"
		if it.AllDay {
			it.Busy = "Free"
		}
	}
	if it.Organizer.Mail == "" {
		it.Organizer = Attendee{Name: m.name, Mail: m.mail}
	}
	if it.MyResponse == "" {
		it.MyResponse = "Organizer"
	}
	if it.Zone == "" {
		it.Zone = m.zone.id
	}
	m.normalZones(it)
	if it.AllDay {
		it.Start, it.End = m.snap(it)
	}
	it.anchor() // a person's own business when there is no occurrence
}

// normalZones turns IANA names into Windows ids.
func (m *Mailbox) normalZones(it *Item) {
	it.loc = time.UTC
	if z, ok := m.zones.find(it.Zone); ok {
		it.Zone, it.loc = z.id, z.loc
	} else if z, ok := m.zones.find(it.ZoneRules); ok {
		it.loc = z.loc
	}
	if it.EndZone == "" {
		it.EndZone = it.Zone
	}
	if z, ok := m.zones.find(it.EndZone); ok {
		it.EndZone = z.id
	}
}

// snap stretches an all-day item to whole days in its zone.
func (m *Mailbox) snap(it *Item) (start, end time.Time) {
	loc := time.UTC
	if z, ok := m.zones.find(it.Zone); ok {
		loc = z.loc
	}
	s, e := it.Start.In(loc), it.End.In(loc)
	start, end = wall(dayOf(s), 0, loc), wall(dayOf(e), 0, loc)
	if stretches(e, end) || !end.After(start) {
		end = wall(dayOf(e)+1, 0, loc)
	}
	return start.UTC(), end.UTC()
}

// stretches tells that an all-day item's end makes it last to the end of the day that
// began at midnight: also the first instant of a day whose midnight the clocks skip,
// since no one has said that Exchange knows better.
func stretches(end, midnight time.Time) bool {
	return end.After(midnight) || end.Hour() != 0
}

// keptSaves is how many saves of an item are remembered for AutoResolve.
const keptSaves = 16

// copyTo puts a copy into a folder: all properties, a UID of its own.
func (m *Mailbox) copyTo(it *Item, f *folder) *Item {
	next := *it
	next.UID, next.GlobalID = "", nil
	m.finish(&next)
	m.insert(&next, f)
	m.emit(event{name: "CopiedEvent", item: string(next.ID), key: next.ChangeKey, folder: f, oldItem: string(it.ID), oldKey: it.ChangeKey, oldFolder: it.folder})
	return &next
}
