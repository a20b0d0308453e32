package service

import (
	"golang.org/x/sys/windows/svc/eventlog"

	"abgleich/ipc/pipe"
)

// Reporter writes an instance's events into the Windows event log. It is a courtesy:
// where there is no source or no event log, the service log has it all the same.
func Reporter(i pipe.Instance) func(Event, string) {
	return func(e Event, text string) { report(EventSource(i), e, text) }
}

func report(source string, e Event, text string) {
	l, err := eventlog.Open(source)
	if err != nil {
		return
	}
	defer l.Close() //nolint:errcheck // nothing is kept open
	switch e {
	case EventFailed:
		_ = l.Error(uint32(e), text)
	case EventBadFile:
		_ = l.Warning(uint32(e), text)
	default:
		_ = l.Info(uint32(e), text)
	}
}

// addSource makes the source known. EventCreate.exe has the texts of all numbers
// up to 1000: what is reported, as it is.
func addSource(source string) {
	_ = eventlog.InstallAsEventCreate(source, eventlog.Error|eventlog.Warning|eventlog.Info)
}

func removeSource(source string) { _ = eventlog.Remove(source) }
