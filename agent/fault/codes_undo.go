package fault

// Undoing what runs did. Both say why something was left as it is.
const (
	// EditedSince is an item somebody changed, moved or deleted after the run that is
	// to be undone.
	EditedSince Code = "edited-since"
	// AlreadyThere is an item out of the trash that is in its folder already.
	AlreadyThere Code = "already-there"
)
