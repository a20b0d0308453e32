package business_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/sidetest"
)

// anyItem draws singles and series of a kind.
func anyItem(k pim.Kind) *rapid.Generator[pim.Item] {
	return rapid.Custom(func(t *rapid.T) pim.Item {
		switch {
		case rapid.IntRange(0, 2).Draw(t, "single") == 0:
			return sidetest.Item(k).Draw(t, "item")
		case k == pim.KindTask:
			return sidetest.TaskSeries().Draw(t, "task")
		}
		return sidetest.FullSeries().Draw(t, "series")
	})
}

func show(t rapid.TB, i pim.Item) string {
	b, err := pim.Marshal(i)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// same expects an item to be what the projection says of another.
func same(t rapid.TB, what string, p side.Projection, want, got pim.Item) {
	t.Helper()
	want = p.Project(want)
	if d := pim.Diff(want, got); d != 0 {
		t.Fatalf("%s: %v differ\n%s", what, d, cmp.Diff(show(t, want), show(t, got)))
	}
	if again := p.Project(got); pim.Diff(again, got) != 0 {
		t.Fatalf("%s: no fixpoint\n%s", what, cmp.Diff(show(t, again), show(t, got)))
	}
}

func ids(made []side.Outcome) []pim.ItemID {
	l := make([]pim.ItemID, len(made))
	for i, o := range made {
		l[i] = o.ID
	}
	return l
}

// TestSeriesAndSinglesBecomeOneAnother writes at least 2,500 items into the embedded
// database, half of them again as something else: all fields, or only some.
func TestSeriesAndSinglesBecomeOneAnother(t *testing.T) {
	for name, c := range map[string]struct {
		make func(testing.TB) *lab
		n    int
	}{
		"embedded":                      {embedded, 25},
		"foreign, tables":               {func(t testing.TB) *lab { return foreign(t, "tables.sql") }, 5},
		"foreign, views over own names": {func(t testing.TB) *lab { return foreign(t, "views.sql") }, 5},
	} {
		for _, k := range pim.Kinds() {
			t.Run(name+", "+k.String(), func(t *testing.T) {
				t.Parallel()
				l := c.make(t)
				f, p := l.folder(t, 0, k), l.Projection(k)
				fields := p.Writable().List()
				ctx := t.Context()
				rapid.Check(t, func(t *rapid.T) {
					in := make([]side.Creation, 0, c.n)
					for _, i := range rapid.SliceOfN(anyItem(k), c.n, c.n).Draw(t, "items") {
						in = append(in, side.Creation{Key: "k", Item: i})
					}
					made, err := f.Create(ctx, in)
					if err != nil {
						t.Fatal(err)
					}
					got, err := f.Get(ctx, ids(made))
					if err != nil {
						t.Fatal(err)
					}
					var ups []side.Update
					var want []pim.Item
					for i, g := range got {
						if made[i].Err != nil || g.Err != nil || g.Version != made[i].Version {
							t.Fatalf("%+v, %+v\n%s", made[i], g, show(t, in[i].Item))
						}
						same(t, "created", p, in[i].Item, g.Item)
						if i%2 == 0 {
							continue
						}
						u := side.Update{ID: g.ID, Version: g.Version, Fields: p.Writable(), Item: anyItem(k).Draw(t, "now")}
						if rapid.Bool().Draw(t, "some") {
							u.Fields = pim.Fields(rapid.SliceOfNDistinct(rapid.SampledFrom(fields), 1, 3, rapid.ID).Draw(t, "fields")...)
						}
						w := g.Item.Clone()
						pim.Apply(w, p.Project(u.Item), u.Fields)
						if pim.CheckSeries(p.Project(w)) != nil { // half of each may be a series nobody has
							u.Fields, w = p.Writable(), u.Item
						}
						ups, want = append(ups, u), append(want, w)
					}
					out, err := f.Update(ctx, ups)
					if err != nil {
						t.Fatal(err)
					}
					if got, err = f.Get(ctx, ids(out)); err != nil {
						t.Fatal(err)
					}
					for i, g := range got {
						if out[i].Err != nil || g.Err != nil || g.Version != out[i].Version {
							t.Fatalf("%v: %+v, %+v\n%s", ups[i].Fields, out[i], g, show(t, want[i]))
						}
						same(t, "updated "+ups[i].Fields.String(), p, want[i], g.Item)
					}
				})
				// What the feed says at last is what is there.
				for c, more := side.Cursor(""), true; more; {
					page, err := f.Changes(ctx, c)
					if err != nil {
						t.Fatal(err)
					}
					var list []pim.ItemID
					for _, ch := range page.Changes {
						list = append(list, ch.ID)
					}
					got, err := f.Get(ctx, list)
					if err != nil {
						t.Fatal(err)
					}
					for i, ch := range page.Changes {
						if ch.Version != got[i].Version || pim.Diff(ch.Item, got[i].Item) != 0 {
							t.Fatalf("listed %+v, read %+v", ch, got[i])
						}
					}
					c, more = page.Next, page.More
				}
			})
		}
	}
}
