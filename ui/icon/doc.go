// Package icon is what stands beside the clock: from the agent's state it makes
// an icon, a tooltip and a menu, and puts them there.
//
// [Look] is pure: the same picture, language and time give the same look. A
// [Tray] is the operating system's side of it, one for Windows and one for the
// rest; menu entries are made once and change in place. The package must not
// import Fyne: the process it lives in is always there and has to stay small.
// What a click does is its caller's business ([Actions]).
package icon
