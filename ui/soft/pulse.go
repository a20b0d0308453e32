package soft

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
)

// Animations cost a remote desktop dear. Those that end are at their end at once;
// the blinking of a text cursor has its two states only, and rests when nobody
// has touched keyboard or mouse for a while; what goes round for ever moves in
// few steps.
const (
	stepTime  = 120 * time.Millisecond
	blinkRest = 10 * time.Second
)

// pulse lets animations go on.
type pulse struct {
	do      func(func()) // leads to the goroutine that owns the screen
	now     func() time.Time
	after   func(time.Duration, func()) (stop func() bool)
	running []*beat
	timer   func() bool // stops what comes next; nil: nothing comes
	touched time.Time
}

// beat is one animation that goes on for ever.
type beat struct {
	a     *fyne.Animation
	begun time.Time
	up    bool // a blinking one: at its end
}

func newPulse(do func(func())) *pulse {
	return &pulse{do: do, now: time.Now, touched: time.Now(),
		after: func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }}
}

func blinks(a *fyne.Animation) bool { return a.AutoReverse }

func (p *pulse) start(a *fyne.Animation) {
	if a.RepeatCount != fyne.AnimationRepeatForever {
		end := float32(1)
		if a.AutoReverse {
			end = 0
		}
		a.Tick(end)
		return
	}
	p.running = append(p.running, &beat{a: a, begun: p.now()})
	p.plan()
}

func (p *pulse) remove(a *fyne.Animation) {
	p.running = slices.DeleteFunc(p.running, func(b *beat) bool { return b.a == a })
}

// input tells that a person is there: the text cursor is seen at once.
func (p *pulse) input() {
	p.touched = p.now()
	for _, b := range slices.Clone(p.running) {
		if blinks(b.a) && !b.up {
			b.up = true
			b.a.Tick(1)
		}
	}
	p.plan()
}

func (p *pulse) stop() {
	p.running = nil
	if p.timer != nil {
		p.timer()
		p.timer = nil
	}
}

// plan sees that the next tick comes, if there is anything to tick.
func (p *pulse) plan() {
	if p.timer != nil {
		return
	}
	wait := time.Duration(0)
	for _, b := range p.running {
		d := stepTime
		if blinks(b.a) {
			if b.up && p.now().Sub(p.touched) > blinkRest {
				continue // rests, and is seen
			}
			d = max(b.a.Duration, stepTime)
		}
		if wait == 0 || d < wait {
			wait = d
		}
	}
	if wait > 0 {
		p.timer = p.after(wait, func() { p.do(p.tick) })
	}
}

func (p *pulse) tick() {
	p.timer = nil
	for _, b := range slices.Clone(p.running) { // a tick may stop and start animations
		if blinks(b.a) {
			b.up = !b.up
			value := float32(0)
			if b.up {
				value = 1
			}
			b.a.Tick(value)
			continue
		}
		b.a.Tick(float32(p.now().Sub(b.begun)%b.a.Duration) / float32(b.a.Duration))
	}
	p.plan()
}
