package service

import "abgleich/ipc/pipe"

// Reporter tells nobody: on Linux the journal has the service log.
func Reporter(pipe.Instance) func(Event, string) { return func(Event, string) {} }
