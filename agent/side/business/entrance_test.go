package business_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/business"
)

func TestADatabaseThatIsNotOpenAnswersNothingAndGrantsNothing(t *testing.T) {
	ctx, dir := t.Context(), filepath.Join(t.TempDir(), "missing")
	d, err := business.New(business.Config{DSN: filepath.Join(dir, "business.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close() //nolint:errcheck // a test's
	closed := func(when string) {
		t.Helper()
		account := side.Account{User: "ANNA"}
		_, employees := d.Employees(ctx)
		_, groups := d.Groups(ctx)
		_, functions := d.Functions(ctx, "ANNA")
		_, participants := d.Participants(ctx, "1")
		_, folder := d.Open(ctx, account, pim.KindTask)
		for call, err := range map[string]error{
			"Employees": employees, "Groups": groups, "Functions": functions, "Participants": participants, "Open": folder,
			"CheckFunction":    d.CheckFunction(ctx, "ANNA", business.FunctionSyncCRM),
			"CheckServiceUser": d.CheckServiceUser(ctx, "ANNA", ""),
			"SaveEmployee":     d.SaveEmployee(ctx, business.Employee{User: "ANNA", Zone: "Europe/Vienna"}),
			"DeleteEmployee":   d.DeleteEmployee(ctx, "ANNA"),
			"SaveGroup":        d.SaveGroup(ctx, business.Group{Name: "g"}),
			"DeleteGroup":      d.DeleteGroup(ctx, "g"),
			"Watch":            d.Watch(ctx, account, nil, func(pim.Kind) {}),
		} {
			if !fault.Has(err, fault.DatabaseUnreachable) {
				t.Errorf("%s %s: %v", call, when, err)
			}
		}
	}
	closed("before it was tried")
	if err := d.TryOpen(ctx); !fault.Has(err, fault.DatabaseUnreachable) {
		t.Fatal(err)
	}
	closed("after an attempt")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.TryOpen(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Employees(ctx); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	late, err := business.New(business.Config{DSN: filepath.Join(dir, "business.db")})
	if err != nil {
		t.Fatal(err)
	}
	if err := late.Close(); err != nil {
		t.Error(err)
	}
	if err := late.TryOpen(ctx); !fault.Has(err, fault.Cancelled) {
		t.Errorf("opened after its end: %v", err)
	}
}

func TestOpeningIsTriedAgainWithGrowingPausesOfAtMostHalfAMinute(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	synctest.Test(t, func(t *testing.T) {
		d, err := business.New(business.Config{DSN: filepath.Join(dir, "business.db")})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close() //nolint:errcheck // a test's
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		var at []time.Duration
		began := time.Now()
		if err := d.Await(ctx, func(error) { at = append(at, time.Since(began)) }); !fault.Has(err, fault.Cancelled) {
			t.Errorf("ended with %v", err)
		}
		if len(at) < 20 || len(at) > 30 || at[1] > 2*time.Second {
			t.Fatalf("tried at %v", at)
		}
		for i := 1; i < len(at); i++ {
			if p := at[i] - at[i-1]; p > 30*time.Second {
				t.Errorf("a pause of %v", p)
			}
		}
	})
}
