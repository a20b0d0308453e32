package window

import (
	"abgleich/ipc/contract"
	"abgleich/ui/internal/agentdouble"
)

func withProblems(s *screen) func(*agentdouble.Script) {
	return func(sc *agentdouble.Script) {
		sc.User = agentdouble.Quiet(s.now)
		sc.Problems, sc.Holds = agentdouble.Problems(s.now), []*contract.Hold{agentdouble.Hold(s.now)}
		sc.User.State, sc.User.Problems, sc.User.Holds = contract.UserState_USER_STATE_ATTENTION, 2, 1
	}
}
