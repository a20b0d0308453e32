package main

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/assets"
)

// start is when an item begins, or the day on which it does: an all-day appointment's,
// or a task's due day, which is the same day in every zone. In JSON an instant by
// RFC 3339, or a date alone.
type start struct {
	at  time.Time
	day bool
}

// startOf reads an item's start from the wire; nil for none.
func startOf(x interface {
	GetStart() *timestamppb.Timestamp
	GetStartIsDay() bool
}) *start {
	at := instant(x.GetStart())
	if at == nil {
		return nil
	}
	return &start{*at, x.GetStartIsDay()}
}

// MarshalText writes it for JSON.
func (s start) MarshalText() ([]byte, error) {
	if s.day {
		return []byte(s.at.Format(time.DateOnly)), nil
	}
	return s.at.MarshalText()
}

// start is a start for people, here and now.
func (g *global) start(s *start) string { return s.text(g.texts, time.Now()) }

// text is a start as it is said at the instant now, in now's zone; "–" for none.
func (s *start) text(t *assets.Catalog, now time.Time) string {
	switch {
	case s == nil:
		return "–"
	case s.day:
		return t.Date(s.at)
	}
	return t.When(s.at, now)
}
