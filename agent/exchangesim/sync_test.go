package exchangesim_test

import (
	"fmt"
	"regexp"
	"testing"

	"abgleich/agent/exchangesim"
	"pgregory.net/rapid"
)

var changePattern = regexp.MustCompile(`<t:(Create|Update|Delete)>(?:<t:CalendarItem>)?<t:ItemId Id="([^"]*)"(?: ChangeKey="([^"]*)")?`)

// page reads one page of a feed into a mirror of ids and change keys.
func (c *client) page(mirror map[string]string, state string, limit int) (next string, last bool, changes []string) {
	r := c.want(c.do(syncItems("calendar", state, limit)), "NoError")
	for _, m := range changePattern.FindAllStringSubmatch(r.raw, -1) {
		changes = append(changes, m[1])
		if m[1] == "Delete" {
			delete(mirror, m[2])
			continue
		}
		if _, known := mirror[m[2]]; !known && m[1] == "Update" {
			c.t.Fatalf("an update of an item never told of")
		}
		mirror[m[2]] = m[3]
	}
	if len(changes) > limit {
		c.t.Fatalf("%d changes, asked for %d", len(changes), limit)
	}
	return r.find(`SyncState>([^<]*)<`), r.find(`IncludesLastItemInRange>([^<]*)<`) == "true", changes
}

// TestAMirrorFedByTheFeedBecomesTheFolder lets a person do anything while a client
// reads pages of any size; once the client has read to the end, it knows exactly
// what is there.
func TestAMirrorFedByTheFeedBecomesTheFolder(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	box := c.sim.Mailbox("anna@lab.test")
	rapid.Check(t, func(rt *rapid.T) {
		c := &client{t, c.sim, c.user, c.pass}
		mirror, state := map[string]string{}, ""
		read := func(limit int) bool {
			next, last, changes := c.page(mirror, state, limit)
			if !last && len(changes) == 0 {
				rt.Fatal("an empty page that is not the last")
			}
			state = next
			return last
		}
		steps := rapid.SliceOfN(rapid.IntRange(0, 7), 1, 25).Draw(rt, "steps")
		for i, step := range steps {
			list := box.List(exchangesim.Calendar)
			pick := func() exchangesim.ItemID {
				return list[rapid.IntRange(0, len(list)-1).Draw(rt, "which")].ID
			}
			var err error
			switch {
			case step <= 1 || len(list) == 0:
				_, err = box.Create(exchangesim.Item{Subject: fmt.Sprint(i)})
			case step == 2:
				_, err = box.Update(pick(), func(it *exchangesim.Item) { it.Location = fmt.Sprint(i) })
			case step == 3:
				err = box.Delete(pick())
			case step == 4:
				_, err = box.Move(pick(), exchangesim.Inbox)
			case step == 5:
				_, err = box.Copy(pick(), exchangesim.Calendar)
			default:
				read(rapid.IntRange(1, 4).Draw(rt, "limit"))
			}
			if err != nil {
				rt.Fatal(err)
			}
		}
		for n := 0; !read(3); n++ {
			if n > 1000 {
				rt.Fatal("the feed has no end")
			}
		}
		list := box.List(exchangesim.Calendar)
		if len(list) != len(mirror) {
			rt.Fatalf("%d items there, %d known", len(list), len(mirror))
		}
		for _, it := range list {
			if mirror[string(it.ID)] != it.ChangeKey {
				rt.Fatalf("item %s is known with another change key", it.Subject)
			}
		}
		if _, last, changes := c.page(mirror, state, 512); !last || len(changes) != 0 {
			rt.Fatalf("a quiet folder reports %v", changes)
		}
	})
}

func TestALongFeedComesInPages(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	box := c.sim.Mailbox("anna@lab.test")
	box.Seed(seeded(1200))
	mirror, state, pages := map[string]string{}, "", 0
	for last := false; !last; pages++ {
		state, last, _ = c.page(mirror, state, 512)
	}
	if pages != 3 || len(mirror) != 1200 {
		t.Fatalf("%d pages, %d items", pages, len(mirror))
	}
	// Enough saves to have the log cleaned up behind the reader.
	list := box.List(exchangesim.Calendar)
	for i := range 3000 {
		if _, err := box.Touch(list[i%7].ID); err != nil {
			t.Fatal(err)
		}
	}
	_, last, changes := c.page(mirror, state, 512)
	if !last || len(changes) != 7 {
		t.Fatalf("%d changes after touching seven items", len(changes))
	}
}

func TestAnInvalidatedStateMeansStartingOver(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	box := c.sim.Mailbox("anna@lab.test")
	box.Seed(seeded(3))
	state, _, _ := c.page(map[string]string{}, "", 10)
	c.want(c.do(syncItems("tasks", state, 10)), "ErrorInvalidSyncStateData") // another folder's
	box.InvalidateSyncStates()
	c.want(c.do(syncItems("calendar", state, 10)), "ErrorInvalidSyncStateData")
	if _, last, changes := c.page(map[string]string{}, "", 10); !last || len(changes) != 3 {
		t.Fatalf("starting over gives %v", changes)
	}
}

func TestFindItemIsPagedAndLimited(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	box := c.sim.Mailbox("anna@lab.test")
	key := exchangesim.SetString("2F9D0AC6-7F2E-4C3F-9A54-0D8A2F6D3D10", "AbgleichId")
	items := seeded(1100)
	for i := range items {
		items[i].SetProperty(key, fmt.Sprintf("inst/anna/%d", i))
	}
	box.Seed(items)
	find := func(view, restriction string) *reply {
		return c.do(`<FindItem Traversal="Shallow"><ItemShape><t:BaseShape>IdOnly</t:BaseShape></ItemShape>` + view + restriction + `<ParentFolderIds><t:DistinguishedFolderId Id="calendar"/><t:DistinguishedFolderId Id="deleteditems"/></ParentFolderIds></FindItem>`)
	}
	const path = `<t:ExtendedFieldURI PropertySetId="2f9d0ac6-7f2e-4c3f-9a54-0d8a2f6d3d10" PropertyName="AbgleichId" PropertyType="String"/>`
	equal := func(v string) string {
		return `<t:IsEqualTo>` + path + `<t:FieldURIOrConstant><t:Constant Value="` + v + `"/></t:FieldURIOrConstant></t:IsEqualTo>`
	}
	c.want(find("", ""), "ErrorExceededFindCountLimit NoError")
	for _, x := range []struct {
		name, view, restriction, offset, total, last string
		items                                        int
	}{
		{"more than the limit is asked for", `<IndexedPageItemView MaxEntriesReturned="5000" Offset="0" BasePoint="Beginning"/>`, "", "1000", "1100", "false", 1000},
		{"the last page", `<IndexedPageItemView MaxEntriesReturned="5000" Offset="1000" BasePoint="Beginning"/>`, "", "1100", "1100", "true", 100},
		{"behind the end", `<IndexedPageItemView MaxEntriesReturned="10" Offset="2000" BasePoint="Beginning"/>`, "", "1100", "1100", "true", 0},
		{"one key", "", `<Restriction>` + equal("inst/anna/77") + `</Restriction>`, "1", "1", "true", 1},
		{"one key or another", "", `<Restriction><t:Or>` + equal("inst/anna/77") + equal("inst/anna/1099") + equal("nobody") + `</t:Or></Restriction>`, "2", "2", "true", 2},
		{"both keys at once", "", `<Restriction><t:And>` + equal("inst/anna/77") + equal("inst/anna/1099") + `</t:And></Restriction>`, "0", "0", "true", 0},
		{"any key, with the smaller limit", `<IndexedPageItemView MaxEntriesReturned="1000" Offset="0" BasePoint="Beginning"/>`, `<Restriction><t:Exists>` + path + `</t:Exists></Restriction>`, "250", "1100", "false", 250},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := find(x.view, x.restriction)
			got := r.find(`IndexedPagingOffset="(\d+)"`) + " " + r.find(`TotalItemsInView="(\d+)"`) + " " + r.find(`IncludesLastItemInRange="(\w+)"`)
			if want := x.offset + " " + x.total + " " + x.last; r.codes() != "NoError NoError" || got != want {
				t.Errorf("%s: %s, want %s", r.codes(), got, want)
			}
			if n := len(regexp.MustCompile(`<t:ItemId `).FindAllString(r.raw, -1)); n != x.items {
				t.Errorf("%d items, want %d", n, x.items)
			}
		})
	}
}
