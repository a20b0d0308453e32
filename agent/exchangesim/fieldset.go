package exchangesim

// fieldSet is a set of fields, by their place in the field table.
type fieldSet [2]uint64

func (s *fieldSet) add(i int)                { s[i>>6] |= 1 << (i & 63) }
func (s *fieldSet) has(i int) bool           { return s[i>>6]&(1<<(i&63)) != 0 }
func (s fieldSet) meets(o fieldSet) bool     { return s[0]&o[0] != 0 || s[1]&o[1] != 0 }
func (s fieldSet) union(o fieldSet) fieldSet { return fieldSet{s[0] | o[0], s[1] | o[1]} }

func changedFields(a, b *Item) fieldSet { return fieldSet{} }
