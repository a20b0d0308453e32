package params

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteHarmless writes every parameter on a line of its own, for diagnostics. The
// address of a database may hold a password: of it is told only that it is set.
func WriteHarmless(w io.Writer, p Params) error {
	for _, f := range Describe() {
		before, after, each := strings.Cut(f.Key, "*")
		if !each {
			v, err := Get(p, f.Key)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s = %s\n", f.Key, v)
			continue
		}
		var keys []string
		for alias := range p.Databases {
			keys = append(keys, before+alias+after)
		}
		slices.Sort(keys)
		for _, key := range keys {
			fmt.Fprintf(w, "%s = set\n", key)
		}
	}
	return nil
}
