// Package region asks the system how the person writes days, times and numbers: on
// Windows the settings of the control panel, with what was changed there by hand;
// elsewhere the locale of the environment (LC_ALL, LC_TIME, LC_NUMERIC, LANG), through
// the system's own locale command.
//
// It promises never to fail: what the system doesn't say is left empty, and is then
// written as the language of the texts does. It must not know what is written.
package region
