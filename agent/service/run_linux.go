package service

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"abgleich/ipc/pipe"
)

// Run calls main under the service manager: READY once main says so, the
// watchdog while main runs, STOPPING when ctx ends. Where systemd didn't start
// the process it only calls main.
func Run(ctx context.Context, _ pipe.Instance, main Main) error {
	return run(ctx, environment{
		socket:   os.Getenv("NOTIFY_SOCKET"),
		watchdog: os.Getenv("WATCHDOG_USEC"),
		watchPID: os.Getenv("WATCHDOG_PID"),
		pid:      os.Getpid(),
	}, main)
}

// environment is what systemd hands over, see sd_notify(3), sd_watchdog_enabled(3).
type environment struct {
	socket, watchdog, watchPID string
	pid                        int
}

func run(ctx context.Context, env environment, main Main) error {
	n := notifier{socket: env.socket}
	stopped := context.AfterFunc(ctx, func() { n.send("STOPPING=1") })
	defer stopped()

	watch, stopWatch := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.feed(watch, env.watchdogPause())
	}()
	defer func() { stopWatch(); <-done }()

	return main(ctx, func(status string) {
		n.send("READY=1\nSTATUS=" + strings.ReplaceAll(status, "\n", " "))
	})
}

// watchdogPause is half of what systemd waits; 0 for no watchdog.
func (e environment) watchdogPause() time.Duration {
	usec, err := strconv.ParseInt(e.watchdog, 10, 64)
	if err != nil || usec <= 0 {
		return 0
	}
	if e.watchPID != "" && e.watchPID != strconv.Itoa(e.pid) {
		return 0
	}
	return time.Duration(usec) * time.Microsecond / 2
}

// notifier sends datagrams to systemd. Nobody listening is fine.
type notifier struct{ socket string }

func (n notifier) send(state string) error {
	if n.socket == "" {
		return nil
	}
	// Go writes a leading "@" as the zero byte of an abstract socket.
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("tell systemd: %w", err)
	}
	defer c.Close()
	_, err = c.Write([]byte(state))
	return err
}

func (n notifier) feed(ctx context.Context, pause time.Duration) {
	if n.socket == "" || pause == 0 {
		return
	}
	t := time.NewTicker(pause)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			n.send("WATCHDOG=1")
		}
	}
}
