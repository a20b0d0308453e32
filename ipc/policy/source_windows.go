package policy

import (
	"errors"
	"strconv"

	"golang.org/x/sys/windows/registry"
)

const (
	policyKey    = `SOFTWARE\Policies\Abgleich`
	installedKey = `SOFTWARE\Abgleich`
)

func sources() places {
	return places{
		machine:   in(registry.LOCAL_MACHINE, policyKey),
		user:      in(registry.CURRENT_USER, policyKey),
		installed: in(registry.LOCAL_MACHINE, installedKey),
	}
}

// in reads texts and numbers of a key. What can't be read is not decided.
func in(root registry.Key, path string) Source {
	return func(name string) string {
		k, err := registry.OpenKey(root, path, registry.QUERY_VALUE|registry.WOW64_64KEY)
		if err != nil {
			return ""
		}
		defer k.Close() //nolint:errcheck // read only
		v, _, err := k.GetStringValue(name)
		if errors.Is(err, registry.ErrUnexpectedType) {
			n, _, err := k.GetIntegerValue(name)
			if err != nil {
				return ""
			}
			return strconv.FormatUint(n, 10)
		}
		if err != nil {
			return ""
		}
		return v
	}
}
