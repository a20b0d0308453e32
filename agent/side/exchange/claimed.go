package exchange

import (
	"context"

	"abgleich/agent/ews"
)

// Claimed reads which installation keeps the client's mailbox in sync, "" for
// none, and changes nothing.
func Claimed(ctx context.Context, c *ews.Client) (installation string, err error) {
	return ClaimedFolder(ctx, c, ews.Folder(ews.Calendar))
}

// ClaimedFolder is Claimed for a folder that stands for itself.
func ClaimedFolder(ctx context.Context, c *ews.Client, id ews.FolderID) (installation string, err error) {
	infos, err := c.GetFolder(ctx, []ews.FolderID{id}, []ews.PropertyPath{claimProperty()})
	if err == nil {
		err = infos[0].Err
	}
	if err != nil {
		return "", err
	}
	owner, _ := infos[0].Folder.Property(claimProperty())
	return owner, nil
}
