package credentials_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"abgleich/agent/credentials"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
	"abgleich/agent/vault"
)

const anna, ben pim.UserID = "ANNA", "BEN"

func TestARefusedLoginRests(t *testing.T) {
	for _, c := range []struct {
		name string
		then func(*desk)
		want fault.Code
	}{
		{"at once", func(*desk) {}, fault.LoginRejected},
		{"after almost a day", func(d *desk) { d.at = d.at.Add(24*time.Hour - time.Second) }, fault.LoginRejected},
		{"until a day has passed", func(d *desk) { d.at = d.at.Add(24 * time.Hour) }, ""},
		{"when another tray hands it over", func(d *desk) { d.save(wrong) }, fault.LoginRejected},
		{"after a restart", (*desk).restart, fault.LoginRejected},
		{"after a restart and another tray", func(d *desk) { d.restart(); d.save(wrong) }, fault.LoginRejected},
		{"until another password comes", func(d *desk) { d.save(right) }, ""},
		{"when the other password went and it comes again", func(d *desk) { d.save(right); d.save(wrong) }, fault.LoginRejected},
		{"the same with a restart in between", func(d *desk) { d.save(right); d.restart(); d.save(wrong) }, fault.LoginRejected},
		{"until the name changes", func(d *desk) {
			_, err := d.Save(d.Context(), credentials.Settings{User: anna, Login: "anna@lab.test"}, secret(wrong))
			d.must(err)
		}, ""},
		{"when only switches change", func(d *desk) {
			_, err := d.Save(d.Context(), credentials.Settings{User: anna, Tasks: true, Login: `LAB\anna`}, nil)
			d.must(err)
		}, fault.LoginRejected},
		{"until the server took it", func(d *desk) { d.must(d.Accepted(d.Context(), anna)) }, ""},
		{"although the server took another", func(d *desk) {
			d.must(d.Took(d.Context(), anna, login(`LAB\anna`, right)))
		}, fault.LoginRejected},
		{"although another was refused as well", func(d *desk) {
			d.must(d.Rejected(d.Context(), anna, login(`LAB\anna`, "a third")))
		}, fault.LoginRejected},
		{"until everything is deleted", func(d *desk) { d.must(d.Forget(d.Context(), anna)); d.save(wrong) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t, false)
			d.save(wrong)
			d.code(d.MayTry(d.Context(), anna, false), "")
			d.must(d.Rejected(d.Context(), anna, login(`LAB\anna`, wrong)))
			if v := d.view(); v.Rejected.IsZero() || !v.Verified.IsZero() {
				t.Errorf("%+v", v)
			}
			c.then(d)
			d.code(d.MayTry(d.Context(), anna, false), c.want)
			d.code(d.MayTry(d.Context(), anna, true), "") // a person asks
		})
	}
}

func TestManyRefusalsAreRememberedButNotForEver(t *testing.T) {
	d := newDesk(t, false)
	d.save(right)
	for i := range 40 {
		d.must(d.Rejected(d.Context(), anna, login(`LAB\anna`, fmt.Sprint("guess ", i))))
	}
	for i, want := range map[int]fault.Code{39: fault.LoginRejected, 30: fault.LoginRejected, 0: ""} {
		d.code(d.MayTryOther(d.Context(), anna, login(`LAB\anna`, fmt.Sprint("guess ", i)), false), want)
	}
	// None of this is about the login in use, nor about anybody else.
	d.code(d.MayTry(d.Context(), anna, false), "")
	d.code(d.MayTryOther(d.Context(), ben, login(`LAB\anna`, "guess 39"), false), "")
	if v := d.view(); !v.Rejected.IsZero() {
		t.Errorf("%+v", v)
	}
}

func TestAKeyThatIsGoneSaysNothingOfRefusals(t *testing.T) {
	d := newDesk(t, false)
	d.save(wrong)
	d.must(d.Rejected(d.Context(), anna, login(`LAB\anna`, wrong)))
	d.must(os.Remove(filepath.Join(d.folder, "identity.age")))
	d.restart()
	d.code(d.MayTryOther(d.Context(), anna, login(`LAB\anna`, wrong), false), "")
	d.code(d.MayTry(d.Context(), anna, false), fault.SecretOfOtherKey)
}

func TestAnAcceptanceIsOfTheLoginInUse(t *testing.T) {
	d := newDesk(t, false)
	d.save(right)
	d.must(d.Accepted(d.Context(), anna))
	first := d.view().Verified
	if !first.Equal(d.at) {
		t.Fatalf("verified %v", first)
	}
	d.at = d.at.Add(59 * time.Minute)
	d.must(d.Accepted(d.Context(), anna))
	if v := d.view().Verified; !v.Equal(first) {
		t.Errorf("written down again after a while only: %v", v)
	}
	d.at = d.at.Add(time.Minute)
	d.must(d.Accepted(d.Context(), anna))
	if v := d.view().Verified; !v.Equal(d.at) {
		t.Errorf("verified %v", v)
	}
	// A new password counts as verified at once, however lately the old one did.
	d.save("new")
	if v := d.view().Verified; !v.IsZero() {
		t.Errorf("a new password is verified at %v", v)
	}
	d.must(d.Took(d.Context(), anna, login(`LAB\anna`, right))) // a run that began before
	if v := d.view().Verified; !v.IsZero() {
		t.Errorf("the old password's success counts for the new one: %v", v)
	}
	d.must(d.Took(d.Context(), anna, login(`LAB\anna`, "new")))
	if v := d.view().Verified; !v.Equal(d.at) {
		t.Errorf("verified %v", v)
	}
}

func TestALoginThatWasRefusedIsFreeOnceItIsTakenHoweverLatelyAnotherWas(t *testing.T) {
	d := newDesk(t, false)
	d.save(right)
	d.must(d.Took(d.Context(), anna, login(`LAB\anna`, right)))
	d.must(d.Rejected(d.Context(), anna, login(`LAB\anna`, "new"))) // typed in before the change had come through
	d.code(d.MayTryOther(d.Context(), anna, login(`LAB\anna`, "new"), false), fault.LoginRejected)
	d.must(d.Took(d.Context(), anna, login(`LAB\anna`, "new")))
	d.code(d.MayTryOther(d.Context(), anna, login(`LAB\anna`, "new"), false), "")
	d.save("new")
	d.code(d.MayTry(d.Context(), anna, false), "")
}

func TestSavingKeepsWhatBelongsTogether(t *testing.T) {
	for _, inMemory := range []bool{false, true} {
		t.Run(fmt.Sprint("in memory ", inMemory), func(t *testing.T) {
			d := newDesk(t, inMemory)
			d.save(right)
			v, err := d.Save(d.Context(), credentials.Settings{User: anna, Tasks: true, Login: `LAB\anna`}, nil)
			d.must(err)
			if !v.HasPassword || v.Sync || v.Appointments || !v.Tasks {
				t.Errorf("%+v", v)
			}
			l, err := d.Login(d.Context(), anna)
			d.must(err)
			if !l.Equal(login(`LAB\anna`, right)) {
				t.Error("another login came back")
			}
			v, err = d.Save(d.Context(), credentials.Settings{User: anna, Login: `LAB\ben`}, nil)
			d.must(err)
			if v.HasPassword {
				t.Error("Anna's password would be shown under Ben's name")
			}
			_, err = d.Login(d.Context(), anna)
			d.code(err, fault.CredentialsMissing)
		})
	}
}

func TestAPasswordIsSealedForItsUserAlone(t *testing.T) {
	d := newDesk(t, false)
	d.save(right)
	a, err := d.store.Account(d.Context(), anna)
	d.must(err)
	if bytes.Contains(a.Sealed, []byte(right)) {
		t.Fatal("the password stands in the store")
	}
	// Somebody who may write the store copies Anna's password to Ben.
	_, err = d.store.SaveAccount(d.Context(), store.Account{User: ben, Login: `LAB\ben`, Sealed: a.Sealed})
	d.must(err)
	_, err = d.Login(d.Context(), ben)
	d.code(err, fault.SecretOfOther)
}

func TestInMemoryNothingReachesTheStore(t *testing.T) {
	d := newDesk(t, true)
	d.save(wrong)
	d.must(d.Rejected(d.Context(), anna, login(`LAB\anna`, wrong)))
	d.code(d.MayTry(d.Context(), anna, false), fault.LoginRejected)
	a, err := d.store.Account(d.Context(), anna)
	d.must(err)
	if len(a.Sealed) > 0 || len(a.RejectedMark) > 0 || a.Rejected.IsZero() {
		t.Errorf("%d and %d sealed bytes, rejected %v", len(a.Sealed), len(a.RejectedMark), a.Rejected)
	}
	d.restart()
	d.code(d.MayTry(d.Context(), anna, false), fault.CredentialsMissing)
	if d.view().HasPassword {
		t.Error("claims to have a password")
	}
	d.save(right) // a tray hands it over
	d.code(d.MayTry(d.Context(), anna, false), "")
}

func TestWhoChangesToMemoryHasNothingLeftInTheStore(t *testing.T) {
	d := newDesk(t, false)
	d.save(right)
	d.must(d.Rejected(d.Context(), anna, login(`LAB\anna`, right)))
	d.memory = true
	d.restart()
	d.must(d.EraseStored(d.Context()))
	a, err := d.store.Account(d.Context(), anna)
	d.must(err)
	if len(a.Sealed) > 0 || len(a.RejectedMark) > 0 || a.Login != `LAB\anna` || !a.Sync {
		t.Errorf("left: %+v", a)
	}
}

func TestAProofIsTheCallersOwnAndGetsOld(t *testing.T) {
	d := newDesk(t, false)
	d.Prove("uid:1", anna, login(`LAB\anna`, right))
	if u, l, ok := d.Proved("uid:1"); !ok || u != anna || !l.Equal(login(`LAB\anna`, right)) {
		t.Error("not proved")
	}
	if _, _, ok := d.Proved("uid:2"); ok {
		t.Error("somebody else is proved")
	}
	d.at = d.at.Add(15*time.Minute + time.Second)
	if _, _, ok := d.Proved("uid:1"); ok {
		t.Error("proved for ever")
	}
	d.Prove("uid:1", anna, login(`LAB\anna`, right))
	d.must(d.Forget(d.Context(), anna))
	if _, _, ok := d.Proved("uid:1"); ok {
		t.Error("a forgotten login is still proved")
	}
}

func TestATieIsToldToWhoeverWatches(t *testing.T) {
	d := newDesk(t, false)
	who := func(id string) pim.UserID {
		u, err := d.UserOf(d.Context(), id)
		d.must(err)
		return u
	}
	told := func(ch <-chan struct{}) bool {
		select {
		case <-ch:
			return true
		default:
			return false
		}
	}
	if who("uid:1") != "" {
		t.Fatal("known before")
	}
	ch := d.TiesChanged()
	d.must(d.Tie(d.Context(), "uid:1", "anna", anna))
	if who("uid:1") != anna || !told(ch) {
		t.Fatal("not tied, or not told")
	}
	ch = d.TiesChanged()
	d.must(d.Tie(d.Context(), "uid:1", "anna", anna))
	if told(ch) {
		t.Error("nothing changed, and it was told")
	}
	d.must(d.Tie(d.Context(), "uid:2", "anna2", anna))
	if who("uid:1") != "" || who("uid:2") != anna || !told(ch) {
		t.Error("the later proof does not count")
	}
}

// broken is a store that fails.
type broken struct{ credentials.Store }

var errDisk = fault.New(fault.StoreCorrupt, "store.Account", "", errors.New("disk"))

func (broken) Account(context.Context, pim.UserID) (store.Account, error) {
	return store.Account{}, errDisk
}
func (broken) Accounts(context.Context) ([]store.Account, error) { return nil, errDisk }
func (broken) IdentityOf(context.Context, string) (store.Identity, error) {
	return store.Identity{}, errDisk
}

func TestAStoreThatFailsIsNoPermissionToTry(t *testing.T) {
	v, err := vault.NewInMemory()
	if err != nil {
		t.Fatal(err)
	}
	b := credentials.New(credentials.Options{Store: broken{}, Vault: v, Now: time.Now})
	ctx := t.Context()
	_, viewed := b.View(ctx, anna)
	_, listed := b.All(ctx)
	_, saved := b.Save(ctx, credentials.Settings{User: anna}, nil)
	_, known := b.UserOf(ctx, "uid:1")
	for name, err := range map[string]error{
		"try": b.MayTry(ctx, anna, false), "try other": b.MayTryOther(ctx, anna, login("a", "b"), false),
		"rejected": b.Rejected(ctx, anna, login("a", "b")), "took": b.Took(ctx, anna, login("a", "b")), "accepted": b.Accepted(ctx, anna),
		"view": viewed, "all": listed, "save": saved, "who": known, "tie": b.Tie(ctx, "uid:1", "", anna), "erase": b.EraseStored(ctx),
	} {
		if fault.CodeOf(err) != fault.StoreCorrupt {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestManyMayUseTheBookAtOnce(t *testing.T) {
	d := newDesk(t, false)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 10 {
				l := login(`LAB\anna`, fmt.Sprint(i))
				if _, err := d.Save(d.Context(), credentials.Settings{User: anna, Sync: true, Login: l.Name}, &l.Secret); err != nil {
					t.Errorf("saving: %v", err)
				}
				for _, err := range []error{d.Rejected(d.Context(), anna, l), d.Took(d.Context(), anna, l), d.Tie(d.Context(), fmt.Sprint("uid:", i), "", anna)} {
					if err != nil {
						t.Error(err)
					}
				}
				d.Prove(fmt.Sprint("uid:", i), anna, l)
				d.Proved("uid:1")
			}
		})
	}
	all.Wait()
}
