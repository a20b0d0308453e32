package exchangesim

import "bytes"

// fieldSet is a set of fields, by their place in the field table.
type fieldSet [2]uint64

// propertyBit stands for all extended properties.
const propertyBit = 127

func (s *fieldSet) add(i int)            { s[i>>6] |= 1 << (i & 63) }
func (s *fieldSet) has(i int) bool       { return s[i>>6]&(1<<(i&63)) != 0 }
func (s fieldSet) meets(o fieldSet) bool { return s[0]&o[0] != 0 || s[1]&o[1] != 0 }
func (s fieldSet) union(o fieldSet) fieldSet {
	return fieldSet{s[0] | o[0], s[1] | o[1]}
}

// changedFields compares two states of an item by what a client would see.
func changedFields(a, b *Item) fieldSet {
	var set fieldSet
	r := &render{bodyType: "Best"}
	var wa, wb writer
	for i := range fields {
		f := &fields[i]
		if f.set == nil && f.copy == nil || f.put == nil || f.kinds&kindBit(b.Kind) == 0 {
			continue
		}
		wa.b, wb.b = wa.b[:0], wb.b[:0]
		f.put(&wa, a, r)
		f.put(&wb, b, r)
		if !bytes.Equal(wa.b, wb.b) {
			set.add(i)
		}
	}
	if len(a.Properties) != len(b.Properties) || len(a.Properties) > 0 && &a.Properties[0] != &b.Properties[0] {
		set.add(propertyBit)
	}
	return set
}
