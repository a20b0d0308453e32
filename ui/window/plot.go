package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// plot is the small live picture of the speed: one bar for each message that
// brought progress, the newest on the right.
type plot struct {
	widget.BaseWidget
	values []float64
	at     uint64
}

const (
	plotBars   = 48
	plotHeight = float32(36)
	plotGap    = float32(2)
)

func newPlot() *plot {
	p := &plot{}
	p.ExtendBaseWidget(p)
	return p
}

// add takes a speed in items a second; without progress since the last one
// nothing is added, so that it doesn't move while nothing happens.
func (p *plot) add(speed float64, done uint64) {
	if done == p.at || speed <= 0 {
		return
	}
	p.at = done
	p.values = append(p.values, speed)
	if len(p.values) > plotBars {
		p.values = p.values[len(p.values)-plotBars:]
	}
	p.Refresh()
}

// CreateRenderer draws the bars.
func (p *plot) CreateRenderer() fyne.WidgetRenderer {
	r := &plotRenderer{p: p}
	for range plotBars {
		b := canvas.NewRectangle(nil)
		b.CornerRadius = 1
		r.bars = append(r.bars, b)
	}
	r.Refresh()
	return r
}

type plotRenderer struct {
	p    *plot
	bars []fyne.CanvasObject
}

func (r *plotRenderer) Destroy()                     {}
func (r *plotRenderer) MinSize() fyne.Size           { return fyne.NewSize(plotBars*3, plotHeight) }
func (r *plotRenderer) Objects() []fyne.CanvasObject { return r.bars }

func (r *plotRenderer) Layout(size fyne.Size) {
	top := 1.0
	for _, v := range r.p.values {
		top = max(top, v)
	}
	step := size.Width / plotBars
	first := plotBars - len(r.p.values)
	for i, b := range r.bars {
		h := float32(2)
		if i >= first {
			h = max(h, size.Height*float32(r.p.values[i-first]/top))
		}
		b.Resize(fyne.NewSize(max(step-plotGap, 1), h))
		b.Move(fyne.NewPos(float32(i)*step, size.Height-h))
	}
}

func (r *plotRenderer) Refresh() {
	first := plotBars - len(r.p.values)
	for i, b := range r.bars {
		rect := b.(*canvas.Rectangle)
		rect.FillColor = colorOf(colorTrack)
		if i >= first {
			rect.FillColor = colorOf(theme.ColorNameFocus)
		}
		rect.Refresh()
	}
	r.Layout(r.p.Size())
}
