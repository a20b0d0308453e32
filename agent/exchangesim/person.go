package exchangesim

import (
	"errors"
	"fmt"
)

// Errors of a person's actions.
var (
	ErrNoItem   = errors.New("no such item")
	ErrNoFolder = errors.New("no such folder")
	// ErrRefused comes with the response code a client would have been given.
	ErrRefused = errors.New("refused")
)

// Seed stores many items at once, without telling subscribers, and answers their
// ids in the same order. Items without a known folder go to the one of their kind.
func (m *Mailbox) Seed(items []Item) []ItemID {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := make([]ItemID, len(items))
	for i := range items {
		it := items[i]
		f := m.folder(it.Folder)
		m.finish(&it)
		if f == nil {
			f = m.home(it.Kind)
		}
		m.insert(&it, f)
		ids[i] = it.ID
	}
	return ids
}

// Create stores a new item and answers it as stored.
func (m *Mailbox) Create(it Item) (Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.folder(it.Folder)
	if f == nil && it.Folder != "" {
		return Item{}, fmt.Errorf("create in %q: %w", it.Folder, ErrNoFolder)
	}
	m.finish(&it)
	if f == nil {
		f = m.home(it.Kind)
	}
	m.insert(&it, f)
	m.emit(event{name: "CreatedEvent", item: string(it.ID), key: it.ChangeKey, folder: f})
	return it, nil
}

// Update lets f change a copy of the item, saves it, and answers it as stored.
func (m *Mailbox) Update(id ItemID, f func(*Item)) (Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, code := m.lookup(id)
	if code != "" {
		return Item{}, fmt.Errorf("update: %w (%s)", ErrNoItem, code)
	}
	return m.edit(old, f)
}

// edit lets f change a copy of an item or an occurrence and saves it; the lock is
// held.
func (m *Mailbox) edit(old *Item, f func(*Item)) (Item, error) {
	it := *old
	f(&it)
	saved, code := m.save(old, &it, changedFields(old, &it))
	if code != "" {
		return Item{}, fmt.Errorf("update: %w (%s)", ErrRefused, code)
	}
	return *saved, nil
}

// Touch saves an item unchanged: its change key is new, its content is not, as
// after a dismissed reminder or by the server's own doing.
func (m *Mailbox) Touch(id ItemID) (Item, error) {
	return m.Update(id, func(*Item) {})
}

// Delete moves an item to Deleted Items; there, it goes to the recoverable items.
func (m *Mailbox) Delete(id ItemID) error { return m.delete(id, toDeletedItems) }

// SoftDelete moves an item to the recoverable items (Shift+Delete in Outlook).
func (m *Mailbox) SoftDelete(id ItemID) error { return m.delete(id, softDelete) }

// HardDelete removes an item without a trace.
func (m *Mailbox) HardDelete(id ItemID) error { return m.delete(id, hardDelete) }

func (m *Mailbox) delete(id ItemID, how deleteHow) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	it, code := m.lookup(id)
	if code != "" {
		return fmt.Errorf("delete: %w (%s)", ErrNoItem, code)
	}
	if it.master != nil {
		if code := m.deleteOccurrence(it); code != "" {
			return fmt.Errorf("delete: %w (%s)", ErrRefused, code)
		}
		return nil
	}
	m.deleteItem(it, how)
	return nil
}

// Move puts an item into another folder; the answered item has a new id.
func (m *Mailbox) Move(id ItemID, to Folder) (Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	it, code := m.lookup(id)
	if code != "" {
		return Item{}, fmt.Errorf("move: %w (%s)", ErrNoItem, code)
	}
	if it.master != nil {
		return Item{}, fmt.Errorf("move: %w (ErrorCalendarCannotMoveOrCopyOccurrence)", ErrRefused)
	}
	f := m.folder(to)
	if f == nil {
		return Item{}, fmt.Errorf("move to %q: %w", to, ErrNoFolder)
	}
	return *m.moveTo(it, f), nil
}

// Copy puts a copy into a folder. It keeps all properties, as in Exchange, and
// gets an id and, for appointments, a UID of its own.
func (m *Mailbox) Copy(id ItemID, to Folder) (Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	it, code := m.lookup(id)
	if code != "" {
		return Item{}, fmt.Errorf("copy: %w (%s)", ErrNoItem, code)
	}
	if it.master != nil {
		return Item{}, fmt.Errorf("copy: %w (ErrorCalendarCannotMoveOrCopyOccurrence)", ErrRefused)
	}
	f := m.folder(to)
	if f == nil {
		return Item{}, fmt.Errorf("copy to %q: %w", to, ErrNoFolder)
	}
	return *m.copyTo(it, f), nil
}

// Get answers an item wherever it is in the mailbox.
func (m *Mailbox) Get(id ItemID) (Item, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	it, code := m.lookup(id)
	if code != "" {
		return Item{}, false
	}
	return *it, true
}

// List answers the items of a folder in the order they came in; nil for an
// unknown folder.
func (m *Mailbox) List(in Folder) []Item {
	m.mu.RLock()
	defer m.mu.RUnlock()
	f := m.folder(in)
	if f == nil {
		return nil
	}
	list := make([]Item, 0, len(f.items))
	for _, it := range f.sorted() {
		list = append(list, *it)
	}
	return list
}

// Count is the number of items in a folder.
func (m *Mailbox) Count(in Folder) int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if f := m.folder(in); f != nil {
		return len(f.items)
	}
	return 0
}

// Property reads an extended property of an item.
func (m *Mailbox) Property(id ItemID, name PropertyName) (string, bool) {
	it, ok := m.Get(id)
	if !ok {
		return "", false
	}
	return it.Property(name)
}

// FolderProperty reads an extended property of a folder.
func (m *Mailbox) FolderProperty(in Folder, name PropertyName) (string, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	f := m.folder(in)
	if f == nil {
		return "", false
	}
	return (&Item{Properties: f.props}).Property(name)
}

// SetFolderProperty sets an extended property of a folder, or removes it when
// there are no values.
func (m *Mailbox) SetFolderProperty(in Folder, name PropertyName, values ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.folder(in)
	if f == nil {
		return fmt.Errorf("property on %q: %w", in, ErrNoFolder)
	}
	holder := Item{Properties: f.props}
	holder.SetProperty(name, values...)
	f.props = holder.Properties
	m.seq++
	f.seq = m.seq
	return nil
}

// AddFolder makes a folder under the top of the mailbox for items of this kind.
func (m *Mailbox) AddFolder(name string, kind Kind) Folder {
	m.mu.Lock()
	defer m.mu.Unlock()
	class := map[Kind]string{Appointment: "IPF.Appointment", Task: "IPF.Task", Message: "IPF.Note"}[kind]
	return m.addFolder(m.dist["msgfolderroot"], "", name, class).ref()
}

// InvalidateSyncStates makes the server refuse every sync state it gave so far,
// as it does after a restore or a move of the mailbox.
func (m *Mailbox) InvalidateSyncStates() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.epoch++
}

// Subscriptions is the number of live subscriptions.
func (m *Mailbox) Subscriptions() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.subs)
}

// LoseSubscriptions forgets all subscriptions, as a restarted server does.
func (m *Mailbox) LoseSubscriptions() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.subs {
		m.endSubscription(s)
	}
}
