package params

// Check tells what would be wrong with changes, and changes nothing: for checks
// while somebody types. Codes as for Load.
func (f *File) Check(changes ...Change) (Mistakes, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	old, b, err := f.load()
	if err != nil {
		return nil, err
	}
	_, _, ms := apply(old, b, changes, f.lim)
	return ms, nil
}
