package agent

import (
	"sync"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// failing knows with which code each kind of a user fails just now, so that the
// success of one kind does not hide the trouble of the other, and a new trouble
// takes the place of the old one.
type failing struct {
	mu    sync.Mutex
	codes map[pim.UserID]map[pim.Kind]fault.Code
}

func newFailing() *failing { return &failing{codes: map[pim.UserID]map[pim.Kind]fault.Code{}} }

// set notes how a slice ended, "" for well. over are the codes that are true no
// more; all tells that none is: also those of an earlier life of the agent.
func (f *failing) set(user pim.UserID, kind pim.Kind, code fault.Code) (over []fault.Code, all bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	kinds := f.codes[user]
	if kinds == nil {
		kinds = map[pim.Kind]fault.Code{}
		f.codes[user] = kinds
	}
	old := kinds[kind]
	delete(kinds, kind)
	if code != "" {
		kinds[kind] = code
	}
	if len(kinds) == 0 {
		return nil, true
	}
	if old == "" || old == code {
		return nil, false
	}
	for _, c := range kinds {
		if c == old {
			return nil, false
		}
	}
	return []fault.Code{old}, false
}
