package icon

import (
	"time"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

// Note is a notification on the desktop.
type Note struct {
	Title, Text string
	// Button is what the desktop writes on the button, where it shows one.
	Button string
	// Page is what a click opens.
	Page string
}

// alert is a state that needs the person.
type alert struct {
	// key is stable: as long as it stays the same, the person has been told.
	key string
	// patience is how long the state must last before anything is said.
	patience time.Duration
	page     string
}

// healing is how long a state that may heal by itself is only shown, not told;
// and how long all must be well before the same trouble is news again.
const healing = 2 * time.Minute

// alertOf tells whether a picture needs the person; without a connection nobody
// can say. What is merely away (mail server, agent) comes back by itself and is
// never told, only shown.
func alertOf(p client.Picture) (a alert, needed bool) {
	switch p.State() {
	case contract.UserState_USER_STATE_CREDENTIALS_NEEDED:
		a = alert{key: "credentials-needed/" + p.User.GetCode(), page: "credentials"}
		// A refused password doesn't become right by waiting. A missing one may come
		// from where this computer keeps it, and a locked account opens again.
		if code := p.User.GetCode(); code == "credentials-missing" || code == "account-locked" {
			a.patience = healing
		}
		return a, true
	case contract.UserState_USER_STATE_ATTENTION:
		a = alert{key: "attention", page: "problems"}
		if p.User.GetHolds() == 0 { // a problem may heal, a hold waits for its decision
			a.patience = healing
		}
		return a, true
	case contract.UserState_USER_STATE_NOT_SET_UP:
		return alert{key: "not-set-up", patience: healing, page: "credentials"}, true
	}
	return alert{}, false
}

// noteOf is what is told about a picture that needs the person.
func noteOf(a alert, p client.Picture, t *assets.Catalog) Note {
	state := "state." + p.StateName()
	n := Note{Title: t.T(state + ".text"), Text: t.T(state + ".hint"), Button: t.T("menu.open"), Page: a.page}
	if code := p.User.GetCode(); code != "" && p.State() == contract.UserState_USER_STATE_CREDENTIALS_NEEDED {
		text, hint := t.Fault(code, nil)
		n.Text = text + " " + hint
	}
	return n
}

// herald decides when the person is told. It has no clock of its own: every step
// gets the time, and says when it wants to be asked again.
type herald struct {
	told    string // key of what the person was told of and what goes on
	pending string // key of what waits for its patience to end
	since   time.Time
	calm    time.Time // since when nothing needs the person; zero: something does
	asked   time.Time // when the person was last asked for a changed password
}

// rejected is the key of a refused login. Who has just been asked for his new
// password isn't told that the old one was refused.
const (
	rejected    = "credentials-needed/login-rejected"
	askedLately = 24 * time.Hour
)

// verdict is what a step of the herald asks for.
type verdict struct {
	tell     bool // show a note for the picture's alert
	withdraw bool // the last note has lost its reason
	// again is when to ask next, unless the picture changes before; zero: never.
	again time.Time
}

func (h *herald) step(p client.Picture, now time.Time) (alert, verdict) {
	if p.Connection != client.Connected {
		return alert{}, verdict{} // what was known stays known
	}
	a, needed := alertOf(p)
	if !needed {
		h.pending = ""
		if h.told == "" {
			return alert{}, verdict{}
		}
		if h.calm.IsZero() {
			h.calm = now
			return alert{}, verdict{withdraw: true, again: now.Add(healing)}
		}
		if end := h.calm.Add(healing); now.Before(end) {
			return alert{}, verdict{again: end}
		}
		h.told = ""
		return alert{}, verdict{}
	}
	h.calm = time.Time{}
	if a.key == h.told {
		h.pending = ""
		return alert{}, verdict{}
	}
	if h.pending != a.key {
		h.pending, h.since = a.key, now
	}
	if end := h.since.Add(a.patience); now.Before(end) {
		return alert{}, verdict{again: end}
	}
	h.told, h.pending = a.key, ""
	return a, verdict{tell: a.key != rejected || h.asked.IsZero() || now.Sub(h.asked) >= askedLately}
}
