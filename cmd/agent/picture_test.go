package main

import (
	"slices"
	"strings"
	"testing"

	"abgleich/cmd/agent/internal/demo"
)

func TestTheStatusTellsDirectionsAndWhoHasNoUserID(t *testing.T) {
	withDemo(t, func(k demo.Kept) {
		a := asked{newLine(t), k}
		shown := func() picture { return decode[picture](t, a.on(exitFine, "status", "--json")) }
		if p := shown(); len(p.WithoutUserID) != 0 {
			t.Fatalf("at first %+v", p.WithoutUserID)
		}
		a.on(exitFine, "options", "set", "bernd", "tasks.direction=to_exchange", "--yes")
		p := shown()
		bernd := p.Users[slices.IndexFunc(p.Users, func(u userState) bool { return u.User == "bernd" })]
		if bernd.Kinds[0].Direction != "both" || bernd.Kinds[1].Direction != "to_exchange" {
			t.Errorf("directions: %+v", bernd.Kinds)
		}

		a.inDatabase("INSERT INTO employees(user_id, name, email, time_zone, active) VALUES('', 'Hanna Lang', 'hanna@demo.example', 'Europe/Vienna', 1)")
		a.on(exitFine, "employees", "add", "eva", "--name", "Eva", "--mail", "eva@demo.example") // has the list read again
		if p = shown(); len(p.WithoutUserID) != 1 || p.WithoutUserID[0].Name != "Hanna Lang" || p.WithoutUserID[0].Code != "employee-without-id" || p.WithoutUserID[0].State != "disabled" {
			t.Errorf("without a User-ID: %+v", p.WithoutUserID)
		}
		if o := a.on(exitFine, "status", "--lang", "en"); !strings.Contains(o.out, "Hanna Lang") || !strings.Contains(o.out, "The User-ID is missing") {
			t.Error(o.out)
		}
		if o := a.on(exitFine, "status", "bernd", "--json"); strings.Contains(o.out, "Hanna") {
			t.Error("one user's picture tells of others")
		}
	})
}
