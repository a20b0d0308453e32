package exchange

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// Place implements side.Placed: the folder's id.
func (f *folder) Place() string { return string(f.id.ID) }

// Prove implements side.Placed: the folder the login opens by itself must be the
// very one that the address names.
func (f *folder) Prove(ctx context.Context) error {
	home, _ := folderName(f.m.kind)
	own, theirs := ews.Folder(home), ews.Folder(home)
	theirs.Mailbox = f.m.mail
	got, err := f.client.GetFolder(ctx, []ews.FolderID{own, theirs}, nil)
	if err == nil {
		err = got[0].Err
	}
	if err != nil {
		return err
	}
	if err := got[1].Err; err != nil && !fault.Has(err, fault.AccessDenied, fault.MailboxDisabled, fault.FolderUnavailable, fault.ItemGone) {
		return err
	}
	if got[1].Err != nil || got[0].Folder.ID.ID != got[1].Folder.ID.ID {
		return fault.New(fault.MailboxOfOther, "exchange.Prove", f.m.mail, got[1].Err)
	}
	return nil
}

// View says how an account's mailbox is opened: its own as the credential says,
// another one with the rights the login was given there.
func View(a side.Account, impersonate, delegate bool) ews.View {
	return ews.View{Mailbox: a.Mail, Impersonate: impersonate, Delegate: delegate || a.Shared && !impersonate}
}

// Locate finds an account's folder for a kind: the default one, or the one named in
// the account, and checks that the login may use it. Codes beside those of any
// request: [fault.FolderNotFound], [fault.FolderAmbiguous], [fault.FolderWrongKind]
// for a name; [fault.FolderNoRight] where rights given by others are missing, and
// [fault.FolderUnavailable] for the employee's own folder.
func Locate(ctx context.Context, c *ews.Client, a side.Account, k pim.Kind) (ews.FolderInfo, error) {
	const op = "exchange.Locate"
	distinguished, ok := folderName(k)
	if !ok {
		return ews.FolderInfo{}, fault.New(fault.BadRequest, op, string(a.User), nil)
	}
	name := a.Folders.Of(k)
	lent := a.Shared || name != ""
	var info ews.FolderInfo
	var err error
	if name == "" {
		info, err = one(ctx, c, ews.Folder(distinguished))
	} else {
		info, err = named(ctx, c, name, distinguished)
	}
	if lent && fault.Has(err, fault.AccessDenied, fault.FolderUnavailable, fault.ItemGone) {
		err = fault.New(fault.FolderNoRight, op, cmp.Or(name, a.Mail), err)
	}
	if err != nil {
		return ews.FolderInfo{}, err
	}
	if name != "" && !strings.HasPrefix(strings.ToLower(info.Class+"."), strings.ToLower(classOf(k)+".")) {
		return ews.FolderInfo{}, fault.New(fault.FolderWrongKind, op, name, nil)
	}
	if r := info.Rights; info.ID.ID == "" || r.Told && !(r.Read && r.Create && r.Modify && r.Delete) {
		code := fault.FolderUnavailable
		if lent {
			code = fault.FolderNoRight
		}
		return ews.FolderInfo{}, fault.New(code, op, cmp.Or(name, string(a.User)), nil)
	}
	return info, nil
}

// classOf is what a folder's class is, or begins with.
func classOf(k pim.Kind) string {
	if k == pim.KindTask {
		return "IPF.Task"
	}
	return "IPF.Appointment"
}

func one(ctx context.Context, c *ews.Client, id ews.FolderID) (ews.FolderInfo, error) {
	infos, err := c.GetFolder(ctx, []ews.FolderID{id}, nil)
	if err == nil {
		err = infos[0].Err
	}
	if err != nil {
		return ews.FolderInfo{}, err
	}
	return infos[0].Folder, nil
}

// named follows a path of display names, first from the default folder of the kind,
// then from the top of the mailbox. A delegate may see only one of the two.
func named(ctx context.Context, c *ews.Client, path string, home ews.FolderName) (ews.FolderInfo, error) {
	names := Path(path)
	if len(names) == 0 {
		return ews.FolderInfo{}, fault.New(fault.FolderNotFound, "exchange.Locate", path, nil)
	}
	var denied error
	readable := false
	for _, top := range []ews.FolderName{home, ews.MessageRoot} {
		info, err := beneath(ctx, c, ews.Folder(top), names, path)
		switch {
		case err == nil, fault.Has(err, fault.FolderAmbiguous):
			return info, err
		case fault.Has(err, fault.FolderNotFound):
			readable = true
		case fault.Has(err, fault.AccessDenied, fault.FolderUnavailable, fault.ItemGone):
			denied = err
		default:
			return ews.FolderInfo{}, err
		}
	}
	if denied != nil && !readable {
		return ews.FolderInfo{}, denied
	}
	// Servers don't list what one may not see: a missing right looks the same.
	return ews.FolderInfo{}, fault.New(fault.FolderNotFound, "exchange.Locate", path, nil)
}

func beneath(ctx context.Context, c *ews.Client, at ews.FolderID, names []string, path string) (ews.FolderInfo, error) {
	var found ews.FolderInfo
	for _, name := range names {
		list, err := children(ctx, c, at)
		if err != nil {
			return ews.FolderInfo{}, err
		}
		exact := slices.DeleteFunc(slices.Clone(list), func(f ews.FolderInfo) bool { return f.Name != name })
		if len(exact) == 0 { // Outlook tells names apart no more than people do
			exact = slices.DeleteFunc(list, func(f ews.FolderInfo) bool { return !strings.EqualFold(f.Name, name) })
		}
		switch len(exact) {
		case 0:
			return ews.FolderInfo{}, fault.New(fault.FolderNotFound, "exchange.Locate", path, nil)
		case 1:
			found, at = exact[0], ews.FolderID{ID: exact[0].ID.ID}
		default:
			return ews.FolderInfo{}, fault.New(fault.FolderAmbiguous, "exchange.Locate", path, nil)
		}
	}
	return found, nil
}

// children lists the folders right beneath one, without search folders.
func children(ctx context.Context, c *ews.Client, of ews.FolderID) ([]ews.FolderInfo, error) {
	var all []ews.FolderInfo
	for q := (ews.FindFolderRequest{Parent: of}); ; {
		page, err := c.FindFolder(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, f := range page.Folders {
			if f.Element != "SearchFolder" {
				all = append(all, f)
			}
		}
		if page.Last {
			return all, nil
		}
		q.Offset = page.Next
	}
}

// Path parts "Team/Room 1" into names. A slash inside a name is written "//".
func Path(path string) []string {
	const inside = "\x00"
	var names []string
	for part := range strings.SplitSeq(strings.ReplaceAll(path, "//", inside), "/") {
		if name := strings.TrimSpace(strings.ReplaceAll(part, inside, "/")); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// marked is the folder that carries the installation's mark: the named one, or the
// mailbox's calendar.
func (f *folder) marked() ews.FolderID {
	if f.named {
		return f.id
	}
	return ews.Folder(ews.Calendar)
}
