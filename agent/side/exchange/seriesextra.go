package exchange

import (
	"context"
	"slices"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// formats are HTML bodies by their texts: what changed occurrences of a series hold
// beyond their fields. A text that is written again goes in its format.
type formats map[string]string

// dress gives an occurrence that is about to be written the format of its body.
func (x formats) dress(ch *ews.ItemChange, body string) {
	if html := x[body]; html != "" && ch.Set.Has(ews.FieldBody) {
		ch.Item.Body = ews.Body{HTML: true, Value: html}
	}
}

// extraShape asks for bodies as they are, and for the names of attachments.
func extraShape() ews.Shape {
	return ews.Shape{Fields: ews.Fields(ews.FieldBody, ews.FieldAttachments)}
}

// keepExtras looks at what changed occurrences hold beyond their fields, before a new
// pattern erases them, or a new body of their series takes theirs away. Formats are kept
// for the writing that follows. Attachments can't be: a series that would lose some is
// left as it is.
func (f *folder) keepExtras(ctx context.Context, plans []seriesPlan, out []side.Outcome) error {
	var ask []ews.ItemID
	for i := range plans {
		if p := &plans[i]; p.extras {
			ask = append(ask, ews.ItemID{ID: ews.ID(p.job.id)})
			for _, n := range p.job.isNumbers() {
				ask = append(ask, ews.ItemID{ID: ews.ID(p.job.id), Instance: n})
			}
		}
	}
	results, err := batch(ctx, ask, func(ctx context.Context, in []ews.ItemID) ([]ews.ItemResult, error) {
		return f.client.GetItem(ctx, in, extraShape())
	}, failedItem[ews.ItemID])
	if err != nil {
		return err
	}
	for i := range plans {
		if p := &plans[i]; p.extras {
			n := 1 + len(p.job.isNumbers())
			if err := p.job.extras(results[:n], p.erases); err != nil {
				out[i], *p = side.Outcome{ID: out[i].ID, Err: err}, seriesPlan{}
			}
			results = results[n:]
		}
	}
	return nil
}

// extras takes in what was read of the master and, behind it, of its changed
// occurrences.
func (j *seriesJob) extras(read []ews.ItemResult, erases bool) error {
	const op = "exchange.Update"
	room := mostKept
	for k, n := range j.isNumbers() {
		r := read[k+1]
		if r.Err != nil || read[0].Err != nil {
			return fault.New(fault.ItemChanged, op, "", r.Err)
		}
		own := !slices.Equal(r.Item.Attachments, read[0].Item.Attachments)
		if erases && own && len(r.Item.Attachments) > 0 && !j.deletes(n) {
			return fault.New(fault.SeriesHoldsFiles, op, "", nil)
		}
		text, b := j.is.listed[n].Body, r.Item.Body
		if room -= len(b.Value); b.HTML && text != "" && room >= 0 {
			if j.formats == nil {
				j.formats = formats{}
			}
			j.formats[text] = b.Value
		}
	}
	return nil
}

// isNumbers are the numbers of the changed occurrences that a series has.
func (j *seriesJob) isNumbers() []int {
	var out []int
	if j.is != nil {
		for n := range j.is.listed {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// deletes tells that the target is without an occurrence of the series as it is: by
// its place in the pattern, or by where that puts it.
func (j *seriesJob) deletes(n int) bool {
	timing, err := j.target.Recurrence.Timing(j.target.When)
	if err != nil {
		return false
	}
	original, _ := j.is.timing.Start(n)
	gone := numbersOf(timing, j.target.Recurrence.Deleted)
	if m, ok := timing.Index(original); ok {
		return gone[m]
	}
	return gone[n]
}

// formats gives the formats that a half-written series carries.
func (p *pending) formats() formats {
	out := formats{}
	for _, c := range p.Changed {
		if c.HTML != "" && c.Item != nil && c.Fields.Has(pim.FieldBody) {
			out[c.Item.Body] = c.HTML
		}
	}
	return out
}
