package window

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"abgleich/assets"
	"abgleich/ipc/contract"
)

// kindCard shows one kind of item: what it does now, the progress of its first
// sync, and the numbers of its last run.
type kindCard struct {
	app     *App
	content *surface
	inside  *fyne.Container

	phase        *text
	progress     *fyne.Container
	bar          *bar
	done, left   *text
	speed        *text
	plot         *plot
	blocked      *fyne.Container
	reason, hint *text
	values       map[string]*text
	times        []*fyne.Container // the lines of last and next sync
	shape        string
}

func newKindCard(a *App, name string, icon assets.Icon) *kindCard {
	t := a.texts
	c := &kindCard{app: a, bar: newBar(), plot: newPlot(), values: map[string]*text{}}
	c.phase = newText("", theme.SizeNameText, colorMuted, false, false).right()
	head := border(nil, nil,
		iconAndText(newTinted(icon, theme.ColorNamePrimary, 20), newText(t.T(name), theme.SizeNameSubHeadingText, theme.ColorNameForeground, true, false)), nil,
		container.New(&centred{}, c.phase))

	c.done = newText("", theme.SizeNameText, theme.ColorNameForeground, true, false)
	c.left = newText("", theme.SizeNameText, theme.ColorNameForeground, false, false).right()
	c.speed = newText("", theme.SizeNameCaptionText, colorMuted, false, false).right()
	c.progress = stack(gap,
		border(nil, nil, newText(t.T("status.first"), theme.SizeNameCaptionText, colorMuted, false, false), c.speed),
		c.plot,
		c.bar,
		border(nil, nil, c.done, c.left))

	c.reason = newText("", theme.SizeNameText, theme.ColorNameForeground, true, true)
	c.hint = caption("")
	c.blocked = container.NewStack(notice(stack(2, c.reason, c.hint)))

	lines := stack(gap)
	for _, key := range []string{"status.last", "status.next", "status.direction", "status.pairs", "status.counts.to-business", "status.counts.to-exchange"} {
		v := newText("", theme.SizeNameText, theme.ColorNameForeground, false, false).right()
		c.values[key] = v
		line := border(nil, nil, newText(t.T(key), theme.SizeNameText, colorMuted, false, false), v)
		if key == "status.last" || key == "status.next" {
			c.times = append(c.times, line)
		}
		lines.Add(line)
	}
	c.inside = stack(gapBig-2, head, c.progress, c.blocked, widget.NewSeparator(), lines)
	c.content = card(c.inside)
	return c
}

// show brings the card up to date; live tells whether the picture is.
func (c *kindCard) show(k *contract.KindStatus, live bool, now time.Time) {
	t := c.app.texts
	c.phase.set(c.phaseText(k, now))
	first := k.GetEnabled() && k.GetFirstSync()
	visible(c.progress, first)
	if first {
		c.showProgress(k, live)
	}
	code := k.GetBlockedCode()
	visible(c.blocked, code != "")
	if code != "" {
		text, hint := t.Fault(code, nil)
		c.reason.set(text)
		c.hint.set(hint)
	}
	c.values["status.last"].set(c.moment(k.GetLastSuccess() != nil, k.GetLastSuccess().AsTime(), now, "status.never"))
	c.values["status.next"].set(c.moment(k.GetNextRun() != nil, k.GetNextRun().AsTime(), now, "status.soon"))
	c.values["status.direction"].set(directionText(t, k.GetDirection()))
	c.values["status.pairs"].set(t.Int(int64(k.GetPairs())))
	n := k.GetCounts()
	c.values["status.counts.to-business"].set(c.counts(n.GetCreatedBusiness(), n.GetUpdatedBusiness(), n.GetDeletedBusiness()))
	c.values["status.counts.to-exchange"].set(c.counts(n.GetCreatedExchange(), n.GetUpdatedExchange(), n.GetDeletedExchange()))
	shape := code
	if first {
		shape += " first"
	}
	if shape != c.shape {
		c.shape = shape
		for _, line := range c.times {
			visible(line, !first) // they have no meaning yet
		}
		c.content.Refresh()
		c.inside.Refresh()
	}
}

func (c *kindCard) phaseText(k *contract.KindStatus, now time.Time) string {
	t := c.app.texts
	switch {
	case !k.GetEnabled():
		return t.T("status.phase.off")
	case k.GetBlockedUntil() != nil:
		return t.T("status.phase.blocked-until", "time", t.Clock(k.GetBlockedUntil().AsTime().In(now.Location())))
	case k.GetBlockedCode() != "":
		return t.T("status.phase.blocked")
	}
	switch k.GetPhase() {
	case contract.RunPhase_RUN_PHASE_QUEUED:
		return t.T("status.phase.queued")
	case contract.RunPhase_RUN_PHASE_READING:
		return t.T("status.phase.reading")
	case contract.RunPhase_RUN_PHASE_MATCHING:
		return t.T("status.phase.matching")
	case contract.RunPhase_RUN_PHASE_WRITING:
		return t.T("status.phase.writing")
	case contract.RunPhase_RUN_PHASE_DELETING:
		return t.T("status.phase.deleting")
	}
	return t.T("status.phase.idle")
}

func (c *kindCard) showProgress(k *contract.KindStatus, live bool) {
	t := c.app.texts
	if k.GetExpected() > 0 {
		c.bar.set(float64(k.GetDone()) / float64(k.GetExpected()))
		c.done.set(t.T("status.done", "done", k.GetDone(), "expected", k.GetExpected()))
	} else {
		c.bar.set(0)
		c.done.set(t.T("status.done.open", "done", k.GetDone()))
	}
	left, speed := "", ""
	if k.GetRemaining() != nil && live {
		left = t.T("status.left", "time", t.Span(k.GetRemaining().AsDuration()))
	} else if live && k.GetBlockedCode() == "" && k.GetPhase() > contract.RunPhase_RUN_PHASE_QUEUED && k.GetDone() < k.GetExpected() {
		left = t.T("status.left.unknown")
	}
	if n := int(k.GetItemsPerSecond() + 0.5); n > 0 && live {
		speed = t.T("status.speed", "n", n)
	}
	c.left.set(left)
	c.speed.set(speed)
	c.plot.add(k.GetItemsPerSecond(), k.GetDone())
}

// directionText says which way items travel; an agent that doesn't tell knows of no
// other than both.
func directionText(t *assets.Catalog, d contract.Direction) string {
	switch d {
	case contract.Direction_DIRECTION_TO_EXCHANGE:
		return t.T("status.direction.to-exchange")
	case contract.Direction_DIRECTION_TO_BUSINESS:
		return t.T("status.direction.to-business")
	}
	return t.T("status.direction.both")
}

func (c *kindCard) moment(known bool, at, now time.Time, otherwise string) string {
	if !known {
		return c.app.texts.T(otherwise)
	}
	return c.app.texts.When(at, now)
}

// counts puts together what went over, such as "2 new, 1 changed".
func (c *kindCard) counts(created, updated, deleted uint64) string {
	return countsText(c.app.texts, created, updated, deleted, 0)
}

// countsText puts numbers together, such as "2 new, 1 changed".
func countsText(t *assets.Catalog, created, updated, deleted, paired uint64) string {
	var parts []string
	for _, p := range []struct {
		key string
		n   uint64
	}{{"status.counts.new", created}, {"status.counts.changed", updated}, {"status.counts.deleted", deleted}, {"status.counts.paired", paired}} {
		if p.n > 0 {
			parts = append(parts, t.T(p.key, "n", p.n))
		}
	}
	if parts == nil {
		return t.T("status.counts.none")
	}
	return strings.Join(parts, ", ")
}
