package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"abgleich/agent/service"
	"abgleich/cmd/agent/internal/client"
)

func serviceCommand(g *global) *cobra.Command {
	plain := func(use, german, english, doneGerman, doneEnglish string, do func(service.Manager, context.Context) error) *cobra.Command {
		var all *bool
		c := &cobra.Command{
			Use: use, Short: g.t(german, english), Example: "  agent service " + use + "\n  agent --instance steyr service " + use, Args: g.arguments(0, 0),
			RunE: func(c *cobra.Command, _ []string) error {
				one := func(g *global) error { return do(g.manager, c.Context()) }
				if *all {
					return g.each(c.Context(), one)
				}
				if err := one(g); err != nil {
					return err
				}
				fmt.Fprintln(g.err, g.t(doneGerman, doneEnglish))
				return nil
			},
		}
		all = g.allFlag(c, "alle Dienste dieses Rechners", "all agents of this machine")
		return c
	}
	return g.group("service", "Dienst des Betriebssystems", "the operating system's service",
		serviceInstallCommand(g),
		serviceUninstallCommand(g),
		plain("start", "Dienst starten", "start the service", "Der Dienst läuft.", "The service is running.", service.Manager.Start),
		plain("stop", "Dienst anhalten", "stop the service", "Der Dienst ist angehalten.", "The service is stopped.", service.Manager.Stop),
		serviceStatusCommand(g), serviceListCommand(g), serviceKeyCommand(g),
	)
}

func serviceInstallCommand(g *global) *cobra.Command {
	var account string
	var first, done bool
	var all *bool
	c := &cobra.Command{
		Use: "install [KEY=VALUE...]", Short: g.t("Dienst einrichten, der mit dem Rechner startet (auch: /INSTALL)",
			"install the service, which starts with the machine (also: /INSTALL)"),
		Example: "  agent service install\n  agent /INSTALL\n  agent service install --first communication.server=mail.example.com\n  agent --instance steyr service install --first", Args: g.arguments(0, 100),
		RunE: func(c *cobra.Command, args []string) error {
			if !first && len(args) > 0 {
				return usageError{errors.New(g.t("Parameter nur mit --first", "parameters go with --first only"))}
			}
			if done {
				return g.newSetup().settle()
			}
			if err := g.install(c.Context(), first, args, account); err != nil || !*all {
				return err
			}
			return g.bringBack(c.Context())
		},
	}
	all = g.allFlag(c, "auch die Dienste mit Namen, die uninstall --all entfernt hat", "also the named agents that uninstall --all removed")
	c.Flags().StringVar(&account, "account", "", g.t("Benutzer, unter dem der Dienst läuft", "user the service runs as"))
	c.Flags().BoolVar(&first, "first", false, g.t("wo es keine Parameterdatei gibt, eine erste schreiben, mit den genannten Werten",
		"where there is no parameter file write a first one, with the values named"))
	c.Flags().BoolVar(&done, "done", false, g.t("nach --first: alles ist eingerichtet und wird nicht mehr zurückgenommen; sonst geschieht nichts",
		"after --first: all is installed and won't be taken back; does nothing else"))
	return c
}

func (g *global) install(ctx context.Context, first bool, values []string, account string) error {
	made := g.newSetup()
	// Before anything of the system is touched: a mistake in them leaves nothing.
	if first {
		if err := g.firstParameters(ctx, values); err != nil {
			return err
		}
	}
	spec, err := g.serviceSpec(account)
	if p, _, e := g.file().Load(); err == nil && e == nil {
		err = g.sharedPort(ctx, p.Events)
	}
	if err == nil && first {
		made.watch(spec.Folders...)
		err = made.keep()
	}
	if err == nil {
		err = g.manager.Install(ctx, spec)
	}
	if err != nil && first {
		err = errors.Join(err, made.undo())
	}
	if err != nil {
		return err
	}
	g.openFirewall(ctx)
	fmt.Fprintln(g.err, g.t("Der Dienst ist eingerichtet. Starten mit:", "The service is installed. Start it with:"), g.command("service start"))
	if _, err := os.Stat(g.parameterFile); errors.Is(err, os.ErrNotExist) {
		fmt.Fprintln(g.err, g.t("Vorher fehlt noch die Parameterdatei:", "The parameter file is still missing:"), g.command("params init"))
	}
	return nil
}

func serviceUninstallCommand(g *global) *cobra.Command {
	var purge, undo bool
	var all *bool
	c := &cobra.Command{
		Use: "uninstall", Short: g.t("Dienst anhalten und entfernen (auch: /UNINSTALL)", "stop and remove the service (also: /UNINSTALL)"),
		Example: "  agent service uninstall\n  agent /UNINSTALL", Args: g.arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			if undo {
				return g.takeBack(c.Context())
			}
			if !*all {
				return g.uninstall(c.Context(), purge)
			}
			// Some may have gone already, and left data to purge.
			return g.each(c.Context(), func(g *global) error {
				if err := g.uninstall(c.Context(), purge); err != nil || purge || g.instance == "" {
					return err
				}
				return g.leaveMark()
			}, append(g.marked(), "")...)
		},
	}
	all = g.allFlag(c, "alle Dienste dieses Rechners", "all agents of this machine")
	c.Flags().BoolVar(&purge, "purge", false, g.t("auch Daten, Protokoll und Parameter löschen", "delete data, log and parameters too"))
	c.Flags().BoolVar(&undo, "undo", false, g.t("auch löschen, was das letzte install --first angelegt hat, wenn es nicht mit --done abgeschlossen wurde",
		"also delete what the last install --first made, unless it was completed with --done"))
	return c
}

func (g *global) uninstall(ctx context.Context, purge bool) error {
	if err := g.manager.Uninstall(ctx); err != nil {
		return err
	}
	if err := g.manager.CloseFirewall(ctx); err != nil {
		return err
	}
	if err := g.newSetup().settle(); err != nil {
		return err
	}
	if purge {
		fmt.Fprintln(g.err, g.t("Der Dienst, seine Daten und die Parameter sind entfernt.", "The service, its data and the parameters are removed."))
		return g.purge()
	}
	fmt.Fprintln(g.err, g.t("Der Dienst ist entfernt. Daten und Parameter bleiben.", "The service is removed. Data and parameters stay."))
	return nil
}

// purge deletes what the service made: data, log, parameter file, and the folder
// these are in if nothing else is there.
func (g *global) purge() error {
	p, _, err := g.file().Load()
	if err != nil {
		p = g.file().Default()
	}
	err = errors.Join(removeTree(p.Data.Folder), removeTree(p.Log.Folder))
	for _, file := range []string{g.parameterFile, g.mark()} {
		if e := os.Remove(file); !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	_ = os.Remove(filepath.Dir(g.parameterFile)) // other files stay
	return err
}

// removeTree deletes a folder with what is in it, file by file: where one can't be
// deleted the others still are.
func removeTree(folder string) error {
	var folders []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, os.ErrNotExist):
			return nil
		case err != nil:
			return err
		case d.IsDir():
			folders = append(folders, path)
			return nil
		}
		return os.Remove(path)
	})
	for _, f := range slices.Backward(folders) {
		err = errors.Join(err, os.Remove(f))
	}
	return err
}

// firstParameters writes a parameter file with which the service can start, where
// there is none; one that is there stays as it is.
func (g *global) firstParameters(ctx context.Context, values []string) error {
	if _, err := os.Stat(g.parameterFile); err == nil {
		return nil
	}
	p := g.firstParams(ctx)
	p.IPC.RemoteTrays = true
	_, changes, err := g.changes(values)
	if err != nil {
		return err
	}
	if err := g.file().Create(p); err != nil {
		return err
	}
	if len(changes) > 0 {
		_, _, err = g.file().Change("", changes...)
	}
	if err != nil {
		g.forgetParameters()
	}
	return err
}

// forgetParameters takes a file back that was just written, and its folder if it is
// empty.
func (g *global) forgetParameters() {
	_ = os.Remove(g.parameterFile)
	_ = os.Remove(filepath.Dir(g.parameterFile))
}

// openFirewall lets the mail server reach the event port. Where that is refused the
// person is told what to type; the service works without it.
func (g *global) openFirewall(ctx context.Context) {
	program, err := os.Executable()
	if err != nil {
		return
	}
	p, _, err := g.file().Load()
	if err != nil {
		p = g.file().Default()
	}
	rule := service.FirewallRule{Of: g.instance, Program: program, Port: p.Events.Port}
	if err := g.manager.OpenFirewall(ctx, rule); err != nil {
		fmt.Fprintln(g.err, g.t("Die Firewall wurde nicht geöffnet; der Mailserver meldet sich dann nicht von selbst. Als Administrator auszuführen:",
			"The firewall was not opened; the mail server then does not report by itself. To be run as administrator:"))
		for _, line := range rule.Commands() {
			fmt.Fprintln(g.err, "  "+line)
		}
	}
}

// serviceSpec is what the service manager is to start: this very program.
func (g *global) serviceSpec(account string) (service.Spec, error) {
	program, err := os.Executable()
	if err != nil {
		return service.Spec{}, err
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return service.Spec{}, err
	}
	args := []string{"run"}
	if g.instance != "" {
		args = append(args, "--instance", string(g.instance))
	}
	// The service runs as somebody else, whose default would be another file.
	file, err := filepath.Abs(g.parameterFile)
	if err != nil {
		return service.Spec{}, err
	}
	if file != g.pathOf(g.instance) || account != "" {
		args = append(args, "--parameters", file)
	}
	p, _, err := g.file().Load()
	if err != nil {
		p = g.file().Default() // written later, or put right later
	}
	return service.Spec{Program: program, Arguments: args, Account: account,
		Folders: []string{filepath.Dir(file), p.Data.Folder, p.Log.Folder}}, nil
}

func serviceStatusCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: g.t("Läuft der Dienst?", "is the service running?"), Example: "  agent service status --json",
		Args: g.arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			info, err := g.manager.Status(c.Context())
			if err != nil {
				return err
			}
			v := struct {
				State service.State `json:"state"`
				Text  string        `json:"text,omitempty"`
				PID   int           `json:"pid,omitempty"`
			}{info.State, info.Text, info.PID}
			err = g.show(v, func(w io.Writer) {
				fmt.Fprint(w, g.serviceState(info.State))
				if info.Text != "" {
					fmt.Fprint(w, " – ", info.Text)
				}
				if info.PID != 0 {
					fmt.Fprintf(w, " (PID %d)", info.PID)
				}
				fmt.Fprintln(w)
			})
			if err == nil && info.State != service.Running {
				return silentError{exitFailed}
			}
			return err
		},
	}
}

// serviceKeyCommand shows what workstations may be told as AGENTKEY.
func serviceKeyCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "key", Short: g.t("Öffentlicher Schlüssel des laufenden Dienstes (AGENTKEY der Arbeitsplätze)", "the running agent's public key (the workstations' AGENTKEY)"),
		Example: "  agent service key", Args: g.arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			return g.withAgent(c.Context(), func(a *client.Client) error {
				h, err := a.Greet(c.Context())
				if err != nil {
					return err
				}
				v := struct {
					Key string `json:"key"`
				}{h.GetRecipient()}
				return g.show(v, func(w io.Writer) { fmt.Fprintln(w, v.Key) })
			})
		},
	}
}

func (g *global) serviceState(s service.State) string {
	switch s {
	case service.NotInstalled:
		return g.t("nicht eingerichtet", "not installed")
	case service.Stopped:
		return g.t("angehalten", "stopped")
	case service.Starting:
		return g.t("startet", "starting")
	case service.Running:
		return g.t("läuft", "running")
	case service.Stopping:
		return g.t("hält an", "stopping")
	case service.Failed:
		return g.t("mit einem Fehler beendet", "ended with an error")
	}
	return string(s)
}
