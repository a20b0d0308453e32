//go:build !windows

package region

import (
	"context"
	"os/exec"
	"time"

	"abgleich/assets"
)

// longest is how long the system may take to tell.
const longest = time.Second

// System asks the system.
func System(ctx context.Context) assets.Region {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	out, err := exec.CommandContext(ctx, "locale", "-k", "LC_TIME", "LC_NUMERIC").Output()
	if err != nil {
		return assets.Region{} // a system without the command
	}
	return FromLocale(string(out))
}
