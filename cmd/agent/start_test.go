package main

import (
	"encoding/json"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/assets"
	"abgleich/ipc/contract"
)

// UnmarshalText reads what the command line printed.
func (s *start) UnmarshalText(b []byte) error {
	var err error
	if s.at, err = time.Parse(time.DateOnly, string(b)); err == nil {
		s.day = true
		return nil
	}
	return s.at.UnmarshalText(b)
}

func TestADayIsTheSameInEveryZoneAndAnInstantIsLocal(t *testing.T) {
	midnight := timestamppb.New(time.Date(2026, 12, 15, 0, 0, 0, 0, time.UTC))
	texts := assets.Texts(assets.German)
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("west", -11*3600), time.FixedZone("east", 14*3600)} {
		now := time.Date(2026, 11, 1, 12, 0, 0, 0, zone)
		due := startOf(&contract.Compared{Start: midnight, StartIsDay: true})
		if got := due.text(texts, now); got != "15.12.2026" {
			t.Errorf("%s: a day is shown as %s", zone, got)
		}
		if b, err := json.Marshal(due); err != nil || string(b) != `"2026-12-15"` {
			t.Errorf("%s: a day in JSON is %s (%v)", zone, b, err)
		}
		begins := startOf(&contract.Compared{Start: midnight})
		if got, want := begins.text(texts, now), midnight.AsTime().In(zone).Format("02.01.2006, 15:04"); got != want {
			t.Errorf("%s: an instant is shown as %s, want %s", zone, got, want)
		}
		if b, err := json.Marshal(begins); err != nil || string(b) != `"2026-12-15T00:00:00Z"` {
			t.Errorf("%s: an instant in JSON is %s (%v)", zone, b, err)
		}
	}
	if got := startOf(&contract.Compared{}).text(texts, midnight.AsTime()); got != "–" {
		t.Errorf("no start is shown as %s", got)
	}
}
