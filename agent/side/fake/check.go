package fake

import (
	"bytes"
	"fmt"

	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// violate writes a wrong use of the contract down; s.mu is held.
func (s *Side) violate(format string, args ...any) {
	s.violations = append(s.violations, s.id.String()+": "+fmt.Sprintf(format, args...))
}

// checkCreation tells whether the creation can be carried out at all.
func (f *folder) checkCreation(c side.Creation) bool {
	if c.Key == "" {
		f.s.violate("create: empty key")
	}
	for _, e := range f.s.box(f.owner).entries {
		if c.Key != "" && e.here() && e.Key == c.Key && !e.taken {
			f.s.violate("create: key %s is already in the folder, in %s: a double", c.Key, e.ID)
			break
		}
	}
	if !f.checkItem(OpCreate, c.Item) {
		return false
	}
	if c.Item.Shared().Recurrence != nil && !f.writable().Has(pim.FieldRecurrence) {
		f.s.violate("create: %s is a series, which this side would flatten", c.Key)
		return false
	}
	return true
}

func (f *folder) checkUpdate(u side.Update) bool {
	ok := f.checkTarget(OpUpdate, u.ID, u.Version)
	if u.Fields.Empty() {
		f.s.violate("update: %s without fields", u.ID)
	}
	if bad := u.Fields &^ f.writable(); bad != 0 {
		f.s.violate("update: %s of field %#x %q, which cannot be written", u.ID, uint32(bad), bad)
		ok = false
	}
	return f.checkItem(OpUpdate, u.Item) && ok
}

func (f *folder) checkKey(k side.KeyAssignment) bool {
	ok := f.checkTarget(OpSetKeys, k.ID, k.Version)
	if k.Key == "" {
		f.s.violate("setkeys: empty key for %s", k.ID)
		return false
	}
	return ok
}

func (f *folder) checkTarget(op Op, id pim.ItemID, v pim.Version) bool {
	if id == "" || v == "" {
		f.s.violate("%s: id %q with version %q", op, id, v)
		return false
	}
	return true
}

func (f *folder) checkItem(op Op, i pim.Item) bool {
	if i == nil || i.Kind() != f.owner.kind {
		f.s.violate("%s: not a %s: %T", op, f.owner.kind, i)
		return false
	}
	c, err := pim.Marshal(pim.Canonical(i))
	if err != nil {
		f.s.violate("%s: %v", op, err)
		return false
	}
	if b, err := pim.Marshal(i); err != nil || !bytes.Equal(b, c) {
		f.s.violate("%s: not canonical: %s", op, b)
	}
	return true
}

func (f *folder) writable() pim.FieldSet { return f.s.Projection(f.owner.kind).Writable() }
