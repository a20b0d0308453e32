package params

// Difference is one key whose value changed.
type Difference struct{ Key, Old, New string }

// Differences lists what changed from one set of parameters to another, in the
// file's order. A key that is new or gone has "" on the other side.
func Differences(before, after Params) []Difference {
	old := map[string]string{}
	for _, s := range List(before) {
		old[s.Field.Key] = s.Value
	}
	var all []Difference
	for _, s := range List(after) {
		if v := old[s.Field.Key]; v != s.Value {
			all = append(all, Difference{s.Field.Key, v, s.Value})
		}
		delete(old, s.Field.Key)
	}
	for _, s := range List(before) {
		if v, gone := old[s.Field.Key]; gone && v != "" {
			all = append(all, Difference{s.Field.Key, v, ""})
		}
	}
	return all
}
