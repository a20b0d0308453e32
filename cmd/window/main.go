// Command window shows one of the pages of package ui/window. The
// tray icon starts it when a person wants one; a second start brings the first
// window to the front. It owns nothing but the screen: what is shown and done is
// package ui/window's, and the work is the agent's.
//
// It is built twice: with cgo it paints through OpenGL, and ends with
// [launch.NoOpenGL] where there is none; without cgo, or with the tag soft, it
// paints in software (package ui/soft), for remote desktops and virtual machines.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"os/user"
	"strings"
	"syscall"
	"time"

	"fyne.io/fyne/v2"

	"abgleich/assets"
	"abgleich/ipc/pipe"
	"abgleich/ipc/policy"
	"abgleich/ui/capslock"
	"abgleich/ui/client"
	"abgleich/ui/launch"
	"abgleich/ui/preferences"
	"abgleich/ui/region"
	"abgleich/ui/single"
	"abgleich/ui/window"
)

// version is set when the program is built for release.
var version = "dev"

// options are what the command line says.
type options struct {
	page  window.Page
	given bool // a page was named
	agent string
	lang  string
}

func main() {
	o, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	err = run(o)
	switch {
	case errors.Is(err, errNoOpenGL):
		l := language(o.lang, preferences.Preferences{}, os.Getenv)
		fmt.Fprintln(os.Stderr, assets.Texts(l).T("window.noopengl"), "-", err)
		os.Exit(launch.NoOpenGL)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// errNoOpenGL says that this screen has no OpenGL good enough for Fyne.
var errNoOpenGL = errors.New("no OpenGL 2 on this screen")

// parse reads the command line; the page may stand before or after the flags.
func parse(args []string, out io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("window", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.StringVar(&o.agent, "agent", "", "`address` of the agent: SERVER, SERVER/INSTANCE, a socket or a pipe")
	fs.StringVar(&o.lang, "lang", "", "de or en; else what was chosen last, or the system's")
	fs.Usage = func() {
		fmt.Fprintf(out, "usage: window [%s] [flags]\n", pageNames("|"))
		fs.PrintDefaults()
	}
	name := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	rest := fs.Args()
	if name == "" && len(rest) > 0 {
		name, rest = rest[0], rest[1:]
	}
	if len(rest) > 0 {
		return o, fmt.Errorf("unexpected %q", rest[0])
	}
	if _, err := pipe.AddressOf(o.agent); err != nil {
		return o, fmt.Errorf("--agent %s: SERVER, SERVER/INSTANCE, a socket or a pipe: %w", o.agent, err)
	}
	if o.lang != "" {
		if _, ok := assets.ParseLang(o.lang); !ok {
			return o, fmt.Errorf("--lang %s: de or en", o.lang)
		}
	}
	o.page, o.given = window.ParsePage(name)
	if name != "" && !o.given {
		return o, fmt.Errorf("no page %q: %s", name, pageNames(", "))
	}
	return o, nil
}

// pageNames lists the pages there are.
func pageNames(between string) string {
	var names []string
	for _, p := range window.Pages() {
		names = append(names, string(p))
	}
	return strings.Join(names, between)
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

func run(o options) error {
	agent := client.New(o.agent)
	defer agent.Close()
	file, err := preferences.Default()
	if err != nil {
		return err
	}
	kept := file.Load()
	if page, ok := window.ParsePage(kept.Page); ok && !o.given {
		o.page = page
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	first, err := single.Claim(ctx, single.Address(agent.Address), string(o.page))
	if err != nil {
		return err
	}
	if first == nil {
		return nil // the first window shows the page now
	}
	defer first.Close()
	return show(ctx, o, kept, file, agent, first)
}

// show runs the window until it is closed.
func show(ctx context.Context, o options, kept preferences.Preferences, file preferences.File, agent *client.Agent, first *single.Instance) error {
	a, err := newToolkit("abgleich.window")
	if err != nil {
		return err
	}
	a.Settings().SetTheme(window.NewTheme())
	a.SetIcon(fyne.NewStaticResource("app.png", assets.PNG(assets.App, assets.WindowSize)))
	w := a.NewWindow("Abgleich")
	w.SetMaster()
	w.SetPadded(false)
	size := window.DefaultSize()
	if kept.Width > 0 {
		size = fyne.NewSize(kept.Width, kept.Height)
	}
	remember := func(change func(*preferences.Preferences)) {
		if err := file.Change(change); err != nil {
			fmt.Fprintln(os.Stderr, err) // the window works all the same
		}
	}
	keep := kept.KeepPassword(policy.Read())
	watcher := client.NewWatcher(agent, version)
	var caps capslock.Key
	defer caps.Close()
	content := window.New(window.Options{
		Window: w, Clipboard: a.Clipboard(), API: agent,
		Lang: language(o.lang, kept, os.Getenv), CapsLock: caps.On, Region: region.System(ctx), LoggedOn: loggedOn(), Store: loginStore(agent.Address, keep.On), Decided: keep.Decided, Key: agent.Key,
		Now: time.Now, Do: fyne.Do,
		LangChosen: func(l assets.Lang) { remember(func(p *preferences.Preferences) { p.Lang = string(l) }) },
		PageShown:  func(page window.Page) { remember(func(p *preferences.Preferences) { p.Page = string(page) }) },
		Reconnect:  watcher.Reconnect, Version: version, Downloads: window.DownloadFolder(), Lead: true,
	}, o.page)
	w.Resize(size)
	w.CenterOnScreen()

	ctx, cancel := context.WithCancel(ctx)
	w.SetOnClosed(func() {
		size := w.Canvas().Size()
		remember(func(p *preferences.Preferences) { p.Width, p.Height = size.Width, size.Height })
		cancel()
	})
	done := make(chan struct{}, 4)
	begin := func(f func()) { go func() { f(); done <- struct{}{} }() }
	a.Lifecycle().SetOnStarted(func() {
		content.Show(o.page)
		begin(func() { watcher.Run(ctx, func(p client.Picture) { fyne.Do(func() { content.Picture(p) }) }) })
		begin(func() {
			first.Serve(ctx, func(word string) {
				page, _ := window.ParsePage(word)
				fyne.Do(func() { content.Show(page); w.Show(); w.RequestFocus() })
			})
		})
		begin(func() { tick(ctx, content) })
		begin(func() { <-ctx.Done(); fyne.Do(a.Quit) })
	})
	w.Show()
	if err := painted(w); err != nil {
		cancel()
		content.Close()
		return err
	}
	if width, height := desk(); width > 0 {
		if fits := within(size, width, height, w.Canvas().Scale()); fits != size {
			w.Resize(fits)
			w.CenterOnScreen()
		}
	}
	a.Run()
	cancel()
	for range cap(done) {
		select {
		case <-done:
		case <-time.After(time.Second): // it never started
		}
	}
	content.Close()
	return nil
}

// within is a size in points that a screen of so many pixels holds.
func within(size fyne.Size, width, height int, scale float32) fyne.Size {
	return fyne.NewSize(min(size.Width, float32(width)/max(scale, 0.1)), min(size.Height, float32(height)/max(scale, 0.1)))
}

// tick keeps "3 minutes ago" true.
func tick(ctx context.Context, content *window.App) {
	t := time.NewTicker(15 * time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			fyne.Do(content.Tick)
		}
	}
}

// loggedOn is the user's name as the system writes it; "" when it doesn't say.
func loggedOn() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}
