package icon

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/client"
	"abgleich/ui/internal/agentdouble"
)

// watched runs a control in a bubble and gives ways to it; what it shows may be
// looked at after synctest.Wait.
func watched(t *testing.T) (tray *fakeTray, pictures chan client.Picture) {
	tray = &fakeTray{items: map[Entry]Item{}, clicks: make(chan Entry), bars: make(chan Bar), answers: make(chan string)}
	pictures = make(chan client.Picture)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		NewControl(tray, &fakeActions{}, assets.German, time.Now, "").Run(ctx, pictures, nil)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return tray, pictures
}

func TestSyncingMovesAndNothingElseDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tray, pictures := watched(t)
		pictures <- client.Picture{Connection: client.Connected, User: agentdouble.FirstSync(0.3)}
		time.Sleep(4*turnEvery + turnEvery/2)
		synctest.Wait()
		if got, want := tray.icons[1:], append(assets.Turn(), assets.StateSyncing); !slices.Equal(got, want) {
			t.Errorf("moved through %v, want %v", got, want)
		}
		pictures <- user(contract.UserState_USER_STATE_FINE, nil)
		synctest.Wait()
		shown := len(tray.icons)
		time.Sleep(time.Hour)
		synctest.Wait()
		if tray.icon != assets.StateFine || len(tray.icons) != shown {
			t.Errorf("an hour of peace: %v", tray.icons[shown-1:])
		}
	})
}

func TestProgressChangesTheTooltipOnlyAsFastAsItCanBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tray, pictures := watched(t)
		changes, last := 0, ""
		for i := range 100 { // ten seconds
			pictures <- client.Picture{Connection: client.Connected, User: agentdouble.FirstSync(0.6 + float64(i)/1000)}
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			if tray.tip() != last {
				changes, last = changes+1, tray.tip()
			}
		}
		if changes < 4 || changes > 6 {
			t.Errorf("%d changes in ten seconds", changes)
		}
		time.Sleep(tooltipStands + turnEvery)
		synctest.Wait()
		if want := Look(client.Picture{Connection: client.Connected, User: agentdouble.FirstSync(0.699)}, assets.Texts(assets.German), "", time.Now()).Tooltip; tray.tip() != want {
			t.Errorf("in the end %q, want %q", tray.tip(), want)
		}
	})
}

func TestTheIconFitsTheBar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tray, pictures := watched(t)
		pictures <- user(contract.UserState_USER_STATE_FINE, nil)
		for bar, want := range map[Bar]assets.Icon{BarDark: assets.OnDark(assets.StateFine), BarLight: assets.StateFine, BarUnknown: assets.StateFine} {
			tray.bars <- bar
			synctest.Wait()
			if tray.icon != want {
				t.Errorf("bar %d: %s", bar, tray.icon)
			}
		}
	})
}

func TestUntilTomorrowEndsInTheMorning(t *testing.T) {
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	for now, want := range map[string]string{
		"2026-11-23T14:05": "2026-11-24T06:00:00+01:00",
		"2026-11-23T02:00": "2026-11-24T06:00:00+01:00",
		"2026-03-28T23:00": "2026-03-29T06:00:00+02:00", // the clocks go forward in that night
		"2026-12-31T18:00": "2027-01-01T06:00:00+01:00",
	} {
		at, err := time.ParseInLocation("2006-01-02T15:04", now, vienna)
		if err != nil {
			t.Fatal(err)
		}
		if got := tomorrow(at).Format(time.RFC3339); got != want {
			t.Errorf("at %s: until %s, want %s", now, got, want)
		}
	}
}
