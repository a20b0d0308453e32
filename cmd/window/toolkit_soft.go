//go:build !cgo || soft

package main

import (
	"fyne.io/fyne/v2"

	"abgleich/ui/soft"
)

// newToolkit is Fyne painted in software, for screens without OpenGL.
func newToolkit(id string) (fyne.App, error) {
	a, err := soft.New(id)
	if err != nil {
		return nil, err
	}
	return a, nil
}

// painted is always so: painting needs nothing.
func painted(fyne.Window) error { return nil }
