package verify

import (
	"context"

	"abgleich/agent/ews"
	"abgleich/agent/pim"
)

// elsewhere tells that another mailbox than the employee's own is meant.
func (c *course) elsewhere() bool { return c.tied != nil && c.tied.Shared }

// work is the client on the mailbox that is meant.
func (c *course) work() *ews.Client {
	if !c.elsewhere() {
		return c.client
	}
	return c.client.With(c.o.Ties.View(*c.tied, c.shared()))
}

// tiedMailbox is what proves the mailbox where an administrator tied it: his word.
// Whose login it is shows in its own mailbox all the same, and only that proves it:
// many may open a room.
func (c *course) tiedMailbox(ctx context.Context) verdict {
	if !c.shared() && c.login.calendar.Err == nil && c.login.calendar.Folder.ID.ID != "" {
		theirs := ews.Folder(ews.Calendar)
		theirs.Mailbox = c.mail
		got, err := c.client.GetFolder(ctx, []ews.FolderID{theirs}, nil)
		c.proved = err == nil && got[0].Err == nil && got[0].Folder.ID.ID == c.login.calendar.Folder.ID.ID
	}
	return fine("tied by an administrator: " + c.tied.Mail)
}

// tiedFolder looks for a folder of what the employee is tied to.
func (c *course) tiedFolder(ctx context.Context, name string, k pim.Kind) verdict {
	args := map[string]string{"folder": name}
	if n := c.tied.Folders.Of(k); n != "" {
		args["folder"] = n
	}
	info, err := c.o.Ties.Locate(ctx, c.work(), *c.tied, k)
	if err != nil {
		return failure(err, args)
	}
	if k == pim.KindAppointment {
		c.folder = info.ID
	}
	return usable(args["folder"], ews.FolderResult{Folder: info})
}

// calendarID is the calendar that is meant.
func (c *course) calendarID() ews.FolderID {
	if c.folder.ID != "" {
		return ews.FolderID{ID: c.folder.ID}
	}
	return ews.Folder(ews.Calendar)
}

func (c *course) claimedBy(ctx context.Context) (string, error) {
	if c.tied == nil || c.tied.Folders.Appointments == "" {
		return c.o.Claimed(ctx, c.work())
	}
	return c.o.Ties.Claimed(ctx, c.work(), c.calendarID())
}
