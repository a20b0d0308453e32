// Package preferences keeps what a person has chosen about the look of tray and
// window: language, page, window size. It lies in one small file in the user's
// own configuration folder.
//
// It promises that a damaged or missing file is never an error, only the
// defaults; what a person sees must not depend on it. A policy of the administrator
// beats it. It holds nothing secret
// and must not know the agent.
package preferences

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"abgleich/ipc/policy"
)

// Preferences are one person's choices. The zero value means "not chosen".
type Preferences struct {
	// Lang is "de" or "en"; empty: the system's language.
	Lang string `json:"lang,omitempty"`
	// Page is the page the window showed last.
	Page string `json:"page,omitempty"`
	// Width and Height are the window's size in Fyne units; 0: the default.
	Width  float32 `json:"width,omitempty"`
	Height float32 `json:"height,omitempty"`
	// Told is what the icon last told the person of and what still goes on; empty:
	// nothing.
	Told string `json:"told,omitempty"`
	// PasswordAsked is the change of the Windows password after which the person was
	// last asked for the new one, in seconds since 1970; 0: never.
	PasswordAsked int64 `json:"passwordAsked,omitempty"`
	// NoNotes is that no notes are shown on the desktop, NoPasswordKept that the login
	// isn't kept on this computer.
	NoNotes        bool `json:"no_notes,omitempty"`
	NoPasswordKept bool `json:"no_password_kept,omitempty"`
	// SoftwareOn is the computer on which there was no OpenGL, and SoftwareSince
	// when (UTC): windows are painted in software there. Zero: nowhere so far.
	SoftwareOn    string    `json:"software_on,omitempty"`
	SoftwareSince time.Time `json:"software_since,omitzero"`
}

// Choice is a setting as it holds, and whether the administrator decided it.
type Choice struct{ On, Decided bool }

// Notes tells whether notes are shown on the desktop.
func (p Preferences) Notes(d policy.Policy) Choice { return choice(d.Notes, !p.NoNotes) }

// KeepPassword tells whether the login is kept on this computer.
func (p Preferences) KeepPassword(d policy.Policy) Choice {
	return choice(d.KeepPassword, !p.NoPasswordKept)
}

func choice(s policy.Switch, own bool) Choice { return Choice{s.Or(own), s != policy.Free} }

// File is where preferences are kept.
type File struct{ path string }

// Default is the file of the user this program runs as.
func Default() (File, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return File{}, fmt.Errorf("preferences: %w", err)
	}
	return In(filepath.Join(dir, "abgleich")), nil
}

// In is the file inside a folder of the caller's choice.
func In(folder string) File { return File{filepath.Join(folder, "window.json")} }

// Load gives the saved preferences, or the zero value where there are none that
// can be read. Sizes no screen has are left out.
func (f File) Load() Preferences {
	var p Preferences
	data, err := os.ReadFile(f.path)
	if err != nil || json.Unmarshal(data, &p) != nil {
		return Preferences{}
	}
	if p.Width < 200 || p.Width > 8000 || p.Height < 200 || p.Height > 8000 {
		p.Width, p.Height = 0, 0
	}
	return p
}

// Change loads, changes and saves in one go, so that tray and window don't
// undo each other's choices. The file is replaced as a whole.
func (f File) Change(change func(*Preferences)) error {
	p := f.Load()
	change(&p)
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("preferences: %w", err)
	}
	dir := filepath.Dir(f.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("preferences: %w", err)
	}
	tmp, err := os.CreateTemp(dir, "window-*.tmp")
	if err != nil {
		return fmt.Errorf("preferences: %w", err)
	}
	_, err = tmp.Write(data)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), f.path)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("preferences: %w", err)
	}
	return nil
}
