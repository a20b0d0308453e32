// Package soft shows Fyne windows where there is no OpenGL: remote desktops and
// virtual machines. It is a Fyne app, driver, window and canvas of our own over a
// plain window of the system (package screen), in pure Go.
//
// Fyne's own software painter draws every text and every shape once; they are
// kept as tiles, put together into a frame, and only what differs from the frame
// before goes to the screen. Nothing is painted while nothing changes. There is
// one window. Everything belongs to the goroutine that calls [App.Run], except
// what goes through fyne.Do.
//
// The package must not know what is shown in the window.
package soft
