// Command tray is the icon beside the clock: always there, small, and without
// Fyne. It shows the agent's state and starts cmd/window when a person wants
// one. Quitting it doesn't stop the sync: that is the agent's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"abgleich/assets"
	"abgleich/ipc/pipe"
	"abgleich/ipc/policy"
	"abgleich/ui/client"
	"abgleich/ui/handover"
	"abgleich/ui/icon"
	"abgleich/ui/preferences"
	"abgleich/ui/region"
	"abgleich/ui/single"
)

// version is set when the program is built for release.
var version = "dev"

// memoryLimit makes the collector run early: 60 of these share a terminal server.
const memoryLimit = 12 << 20

func main() {
	o, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	case o.autostart && !policy.Read().Autostart.Or(true):
		return // the administrator wants none to start by itself
	}
	debug.SetMemoryLimit(memoryLimit)
	debug.SetGCPercent(50)
	file, err := preferences.Default()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	agent := client.New(o.address)
	defer agent.Close()
	// Server and workstation programs on one machine start one each. Where it can't be
	// told whether there is one already, two are better than none.
	first, err := single.Claim(ctx, single.IconAddress(agent.Address), "icon")
	if err == nil && first == nil {
		return
	}
	if first != nil {
		var serving sync.WaitGroup
		serving.Go(func() { first.Serve(ctx, func(string) {}) })
		defer serving.Wait()
		defer cancel()
	}
	err = icon.RunSystem(func(tray *icon.System) { serve(ctx, tray, agent, language(o.lang, file.Load(), os.Getenv), file) })
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	address, lang string
	autostart     bool
}

func parse(args []string, out io.Writer) (o options, err error) {
	fs := flag.NewFlagSet("tray", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.StringVar(&o.address, "agent", "", "`address` of the agent: SERVER, SERVER/INSTANCE, a socket or a pipe")
	fs.StringVar(&o.lang, "lang", "", "de or en; else what was chosen last, or the system's")
	fs.BoolVar(&o.autostart, "autostart", false, "started by the logon and not by a person: ends where a policy wants no autostart")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("unexpected %q", fs.Arg(0))
	}
	if _, err := pipe.AddressOf(o.address); err != nil {
		return o, fmt.Errorf("--agent %s: SERVER, SERVER/INSTANCE, a socket or a pipe: %w", o.address, err)
	}
	if _, ok := assets.ParseLang(o.lang); o.lang != "" && !ok {
		return o, fmt.Errorf("--lang %s: de or en", o.lang)
	}
	return o, nil
}

// language is the one asked for, else the one chosen last, else the system's.
func language(asked string, p preferences.Preferences, env func(string) string) assets.Lang {
	for _, name := range []string{asked, p.Lang, env("LC_ALL"), env("LC_MESSAGES"), env("LANG")} {
		if l, ok := assets.ParseLang(name); ok {
			return l
		}
	}
	return assets.German
}

// serve keeps the icon up to date until the person quits it or has no use for it.
func serve(ctx context.Context, tray icon.Tray, agent *client.Agent, lang assets.Lang, file preferences.File) {
	ctx, cancel := context.WithCancel(ctx)
	act := newActions(ctx, agent, lang, file)
	shown, lent := make(chan client.Picture), make(chan client.Picture)
	connected, changed := make(chan struct{}, 1), make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		client.NewWatcher(agent, version).Run(ctx, func(p client.Picture) {
			for _, to := range []chan client.Picture{shown, lent} {
				select {
				case to <- p:
				case <-ctx.Done():
				}
			}
			if p.Connection == client.Connected {
				select {
				case connected <- struct{}{}:
				default: // it was looked at lately
				}
			}
		})
	})
	login := kept{agent.Address, file}
	if !login.allowed() {
		work.Go(func() { login.forget(ctx) })
	}
	keeper := handover.New(agent, login)
	work.Go(func() { latest(ctx, lent, func(newest <-chan client.Picture) { keeper.Run(ctx, newest) }) })
	work.Go(func() {
		watchPassword(ctx, keeper, connected, file, func() {
			select {
			case changed <- struct{}{}:
			case <-ctx.Done():
			}
		})
	})
	icon.NewControl(tray, act, lang, time.Now, file.Load().Told).In(region.System(ctx)).Run(ctx, shown, changed)
	cancel()
	work.Wait()
	act.wait()
}

// latest hands pictures on to somebody who may be busy for a while: he gets the
// newest, and the watcher never waits for him.
func latest(ctx context.Context, from <-chan client.Picture, run func(newest <-chan client.Picture)) {
	to := make(chan client.Picture)
	var work sync.WaitGroup
	work.Go(func() { run(to) })
	defer work.Wait()
	var newest client.Picture
	var out chan client.Picture // nil while there is nothing new
	for {
		select {
		case <-ctx.Done():
			return
		case newest = <-from:
			out = to
		case out <- newest:
			out = nil
		}
	}
}
