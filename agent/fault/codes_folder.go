package fault

// Folders and mailboxes an administrator tied an employee to.
const (
	// FolderNotFound is a folder name that names none in the mailbox.
	FolderNotFound Code = "folder-not-found"
	// FolderAmbiguous is a folder name that more than one folder has.
	FolderAmbiguous Code = "folder-ambiguous"
	// FolderWrongKind is a named folder for items of another kind.
	FolderWrongKind Code = "folder-wrong-kind"
	// FolderNoRight is a mailbox or folder the login may not open, or not write.
	FolderNoRight Code = "folder-no-right"
	// FolderTaken is a folder another employee is kept in sync with already.
	FolderTaken Code = "folder-taken"
)
