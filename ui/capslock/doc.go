// Package capslock asks the system whether the caps lock key is on: Windows by its
// keyboard state, X11 (Xwayland included) by the modifiers of the core protocol.
//
// It promises to say when it can't know, as on a Wayland without X. It must not know
// who wants to know.
package capslock
