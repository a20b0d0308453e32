package fault

// Backup and restore.
const (
	// BackupKeyMissing is a backup asked for before a recovery key was made.
	BackupKeyMissing Code = "backup-key-missing"
	// BackupUnreadable is a backup that this recovery key does not open, or a damaged one.
	BackupUnreadable Code = "backup-unreadable"
	// BackupInTheWay is a file or folder with content where a backup, a recovery key or
	// a restored installation is to stand. Nothing was changed.
	BackupInTheWay Code = "backup-in-the-way"
)
