package exchange

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/pim"
)

// pendingProperty holds what is still to be written of a series: its exceptions
// need requests of their own (docs/adr/0012). A series that carries it is not what
// anybody meant, and is completed before anything is said about it.
func pendingProperty() ews.PropertyPath {
	return ews.PropertyPath{SetGUID: ourSet, Name: "AbgleichPending", Type: ews.StringProperty}
}

// pendingVersion stands before the content of the property.
const pendingVersion = "1."

// maxPending bounds what is unpacked from a mailbox.
const maxPending = 64 << 20

// pending is the intended recurrence: exceptions by the fields in which they differ
// from their series.
type pending struct {
	Recurrence *pim.Recurrence  `json:"recurrence"`
	Changed    []pendingChanged `json:"changed,omitempty"`
	Known      known            `json:"known"`
}

// known are the exceptions, by original start, that a series had when a write of it
// began. Only these may be taken back: what came later is a person's.
type known struct {
	Changed []time.Time `json:"changed,omitempty"`
	Deleted []time.Time `json:"deleted,omitempty"`
}

type pendingChanged struct {
	Original time.Time        `json:"original"`
	Fields   pim.FieldSet     `json:"fields"`
	Item     *pim.Appointment `json:"item"`
	HTML     string           `json:"html,omitempty"` // the format of the item's body
}

// packer packs what is still to be written, one series after the other: what it
// needs for that is large, and made once.
type packer struct{ z *gzip.Writer }

// pendingOf packs the recurrence of a series that passed [pim.CheckSeries].
func (x *packer) pendingOf(a *pim.Appointment, k known, bodies formats) (string, error) {
	timing, err := a.Recurrence.Timing(a.When)
	if err != nil {
		return "", err
	}
	p := pending{Recurrence: a.Recurrence.Clone(), Known: k}
	p.Recurrence.Changed = nil
	for _, e := range a.Recurrence.Changed {
		n, _ := timing.Index(e.Original)
		plain, ok := a.Occurrence(timing, n)
		if !ok {
			continue
		}
		c := pendingChanged{Original: e.Original, Fields: pim.Diff(plain, e.Item), Item: new(pim.Appointment)}
		pim.Apply(c.Item, e.Item, c.Fields)
		if c.Fields.Has(pim.FieldBody) {
			c.HTML = bodies[c.Item.Body]
		}
		p.Changed = append(p.Changed, c)
	}
	var b bytes.Buffer
	if x.z == nil {
		x.z = gzip.NewWriter(&b)
	} else {
		x.z.Reset(&b)
	}
	if err := json.NewEncoder(x.z).Encode(p); err != nil {
		return "", err
	}
	if err := x.z.Close(); err != nil {
		return "", err
	}
	return pendingVersion + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// intended gives an item, read with what was written of its exceptions so far, those
// that its pending property holds.
func intended(a *pim.Appointment, packed string) (*pim.Appointment, *pending, error) {
	body, ok := strings.CutPrefix(packed, pendingVersion)
	if !ok {
		return nil, nil, fmt.Errorf("a half-written series in a form this version does not know")
	}
	raw, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return nil, nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, nil, err
	}
	var p pending
	if err := json.NewDecoder(io.LimitReader(z, maxPending)).Decode(&p); err != nil {
		return nil, nil, err
	}
	if p.Recurrence == nil {
		return nil, nil, fmt.Errorf("a half-written series without a pattern")
	}
	a = a.Clone().(*pim.Appointment)
	if a.Recurrence == nil { // it was being ended and begun anew
		a.Recurrence = p.Recurrence
	}
	a.Recurrence.Deleted, a.Recurrence.Changed = p.Recurrence.Deleted, nil
	a = pim.Canonical(a).(*pim.Appointment)
	timing, err := a.Recurrence.Timing(a.When)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range p.Changed {
		n, ok := timing.Index(c.Original)
		plain, there := a.Occurrence(timing, n)
		if !ok || !there || c.Item == nil {
			continue // a person changed the pattern meanwhile
		}
		pim.Apply(plain, c.Item, c.Fields)
		a.Recurrence.Changed = append(a.Recurrence.Changed, pim.Exception{Original: c.Original, Item: plain})
	}
	return project(a).(*pim.Appointment), &p, nil
}
