package agent

import (
	"context"
	"slices"
	"strings"

	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/business"
	"abgleich/agent/store"
)

// accountOf is the mailbox and folders an employee is kept in sync with: his own,
// unless an administrator tied him to others.
func accountOf(e business.Employee, t store.Tie) side.Account {
	a := side.Account{User: e.User, Mail: e.Mail, Zone: zoneOf(e), Folders: side.Folders{Appointments: t.Appointments, Tasks: t.Tasks}}
	if t.Mailbox != "" && !strings.EqualFold(t.Mailbox, e.Mail) {
		a.Mail, a.Shared = t.Mailbox, true
	}
	return a
}

func (p *people) tied(ctx context.Context) (map[pim.UserID]store.Tie, error) {
	if p.ties == nil {
		return nil, nil
	}
	all, err := p.ties(ctx)
	ties := make(map[pim.UserID]store.Tie, len(all))
	for _, t := range all {
		ties[t.User] = t
	}
	return ties, err
}

// ownersFirst puts employees with their own mailboxes before those who are tied:
// where two want one folder, it is its owner's.
func ownersFirst(employees []business.Employee, ties map[pim.UserID]store.Tie) []business.Employee {
	sorted := slices.Clone(employees)
	slices.SortStableFunc(sorted, func(a, b business.Employee) int {
		rank := func(e business.Employee) int {
			if accountOf(e, ties[e.User]).Shared {
				return 1
			}
			return 0
		}
		return rank(a) - rank(b)
	})
	return sorted
}

// places are the folders in use.
type places map[string]bool

// take notes an account's folders, or says that one of them is in use: two
// employees on one folder would write their keys over each other's for ever.
func (p places) take(a side.Account, kinds []pim.Kind) bool {
	var mine []string
	for _, k := range kinds {
		mine = append(mine, strings.ToLower(k.String()+"\x00"+a.Mail+"\x00"+a.Folders.Of(k)))
	}
	if slices.ContainsFunc(mine, func(m string) bool { return p[m] }) {
		return false
	}
	for _, m := range mine {
		p[m] = true
	}
	return true
}
