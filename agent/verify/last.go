package verify

import (
	"context"
	"strconv"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
)

func (c *course) claim(ctx context.Context) verdict {
	owner, err := c.claimedBy(ctx)
	switch {
	case err != nil:
		return failure(err, nil)
	case owner != "" && owner != c.o.Installation:
		return verdict{state: Failed, code: fault.MailboxClaimed, args: map[string]string{"installation": owner}}
	}
	return fine(owner)
}

// pushEvery is the shortest time Exchange takes: it ends the subscription soon
// after the check.
const pushEvery = time.Minute

// events subscribes and waits for Exchange to call: only a call that arrived
// proves that firewall and forwarding let it through. Sync works without.
func (c *course) events(ctx context.Context) verdict {
	if c.o.Events == nil || c.settings.EventServer == "" {
		return verdict{state: Skipped, detail: "no event server: changes are heard of another way"}
	}
	args := map[string]string{"server": c.settings.EventServer, "port": strconv.Itoa(c.settings.EventPort)}
	called := make(chan struct{}, 1)
	url, end := c.o.Events.Listen(func(ews.Notification) {
		select {
		case called <- struct{}{}:
		default:
		}
	})
	defer end()
	if _, err := c.work().SubscribePush(ctx, []ews.FolderID{c.calendarID()}, url, pushEvery); err != nil {
		return verdict{state: Warning, code: fault.EventServerFailed, args: args, detail: err.Error()}
	}
	t := time.NewTimer(c.o.EventWait)
	defer t.Stop()
	select {
	case <-called:
		return fine(args["server"] + ":" + args["port"])
	case <-ctx.Done():
		return verdict{state: Skipped, code: fault.Cancelled}
	case <-t.C:
		return verdict{state: Warning, code: fault.EventServerUnproven, args: args, detail: "no call within " + c.o.EventWait.String()}
	}
}

// mostSkew is how far two clocks may be apart before the newer of two changes
// can't be told from the older one.
const mostSkew = 2 * time.Minute

func (c *course) clock(context.Context) verdict {
	if !c.probe.dated {
		return verdict{state: Skipped, detail: "the server does not tell its time"}
	}
	skew := c.probe.skew.Round(time.Second)
	if skew.Abs() > mostSkew {
		return verdict{state: Warning, code: fault.ClocksDisagree, args: map[string]string{"skew": skew.String()}, detail: "server minus agent: " + skew.String()}
	}
	return fine("server minus agent: " + skew.String())
}
