//go:build cgo && !soft

package main

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"github.com/go-gl/gl/v2.1/gl"
)

// newToolkit is Fyne over OpenGL.
func newToolkit(id string) (fyne.App, error) { return app.NewWithID(id), nil }

// painted tells whether the window, which was just shown, can be painted.
func painted(w fyne.Window) error {
	// Fyne logs why a window couldn't be made, and goes on without it; its
	// windows run a function with their OpenGL context, or not at all.
	context, ok := w.(interface{ RunWithContext(func()) })
	if !ok {
		return nil // another Fyne: if nothing is seen, the person is told by its log
	}
	err := error(errNoOpenGL)
	context.RunWithContext(func() {
		if failed := gl.Init(); failed != nil { // a driver that has OpenGL 1 only
			err = fmt.Errorf("%w: %w", errNoOpenGL, failed)
			return
		}
		err = nil
	})
	return err
}
