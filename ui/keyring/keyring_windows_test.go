package keyring

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/windows"
)

// The real Credential Manager, of the person (or Wine prefix) the test runs as.
func TestALoginStaysInTheCredentialManager(t *testing.T) {
	const agent = "test of package keyring"
	s, err := Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Delete(context.Background(), agent) })
	for _, want := range []Login{NewLogin(`LAB\anna`, "first"), NewLogin(`LAB\anna`, strings.Repeat("ü", 500))} {
		if err := s.Save(context.Background(), agent, want); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Peek(context.Background(), agent); err != nil || !got.Equal(want) {
			t.Fatalf("%v, %v", got, err)
		}
	}
	if err := s.Save(context.Background(), agent, NewLogin("anna", strings.Repeat("x", longest))); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v", err)
	}
	for range 2 { // the second time there is nothing to delete
		if err := s.Delete(context.Background(), agent); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Load(context.Background(), agent); !errors.Is(err, ErrNone) {
		t.Errorf("got %v", err)
	}
}

func TestWhatThePolicyForbidsIsNamed(t *testing.T) {
	for _, tt := range []struct {
		code      syscall.Errno
		forbidden bool
		want      error
	}{
		{windows.ERROR_NO_SUCH_LOGON_SESSION, true, ErrForbidden},
		{windows.ERROR_NO_SUCH_LOGON_SESSION, false, ErrUnavailable},
		{windows.ERROR_ACCESS_DENIED, false, ErrForbidden},
		{windows.ERROR_CANCELLED, true, ErrCancelled},
		{windows.ERROR_NOT_FOUND, true, ErrNone},
		{windows.ERROR_OUTOFMEMORY, true, ErrUnavailable},
	} {
		if got := reasonUnder("save", tt.code, func() bool { return tt.forbidden }); !errors.Is(got, tt.want) {
			t.Errorf("%v under policy %v: %v", tt.code, tt.forbidden, got)
		}
	}
}
