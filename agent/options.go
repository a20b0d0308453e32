package agent

import (
	"strings"

	"abgleich/agent/engine"
	"abgleich/agent/params"
	"abgleich/agent/pim"
)

// standardOptions are what the parameters say for users without options of their own.
func standardOptions(p params.Params) map[pim.Kind]engine.Options {
	groups := make(map[engine.Group]engine.Policy)
	for g, policy := range map[engine.Group]params.Policy{
		engine.GroupContent: p.Sync.PolicyContent, engine.GroupTime: p.Sync.PolicyTime,
		engine.GroupStatus: p.Sync.PolicyStatus, engine.GroupPersonal: p.Sync.PolicyPersonal,
	} {
		if policy != params.PolicyStandard && policy != "" {
			groups[g] = engine.Policy(policy)
		}
	}
	of := func(o params.Options) engine.Options {
		return engine.Options{
			Direction: engine.Direction(o.Direction), Past: days(o.PastDays), Future: days(o.FutureDays),
			Categories: listed(o.Categories), OpenOnly: o.OpenOnly, Private: engine.Privacy(o.Private), Groups: groups,
		}
	}
	return map[pim.Kind]engine.Options{pim.KindAppointment: of(p.Appointments), pim.KindTask: of(p.Tasks)}
}

func days(n int) *int {
	if n == params.EverythingDays {
		return nil
	}
	return &n
}

// listed takes a list with commas apart.
func listed(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
