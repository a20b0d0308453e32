package sidetest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/fake"
	"abgleich/agent/side/sidetest"
)

// broken is the fake with one promise broken.
type broken struct {
	*fake.Side
	promise string
	folder  func(*brokenFolder)
	project func(side.Projection) side.Projection
	deaf    bool
	account func(side.Account) side.Account
}

func (b *broken) Projection(k pim.Kind) side.Projection {
	p := b.Side.Projection(k)
	if b.project != nil {
		return b.project(p)
	}
	return p
}

func (b *broken) Open(ctx context.Context, a side.Account, k pim.Kind) (side.Folder, error) {
	if b.account != nil {
		a = b.account(a)
	}
	f, err := b.Side.Open(ctx, a, k)
	if err != nil {
		return nil, err
	}
	x := &brokenFolder{Folder: f, kind: k}
	if b.folder != nil {
		b.folder(x)
	}
	return x, nil
}

func (b *broken) Watch(ctx context.Context, a side.Account, ready func(), hint func(pim.Kind)) error {
	if b.deaf {
		ready()
		return errors.New("watching failed")
	}
	if b.account != nil {
		a = b.account(a)
	}
	return b.Side.Watch(ctx, a, ready, hint)
}

// brokenFolder changes arguments on the way in and results on the way out; nil
// functions change nothing.
type brokenFolder struct {
	side.Folder
	kind        pim.Kind
	ctx         func(context.Context) context.Context
	changes     func(side.Cursor, side.Page, error) (side.Page, error)
	get         func([]side.Got, error) ([]side.Got, error)
	create      func([]side.Creation) []side.Creation
	update      func([]side.Update) []side.Update
	del         func([]side.Deletion) []side.Deletion
	outcomes    func([]side.Outcome, error) ([]side.Outcome, error)
	setKeys     func([]side.KeyAssignment) []side.KeyAssignment
	found       func([]side.Found) []side.Found
	whereabouts func([]side.Whereabouts) []side.Whereabouts
}

func pass[T any](f func(T) T, x T) T {
	if f == nil {
		return x
	}
	return f(x)
}

func (f *brokenFolder) Changes(ctx context.Context, c side.Cursor) (side.Page, error) {
	p, err := f.Folder.Changes(pass(f.ctx, ctx), c)
	if f.changes != nil {
		return f.changes(c, p, err)
	}
	return p, err
}

func (f *brokenFolder) Get(ctx context.Context, ids []pim.ItemID) ([]side.Got, error) {
	got, err := f.Folder.Get(pass(f.ctx, ctx), ids)
	if f.get != nil {
		return f.get(got, err)
	}
	return got, err
}

func (f *brokenFolder) written(out []side.Outcome, err error) ([]side.Outcome, error) {
	if f.outcomes != nil {
		return f.outcomes(out, err)
	}
	return out, err
}

func (f *brokenFolder) Create(ctx context.Context, in []side.Creation) ([]side.Outcome, error) {
	return f.written(f.Folder.Create(pass(f.ctx, ctx), pass(f.create, in)))
}

func (f *brokenFolder) Update(ctx context.Context, in []side.Update) ([]side.Outcome, error) {
	return f.written(f.Folder.Update(pass(f.ctx, ctx), pass(f.update, slices.Clone(in))))
}

func (f *brokenFolder) Delete(ctx context.Context, in []side.Deletion) ([]side.Outcome, error) {
	return f.written(f.Folder.Delete(pass(f.ctx, ctx), pass(f.del, slices.Clone(in))))
}

func (f *brokenFolder) SetKeys(ctx context.Context, in []side.KeyAssignment) ([]side.Outcome, error) {
	return f.written(f.Folder.SetKeys(pass(f.ctx, ctx), pass(f.setKeys, slices.Clone(in))))
}

func (f *brokenFolder) FindByKey(ctx context.Context, keys []pim.Key) ([]side.Found, error) {
	found, err := f.Folder.FindByKey(pass(f.ctx, ctx), keys)
	return pass(f.found, found), err
}

func (f *brokenFolder) Whereabouts(ctx context.Context, lost []side.Lost) ([]side.Whereabouts, error) {
	w, err := f.Folder.Whereabouts(pass(f.ctx, ctx), lost)
	return pass(f.whereabouts, w), err
}

func (f *brokenFolder) current(id pim.ItemID) pim.Version {
	got, err := f.Folder.Get(context.Background(), []pim.ItemID{id})
	if err != nil {
		return ""
	}
	return got[0].Version
}

// projectionOf is a projection whose side does more to an item than it says.
type projectionOf struct {
	side.Projection
	project func(pim.Item) pim.Item
}

func (p projectionOf) Project(i pim.Item) pim.Item { return p.project(i) }

func alterCreated(f func(pim.Item)) func(*brokenFolder) {
	return func(b *brokenFolder) {
		b.create = func(in []side.Creation) []side.Creation {
			in = slices.Clone(in)
			for i := range in {
				in[i].Item = in[i].Item.Clone()
				f(in[i].Item)
			}
			return in
		}
	}
}

func breakages() []broken {
	return []broken{
		{promise: "results in the input's order", folder: func(b *brokenFolder) {
			b.get = func(g []side.Got, err error) ([]side.Got, error) { slices.Reverse(g); return g, err }
		}},
		{promise: "a result for each input", folder: func(b *brokenFolder) {
			b.outcomes = func(o []side.Outcome, err error) ([]side.Outcome, error) { return o[:min(len(o), 4)], err }
		}},
		{promise: "one bad item spoils only its own result", folder: func(b *brokenFolder) {
			b.outcomes = func(o []side.Outcome, err error) ([]side.Outcome, error) {
				for _, x := range o {
					err = errors.Join(err, x.Err)
				}
				return o, err
			}
		}},
		{promise: "an update with an old version is refused", folder: func(b *brokenFolder) {
			b.update = func(in []side.Update) []side.Update {
				for i := range in {
					in[i].Version = b.current(in[i].ID)
				}
				return in
			}
		}},
		{promise: "a deletion with an old version is refused", folder: func(b *brokenFolder) {
			b.del = func(in []side.Deletion) []side.Deletion {
				for i := range in {
					in[i].Version = b.current(in[i].ID)
				}
				return in
			}
		}},
		{promise: "other fields stay as they are", folder: func(b *brokenFolder) {
			b.update = func(in []side.Update) []side.Update {
				for i := range in {
					in[i].Fields |= pim.Fields(pim.FieldBody)
				}
				return in
			}
		}},
		{promise: "the version after a write is the one read", folder: func(b *brokenFolder) {
			b.outcomes = func(o []side.Outcome, err error) ([]side.Outcome, error) {
				for i := range o {
					o[i].Version += "?"
				}
				return o, err
			}
		}},
		{promise: "the projection tells of texts cut off", folder: alterCreated(func(i pim.Item) { i.Shared().Body = "" })},
		{promise: "categories come back", folder: alterCreated(func(i pim.Item) { i.Shared().Categories = nil })},
		{promise: "seconds and zones come back", folder: alterCreated(func(i pim.Item) {
			if a, ok := i.(*pim.Appointment); ok && !a.When.AllDay {
				a.When.Zone = "UTC"
			}
		})},
		{promise: "days do not shift", folder: alterCreated(func(i pim.Item) {
			switch x := i.(type) {
			case *pim.Appointment:
				x.When.First = x.When.First.AddDays(-1)
			case *pim.Task:
				x.Due = x.Due.AddDays(-1)
			}
		})},
		{promise: "the projection is idempotent", project: func(p side.Projection) side.Projection {
			return projectionOf{p, func(i pim.Item) pim.Item {
				if i = p.Project(i); i != nil && i.Shared().Subject != "" {
					i.Shared().Subject = i.Shared().Subject[1:]
				}
				return pim.Canonical(i)
			}}
		}},
		{promise: "the projection leaves its argument alone", project: func(p side.Projection) side.Projection {
			return projectionOf{p, func(i pim.Item) pim.Item {
				out := p.Project(i)
				if i != nil {
					i.Shared().Subject += "!"
				}
				return out
			}}
		}},
		{promise: "what is read is canonical", folder: func(b *brokenFolder) {
			b.get = func(g []side.Got, err error) ([]side.Got, error) {
				for i := range g {
					if t, ok := g[i].Item.(*pim.Appointment); ok {
						t.When.Start = t.When.Start.In(time.FixedZone("", 3600))
					} else if t, ok := g[i].Item.(*pim.Task); ok {
						t.Categories = append(t.Categories, "")
					}
				}
				return g, err
			}
		}},
		{promise: "the feed goes on to its end", folder: func(b *brokenFolder) {
			b.changes = func(_ side.Cursor, p side.Page, err error) (side.Page, error) { p.More = false; return p, err }
		}},
		{promise: "the feed from the beginning is complete", folder: func(b *brokenFolder) {
			b.changes = func(c side.Cursor, p side.Page, err error) (side.Page, error) {
				if c == "" && len(p.Changes) > 1 {
					p.Changes = p.Changes[1:]
				}
				return p, err
			}
		}},
		{promise: "the feed lists removals", folder: func(b *brokenFolder) {
			b.changes = func(_ side.Cursor, p side.Page, err error) (side.Page, error) {
				p.Changes = slices.DeleteFunc(p.Changes, func(c side.Change) bool { return c.Gone })
				return p, err
			}
		}},
		{promise: "the feed lists keys", folder: func(b *brokenFolder) {
			b.changes = func(_ side.Cursor, p side.Page, err error) (side.Page, error) {
				for i := range p.Changes {
					p.Changes[i].Key = ""
				}
				return p, err
			}
		}},
		{promise: "a bad cursor is a lost one", folder: func(b *brokenFolder) {
			b.changes = func(_ side.Cursor, p side.Page, err error) (side.Page, error) {
				if err != nil && !fault.Has(err, fault.Cancelled) {
					err = fault.New(fault.BadRequest, "broken", "", nil)
				}
				return p, err
			}
		}},
		{promise: "a gone item is gone, not unreadable", folder: func(b *brokenFolder) {
			b.get = func(g []side.Got, err error) ([]side.Got, error) {
				for i := range g {
					if g[i].Err != nil {
						g[i].Err = fault.New(fault.ItemUnreadable, "broken", "", nil)
					}
				}
				return g, err
			}
		}},
		{promise: "every copy is found", folder: func(b *brokenFolder) {
			b.found = func(fs []side.Found) []side.Found {
				for i := range fs {
					fs[i].Items = fs[i].Items[:min(1, len(fs[i].Items))]
				}
				return fs
			}
		}},
		{promise: "FindByKey tells the version", folder: func(b *brokenFolder) {
			b.found = func(fs []side.Found) []side.Found {
				for i := range fs {
					for n := range fs[i].Items {
						fs[i].Items[n].Version = ""
					}
				}
				return fs
			}
		}},
		{promise: "a key set is set", folder: func(b *brokenFolder) {
			b.setKeys = func(in []side.KeyAssignment) []side.KeyAssignment {
				for i := range in {
					in[i].Key = "always.the.same"
				}
				return in
			}
		}},
		{promise: "a move is no deletion", folder: func(b *brokenFolder) {
			b.whereabouts = func(ws []side.Whereabouts) []side.Whereabouts {
				for i := range ws {
					if ws[i].Place == side.PlaceElsewhere {
						ws[i].Place = side.PlaceDeleted
					}
				}
				return ws
			}
		}},
		{promise: "what is here is here", folder: func(b *brokenFolder) {
			b.whereabouts = func(ws []side.Whereabouts) []side.Whereabouts {
				for i := range ws {
					ws[i].Place = side.PlaceDeleted
				}
				return ws
			}
		}},
		{promise: "cancellation is honoured", folder: func(b *brokenFolder) { b.ctx = context.WithoutCancel }},
		{promise: "users are kept apart", account: func(a side.Account) side.Account { a.User = "everybody"; return a }},
		{promise: "a change is hinted at", deaf: true},
	}
}

func (b broken) run(t *testing.T) {
	sidetest.Run(t, sidetest.Harness{New: func(*testing.T) sidetest.Fixture {
		opt := fake.Exchange()
		opt.PageSize = 20
		s := fake.New(pim.Exchange, opt)
		x := b
		x.Side = s
		user := func(a side.Account) pim.UserID {
			if b.account != nil {
				a = b.account(a)
			}
			return a.User
		}
		return sidetest.Fixture{
			Side: &x, CopiesKeys: true,
			Accounts: []side.Account{
				{User: "anna", Mail: "anna@lab.test", Zone: time.UTC}, {User: "bernd", Mail: "bernd@lab.test", Zone: time.UTC},
			},
			Person: sidetest.Person{
				Put: func(_ testing.TB, a side.Account, i pim.Item) pim.ItemID { return s.Put(user(a), i) },
				Edit: func(_ testing.TB, a side.Account, k pim.Kind, id pim.ItemID, subject string) {
					s.Edit(user(a), k, id, func(i pim.Item) { i.Shared().Subject = subject })
				},
				Delete: func(_ testing.TB, a side.Account, k pim.Kind, id pim.ItemID) { s.Delete(user(a), k, id) },
				Move: func(_ testing.TB, a side.Account, k pim.Kind, id pim.ItemID) func() {
					s.Move(user(a), k, id)
					return nil
				},
				Copy: func(_ testing.TB, a side.Account, k pim.Kind, id pim.ItemID) { s.Copy(user(a), k, id) },
			},
		}
	}})
}
