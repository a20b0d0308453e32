package icon

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

const (
	fine      = contract.UserState_USER_STATE_FINE
	attention = contract.UserState_USER_STATE_ATTENTION
	refused   = contract.UserState_USER_STATE_CREDENTIALS_NEEDED
	away      = contract.UserState_USER_STATE_OFFLINE
)

func coded(state contract.UserState, code string) client.Picture {
	return user(state, func(u *contract.UserStatus) { u.Code = code })
}

func held() client.Picture {
	return user(attention, func(u *contract.UserStatus) { u.Holds = 1 })
}

func lost(p client.Picture) client.Picture {
	p.Connection = client.Reconnecting
	return p
}

func TestAPersonIsToldOnceOfWhatNeedsHim(t *testing.T) {
	type step struct {
		picture client.Picture
		lasts   time.Duration
	}
	tests := []struct {
		name  string
		steps []step
		want  string // pages of the notes in order; "-": the last one was taken away
	}{
		{"a refused password at once", []step{{coded(refused, "login-rejected"), time.Second}}, "credentials"},
		{"and never again while it lasts", []step{{coded(refused, "login-rejected"), 90 * 24 * time.Hour}}, "credentials"},
		{"nor after the agent was away", []step{{coded(refused, "login-rejected"), time.Hour}, {lost(coded(refused, "login-rejected")), time.Hour}, {coded(refused, "login-rejected"), time.Hour}}, "credentials"},
		{"another reason is news", []step{{coded(refused, "login-rejected"), time.Hour}, {coded(refused, "password-expired"), time.Hour}}, "credentials credentials"},
		{"a login the agent has lost and gets again", []step{{coded(refused, "credentials-missing"), time.Minute}, {user(fine, nil), time.Hour}}, ""},
		{"a login the agent has lost for good", []step{{coded(refused, "credentials-missing"), time.Hour}}, "credentials"},
		{"a problem that lasts", []step{{user(attention, nil), 3 * time.Minute}}, "problems"},
		{"a problem that heals within two minutes", []step{{user(attention, nil), 119 * time.Second}, {user(fine, nil), time.Hour}}, ""},
		{"a hold at once", []step{{held(), time.Second}}, "problems"},
		{"a mail server that is away heals by itself", []step{{user(away, nil), 119 * time.Second}, {user(fine, nil), time.Hour}}, ""},
		{"and is nobody's concern when it takes longer", []step{{user(away, nil), 24 * time.Hour}}, ""},
		{"an agent that is away likewise", []step{{lost(user(fine, nil)), 24 * time.Hour}, {user(fine, nil), time.Hour}}, ""},
		{"an agent that never was there", []step{{client.Picture{Connection: client.Missing}, 24 * time.Hour}}, ""},
		{"what is settled is taken away", []step{{held(), time.Minute}, {user(fine, nil), time.Second}}, "problems -"},
		{"coming back within two minutes is no news", []step{{held(), time.Minute}, {user(fine, nil), time.Minute}, {held(), time.Hour}}, "problems -"},
		{"coming back later is", []step{{held(), time.Minute}, {user(fine, nil), 3 * time.Minute}, {held(), time.Hour}}, "problems - problems"},
		{"more problems are no news", []step{{held(), time.Minute}, {user(attention, func(u *contract.UserStatus) { u.Holds, u.Problems = 1, 7 }), time.Hour}}, "problems"},
		{"not set up, after a while", []step{{client.Picture{Connection: client.Connected}, 3 * time.Minute}}, "credentials"},
		{"the agent still looking who he is", []step{{client.Picture{Connection: client.Connected}, time.Minute}, {user(fine, nil), time.Hour}}, ""},
		{"a state of a newer agent", []step{{user(99, nil), time.Hour}}, ""},
		{"a patience that an outage interrupts", []step{{user(attention, nil), time.Minute}, {lost(user(attention, nil)), time.Minute}, {user(fine, nil), time.Hour}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tray, pictures := watched(t)
				for _, s := range tt.steps {
					pictures <- s.picture
					time.Sleep(s.lasts)
					synctest.Wait()
				}
				var got []string
				for _, n := range tray.notes {
					if n == nil {
						got = append(got, "-")
						continue
					}
					got = append(got, n.Page)
					if n.Title == "" || n.Text == "" || n.Button == "" || strings.Contains(n.Title+n.Text, ".text") {
						t.Errorf("%+v", *n)
					}
				}
				if g := strings.Join(got, " "); g != tt.want {
					t.Errorf("told %q, want %q", g, tt.want)
				}
			})
		})
	}
}

func TestARestartTellsNothingAgain(t *testing.T) {
	h := herald{told: "attention"}
	if _, v := h.step(held(), now()); v.tell {
		t.Error("told again")
	}
	if _, v := h.step(coded(refused, "login-rejected"), now()); !v.tell {
		t.Error("a new trouble isn't told")
	}
}

func TestWhoChangedHisPasswordIsAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tray := &fakeTray{items: map[Entry]Item{}, clicks: make(chan Entry), bars: make(chan Bar), answers: make(chan string)}
		pictures, changed := make(chan client.Picture), make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			NewControl(tray, &fakeActions{}, assets.German, time.Now, "").Run(ctx, pictures, changed)
		}()
		defer func() { cancel(); <-done }()
		pictures <- user(fine, nil)
		changed <- struct{}{}
		time.Sleep(time.Hour)
		pictures <- coded(refused, "login-rejected") // the agent has tried the old one
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(tray.notes) != 1 || tray.notes[0].Page != "credentials" || !strings.Contains(tray.notes[0].Title, "Passwort") {
			t.Fatalf("%d notes", len(tray.notes))
		}
		pictures <- user(fine, nil)
		time.Sleep(30 * 24 * time.Hour)
		pictures <- coded(refused, "login-rejected")
		synctest.Wait()
		if n := len(tray.notes); n != 3 || tray.notes[2] == nil { // the first was taken away
			t.Errorf("%d notes after a month", n)
		}
	})
}

func TestWhatIsToldIsRemembered(t *testing.T) {
	a := &fakeActions{}
	tray, picture, _, stop := control(t, a)
	picture(held())
	stop()
	if a.told != "attention" || len(tray.notes) != 1 {
		t.Errorf("%q, %d notes", a.told, len(tray.notes))
	}
}

func TestAClickOnANoteOpensItsPage(t *testing.T) {
	a := &fakeActions{}
	tray, picture, _, stop := control(t, a)
	picture(held())
	tray.answers <- "problems"
	picture(held())
	stop()
	if got := strings.Join(a.done, ","); got != "open problems" {
		t.Errorf("got %s", got)
	}
}

func TestANoteOfARefusedLoginSaysWhatToDo(t *testing.T) {
	p := coded(refused, "password-expired")
	a, _ := alertOf(p)
	n := noteOf(a, p, assets.Texts(assets.German))
	if n.Title != "Ihre Anmeldung wird gebraucht" || !strings.HasPrefix(n.Text, "Ihr Windows-Passwort ist abgelaufen.") || n.Button != "Öffnen" {
		t.Errorf("%+v", n)
	}
}
