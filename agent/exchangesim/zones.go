package exchangesim

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // a server must know its zones on every machine
)

// zoneText holds one line a Windows zone: its id, a tab, its IANA zones, the
// zone for the whole world first (Unicode CLDR, windowsZones).
//
//go:embed zones.txt
var zoneText string

// zones knows Windows zones. It is safe for concurrent use: rules are loaded when
// a zone is first asked for, everything else is filled once and then only read.
type zones struct {
	windows map[string]string // Windows id -> IANA zone
	iana    map[string]string // IANA zone -> Windows id

	mu     sync.Mutex
	loaded map[string]*zone
}

type zone struct {
	id  string // Windows id
	loc *time.Location
}

func loadZones() *zones {
	z := &zones{windows: map[string]string{}, iana: map[string]string{}, loaded: map[string]*zone{"UTC": {"UTC", time.UTC}}}
	for line := range strings.Lines(zoneText) {
		id, names, _ := strings.Cut(strings.TrimSpace(line), "\t")
		for i, name := range strings.Fields(names) {
			if i == 0 {
				z.windows[id] = name
			}
			z.iana[name] = id
		}
	}
	z.iana["UTC"] = "UTC"
	return z
}

// ids lists the Windows ids in order.
func (z *zones) ids() []string { return slices.Sorted(maps.Keys(z.windows)) }

// find knows a zone by its Windows id or its IANA name.
func (z *zones) find(name string) (*zone, bool) {
	id := name
	if _, ok := z.windows[name]; !ok {
		if id, ok = z.iana[name]; !ok {
			return nil, false
		}
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if e, ok := z.loaded[id]; ok {
		return e, true
	}
	loc, err := time.LoadLocation(z.windows[id])
	if err != nil {
		return nil, false
	}
	e := &zone{id, loc}
	z.loaded[id] = e
	return e, true
}
