package main

import (
	"fmt"
	"io"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// linePause is how often a line of progress is printed where there is no terminal.
const linePause = time.Second

// progress shows long work: a bar for each user and kind on a terminal, plain
// lines elsewhere.
type progress struct {
	g    *global
	out  io.Writer
	bars *mpb.Progress // nil without a terminal
	bar  map[string]*mpb.Bar
	most map[string]struct{ done, expected uint64 } // what each bar showed
	told map[string]time.Time                       // when each line was printed; zero when complete
	now  func() time.Time
}

// newProgress writes beside the result, so that --json stays clean. Call end.
func (g *global) newProgress() *progress {
	p := &progress{g: g, out: g.err, bar: map[string]*mpb.Bar{}, most: map[string]struct{ done, expected uint64 }{}, told: map[string]time.Time{}, now: time.Now}
	if f, ok := terminal(g.err); ok {
		p.bars = mpb.New(mpb.WithOutput(f), mpb.WithWidth(48), mpb.WithRefreshRate(100*time.Millisecond))
	}
	return p
}

// show brings one user's kind up to date.
func (p *progress) show(user string, k kindState) {
	name := user + " " + p.g.kindText(k.Kind)
	if p.bars == nil {
		p.line(name, k)
		return
	}
	b := p.bar[name]
	if b == nil {
		b = p.bars.AddBar(0,
			mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR)),
			mpb.AppendDecorators(decor.CountersNoUnit("%d/%d", decor.WCSyncSpace)))
		p.bar[name] = b
	}
	// What follows on a run, an empty one as a rule, counts from the start again:
	// a bar never goes back.
	n := p.most[name]
	n.expected, n.done = max(n.expected, k.Expected), max(n.done, k.Done)
	if k.Phase == "idle" && !k.FirstSync {
		n.done = n.expected
	}
	p.most[name] = n
	b.SetTotal(int64(n.expected), false)
	b.SetCurrent(int64(n.done))
}

// line prints a change, but not each of hundreds.
func (p *progress) line(name string, k kindState) {
	last, ever := p.told[name]
	complete := k.Expected > 0 && k.Done >= k.Expected || ever && k.Phase == "idle" && !k.FirstSync
	if ever && !complete && p.now().Sub(last) < linePause {
		return
	}
	if ever && last.IsZero() {
		return // said to be complete before
	}
	if k.Expected == 0 && !complete {
		return
	}
	p.told[name] = p.now()
	if complete {
		p.told[name] = time.Time{}
	}
	fmt.Fprintf(p.out, "%s: %s\n", name, p.g.progress(k))
}

// above is where a line goes while bars are drawn: over them.
func (p *progress) above(out io.Writer) io.Writer {
	if p.bars != nil && len(p.bar) > 0 {
		return p.bars
	}
	return out
}

// end leaves the terminal as it is and may be called twice.
func (p *progress) end() {
	for _, b := range p.bar {
		b.SetTotal(-1, true)
	}
	if p.bars != nil {
		p.bars.Wait()
		p.bars = nil
	}
	p.bar = map[string]*mpb.Bar{}
}
