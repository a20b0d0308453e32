package pim

// Merged is the outcome of a field-by-field three-way comparison. The four sets
// do not overlap; fields nobody changed are in none.
type Merged struct {
	// FromA and FromB were changed on that side only.
	FromA, FromB FieldSet
	// Agreed were changed on both, to the same value.
	Agreed FieldSet
	// Conflict were changed on both, to different values.
	Conflict FieldSet
}

// Merge compares each side with its own base, in canonical form: a and b are the
// items as they are, baseA and baseB what each side itself last returned. same
// says in which of the doubly changed fields the two values mean the same on
// both sides; nil compares exactly.
func Merge(baseA, a, baseB, b Item, same func(a, b Item) FieldSet) Merged {
	changedA, changedB := Diff(baseA, a), Diff(baseB, b)
	both := changedA & changedB
	var agreed FieldSet
	if both != 0 {
		if same == nil {
			agreed = both &^ Diff(a, b)
		} else {
			agreed = both & same(a, b)
		}
	}
	return Merged{
		FromA:    changedA &^ both,
		FromB:    changedB &^ both,
		Agreed:   agreed,
		Conflict: both &^ agreed,
	}
}
