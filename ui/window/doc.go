// Package window is what a person sees after clicking the tray icon: one window
// with a page for each thing a person wants to know or decide.
//
// The pages show what the agent says and send what the person wants; they never
// decide anything about the sync. Everything on screen is touched on one
// goroutine only, the one that [Options].Do leads to; calls to the agent run
// beside it and their results come back through Do. A password is held in its
// field only, leaves it sealed, and is emptied when it was saved.
//
// The package must not import fyne's app or a driver, so that it builds and is
// tested without cgo and without a display, and it must not import the agent.
package window
