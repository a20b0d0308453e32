// Command agent is Abgleich's service and its command line: it keeps a business
// database and Exchange mailboxes the same, and tells how that is going.
//
// The package owns the commands, one file each, and what they print. What they do
// lives in package agent and behind the pipe; it must not touch the agent's store
// while an agent runs.
//
// Exit codes: 0 fine, 1 failed, 2 usage, 3 agent not reachable.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
