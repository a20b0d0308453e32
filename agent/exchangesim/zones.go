package exchangesim

import (
	_ "embed"
	"strings"
	"time"
	_ "time/tzdata" // a server must know its zones on every machine
)

// zoneText holds one line a Windows zone: its id, a tab, its IANA zones, the
// zone for the whole world first (Unicode CLDR, windowsZones).
//
//go:embed zones.txt
var zoneText string

// zones knows Windows zones. It is filled once and then only read.
type zones struct {
	windows map[string]*zone // by Windows id
	iana    map[string]*zone
}

type zone struct {
	id  string // Windows id
	loc *time.Location
}

func loadZones() *zones {
	z := &zones{windows: map[string]*zone{}, iana: map[string]*zone{}}
	for line := range strings.Lines(zoneText) {
		id, names, _ := strings.Cut(strings.TrimSpace(line), "\t")
		list := strings.Fields(names)
		if len(list) == 0 {
			continue
		}
		loc, err := time.LoadLocation(list[0])
		if err != nil {
			continue
		}
		entry := &zone{id: id, loc: loc}
		z.windows[id] = entry
		for _, name := range list {
			z.iana[name] = entry
		}
	}
	utc := &zone{id: "UTC", loc: time.UTC}
	z.windows["UTC"] = utc
	z.iana["UTC"], z.iana["Etc/UTC"] = utc, utc
	return z
}

// find knows a zone by its Windows id or its IANA name.
func (z *zones) find(name string) (*zone, bool) {
	if e, ok := z.windows[name]; ok {
		return e, true
	}
	e, ok := z.iana[name]
	return e, ok
}
