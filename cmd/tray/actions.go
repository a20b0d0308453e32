package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ipc/policy"
	"abgleich/ui/client"
	"abgleich/ui/launch"
	"abgleich/ui/preferences"
)

// actions is what the menu's clicks do. The agent's answers come as status;
// when it doesn't answer, the status says that too.
type actions struct {
	ctx   context.Context
	agent *client.Agent
	file  preferences.File
	lang  assets.Lang
	work  sync.WaitGroup
}

func newActions(ctx context.Context, agent *client.Agent, lang assets.Lang, file preferences.File) *actions {
	return &actions{ctx: ctx, agent: agent, lang: lang, file: file}
}

// wait ends with the last call; ctx must have ended.
func (a *actions) wait() { a.work.Wait() }

// Open starts the window beside this program, the one that this screen can show.
// It takes care itself that there is one window only. The window outlives the icon.
func (a *actions) Open(page string) error {
	windows, err := launch.Beside(a.file, func(err error) { fmt.Fprintln(os.Stderr, err) })
	if err != nil {
		return err
	}
	return windows.Open(page, "--agent", a.agent.Address, "--lang", string(a.lang))
}

// SyncNow asks for a sync of both kinds.
func (a *actions) SyncNow() {
	a.call(func(ctx context.Context) error {
		_, err := a.agent.SyncNow(ctx, connect.NewRequest(&contract.SyncNowRequest{}))
		return err
	})
}

// PauseUntil pauses until an instant; the zero time: until resumed.
func (a *actions) PauseUntil(t time.Time) {
	r := &contract.PauseRequest{}
	if !t.IsZero() {
		r.Until = timestamppb.New(t)
	}
	a.call(func(ctx context.Context) error {
		_, err := a.agent.Pause(ctx, connect.NewRequest(r))
		return err
	})
}

// Resume ends the pause.
func (a *actions) Resume() {
	a.call(func(ctx context.Context) error {
		_, err := a.agent.Resume(ctx, connect.NewRequest(&contract.ResumeRequest{}))
		return err
	})
}

// ChooseLang remembers the language for the next start and for windows.
func (a *actions) ChooseLang(lang assets.Lang) {
	a.lang = lang
	if err := a.file.Change(func(p *preferences.Preferences) { p.Lang = string(lang) }); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// Notes tells whether notes are shown.
func (a *actions) Notes() preferences.Choice { return a.file.Load().Notes(policy.Read()) }

// KeepPassword tells whether the login is kept on this computer.
func (a *actions) KeepPassword() preferences.Choice {
	return a.file.Load().KeepPassword(policy.Read())
}

// ChooseNotes remembers whether notes are wanted.
func (a *actions) ChooseNotes(on bool) {
	if err := a.file.Change(func(p *preferences.Preferences) { p.NoNotes = !on }); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// ChooseKeepPassword remembers whether the login may be kept here; one that is kept and
// may not be is forgotten. It is kept again when it is entered the next time.
func (a *actions) ChooseKeepPassword(on bool) {
	if err := a.file.Change(func(p *preferences.Preferences) { p.NoPasswordKept = !on }); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if !on {
		a.work.Go(func() { kept{a.agent.Address, a.file}.forget(a.ctx) })
	}
}

// Told remembers of what the person was told.
func (a *actions) Told(key string) {
	if err := a.file.Change(func(p *preferences.Preferences) { p.Told = key }); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// call asks the agent beside the menu.
func (a *actions) call(f func(context.Context) error) {
	a.work.Go(func() {
		ctx, cancel := context.WithTimeout(a.ctx, client.CallTimeout)
		defer cancel()
		if err := f(ctx); err != nil {
			fmt.Fprintln(os.Stderr, client.FailureOf(err).Details)
		}
	})
}
